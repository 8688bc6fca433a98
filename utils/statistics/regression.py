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

    References
    ----------
    Cameron, Gelbach and Miller (2008), Bootstrap-based improvements for inference with clustered errors,
    doi:10.1162/rest.90.3.414.
    """
    from statsmodels.regression.linear_model import WLS

    codes, _ = pd.factorize(clusters)
    return WLS(response, design, weights).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=False)


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
