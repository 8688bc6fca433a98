"""A copy of overall_script.sh in a project of its own: stages that only note that they ran, stand-ins for Python."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from support.run import ROOT, SCRIPTS

SET_UP = ROOT / "utils" / "setup_environment.sh"
SUPPORTED_PYTHONS = re.search(r"^SUPPORTED_VERSIONS=\((.+)\)$", SET_UP.read_text(), re.MULTILINE)[1].split()
STAND_IN_STAGE = """
import sys, time
from pathlib import Path
name = Path(__file__).stem
sys.argv.remove("--any-stage")
sys.argv.remove("--warned")
root = next(folder for folder in Path(__file__).parents if (folder / "overall_script.sh").exists())
with open(root / "ran.txt", "a") as ran:
    print(name, *sys.argv[1:], file=ran)
behaviour = root / f"{name}.behaviour"
exec(behaviour.read_text() if behaviour.exists() else "")
"""
# Refuses what it is told to refuse, as the real one refuses wrong configurations.
STAND_IN_CHAIN_START = """
import sys
from pathlib import Path
def main():
    root = Path(__file__).resolve().parents[1]
    if "wrong=1" in sys.argv:
        sys.exit(2)
    print(root / "output" / "logs" / "run.lock")
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
        for stage in SCRIPTS:
            (self.root / stage).parent.mkdir(parents=True, exist_ok=True)
            (self.root / stage).write_text(STAND_IN_STAGE)
        (self.root / "utils").mkdir()
        (self.root / "utils" / "chain_start.py").write_text(STAND_IN_CHAIN_START)
        shutil.copy(ROOT / "overall_script.sh", self.root)
        shutil.copy(SET_UP, self.root / "utils")
        self.requirements = self.root / "requirements.txt"
        self.requirements.write_text(
            f"# pinned\npytest=={version('pytest')}  # reason\nx==1 ; sys_platform == 'none'\n"
        )
        self.environment = {"PATH": f"{self.programs}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        for name in (*(f"python{number}" for number in SUPPORTED_PYTHONS), "python3", "python"):
            _program(self.programs / name, "#!/bin/sh\nexit 127\n")

    def offer_python(self, name: str, answer: str, ensurepip_status: int = 0, pip: str = ":"):
        """Put a stand-in interpreter on PATH; `pip` is the shell command that stands in for pip."""
        text = STAND_IN_PYTHON.format(
            version=answer, ensurepip_status=ensurepip_status, pip=pip, log=self.log, real=sys.executable
        )
        _program(self.programs / name, text)

    def offer_this_python(self):
        """Put the Python of this test on PATH."""
        _program(self.programs / "python3", f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n")

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
    """Return a project for which no Python on PATH runs."""
    return Project(tmp_path)


@pytest.fixture
def active(project):
    """Return a project whose active environment has the Python of this test."""
    folder = project.root.parent / "active"
    _program(folder / "bin" / "python", f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n")
    project.environment["VIRTUAL_ENV"] = str(folder)
    return project
