"""Least squares with errors that allow for clusters, and p values that allow for several tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd

if TYPE_CHECKING:
    from pandas import Series
    from statsmodels.regression.linear_model import RegressionResultsWrapper

# statsmodels takes long to import, and --help does not need it: functions import it.


def clustered_least_squares(
    response: np.ndarray, design: np.ndarray, clusters: Series, weights: np.ndarray | float = 1.0
) -> RegressionResultsWrapper:
    """Fit a linear model whose errors may depend on each other within a cluster.

    Parameters
    ----------
    response : ndarray of float, shape (n,)
    design : ndarray of float, shape (n, k)
        Of full rank; a constant only if it is a column.
    clusters : Series, shape (n,)
        Name of the cluster of each row.
    weights : ndarray of float, shape (n,), or float
        Weight of each row's squared error.

    Returns
    -------
    statsmodels.regression.linear_model.RegressionResultsWrapper
        Its errors are robust to clusters, with the correction G/(G-1) (n-1)/(n-k); tests and intervals are normal.
        Of a single cluster, or as many coefficients as rows, only the coefficients are worth reading.

    References
    ----------
    Cameron, Gelbach and Miller (2008), Bootstrap-based improvements for inference with clustered errors,
    doi:10.1162/rest.90.3.414.
    """
    from statsmodels.regression.linear_model import WLS

    codes, names = pd.factorize(clusters)
    model = WLS(response, design, weights)
    if len(names) == 1 or len(response) == design.shape[1]:  # the correction would divide by 0
        with np.errstate(divide="ignore", invalid="ignore"):
            return model.fit(cov_type="nonrobust")
    return model.fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=False)


def variance_shares(fitted: RegressionResultsWrapper, terms: np.ndarray) -> np.ndarray:
    """Tell how much of the variance of linear combinations of coefficients each row of the data supplies.

    Parameters
    ----------
    fitted : RegressionResultsWrapper
        As `clustered_least_squares` returns it.
    terms : ndarray of float, shape (t, k)
        No row of zeros.

    Returns
    -------
    ndarray of float, shape (t, n)
        A combination of coefficients is a sum over rows of a_i y_i; the share of a row is a_i^2 / w_i over the sum of
        these, which are its part of the variance when that of y_i is 1 / w_i. Of the design alone: a row that fits
        perfectly, since nothing else tells of its coefficient, has its share all the same.
    """
    squares = (fitted.model.wexog @ fitted.normalized_cov_params @ terms.T).T ** 2
    return squares / squares.sum(axis=1, keepdims=True)


def effective_clusters(shares: np.ndarray, clusters: Series) -> np.ndarray:
    """Tell on how many clusters each estimate rests.

    Parameters
    ----------
    shares : ndarray of float, shape (t, n)
        As `variance_shares` returns them.
    clusters : Series, shape (n,)
        Name of the cluster of each row.

    Returns
    -------
    ndarray of float, shape (t,)
        1 / sum of squares of the clusters' shares: their number where all supply as much, and nearly 1 where one of
        them supplies nearly all. Errors that are robust to clusters hold for many of these.

    References
    ----------
    Carter, Schnepel and Steigerwald (2017), Asymptotic behavior of a t-test robust to cluster heterogeneity,
    doi:10.1162/REST_a_00639.
    """
    codes, _ = pd.factorize(clusters)
    of_clusters = np.array([np.bincount(codes, row) for row in shares])
    return 1 / (of_clusters**2).sum(axis=1)


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust the p values of one table for their number, by Holm's method.

    Parameters
    ----------
    p_values : ndarray of float64, shape (n,)
        NaN marks a test that was not made: it stays NaN and does not count.

    Returns
    -------
    ndarray of float64, shape (n,)
        0 to 1, not below the raw value. Below 0.05 only where the null hypothesis falls, at 5 % for any error in the
        whole table.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6(2),
    65-70, https://www.jstor.org/stable/4615733.
    """
    from statsmodels.stats.multitest import multipletests

    adjusted = p_values.copy()
    tested = np.isfinite(adjusted)
    if tested.any():
        adjusted[tested] = multipletests(adjusted[tested], method="holm")[1]
    return adjusted
