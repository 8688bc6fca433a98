"""Statistics over the table of pairwise agreement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..lazy import pd
from ..naming import BOUNDARY_COLUMNS, METRIC_COLUMNS, human_pairs_only, inter_pairs_only

if TYPE_CHECKING:
    from pandas import DataFrame
    from pandas.core.groupby import DataFrameGroupBy

_INTER_MEANS = {"dice_score": "dice_inter_mean", "hd95_score_normalized": "hd95_normalized_inter_mean"}
# The numbers of an image, which `metrics_per_image` computes.
IMAGE_LEVEL_COLUMNS = (
    *(f"{metric}_{statistic}" for metric in (*METRIC_COLUMNS, *BOUNDARY_COLUMNS) for statistic in ("mean", "std")),
    "num_pairs",
    *_INTER_MEANS.values(),
    "num_inter_pairs",
)


def summary_of_pairs(pairs: DataFrame) -> DataFrame:
    """Summarise the pairs of human masks.

    Parameters
    ----------
    pairs : DataFrame
        Columns annotator1, annotator2, the eight released metrics and `naming.BOUNDARY_COLUMNS`, as float64; NaN is
        left out. The boundary columns may be missing, as they are from the release; they are NaN then.

    Returns
    -------
    DataFrame
        Rows Mean, Std. Dev. (sample), Minimum, Maximum, Median, IQR (linear percentiles), labelled in an
        unnamed first column; all NaN when there are no pairs of human masks.
    """
    columns = [*METRIC_COLUMNS, *BOUNDARY_COLUMNS]
    values = _with_boundary_columns(human_pairs_only(pairs))[columns]
    rows = {
        "Mean": values.mean(),
        "Std. Dev.": values.std(ddof=1),
        "Minimum": values.min(),
        "Maximum": values.max(),
        "Median": values.median(),
        "IQR": values.quantile(0.75) - values.quantile(0.25),
    }
    table = pd.DataFrame(rows).T[columns]
    return table.rename_axis("").reset_index()


def metrics_per_image(pairs: DataFrame, isic_ids: Mapping[str, str] | None = None) -> DataFrame:
    """Average the pairs of human masks of each image.

    Parameters
    ----------
    pairs : DataFrame
        Columns img_id, annotator1, annotator2, the eight released metrics and `naming.BOUNDARY_COLUMNS`, as float64;
        NaN is left out. The boundary columns may be missing, as they are from the release; they are NaN then.
    isic_ids : mapping of str to str, optional
        ISIC_id of each img_id.

    Returns
    -------
    DataFrame
        One row an image, sorted by img_id: ``{metric}_mean`` and ``{metric}_std`` (sample; NaN for one pair)
        of each released metric; num_pairs; the same of each boundary metric; then of the pairs by two annotators
        alone dice_inter_mean, hd95_normalized_inter_mean (NaN without such a pair) and num_inter_pairs; with
        `isic_ids` ISIC_id, empty where it is unknown. Images without a pair of human masks have no row.
    """
    humans = _with_boundary_columns(human_pairs_only(pairs))
    groups = humans.groupby("img_id", sort=True)
    inter = inter_pairs_only(humans).groupby("img_id")
    inter_means = inter[list(_INTER_MEANS)].mean().set_axis(list(_INTER_MEANS.values()), axis=1)
    table = (
        _means_and_deviations(groups, METRIC_COLUMNS)
        .assign(num_pairs=groups.size())
        .join(_means_and_deviations(groups, BOUNDARY_COLUMNS))
        .join(inter_means)
        .assign(num_inter_pairs=inter.size())
        .fillna({"num_inter_pairs": 0})
        .astype({"num_inter_pairs": int})
        .reset_index()
    )
    return table if isic_ids is None else table.assign(ISIC_id=table["img_id"].map(isic_ids).fillna(""))


def _with_boundary_columns(pairs: DataFrame) -> DataFrame:
    return pairs.assign(**{name: math.nan for name in BOUNDARY_COLUMNS if name not in pairs})


def _means_and_deviations(groups: DataFrameGroupBy, metrics: Sequence[str]) -> DataFrame:
    statistics = groups[list(metrics)].agg(["mean", "std"])
    return statistics.set_axis(["_".join(column) for column in statistics.columns], axis=1)
