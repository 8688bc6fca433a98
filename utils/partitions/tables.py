"""The tables of a partition: of all images, and of those with several masks for training."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd
from .labels import BENIGN, MALIGNANT, diagnoses

if TYPE_CHECKING:
    from pandas import DataFrame, Series

TRAINING_COLUMNS = ("image", "malignancy", "dice_score_mean")


def partition_table(
    parts: Series, clusters: Series, num_masks: np.ndarray, lists: Mapping[str, Mapping[str, Collection[str]]]
) -> DataFrame:
    """Return what is to be known of each image's place in a partition.

    Parameters
    ----------
    parts, clusters : Series of str
        Partition and cluster of each image, by its id, in one order.
    num_masks : ndarray of int
        Human masks of each.
    lists : mapping of str to mapping of str to collection of str
        Ids in the lists of other datasets, by dataset and list.

    Returns
    -------
    DataFrame
        ISIC_id, partition, cluster, num_masks; then for each list ``{dataset}/{list}``: 1 for its images, else 0.
    """
    ids = parts.index
    columns = {"ISIC_id": ids, "partition": parts.to_numpy(), "cluster": clusters.to_numpy(), "num_masks": num_masks}
    for dataset, of_dataset in lists.items():
        columns |= {f"{dataset}/{name}": ids.isin(list(found)).astype(int) for name, found in of_dataset.items()}
    return pd.DataFrame(columns)


def training_table(images: DataFrame, file_names: Mapping[str, str], dice: Mapping[str, float]) -> DataFrame:
    """Return the table that loaders of training code read, of the images with several masks of a partition.

    Parameters
    ----------
    images : DataFrame
        Their rows of the image metadata.
    file_names : mapping of str to str
        Name of each image's file by isic_id.
    dice : mapping of str to float
        Mean Dice over an image's pairs of human masks, by file name.

    Returns
    -------
    DataFrame
        `TRAINING_COLUMNS`: the file's name; 1 for malignant, 0 for benign, empty for any other diagnosis; the mean
        Dice, empty where it is not known.
    """
    names = images["isic_id"].map(dict(file_names))
    malignancy = diagnoses(images).map({MALIGNANT: 1, BENIGN: 0}).astype("Int64")
    table = pd.DataFrame({"image": names, "malignancy": malignancy, "dice_score_mean": names.map(dict(dice))})
    return table.reset_index(drop=True)
