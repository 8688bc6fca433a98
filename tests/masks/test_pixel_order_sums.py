"""Sums in pixel order: the same bits as a loop over pixels."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from support.drawing import blob, disc, noise, ragged

from utils.masks import piecewise_sums, pixel_order_sums
from utils.masks.pixel_order_sums import pixel_order_total
from utils.masks.vote_patterns import vote_patterns

# Narrow images have no histograms of rows: their pixels are added one by one.
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


def shares(number):
    """Return where STAPLE starts: some shares that patterns may have of the votes of `number` masks."""
    return np.array([0, 1, number - 1, number]) / number


@pytest.fixture
def only_stretches(monkeypatch):
    """Let the test fail where pixels are added one by one."""

    def fail(*_):
        raise AssertionError("pixels were added one by one")

    monkeypatch.setattr(pixel_order_sums, "_sum_of_pixels", fail)


@pytest.mark.parametrize("draw", [blob, ragged])
@pytest.mark.parametrize("seed", range(4))
def test_large_masks_are_summed_without_single_pixels(only_stretches, draw, seed):
    rng = np.random.default_rng(seed)
    masks = [draw(rng, (300, 500)) for _ in range(2)]
    patterns = vote_patterns(masks)
    codes = (patterns.votes << np.arange(2)).sum(axis=1)
    # Sums of thirds, fifths and sevenths all but meet the powers of two, and rounding decides on which side they pass.
    for values in (rng.random(4), 10.0 ** rng.uniform(-30, 0, 4), shares(3), shares(5), 1 - shares(7)):
        assert pixel_order_total(patterns)(values[codes]) == loop_total(masks, values)


def test_rows_whose_steps_depend_on_the_sum_are_summed_without_single_pixels(only_stretches):
    mask = np.zeros((900, 1000), dtype=bool)
    mask[:, 200:800] = True
    # Halfway between floats while the sum is between 2^17 and 2^18: in 437 of these rows.
    values = np.array([0.0, 0.5 + 2.0**-36])
    assert pixel_order_total(vote_patterns([mask]))(values) == loop_total([mask], values)


@pytest.mark.parametrize("number", [10, 13])
def test_the_many_patterns_of_many_masks_are_summed_without_single_pixels_in_the_memory_of_the_masks(
    only_stretches, number
):
    rng = np.random.default_rng(number)
    masks = [disc((300, 500), rng.normal((150, 250), 15), rng.uniform(90, 120)) for _ in range(number)]
    patterns = vote_patterns(masks)
    assert len(patterns.counts) > 500 / 8  # histograms of rows are larger than one mask
    codes = (patterns.votes << np.arange(number)).sum(axis=1)
    values = rng.random(1 << number)
    tracemalloc.start()
    try:
        found = pixel_order_total(patterns)(values[codes])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == loop_total(masks, values)
    assert peak < 1.5 * number * 300 * 500


def test_where_the_forecast_fails_pixels_are_added_one_by_one(monkeypatch):
    rng = np.random.default_rng(0)
    masks = [blob(rng, (300, 500)) for _ in range(3)]
    patterns, values = vote_patterns(masks), rng.random(8)
    codes = (patterns.votes << np.arange(3)).sum(axis=1)
    added, sum_of_pixels = [], pixel_order_sums._sum_of_pixels

    def record(*arguments):
        added.append(sum_of_pixels(*arguments))
        return added[-1]

    monkeypatch.setattr(piecewise_sums, "cut_at_powers", lambda pieces: pieces)
    monkeypatch.setattr(pixel_order_sums, "_sum_of_pixels", record)
    assert pixel_order_total(patterns)(values[codes]) == loop_total(masks, values)
    assert len(added) == 1


def test_undefined_values_have_an_undefined_sum():
    assert np.isnan(pixel_order_total(vote_patterns([np.eye(40, dtype=bool)]))(np.array([0.5, np.nan])))
