"""QUBIQ's mean Dice and Brier's score: fractions that can be seen, laws, and the definition pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.scoring.probability_scores import Forecast, brier_score, forecast_of_map, qubiq_dice

SEEDS = st.integers(0, 2**32 - 1)


def forecast(probabilities, votes, masks) -> Forecast:
    return forecast_of_map(np.array(probabilities, dtype=float), 1, np.array(votes), masks)


def qubiq_by_pixels(probability, share) -> float:
    values = []
    for threshold in np.arange(1, 10) / 10:
        first, second = probability >= threshold - 1e-12, share >= threshold - 1e-12
        areas = first.sum() + second.sum()
        values.append(2 * (first & second).sum() / areas if areas else 1.0)
    return float(np.mean(values))


def test_fractions_that_can_be_seen():
    # At 0.1 to 0.5 both maps have two pixels in common of 2 and 3; above, the first pixel alone of 1 and 1.
    seen = forecast([[1, 0.5, 0, 0]], [[2, 1, 1, 0]], 2)
    assert qubiq_dice(seen) == pytest.approx((5 * 4 / 5 + 4 * 1) / 9, rel=1e-15)
    assert brier_score(seen) == 0.25 / 4


def test_nothing_on_both_sides_agrees():
    nothing = forecast([[0, 0]], [[0, 0]], 3)
    assert (qubiq_dice(nothing), brier_score(nothing)) == (1, 0)
    missed = forecast([[0, 0]], [[3, 0]], 3)
    assert (qubiq_dice(missed), brier_score(missed)) == (0, 0.5)


def test_three_tenths_of_the_votes_reach_the_threshold_of_three_tenths():
    votes = forecast([[0.3]], [[3]], 10)
    assert qubiq_dice(votes) == 1


@given(SEEDS, st.integers(1, 7), st.sampled_from([np.uint8, np.uint16, np.float64]))
def test_they_are_what_the_definitions_say(seed, masks, kind):
    rng = np.random.default_rng(seed)
    top = 1 if kind is np.float64 else np.iinfo(kind).max
    values = rng.random((5, 8)) if kind is np.float64 else rng.integers(0, top, (5, 8), endpoint=True).astype(kind)
    votes = rng.integers(0, masks, (5, 8), endpoint=True)
    found = forecast_of_map(values, top, votes, masks)
    probability, share = values / top, votes / masks
    assert qubiq_dice(found) == pytest.approx(qubiq_by_pixels(probability, share), rel=1e-12)
    assert brier_score(found) == pytest.approx(float(((probability - share) ** 2).mean()), rel=1e-12, abs=1e-15)
    assert found.pixels.sum() == values.size


@given(SEEDS, st.integers(1, 7))
def test_the_share_of_votes_is_the_best_forecast(seed, masks):
    votes = np.random.default_rng(seed).integers(0, masks, (4, 6), endpoint=True)
    found = forecast_of_map(votes / masks, 1, votes, masks)
    assert (qubiq_dice(found), brier_score(found)) == (1, 0)
