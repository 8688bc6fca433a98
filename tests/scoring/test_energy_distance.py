"""Squared generalised energy distance between samples and annotators' masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import ragged

from utils.masks.vote_patterns import intersections, vote_patterns
from utils.scoring.energy_distance import ged_squared

EMPTY, LEFT, BOTH = (np.array([row], dtype=bool) for row in ([0, 0, 0], [1, 0, 0], [1, 1, 0]))


def distance(samples, masks) -> float:
    shared = intersections(vote_patterns([*samples, *masks]))
    return ged_squared(shared, range(len(samples)), range(len(samples), len(samples) + len(masks)))


def by_definition(samples, masks) -> float:
    def mean(first, second):
        unions = [(a | b).sum() for a in first for b in second]
        overlaps = [(a & b).sum() for a in first for b in second]
        return np.mean([1 - overlap / union if union else 0 for overlap, union in zip(overlaps, unions, strict=True)])

    return 2 * mean(samples, masks) - mean(samples, samples) - mean(masks, masks)


def test_fractions_that_can_be_seen():
    assert distance([LEFT], [BOTH]) == 2 * (1 - 1 / 2)
    assert distance([LEFT], [LEFT, BOTH]) == 2 * (1 / 4) - 1 / 4  # d(LEFT, BOTH) is 1/2, in half of four ordered pairs
    assert distance([EMPTY], [EMPTY]) == 0
    assert distance([EMPTY], [LEFT]) == 2


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 4))
def test_it_is_the_definition_and_symmetric(seed, samples, masks):
    rng = np.random.default_rng(seed)
    first, second = ([ragged(rng, (9, 12)) for _ in range(number)] for number in (samples, masks))
    assert distance(first, second) == pytest.approx(by_definition(first, second), rel=1e-12, abs=1e-12)
    assert distance(first, second) == pytest.approx(distance(second, first), rel=1e-12, abs=1e-12)
    assert distance(first, first[::-1]) == pytest.approx(0, abs=1e-12)
    assert distance(first, second) >= -1e-12
