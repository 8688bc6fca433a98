"""Importing the package changes nothing in the process, whatever module it is; the stages' own one is to change it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support.run import ROOT

SCRIPT = ROOT / "tests" / "support" / "import_everything.py"


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> dict[str, set[str]]:
    """Import all modules of utils in a process of its own; return what its script prints."""
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}  # a user's wish, which stages do not heed
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, "utils", ROOT],
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return {name: set(found) for name, found in json.loads(done.stdout).items()}


def test_importing_changes_nothing_in_the_process(imported):
    files = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "utils").rglob("*.py")]
    modules = {".".join(file.parts).removesuffix(".__init__") for file in files}
    assert imported["modules"] == modules - {"utils.stage_process"}
    assert imported["changed_by_them"] == set()


def test_a_stage_settles_its_process_by_one_module(imported):
    assert imported["changed_by_stage_process"] == {"environment", "exception hooks"}
