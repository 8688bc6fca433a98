"""The examples in docstrings are true."""

from __future__ import annotations

import doctest

import pytest

from utils.masks import outlines, piecewise_sums, vote_patterns


@pytest.mark.parametrize("module", [outlines, piecewise_sums, vote_patterns], ids=lambda module: module.__name__)
def test_examples_give_what_they_say(module):
    failed, tried = doctest.testmod(module)
    assert failed == 0
    assert tried > 0
