"""Which worker of pytest-xdist runs which tests: those that share something dear run on one, the others anywhere."""

from __future__ import annotations

import functools
import re

import pytest

from support.run import ROOT


@functools.cache
def _shared_by(file: str) -> str | None:
    """Name what the tests of a file share: the states of a run, or a fixture for all of the file; None: nothing."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if re.search(r"def test_\w+\([^)]*\bstates\b", text):
        return "states"
    return file if 'scope="module"' in text else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.option.dist != "load":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class SharedThings(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _shared_by(nodeid.partition("::")[0]) or nodeid

    return SharedThings(config, log)
