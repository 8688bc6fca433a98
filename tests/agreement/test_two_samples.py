"""Comparison of two samples: cases counted by hand, scipy and definitions as oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from utils.agreement.two_samples import cliffs_delta, kolmogorov_smirnov, mann_whitney

FUNCTIONS = (mann_whitney, kolmogorov_smirnov, cliffs_delta)
SAMPLES = st.lists(st.integers(0, 6), min_size=1, max_size=12)


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


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("sample", [[], [0.5, np.nan], [np.inf]])
def test_empty_samples_and_values_that_are_not_finite_are_refused(function, sample):
    for samples in ((sample, [1.0]), ([1.0], sample)):
        with pytest.raises(ValueError, match="finite"):
            function(*samples)
