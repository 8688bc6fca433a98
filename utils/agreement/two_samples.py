"""Comparison of two independent samples: rank test, distribution test, effect size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# scipy.stats takes long to import, and --help does not need it: functions import it.


class TwoSampleTest(NamedTuple):
    """Statistic and two-sided p value of a test."""

    statistic: float
    p_value: float


def mann_whitney(first: np.ndarray, second: np.ndarray) -> TwoSampleTest:
    """Test whether values of one sample tend to be larger than those of the other, two-sided.

    Parameters
    ----------
    first, second : ndarray of float, shape (n,) and (m,)
        Independent values, e.g. one an image.

    Returns
    -------
    TwoSampleTest
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
    return TwoSampleTest(float(result.statistic), float(result.pvalue))


def kolmogorov_smirnov(first: np.ndarray, second: np.ndarray) -> TwoSampleTest:
    """Test whether two samples come from the same distribution, two-sided.

    Parameters
    ----------
    first, second : ndarray of float, shape (n,) and (m,)
        Independent values.

    Returns
    -------
    TwoSampleTest
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
    return TwoSampleTest(float(result.statistic), float(result.pvalue))


def cliffs_delta(first: np.ndarray, second: np.ndarray) -> float:
    """Return Cliff's delta: how much more often a value of `first` is above one of `second` than below it.

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
    from scipy import stats

    first, second = _checked(first), _checked(second)
    # No p value is asked for, and an exact one would take long.
    u = stats.mannwhitneyu(first, second, method="asymptotic").statistic
    return float(2 * u / (first.size * second.size) - 1)


def _checked(sample: np.ndarray) -> np.ndarray:
    values = np.asarray(sample, dtype=float)
    if values.size == 0 or not np.isfinite(values).all():
        raise ValueError("a sample must hold at least one value, and finite ones only")
    return values
