"""Clusters of images that are not independent: they show the same patient or the same lesion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import pd

if TYPE_CHECKING:
    from pandas import DataFrame, Series

LINKING_COLUMNS = ("patient_id", "lesion_id")


def image_clusters(images: DataFrame) -> Series:
    """Name the cluster of each image: what is connected by shared patients and lesions.

    Parameters
    ----------
    images : DataFrame
        Column isic_id; patient_id and lesion_id where the table has them. All are text, and an empty cell is
        no id. It should hold all images: one outside a subset can join two that are in it.

    Returns
    -------
    Series of str
        Index isic_id, in the order of the table; name ``cluster``. The value is the smallest isic_id of the
        connected component, so an image with neither id is a cluster of its own. Empty for no images.

    References
    ----------
    Cameron, Gelbach and Miller (2008), Bootstrap-based improvements for inference with clustered errors,
    doi:10.1162/rest.90.3.414: why whole clusters are drawn.
    """
    ids = images["isic_id"].tolist()
    parents = {isic_id: isic_id for isic_id in ids}
    for column in LINKING_COLUMNS:
        if column in images:
            first_with: dict[str, str] = {}
            for isic_id, link in zip(ids, images[column].str.strip(), strict=True):
                if link:
                    _join(parents, isic_id, first_with.setdefault(link, isic_id))
    clusters = {isic_id: _smallest(parents, isic_id) for isic_id in parents}
    return pd.Series(clusters, name="cluster", dtype=object).rename_axis("isic_id")


# A forest of ids, each below a smaller one, rather than scipy.sparse.csgraph: its import takes ten times as long as
# 15,000 images do here, and the stage of agreement needs nothing else of it.
def _join(parents: dict[str, str], first: str, second: str) -> None:
    low, high = sorted((_smallest(parents, first), _smallest(parents, second)))
    parents[high] = low


def _smallest(parents: dict[str, str], isic_id: str) -> str:
    """Follow the parents up to the root of a tree, which is its smallest id; halve the way for those that follow."""
    while parents[isic_id] != isic_id:
        parents[isic_id] = parents[parents[isic_id]]
        isic_id = parents[isic_id]
    return isic_id
