"""What the tests of releases share: a release of the small run, and where it goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.release_sets import Release, release_of


@pytest.fixture
def release(small_run, tmp_path) -> Release:
    """Fresh release of the finished run."""
    return release_of(small_run, tmp_path / "release")


@pytest.fixture
def output(tmp_path) -> Path:
    """Output folder that is not there yet."""
    return tmp_path / "output"
