"""Statistics over the table of pairwise agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import pd
from ..naming import METRIC_COLUMNS, human_pairs_only

if TYPE_CHECKING:
    from pandas import DataFrame

# The six metrics of the released table come first, in its order.
_RELEASED = METRIC_COLUMNS[:6]
_IMAGE_LEVEL_METRICS = (*_RELEASED, *(name for name in METRIC_COLUMNS if name not in _RELEASED))


def summary_of_pairs(pairs: DataFrame) -> DataFrame:
    """Summarise the pairs of human masks.

    Parameters
    ----------
    pairs : DataFrame
        Columns annotator1, annotator2 and the eight metrics as float64; NaN is left out.

    Returns
    -------
    DataFrame
        Rows Mean, Std. Dev. (sample), Minimum, Maximum, Median, IQR (linear percentiles), labelled in an
        unnamed first column; all NaN when there are no pairs of human masks.
    """
    values = human_pairs_only(pairs)[list(METRIC_COLUMNS)]
    rows = {
        "Mean": values.mean(),
        "Std. Dev.": values.std(ddof=1),
        "Minimum": values.min(),
        "Maximum": values.max(),
        "Median": values.median(),
        "IQR": values.quantile(0.75) - values.quantile(0.25),
    }
    table = pd.DataFrame(rows).T[list(METRIC_COLUMNS)]
    return table.rename_axis("").reset_index()


def metrics_per_image(pairs: DataFrame) -> DataFrame:
    """Average the pairs of human masks of each image.

    Parameters
    ----------
    pairs : DataFrame
        Columns img_id, annotator1, annotator2 and the eight metrics as float64; NaN is left out.

    Returns
    -------
    DataFrame
        One row an image, sorted by img_id: ``{metric}_mean`` and ``{metric}_std`` (sample; NaN for one pair)
        of each metric, then num_pairs. Images without a pair of human masks have no row.
    """
    groups = human_pairs_only(pairs).groupby("img_id", sort=True)
    statistics = groups[list(_IMAGE_LEVEL_METRICS)].agg(["mean", "std"])
    statistics.columns = [f"{metric}_{statistic}" for metric, statistic in statistics.columns]
    return statistics.assign(num_pairs=groups.size()).reset_index()
