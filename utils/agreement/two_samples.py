"""Comparison of two independent samples: rank test, distribution test, effect size with an interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# scipy.stats takes long to import, and --help does not need it: functions import it.


class TestResult(NamedTuple):
    """Statistic and two-sided p value of a test."""

    __test__ = False  # no class of tests to pytest

    statistic: float
    p_value: float


def mann_whitney(first: np.ndarray, second: np.ndarray) -> TestResult:
    """Test whether values of one sample tend to be larger than those of the other, two-sided.

    Parameters
    ----------
    first, second : ndarray of float, shape (n,) and (m,)
        Independent values, e.g. one an image.

    Returns
    -------
    TestResult
        U of `first`: the pairs of values in which it is the larger, ties as halves. p is exact for small
        samples without ties, else from the normal approximation with corrections for ties and continuity.

    Raises
    ------
    ValueError
        If a sample is empty or holds a value that is not finite.

    References
    ----------
    Mann and Whitney (1947), On a test of whether one of two random variables is stochastically larger than
    the other, doi:10.1214/aoms/1177730491.
    """
    from scipy import stats

    first, second = _checked(first), _checked(second)
    result = stats.mannwhitneyu(first, second, alternative="two-sided")
    return TestResult(float(result.statistic), float(result.pvalue))


def kolmogorov_smirnov(first: np.ndarray, second: np.ndarray) -> TestResult:
    """Test whether two samples come from the same distribution, two-sided.

    Parameters
    ----------
    first, second : ndarray of float, shape (n,) and (m,)
        Independent values.

    Returns
    -------
    TestResult
        The largest distance between the two cumulative distributions, and its p: exact up to 10,000 values a
        sample, else asymptotic.

    Raises
    ------
    ValueError
        If a sample is empty or holds a value that is not finite.

    References
    ----------
    Hodges (1958), The significance probability of the Smirnov two-sample test, doi:10.1007/BF02589501.
    """
    from scipy import stats

    first, second = _checked(first), _checked(second)
    result = stats.ks_2samp(first, second, alternative="two-sided")
    return TestResult(float(result.statistic), float(result.pvalue))


def cliffs_delta(first: np.ndarray, second: np.ndarray) -> float:
    """Return Cliff's delta, how much more often a value of `first` is above one of `second` than below it.

    Parameters
    ----------
    first, second : ndarray of float, shape (n,) and (m,)

    Returns
    -------
    float
        P(first > second) - P(first < second): 1 if all of `first` lies above `second`, -1 if below.

    Raises
    ------
    ValueError
        If a sample is empty or holds a value that is not finite.

    References
    ----------
    Cliff (1993), Dominance statistics: ordinal analyses to answer ordinal questions,
    doi:10.1037/0033-2909.114.3.494.
    """
    return _dominance(_checked(first), np.sort(_checked(second)))


def cliffs_delta_interval(
    first: np.ndarray, second: np.ndarray, resamples: int = 2000, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Return a percentile bootstrap interval of Cliff's delta.

    Parameters
    ----------
    first, second : ndarray of float, shape (n,) and (m,)
        Each is resampled by itself, with replacement.
    resamples : int
        How often.
    seed : int
        The same seed and samples give the same interval.
    level : float
        Share of the resampled deltas inside the interval, between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper end. Samples that do not overlap give an interval without width at 1 or -1.

    Raises
    ------
    ValueError
        If a sample is empty or holds a value that is not finite, or `resamples` is below 1.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13, doi:10.1201/9780429246593.
    """
    first, second = _checked(first), _checked(second)
    if resamples < 1:
        raise ValueError("a bootstrap needs at least one resample")
    generator = np.random.default_rng(seed)
    deltas = [
        _dominance(
            generator.choice(first, first.size),
            np.sort(generator.choice(second, second.size)),
        )
        for _ in range(resamples)
    ]
    low, high = np.quantile(deltas, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _checked(sample: np.ndarray) -> np.ndarray:
    values = np.asarray(sample, dtype=float)
    if values.size == 0 or not np.isfinite(values).all():
        raise ValueError("a sample must hold at least one value, and finite ones only")
    return values


def _dominance(first: np.ndarray, ascending_second: np.ndarray) -> float:
    below = np.searchsorted(ascending_second, first, "left").sum()
    not_above = np.searchsorted(ascending_second, first, "right").sum()
    pairs = first.size * ascending_second.size
    return float((below + not_above - pairs) / pairs)
