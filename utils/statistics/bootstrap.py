"""Percentile intervals by cluster bootstrap: whole clusters are drawn, and every group of a table from the same draws.

An interval holds for the annotators at hand: it says what other images would give, not what other people would.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd

if TYPE_CHECKING:
    from pandas import DataFrame, Series

# scipy.stats takes long to import, and --help does not need it: functions import it.

LEAST_CLUSTERS = 10  # an interval of fewer would pretend to know more than they tell
_PERCENTILES = (2.5, 97.5)
_COUNTS_AT_ONCE = 8_000_000  # 64 MB: enough resamples at once for a fast matrix product
_GROUPS_AT_ONCE = 128


def group_means(table: DataFrame, by: Sequence[str], resamples: int, seed: int) -> DataFrame:
    """Average the values of images in each group, with an interval.

    Parameters
    ----------
    table : DataFrame
        One row an image and group: the columns `by`, ``cluster``, and ``value`` (float64; NaN is left out).
    by : sequence of str
        Columns that name the group; an image may be in many.
    resamples, seed : int
        How often all clusters of the table are drawn, and which draws those are.

    Returns
    -------
    DataFrame
        Indexed by `by`, in sorted order: images, clusters (int64), mean, low, high, median (float64, in the unit of
        the values). The mean is the sum over images / number of images; [low, high] is its 95 % percentile interval
        over the draws, in which a cluster counts as often as it is drawn. NaN below `LEAST_CLUSTERS` clusters.
        No rows for an empty table.

    References
    ----------
    Cameron, Gelbach and Miller (2008), Bootstrap-based improvements for inference with clustered errors,
    doi:10.1162/rest.90.3.414.
    """
    table = table.dropna(subset="value")
    groups = table.groupby(list(by), observed=True)
    statistics = groups.agg(
        images=("value", "size"), clusters=("cluster", "nunique"), mean=("value", "mean"), median=("value", "median")
    )
    ends = np.full((len(statistics), 2), np.nan)
    known = (statistics["clusters"] >= LEAST_CLUSTERS).to_numpy()
    if known.any():
        drawn = resampled_means(
            table["value"].to_numpy(), groups.ngroup().to_numpy(), table["cluster"], resamples, seed
        )
        ends[known] = percentile_interval(drawn[known])
    statistics[["low", "high"]] = ends
    return statistics[["images", "clusters", "mean", "low", "high", "median"]]


def resampled_means(values: np.ndarray, groups: np.ndarray, clusters: Series, resamples: int, seed: int) -> np.ndarray:
    """Average each group in each of many draws of clusters.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Finite.
    groups : ndarray of int64, shape (n,)
        Number of the group, from 0 up, without gaps.
    clusters : Series, shape (n,)
        Name of the cluster, or its number. All that occur are drawn, as many as there are, with replacement.
    resamples, seed : int

    Returns
    -------
    ndarray of float64, shape (groups, resamples)
        All groups of a column come from one draw, so that differences of rows are differences within a draw. NaN
        where a draw holds no value of the group.
    """
    cluster, names = pd.factorize(clusters, sort=True)
    blocks = []
    for first in range(0, groups.max() + 1, _GROUPS_AT_ONCE):
        inside = (groups >= first) & (groups < first + _GROUPS_AT_ONCE)
        cells = (cluster[inside], groups[inside] - first)
        shape = (len(names), min(groups.max() + 1 - first, _GROUPS_AT_ONCE))
        sums, numbers = _table_of_sums(values[inside], cells, shape), _table_of_sums(None, cells, shape)
        blocks.append(bootstrap_distribution(_ratio_of_sums(sums, numbers), len(names), resamples, seed))
    return np.concatenate(blocks)


def bootstrap_distribution(
    statistic: Callable[[np.ndarray], np.ndarray], clusters: int, resamples: int, seed: int
) -> np.ndarray:
    """Compute a statistic in each of many draws of clusters.

    Parameters
    ----------
    statistic : callable
        Takes how often each cluster is drawn, float64 of shape (draws, clusters), and returns (..., draws).
    clusters : int
        How many there are, at least 2: so many are drawn with replacement.
    resamples, seed : int
        The same seed gives the same draws for the same number of clusters.

    Returns
    -------
    ndarray of float64, shape (..., resamples)
    """
    from scipy import stats

    def of_drawn(drawn: np.ndarray, axis: int) -> np.ndarray:
        return statistic(np.array([np.bincount(row, minlength=clusters) for row in drawn], dtype=float))

    with warnings.catch_warnings():
        # Later ones than 1.15 warn that their own interval, which nobody reads, is NaN where a draw is.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        result = stats.bootstrap(
            (np.arange(clusters),),
            of_drawn,
            n_resamples=resamples,
            batch=max(1, _COUNTS_AT_ONCE // clusters),
            vectorized=True,
            method="percentile",
            rng=np.random.default_rng(seed),
        )
    return result.bootstrap_distribution


def percentile_interval(drawn: np.ndarray) -> np.ndarray:
    """Return the 95 % interval, shape (..., 2), of drawn statistics, shape (..., resamples); NaN is left out."""
    return np.moveaxis(np.nanpercentile(drawn, _PERCENTILES, axis=-1), 0, -1)


def _table_of_sums(values: np.ndarray | None, cells: tuple, shape: tuple[int, int]) -> np.ndarray:
    """Add up the values of each cell, or count them; float64."""
    places = np.ravel_multi_index(cells, shape)
    return np.bincount(places, values, minlength=shape[0] * shape[1]).reshape(shape).astype(float)


def _ratio_of_sums(sums: np.ndarray, numbers: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    def means(counts: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):  # 0 / 0 in a draw without the group
            return ((counts @ sums) / (counts @ numbers)).T

    return means
