"""Keep the tests apart from what users have in their checkout: raw data, outputs and edited configs."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from support.run import CONFIGS, FOLDERS, ROOT, run_program
from utils.config import PATH_VARIABLES

# What users keep in a checkout, and no test may touch.
KEPT = (
    "output",
    "demo_data",
    "dataset_creation/original_metadata_files",
    "dataset_analysis/data_files",
    *(f"{folder.name}/config.yaml" for folder in sorted(CONFIGS.iterdir())),
)
# What a copy of the project needs to run in.
_PARTS = (
    "dataset_creation",
    "dataset_analysis",
    "multiannotator_analysis",
    "utils",
    "overall_script.sh",
    "CITATION.cff",
)
_OF_USERS = shutil.ignore_patterns("original_metadata_files", "data_files", "config.yaml", "__pycache__")
_STATES = pytest.StashKey[dict[str, tuple[int, int]]]()


def copy_project(folder: Path) -> Path:
    """Copy what the project runs with to a new folder, with the tests' configs in the place of the user's."""
    shutil.copytree(CONFIGS, folder)
    for part in [ROOT / name for name in _PARTS] + sorted(ROOT.glob("requirements*.txt")):
        if part.is_dir():
            shutil.copytree(part, folder / part.name, ignore=_OF_USERS, dirs_exist_ok=True)
        else:
            shutil.copy(part, folder)
    return folder


@pytest.fixture(scope="session")
def project_copy(tmp_path_factory) -> Path:
    """Folder of a copy of the project; read only."""
    return copy_project(tmp_path_factory.mktemp("copy") / "project")


def check_run(project: Path, output: Path, *arguments) -> tuple[int, str]:
    """Run check_run in a copy of the project, since it reads the configs of all folders: (exit code, console text)."""
    script = project / FOLDERS["check_run"] / "check_run.py"
    done = run_program(sys.executable, script, *arguments, env={"IMAPP_OUTPUT_DIR": str(output)})
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def states_of_files(root: Path) -> dict[str, tuple[int, int]]:
    """Return time and size of every file that users keep in a checkout, by its path."""
    found = {}
    for name in KEPT:
        paths = [root / name, *(Path(folder, file) for folder, _, files in os.walk(root / name) for file in files)]
        stats = {path: path.lstat() for path in paths if os.path.lexists(path) and not path.is_dir()}
        found |= {str(path.relative_to(root)): (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}
    return found


def changed_files(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> list[str]:
    """Return the paths that are new, gone or changed."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


@pytest.fixture(scope="session", autouse=True)
def _folders_of_the_tests(tmp_path_factory):
    """Let what a test writes without saying where go to a folder of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in PATH_VARIABLES:
            patch.setenv(variable, str(tmp_path_factory.mktemp(variable)))
        patch.delenv("IMAPP_LOCK_DESCRIPTOR", raising=False)
        yield


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_sessionstart(session: pytest.Session) -> None:
    if not _is_worker(session.config):
        session.config.stash[_STATES] = states_of_files(ROOT)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not _is_worker(session.config) and changed_files(session.config.stash[_STATES], states_of_files(ROOT)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    changed = changed_files(config.stash[_STATES], states_of_files(ROOT))
    if changed:
        terminalreporter.section("files of this checkout changed: by a test, or by a run beside the tests", red=True)
        for path in changed[:20]:
            terminalreporter.line(path)
