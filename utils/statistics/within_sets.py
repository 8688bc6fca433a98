"""Malignant against benign images of the same annotators: what is left of a difference when nobody else is compared.

Who outlined an image goes with its diagnosis, so the difference of all images mixes both. Within a set of annotators
everybody outlined the malignant and the benign ones alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..lazy import pd
from .bootstrap import LEAST_CLUSTERS
from .cautions import few_effective_clusters
from .diagnosis import FEW_IMAGES, enough_for_interval
from .regression import clustered_least_squares, effective_clusters, variance_shares

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_NOTHING = {"difference": np.nan, "low": np.nan, "high": np.nan, "p_value": np.nan}


class StratifiedRanks(NamedTuple):
    """Van Elteren's test, and Cliff's delta over all strata."""

    z: float
    p_value: float
    cliffs_delta: float
    images: int


def difference_within(images: DataFrame, strata: Series, covariate: Series | None = None) -> dict[str, Any]:
    """Estimate by how much the Dice of malignant images differs from that of benign ones of the same stratum.

    Least squares of the values on being malignant, both less their mean within the stratum, with cluster-robust errors.

    Parameters
    ----------
    images : DataFrame
        value, cluster, malignant (bool).
    strata : Series of str
        Of each image; one with a single diagnosis says nothing of the difference, and does no harm.
    covariate : Series of float64, optional
        Held fixed too, as a straight line.

    Returns
    -------
    dict of str to float, and caution (str)
        difference (malignant - benign, in units of Dice) with its 95 % interval low, high and p_value. Interval and p
        value are NaN, and caution says why, where `diagnosis.enough_for_interval` says no of the images in strata with
        both diagnoses, which alone tell of it, or few clusters supply nearly all (`regression.effective_clusters`).
        All of it is NaN where no stratum has both.

    References
    ----------
    Cameron, Gelbach and Miller (2008), Bootstrap-based improvements for inference with clustered errors,
    doi:10.1162/rest.90.3.414.
    """
    columns = {"value": images["value"], "malignant": images["malignant"].astype(float)}
    columns |= {} if covariate is None else {"covariate": covariate}
    table = pd.DataFrame(columns)
    centred = (table - table.groupby(strata).transform("mean")).to_numpy()
    response, design = centred[:, 0], centred[:, 1:]
    telling = images[images["malignant"].groupby(strata).transform("nunique") == 2]
    few = "" if enough_for_interval(telling) else FEW_IMAGES
    if few and enough_for_interval(images):
        few += ", in sets with both"
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return _NOTHING | {"caution": few}
    if few:
        return _NOTHING | {"difference": np.linalg.lstsq(design, response, rcond=None)[0][0], "caution": few}
    fitted = clustered_least_squares(response, design, images["cluster"])
    first = np.eye(1, design.shape[1])
    rests_on = effective_clusters(variance_shares(fitted, first), images["cluster"])[0]
    if rests_on < LEAST_CLUSTERS:
        return _NOTHING | {"difference": fitted.params[0], "caution": few_effective_clusters(rests_on)}
    low, high = fitted.conf_int()[0]
    return {"difference": fitted.params[0], "low": low, "high": high, "p_value": fitted.pvalues[0], "caution": ""}


def stratified_ranks(images: DataFrame, strata: Series) -> StratifiedRanks:
    """Compare ranks of malignant and benign images within strata.

    Parameters
    ----------
    images : DataFrame
        value, malignant (bool).
    strata : Series of str

    Returns
    -------
    StratifiedRanks
        z of van Elteren's test (rank sums of the m malignant among N images of a stratum, weighted 1 / (N + 1),
        variance with ties) and its two-sided p; Cliff's delta, the mean over strata weighted m (N - m) / N; the number
        of images in strata with both diagnoses, on which all of it rests. NaN without such a stratum; z and p are NaN
        when all values of each stratum are equal.

    References
    ----------
    van Elteren (1960), On the combination of independent two sample tests of Wilcoxon, Bulletin of the International
    Statistical Institute 37, 351-361. Cliff (1993), Dominance statistics, doi:10.1037/0033-2909.114.3.494.
    """
    from scipy.stats import norm

    table = pd.DataFrame({"stratum": strata, "value": images["value"], "malignant": images["malignant"]})
    groups = table.groupby("stratum")
    table = table[groups["malignant"].transform("nunique") == 2]
    if table.empty:
        return StratifiedRanks(np.nan, np.nan, np.nan, 0)
    groups = table.groupby("stratum")
    ranks = groups["value"].rank().where(table["malignant"], 0).groupby(table["stratum"]).sum()
    both, first = groups.size(), groups["malignant"].sum()
    second = both - first
    ties = table.groupby(["stratum", "value"]).size()
    ties = (ties**3 - ties).groupby("stratum").sum()
    surplus = ranks - first * (both + 1) / 2
    variance = first * second / 12 * ((both + 1) - ties / (both * (both - 1)))
    spread = np.sqrt((variance / (both + 1) ** 2).sum())
    z = (surplus / (both + 1)).sum() / spread if spread else np.nan
    deltas = 2 * surplus / (first * second)
    weights = first * second / both
    return StratifiedRanks(z, 2 * norm.sf(abs(z)), (weights * deltas).sum() / weights.sum(), len(table))
