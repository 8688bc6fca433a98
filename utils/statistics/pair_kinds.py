"""Kinds of pairs of masks: by two annotators (inter), or by one annotator twice (intra)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import PipelineError
from ..lazy import pd
from ..naming import human_pairs_only, humans_only

if TYPE_CHECKING:
    from pandas import Categorical, DataFrame, Series

ENDS = ("mask", "annotator", "tool", "skill_level")  # what the columns name1 and name2 say of the two masks


def classified_pairs(pairs: DataFrame, subset: DataFrame, clusters: Series) -> DataFrame:
    """Say of each pair of human masks which image and cluster it is of, and of which kind it is.

    Parameters
    ----------
    pairs : DataFrame
        Columns img_id, those of `ENDS` of both masks, and any others.
    subset : DataFrame
        Metadata of the masks: ISIC_id and img_filename.
    clusters : Series of str
        Cluster by isic_id, as `clusters.image_clusters` names them; an image that is not there is one of its own.

    Returns
    -------
    DataFrame
        The pairs of human masks in their order, with the columns ISIC_id and cluster; inter (bool): by two
        annotators; conflicting (bool): by one annotator under two skill levels, so no repeat of the same task. Texts
        become categories, sorted (masks are not) and the same at both ends of a pair: tables of millions of pairs take
        a tenth of the time with them.

    Raises
    ------
    PipelineError
        If a pair is of an image that the subset does not have.
    """
    pairs = human_pairs_only(pairs)
    place, names = pd.factorize(pairs["img_id"])
    isic_ids = subset.drop_duplicates("img_filename").set_index("img_filename")["ISIC_id"].reindex(names)
    if isic_ids.isna().any():
        raise PipelineError(
            "Pairs are of images that the subset does not have.",
            where="the pairwise agreement table",
            hint="run compute_IAA_metrics again, so that both tables are of the same masks",
            offenders=sorted(isic_ids.index[isic_ids.isna()]),
        )
    of_clusters = isic_ids.map(clusters).fillna(isic_ids)
    columns = {"ISIC_id": _categories(isic_ids)[place], "cluster": _categories(of_clusters)[place]}
    for name in ENDS:
        both = _categories(np.hstack([pairs[f"{name}1"], pairs[f"{name}2"]]), in_order=name != "mask")
        columns |= {f"{name}1": both[: len(pairs)], f"{name}2": both[len(pairs) :]}
    pairs = pairs.assign(**columns)
    inter = pairs["annotator1"] != pairs["annotator2"]
    return pairs.assign(inter=inter, conflicting=~inter & (pairs["skill_level1"] != pairs["skill_level2"]))


def _categories(texts: Series | np.ndarray, in_order: bool = True) -> Categorical:
    codes, names = pd.factorize(np.asarray(texts, dtype=object), sort=in_order)
    return pd.Categorical.from_codes(codes.tolist(), pd.Index(names), ordered=in_order)


def looked_up(names: Series, values: Series) -> np.ndarray:
    """Return the value of each name, a column of categories; NaN where `values` lacks it."""
    return values.reindex(names.cat.categories).to_numpy()[names.cat.codes]


def unordered_names(first: Series, second: Series, joint: str = "-") -> Categorical:
    """Name two labels in either order alike, the smaller one first: T1-T3 for T3 and T1.

    Both are columns of the same sorted categories.
    """
    names = first.cat.categories.to_numpy(dtype=object)
    codes = np.sort(np.column_stack([first.cat.codes, second.cat.codes]).astype(np.int64), axis=1)
    labels, found = pd.factorize(codes[:, 0] * len(names) + codes[:, 1])
    return pd.Categorical.from_codes(
        labels.tolist(), pd.Index(names[found // len(names)] + joint + names[found % len(names)])
    )


def masks_of_image(pairs: DataFrame) -> np.ndarray:
    """Return the number of masks of each pair's image, int64, counted from the masks that its pairs name."""
    image_of_mask = np.full(len(pairs["mask1"].cat.categories), -1)
    for end in ("mask1", "mask2"):
        image_of_mask[pairs[end].cat.codes] = pairs["ISIC_id"].cat.codes
    return np.bincount(image_of_mask[image_of_mask >= 0])[pairs["ISIC_id"].cat.codes]


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
    names = masks[columns[0]]
    for column in columns[1:]:
        names = names + " " + masks[column]
    return names.sort_values().groupby(masks["ISIC_id"]).agg("+".join)
