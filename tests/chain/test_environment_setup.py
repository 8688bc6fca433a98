"""The Python environment that overall_script.sh runs in: which one it takes, what it makes, installs and refuses."""

import signal
from importlib.metadata import version
from importlib.util import find_spec

import pytest
from support.run import SCRIPTS, run_program
from support.stand_in_project import SUPPORTED_PYTHONS

NEEDED = f"needed is one of {' '.join(SUPPORTED_PYTHONS)}"


def test_an_active_environment_that_lacks_a_package_is_left_alone(active):
    with active.requirements.open("a") as file:
        file.write("absent-package==1.0\n")
    result = active.run()
    assert result.returncode == 1
    assert "missing: absent-package==1.0" in result.stderr
    assert f"-m pip install -r '{active.requirements}'" in result.stderr
    assert active.ran() == []


def test_another_version_in_an_active_environment_is_a_warning(active):
    active.requirements.write_text("pytest==0.1\n")
    result = active.run("--until", "create_dataset")
    assert result.returncode == 0
    assert f"warning: pytest is {version('pytest')}, tested is ==0.1" in result.stderr
    assert len(active.ran()) == 2


def test_an_active_environment_of_an_old_python_is_refused(active):
    active.offer_python("../active/bin/python", "3.9")
    result = active.run()
    assert result.returncode == 1
    assert f"has Python 3.9; {NEEDED}" in result.stderr
    assert active.ran() == []


def test_without_a_usable_python_the_versions_needed_are_named(project):
    project.offer_python("python3", "3.9")
    result = project.run()
    assert result.returncode == 1
    assert NEEDED in result.stderr
    assert f"{project.programs}/python3: 3.9" in result.stderr
    assert f"{project.programs}/python{SUPPORTED_PYTHONS[0]}: does not run" in result.stderr
    assert project.ran() == []


def test_a_python_without_ensurepip_names_the_package(project):
    project.offer_python("python3.12", "3.12", ensurepip_status=1)
    result = project.run()
    assert result.returncode == 1
    assert "python3-venv" in result.stderr
    assert not (project.root / ".venv").exists()


def test_the_environment_is_made_once_from_the_first_python_that_runs(project):
    project.offer_python("python3.11", "3.11")
    project.offer_python("python3", "3.12")
    assert project.run().returncode == 0
    assert project.interpreter_calls() == [f"venv {project.programs}/python3.11", "pip"]
    assert project.run("--until", "make_demo_dataset").returncode == 0
    assert len(project.interpreter_calls()) == 2
    assert len(project.ran()) == len(SCRIPTS) + 1


def test_two_first_runs_at_once_make_the_environment_once(project):
    project.offer_python("python3", "3.12", pip="sleep 1")
    runs = [project.start("--until", "make_demo_dataset") for _ in range(2)]
    assert [(run.communicate(timeout=60), run.returncode)[1] for run in runs] == [0, 0]
    assert [call.split()[0] for call in project.interpreter_calls()] == ["venv", "pip"]


def test_changed_requirements_are_installed_into_the_same_environment(project):
    project.offer_python("python3", "3.10")
    project.run("--until", "make_demo_dataset")
    project.requirements.write_text("# nothing\n")
    assert project.run("--until", "make_demo_dataset").returncode == 0
    assert [call.split()[0] for call in project.interpreter_calls()] == ["venv", "pip", "pip"]


@pytest.mark.parametrize(
    ("pip", "status", "shown"),
    [
        ("echo 'no room on disk' >&2; exit 5", 1, "no room on disk"),
        ("kill -9 0", -signal.SIGKILL, ""),  # the whole process group, the script included
    ],
)
def test_a_failed_or_killed_installation_is_redone(project, pip, status, shown):
    project.offer_python("python3", "3.13", pip=pip)
    result = project.run()
    assert result.returncode == status
    assert shown in result.stderr
    assert project.ran() == []
    project.offer_python("python3", "3.13")
    assert project.run("--until", "make_demo_dataset").returncode == 0
    assert [call.split()[0] for call in project.interpreter_calls()] == ["venv", "pip", "venv", "pip"]


def test_an_environment_of_another_python_is_not_replaced(project):
    project.offer_python("../the project/.venv/bin/python", "3.9")
    project.offer_python("python3", "3.13")
    result = project.run()
    assert result.returncode == 1
    assert ".venv has Python 3.9" in result.stderr
    assert project.interpreter_calls() == []


def without_lock(project):
    """Make it impossible to write the lock file, as in a checkout without write permission (for root too)."""
    lock = project.root / ".venv.lock"
    lock.unlink(missing_ok=True)
    lock.symlink_to("/nonexistent/lock")


def test_a_ready_environment_is_used_where_nothing_can_be_written(project):
    project.offer_python("python3.11", "3.11")
    assert project.run("--until", "make_demo_dataset").returncode == 0
    without_lock(project)
    result = project.run("--until", "create_dataset")
    assert (result.returncode, project.ran()[-1]) == (0, "create_dataset")
    assert len(project.interpreter_calls()) == 2


def test_one_that_is_not_ready_says_that_nothing_can_be_written(project):
    project.offer_python("python3.11", "3.11")
    without_lock(project)
    result = project.run()
    assert result.returncode == 1
    assert "nothing can be written in" in result.stderr and "line " not in result.stderr
    assert project.ran() == []


@pytest.mark.skipif(find_spec("ensurepip") is None, reason="this Python has no ensurepip")
def test_pip_in_the_environment_is_its_own(project):
    project.offer_this_python()
    project.requirements.write_text("# nothing\n")
    programs = project.root / ".venv" / "bin"

    def folder_of_pip() -> str:
        assert project.run("--until", "make_demo_dataset").returncode == 0
        return run_program(programs / "pip", "--version").stdout

    assert str(project.root) in folder_of_pip()
    # Environments made before had pip3 alone.
    (programs / "pip").unlink()
    assert str(project.root) in folder_of_pip()
