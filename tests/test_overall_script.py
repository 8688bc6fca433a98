"""overall_script.sh: arguments, order and failure of stages, and the Python environment it runs them in.

Each test copies the script into a project of its own, whose stages only note that they ran.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STAGES = [
    "dataset_creation/make_demo_dataset.py",
    "dataset_creation/create_dataset.py",
    "dataset_creation/move_dataset.py",
    "dataset_analysis/mask_qa.py",
    "dataset_analysis/other_datasets_overlap.py",
    "dataset_analysis/imaplusplus_annotator_overlap.py",
    "multiannotator_analysis/create_multiannotator_subset.py",
    "multiannotator_analysis/create_consensus_masks.py",
    "multiannotator_analysis/compute_IAA_metrics.py",
    "multiannotator_analysis/compute_image_level_metrics.py",
    "multiannotator_analysis/visualization_scripts/plot_dataset_distribution.py",
    "multiannotator_analysis/visualization_scripts/plot_individual_metrics.py",
    "multiannotator_analysis/visualization_scripts/plot_inter_intra_factor_agreement.py",
    "multiannotator_analysis/visualization_scripts/plot_annotator_intersections.py",
    "multiannotator_analysis/visualization_scripts/plot_overlaid_segmentations.py",
    "multiannotator_analysis/visualization_scripts/plot_iaa_by_diagnosis.py",
    "multiannotator_analysis/make_report.py",
    "multiannotator_analysis/summarise_run.py",
]
NAMES = [Path(stage).stem for stage in STAGES]
STAND_IN_STAGE = """
import sys, time
from pathlib import Path
name = Path(__file__).stem
root = next(folder for folder in Path(__file__).parents if (folder / "overall_script.sh").exists())
with open(root / "ran.txt", "a") as ran:
    print(name, *sys.argv[1:], file=ran)
behaviour = root / f"{name}.behaviour"
exec(behaviour.read_text() if behaviour.exists() else "")
"""
ENDS_WHEN_ASKED = """
import signal
def end(*_):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(name + ": interrupted", file=sys.stderr)
    sys.exit(1)
signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGTERM, end)
(root / "waiting").touch()
time.sleep(50)
"""
# Answers the questions that the set-up asks an interpreter, and notes what it is told to install.
STAND_IN_PYTHON = """#!/bin/sh
case "$*" in
    *version_info*) echo {version} ;;
    *"import ensurepip"*) exit {ensurepip_status} ;;
    *"import pip"*) ;;
    *"-m venv"*)
        for venv in "$@"; do :; done
        rm -rf "$venv"; mkdir -p "$venv/bin"; cp "$0" "$venv/bin/python"; echo "venv $0" >>'{log}' ;;
    *"-m pip"*) echo pip >>'{log}'; {pip} ;;
    *) exec '{real}' "$@" ;;
esac
"""


class Project:
    """A copy of the script with stand-in stages, and a PATH whose every Python is a stand-in that fails."""

    def __init__(self, folder: Path):
        self.root = folder / "the project"
        self.programs = folder / "programs"
        self.log = folder / "interpreters.txt"
        self.programs.mkdir()
        for stage in STAGES:
            (self.root / stage).parent.mkdir(parents=True, exist_ok=True)
            (self.root / stage).write_text(STAND_IN_STAGE)
        (self.root / "utils").mkdir()
        shutil.copy(ROOT / "overall_script.sh", self.root)
        shutil.copy(ROOT / "utils" / "setup_environment.sh", self.root / "utils")
        self.requirements = self.root / "requirements.txt"
        self.requirements.write_text(
            f"# pinned\npytest=={version('pytest')}  # reason\nx==1 ; sys_platform == 'none'\n"
        )
        self.environment = {"PATH": f"{self.programs}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        for name in ("python3.13", "python3.12", "python3.11", "python3.10", "python3", "python"):
            _program(self.programs / name, "#!/bin/sh\nexit 127\n")

    def offer_python(self, name: str, answer: str, ensurepip_status: int = 0, pip: str = ":"):
        """Put a stand-in interpreter on PATH; `pip` is the shell command that stands in for pip."""
        text = STAND_IN_PYTHON.format(
            version=answer, ensurepip_status=ensurepip_status, pip=pip, log=self.log, real=sys.executable
        )
        _program(self.programs / name, text)

    def behave(self, name: str, code: str):
        """Let a stage run some code after it has noted that it ran."""
        (self.root / f"{name}.behaviour").write_text(code)

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start the script in a process group of its own, from a folder that is not the project's."""
        # A shell cannot catch a signal that was ignored when it started, as it is under nohup.
        start = "import os, signal, sys; signal.signal(2, signal.SIG_DFL); os.execvp('bash', sys.argv[1:])"
        command = [sys.executable, "-c", start, "bash", str(self.root / "overall_script.sh"), *arguments]
        return subprocess.Popen(
            command,
            cwd=self.programs,
            env=self.environment,
            start_new_session=True,
            text=True,
            stdin=subprocess.DEVNULL,
            **dict.fromkeys(("stdout", "stderr"), subprocess.PIPE),
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run the script to its end."""
        process = self.start(*arguments)
        shown = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, *shown)

    def ran(self) -> list[str]:
        """Return the stages that ran, each with its arguments."""
        return _lines(self.root / "ran.txt")

    def interpreter_calls(self) -> list[str]:
        """Return the environments made and the calls of pip, in order."""
        return _lines(self.log)


def _program(path: Path, text: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture
def active(project):
    """Return a project whose active environment has the Python of this test."""
    folder = project.root.parent / "active"
    _program(folder / "bin" / "python", f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n")
    project.environment["VIRTUAL_ENV"] = str(folder)
    return project


def test_the_listed_stages_are_scripts_of_this_project_in_order():
    listed = subprocess.run(
        ["bash", ROOT / "overall_script.sh", "--list"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [line.split() for line in listed] == [[Path(stage).stem, stage] for stage in STAGES]
    assert [stage for stage in STAGES if not (ROOT / stage).is_file()] == []


def test_list_and_help_need_no_python(project):
    assert project.run("--list").returncode == 0
    shown = project.run("--help")
    assert shown.returncode == 0
    assert "--from STAGE" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "create_consensus"], ["no stage 'create_consensus'", "  create_consensus_masks\n"]),
        (["--until", "compute_iaa"], ["no stage 'compute_iaa'", "  compute_IAA_metrics\n"]),
        (["--from", "mask_qa", "--until", "move_dataset"], ["mask_qa comes after --until move_dataset"]),
        (["--from"], ["--from needs the name of a stage"]),
        (["--until"], ["--until needs the name of a stage"]),
        (["--frm", "mask_qa"], ["unknown argument '--frm'"]),
        (["mask_qa"], ["unknown argument 'mask_qa'"]),
    ],
)
def test_a_wrong_command_line_runs_nothing(active, arguments, words):
    result = active.run(*arguments)
    assert result.returncode == 2
    assert [word for word in words if word not in result.stderr] == []
    assert active.ran() == []


def test_all_stages_run_in_order_and_the_demo_only_where_it_is_used(active):
    assert active.run().returncode == 0
    assert active.ran() == ["make_demo_dataset demo_only_if_used=true", *NAMES[1:]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--from", "compute_IAA_metrics"], NAMES[8:]),
        (["--from", "create_dataset", "--until", "mask_qa"], NAMES[1:4]),
        (["--from", "dataset_analysis/mask_qa.py", "--until", "mask_qa"], ["mask_qa"]),
    ],
)
def test_a_part_of_the_stages(active, arguments, expected):
    assert active.run(*arguments).returncode == 0
    assert active.ran() == expected


@pytest.mark.parametrize("code", [1, 77])
def test_the_first_stage_that_fails_ends_the_run_with_its_exit_code(active, code):
    active.behave("mask_qa", f"sys.exit({code})")
    result = active.run("--from", "move_dataset")
    assert result.returncode == code
    assert f"stage mask_qa failed with exit code {code}" in result.stderr
    assert active.ran() == ["move_dataset", "mask_qa"]


@pytest.mark.parametrize(
    ("send", "number"),
    [
        pytest.param(os.killpg, signal.SIGINT, id="Ctrl-C reaches script and stage"),
        pytest.param(os.kill, signal.SIGTERM, id="SIGTERM reaches the script alone"),
    ],
)
def test_an_interrupt_ends_the_run_with_one_line(active, send, number):
    active.behave("move_dataset", ENDS_WHEN_ASKED)
    process = active.start()
    while not (active.root / "waiting").exists() and process.poll() is None:
        time.sleep(0.02)
    send(process.pid, number)
    _, shown = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert shown.endswith(f"[3/{len(STAGES)}] move_dataset\nmove_dataset: interrupted\n")
    assert active.ran()[-1] == "move_dataset"


def test_an_interrupt_while_a_stage_is_starting_shows_one_line_too(active):
    active.behave("move_dataset", "(root / 'waiting').touch()\ntime.sleep(50)")
    process = active.start()
    while not (active.root / "waiting").exists() and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, shown = process.communicate(timeout=30)
    assert process.returncode == 130
    assert shown.endswith(f"[3/{len(STAGES)}] move_dataset\noverall_script.sh: interrupted\n")


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
    assert "has Python 3.9; needed is one of 3.13 3.12 3.11 3.10" in result.stderr
    assert active.ran() == []


def test_without_a_usable_python_the_versions_needed_are_named(project):
    project.offer_python("python3", "3.9")
    result = project.run()
    assert result.returncode == 1
    assert "needed is one of 3.13 3.12 3.11 3.10" in result.stderr
    assert f"{project.programs}/python3: 3.9" in result.stderr
    assert f"{project.programs}/python3.13: does not run" in result.stderr
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
    assert len(project.ran()) == len(STAGES) + 1


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
