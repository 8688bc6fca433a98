"""What all tests share: the project on the path, folders of their own to write to, reference data, a small raw set."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "tests", ROOT / "dataset_creation"):
    sys.path.insert(0, str(folder))

import utils.stage_process

with warnings.catch_warnings():
    # SimpleITK's SWIG types warn while they are made, where a warning turned error ends the interpreter.
    warnings.filterwarnings("ignore", "builtin type .* has no __module__ attribute", DeprecationWarning)
    import SimpleITK  # noqa: F401

import pytest
from support.run import chain_here
from support.small_set import make_small_raw_set

pytest_plugins = [
    "support.checkout",
    "support.embedded_demo",
    "support.figure_dataset",
    "support.statistics_tables",
    "support.report_browser",
    "support.report_reruns",
    "support.scheduling",
    "support.stage_states",
    "support.stand_in_project",
]


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="run every test at full size")


@pytest.fixture(scope="session")
def full(request) -> bool:
    """True when tests run at full size."""
    return request.config.getoption("--full")


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of the reference data."""
    folder = Path(os.environ.get("IMAPP_REFERENCE_DATA", ROOT.parent / "shared")).resolve()
    if not (folder / "golden").is_dir():
        pytest.skip(f"no reference data at {folder} (IMAPP_REFERENCE_DATA)")
    return folder


@pytest.fixture
def small_raw(tmp_path) -> Path:
    """Folder of a fresh small raw set."""
    return make_small_raw_set(tmp_path / "raw")


@pytest.fixture(scope="session")
def small_run(tmp_path_factory) -> Path:
    """Output folder of one whole chain on the small raw set, which is in raw/ beside it; read only."""
    base = tmp_path_factory.mktemp("small")
    chain_here(make_small_raw_set(base / "raw"), base / "output")
    return base / "output"


@pytest.fixture
def rerun(small_run, tmp_path) -> Path:
    """Copy of the finished run that a test may change."""
    return shutil.copytree(small_run, tmp_path / "output", symlinks=True)
