"""Sums in pixel order: the same bits as a loop over pixels."""

from __future__ import annotations

import numpy as np
import pytest
from drawing import blob, noise, ragged

from utils.ordered_sums import pixel_order_total
from utils.vote_patterns import vote_patterns

# More pixels than are added one by one at a start: whole rows must be taken at once somewhere.
SHAPES = [(200, 300), (50, 4100), (5000, 7), (20000, 1), (1, 20000)]


def half(rng, shape):
    return noise(rng, shape, 0.5)


def empty(rng, shape):
    return noise(rng, shape, 0)


def loop_total(masks, values_of):
    codes = sum(mask.astype(int) << i for i, mask in enumerate(masks))
    running = 0.0
    for value in values_of[codes.ravel()].tolist():
        running += value
    return running


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("draw", [blob, ragged, half, empty])
def test_the_sum_has_the_bits_of_a_loop_over_pixels(shape, draw):
    rng = np.random.default_rng(sum(shape))
    masks = [draw(rng, shape) for _ in range(3)]
    patterns = vote_patterns(masks)
    codes = (patterns.votes << np.arange(3)).sum(axis=1)
    near_half = 0.5 + rng.integers(-40, 40, 8) * 2.0**-53
    wide = 10.0 ** rng.uniform(-300, 0, 8)
    # Halfway between floats once the sum has passed 2^11, 2^12, ...: such a step depends on the sum itself.
    ties = 0.5 + 2.0 ** -np.arange(36.0, 44.0)
    for values in (rng.random(8), near_half, 1.0 - rng.integers(0, 9, 8) * 2.0**-53, wide, ties, np.zeros(8)):
        assert pixel_order_total(patterns)(values[codes]) == loop_total(masks, values)
