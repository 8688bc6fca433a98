"""How evenly a partition shares out the labels."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd
from .labels import ALL

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from .labels import ImageLabels

LEAST_TOTAL = 100  # of a label whose deviation says something: one image more or less is a point at most
BALANCE_COLUMNS = (
    "images",
    "label",
    "value",
    "unit",
    "total",
    "partition",
    "count",
    "percent",
    "target_percent",
    "deviation",
)


def balance_table(labels: ImageLabels, parts: Series, shares: Mapping[str, float | Fraction]) -> DataFrame:
    """Count each label in each part, beside the share that it should have there.

    Parameters
    ----------
    labels : ImageLabels
        Of all images.
    parts : Series of str
        Part of each image, in the order of the images' table; any other value for one that is in no part.
    shares : mapping of str to float or Fraction
        What each part should have of every label, 0 to 1.

    Returns
    -------
    DataFrame
        `BALANCE_COLUMNS`, a row for each label and part: the count there, its percent of the total over the parts,
        the percent that it should have, and the deviation of one from the other in percentage points, -100 to 100.
        Labels that no part has are left out.
    """
    names = list(shares)
    codes = pd.Index(names).get_indexer(pd.Index(parts))[labels.image]
    size = (len(labels.names), len(names))
    inside = codes >= 0
    keys = labels.label[inside] * len(names) + codes[inside]
    counted = np.bincount(keys, labels.times[inside], minlength=size[0] * size[1]).astype(np.int64).reshape(size)
    totals = counted.sum(axis=1)
    rows = []
    for label, total, counts in zip(labels.names, totals.tolist(), counted.tolist(), strict=True):
        for name, count in zip(names, counts, strict=True):
            if total:
                percent, target = 100 * count / total, 100 * float(shares[name])
                rows.append((*label, label.unit, total, name, count, percent, target, percent - target))
    return pd.DataFrame(rows, columns=BALANCE_COLUMNS)


def deviation_in_words(balance: DataFrame) -> list[str]:
    """Say where labels with a total of 100 or more deviate most; nothing without such a label."""
    common = balance[balance["total"] >= LEAST_TOTAL]
    if common.empty:
        return []
    row = common.loc[common["deviation"].abs().idxmax()]
    label = f"{row['label']} {row['value']}".rstrip().replace("_", " ")
    which = "" if row["images"] == ALL else f" of images with {row['images']}"
    return [f"largest deviation {abs(row['deviation']):.2f} points ({label}{which}, {row['partition']})"]
