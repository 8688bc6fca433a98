"""Kinds of pairs of masks: by two annotators (inter), or by one annotator twice (intra)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import PipelineError
from ..lazy import pd
from ..naming import human_pairs_only, humans_only

if TYPE_CHECKING:
    from pandas import DataFrame, Series


def classified_pairs(pairs: DataFrame, subset: DataFrame, clusters: Series) -> DataFrame:
    """Say of each pair of human masks which image and cluster it is of, and of which kind it is.

    Parameters
    ----------
    pairs : DataFrame
        Columns img_id, annotator1, annotator2, skill_level1, skill_level2, and any others.
    subset : DataFrame
        Metadata of the masks: ISIC_id and img_filename.
    clusters : Series of str
        Cluster by isic_id, as `clusters.image_clusters` names them; an image that is not there is one of its own.

    Returns
    -------
    DataFrame
        The pairs of human masks in their order, with the columns ISIC_id and cluster; inter (bool): by two
        annotators; conflicting (bool): by one annotator under two skill levels, so no repeat of the same task.

    Raises
    ------
    PipelineError
        If a pair is of an image that the subset does not have.
    """
    pairs = human_pairs_only(pairs)
    isic_ids = subset.drop_duplicates("img_filename").set_index("img_filename")["ISIC_id"]
    image = pairs["img_id"].map(isic_ids)
    unknown = sorted(pairs["img_id"][image.isna()].unique())
    if unknown:
        raise PipelineError(
            "Pairs are of images that the subset does not have.",
            where="the pairwise agreement table",
            hint="run compute_IAA_metrics again, so that both tables are of the same masks",
            offenders=unknown,
        )
    inter = pairs["annotator1"] != pairs["annotator2"]
    return pairs.assign(
        ISIC_id=image,
        cluster=image.map(clusters).fillna(image),
        inter=inter,
        conflicting=~inter & (pairs["skill_level1"] != pairs["skill_level2"]),
    )


def unordered_names(first: Series, second: Series, joint: str = "-") -> Series:
    """Name two labels in either order alike, the smaller one first: T1-T3 for T3 and T1."""
    swapped = first > second
    return first.where(~swapped, second) + joint + second.where(~swapped, first)


def sets_of_image(subset: DataFrame, *columns: str) -> Series:
    """Name who outlined each image, an annotator with two masks twice: A00+A00+A03.

    Parameters
    ----------
    subset : DataFrame
        Metadata of masks: ISIC_id and the given columns; consensus masks are left out.
    columns : str
        What stands for a mask: annotator, or annotator and tool (A00 T2+A03 T1).

    Returns
    -------
    Series of str
        Index ISIC_id, sorted; the names within a set are sorted.
    """
    masks = humans_only(subset)
    names = masks[list(columns)].agg(" ".join, axis=1) if len(columns) > 1 else masks[columns[0]]
    return names.sort_values().groupby(masks["ISIC_id"]).agg("+".join)


def masks_of_image(pairs: DataFrame) -> Series:
    """Return the number of masks of each pair's image, int64, counted from the masks that its pairs name."""
    ends = pd.DataFrame({"image": np.tile(pairs["ISIC_id"], 2), "mask": np.hstack([pairs["mask1"], pairs["mask2"]])})
    return pairs["ISIC_id"].map(ends.drop_duplicates()["image"].value_counts())
