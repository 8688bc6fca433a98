"""The examples in docstrings of shared modules are true."""

from __future__ import annotations

import doctest
import importlib

import pytest
from support.run import ROOT

MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "utils").rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert failed == 0
    assert tried > 0


def test_examples_are_found():
    assert {"utils.masks.outlines", "utils.masks.piecewise_sums", "utils.masks.vote_patterns"} <= set(MODULES)
