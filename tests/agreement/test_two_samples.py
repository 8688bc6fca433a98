"""Comparison of two samples: cases counted by hand, scipy and definitions as oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from utils.agreement.two_samples import cliffs_delta, cliffs_delta_interval, kolmogorov_smirnov, mann_whitney

FUNCTIONS = (mann_whitney, kolmogorov_smirnov, cliffs_delta, cliffs_delta_interval)
SAMPLES = st.lists(st.integers(0, 6), min_size=1, max_size=12)
PAIRS_OR_MORE = st.lists(st.integers(0, 6), min_size=2, max_size=12)


@pytest.fixture
def skewed() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(4)
    return generator.beta(5, 2, 60).round(2), generator.beta(6, 2, 90).round(2)


def test_mann_whitney_of_separated_samples_is_counted_by_hand():
    # Of the 20 ways to share out six ranks, two are as extreme as this.
    assert mann_whitney([1, 2, 3], [4, 5, 6]) == (0, pytest.approx(2 / 20))
    assert mann_whitney([4, 5, 6], [1, 2, 3]) == (9, pytest.approx(2 / 20))


def test_kolmogorov_smirnov_of_separated_samples_is_counted_by_hand():
    assert kolmogorov_smirnov([1, 2, 3], [4, 5, 6]) == (1, pytest.approx(2 / 20))
    assert kolmogorov_smirnov([1, 2, 3, 4], [2.5, 5]).statistic == pytest.approx(0.5)


def test_both_tests_are_those_of_scipy(skewed):
    ranks = stats.mannwhitneyu(*skewed, alternative="two-sided")
    distributions = stats.ks_2samp(*skewed)

    assert mann_whitney(*skewed) == (ranks.statistic, ranks.pvalue)
    assert kolmogorov_smirnov(*skewed) == (distributions.statistic, distributions.pvalue)


@pytest.mark.parametrize(
    ("first", "second", "delta"),
    [
        ([1, 2], [3], -1),
        ([3], [1, 2], 1),
        ([1, 1], [1], 0),
        ([1, 2, 3], [2, 2], 0),
        ([1, 3], [2, 3, 4], -3 / 6),  # below: 3 + 1; above: 1
        ([2, 5, 5, 9], [5], 0),
    ],
)
def test_cliffs_delta_is_counted_by_hand(first, second, delta):
    assert cliffs_delta(first, second) == pytest.approx(delta)


@given(SAMPLES, SAMPLES)
def test_cliffs_delta_counts_pairs_and_follows_from_u(first, second):
    signs = np.sign(np.subtract.outer(first, second))
    u = stats.mannwhitneyu(first, second).statistic if len(set(first + second)) > 1 else signs.size / 2

    assert cliffs_delta(first, second) == pytest.approx(signs.mean())
    assert cliffs_delta(first, second) == pytest.approx(2 * u / signs.size - 1)
    assert cliffs_delta(second, first) == pytest.approx(-signs.mean())


@settings(max_examples=25)
@given(PAIRS_OR_MORE, PAIRS_OR_MORE, st.integers(0, 5))
def test_interval_is_ordered_within_bounds_and_repeatable(first, second, seed):
    low, high = cliffs_delta_interval(first, second, 40, seed)

    assert -1 <= low <= high <= 1
    assert cliffs_delta_interval(first, second, 40, seed) == (low, high)


def test_interval_agrees_with_a_percentile_bootstrap_in_a_loop(skewed):
    generator = np.random.default_rng(8)
    deltas = [
        np.sign(np.subtract.outer(*(generator.choice(sample, len(sample)) for sample in skewed))).mean()
        for _ in range(4000)
    ]
    expected = np.percentile(deltas, [2.5, 97.5])

    assert cliffs_delta_interval(*skewed, 4000, 1) == pytest.approx(tuple(expected), abs=0.015)


@pytest.mark.parametrize("samples", [([1.0], [2.0, 3.0]), ([2.0, 3.0], [1.0]), ([1.0], [1.0])])
def test_a_single_value_has_no_interval(samples):
    assert np.isnan(cliffs_delta_interval(*samples)).tolist() == [True, True]


def test_interval_depends_on_seed_and_level(skewed):
    low, high = cliffs_delta_interval(*skewed, 500, 1)
    narrow_low, narrow_high = cliffs_delta_interval(*skewed, 500, 1, level=0.5)

    assert cliffs_delta_interval(*skewed, 500, 2) != (low, high)
    assert low < narrow_low < cliffs_delta(*skewed) < narrow_high < high


def test_samples_that_do_not_overlap_give_an_interval_without_width():
    assert cliffs_delta_interval([1, 2, 3], [4, 5]) == (-1, -1)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("sample", [[], [0.5, np.nan], [np.inf]])
def test_empty_samples_and_values_that_are_not_finite_are_refused(function, sample):
    for samples in ((sample, [1.0]), ([1.0], sample)):
        with pytest.raises(ValueError, match="finite"):
            function(*samples)


def test_a_bootstrap_without_resamples_is_refused():
    with pytest.raises(ValueError, match="resample"):
        cliffs_delta_interval([1.0], [2.0], 0)
