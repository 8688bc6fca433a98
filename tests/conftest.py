"""What all tests share: the project on the path, the size of the run, reference data, a small raw set."""

from __future__ import annotations

import os
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
from support.run import run_chain
from support.small_set import make_small_raw_set

pytest_plugins = [
    "support.embedded_demo",
    "support.figure_dataset",
    "support.report_browser",
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
    """Output folder of one whole chain on the small raw set; read only."""
    base = tmp_path_factory.mktemp("small")
    raw = base / "raw"
    run_chain(make_small_raw_set(raw), base / "output", "num_workers=1")
    return base / "output"
