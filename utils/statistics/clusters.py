"""Clusters of images that are not independent: they show the same patient or the same lesion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    image, names = pd.factorize(images["isic_id"])
    nodes, ends = len(names), []
    for column in LINKING_COLUMNS:
        if column not in images:
            continue
        texts = images[column].str.strip()
        link, ids = pd.factorize(texts.where(texts != ""))  # -1: no id
        ends.append((image[link >= 0], nodes + link[link >= 0]))
        nodes += len(ids)
    first, second = np.hstack([np.empty((2, 0), dtype=np.int64), *ends])
    graph = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(nodes, nodes))
    _, component = connected_components(graph, directed=False)
    clusters = pd.Series(names, index=pd.Index(names, name="isic_id"), name="cluster", dtype=object)
    return clusters.groupby(component[: len(names)]).transform("min")
