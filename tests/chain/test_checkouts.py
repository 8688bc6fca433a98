"""The project as version control delivers it, and what users keep in their checkout."""

from __future__ import annotations

import shutil

import pytest
from support.checkout import KEPT, changed_files, copy_project, states_of_files
from support.files import write_file
from support.run import CONFIGS, ROOT, SCRIPTS, run_program


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="this is no git clone")
def test_scripts_run_in_a_checkout_of_git_for_windows(tmp_path):
    checkout = tmp_path / "checkout"
    settings = ("-c", "core.autocrlf=true", "-c", "core.eol=crlf")
    run_program("git", *settings, "clone", "-q", "--no-local", ROOT, checkout).check_returncode()
    listed = run_program("bash", "overall_script.sh", "--list", cwd=checkout)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "create_dataset" in listed.stdout


def test_files_of_users_that_are_new_gone_or_changed_are_told(tmp_path):
    kept = [f"{name}/deep/file" if "." not in name else name for name in KEPT]
    for name in (*kept, "utils/file", "output/gone"):
        write_file(tmp_path / name, "as it was")
    before = states_of_files(tmp_path)
    assert set(before) == {*kept, "output/gone"}
    assert changed_files(before, states_of_files(tmp_path)) == []
    for name in (*kept, "utils/file", "demo_data/new"):
        write_file(tmp_path / name, "another text")
    (tmp_path / "output" / "gone").unlink()
    assert changed_files(before, states_of_files(tmp_path)) == sorted([*kept, "demo_data/new", "output/gone"])


def test_a_copy_of_the_project_has_configs_of_the_tests_and_no_files_of_users(tmp_path):
    project = copy_project(tmp_path / "project")
    for folder in CONFIGS.iterdir():
        assert (project / folder.name / "config.yaml").read_bytes() == (folder / "config.yaml").read_bytes()
    for name in ("output", "demo_data", "dataset_creation/original_metadata_files", "dataset_analysis/data_files"):
        assert not (project / name).exists()
    listed = run_program("bash", project / "overall_script.sh", "--list")
    assert [line.split()[1] for line in listed.stdout.splitlines()] == SCRIPTS
    assert [script for script in SCRIPTS if not (project / script).is_file()] == []
