"""Whole clusters of images shared out among partitions, so that each has its share of every label."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd

if TYPE_CHECKING:
    from pandas import Series

    from .labels import ImageLabels

_PLACES = 9


def assign_partitions(labels: ImageLabels, clusters: Series, shares: Mapping[str, Fraction], seed: int) -> Series:
    """Assign each image to a partition, whole clusters at a time.

    Clusters come one after the other: by images with several masks, then by size, both descending, then by the sha256
    of ``seed:cluster``. Each goes to the partition where the sum over its labels of (n - t)^2 / t grows least, n being
    the label's count in the partition so far and t its target, the partition's share of the label's total. Growth is
    rounded to 9 places; of equal ones the larger share wins, then the earlier partition.

    Parameters
    ----------
    labels : ImageLabels
        Of all images.
    clusters : Series of str
        Cluster of each image, in the order of the images' table, by their ids.
    shares : mapping of str to Fraction
        Share of each partition, which sum to 1; one of share 0 gets nothing.
    seed : int
        Other seeds give other partitions.

    Returns
    -------
    Series of str
        Partition of each image, in the order of `clusters` and with its index; name ``partition``. It depends on the
        ids, labels and clusters alone, not on the order of the images, the machine or the version of Python.
    """
    codes, names = pd.factorize(clusters)
    order = _order(names.tolist(), np.bincount(codes), np.bincount(codes, weights=labels.num_masks > 1), seed)
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    chosen = _assign(_of_clusters(labels, ranks[codes]), len(order), labels.totals, shares)
    return pd.Series(np.array(chosen, dtype=object)[ranks[codes]], index=clusters.index, name="partition")


def _order(names: Sequence[str], sizes: np.ndarray, several: np.ndarray, seed: int) -> list[int]:
    """Return the places of clusters in the order in which they are assigned."""
    hashes = [hashlib.sha256(f"{seed}:{name}".encode()).digest() for name in names]
    keys = list(zip((-several).tolist(), (-sizes).tolist(), hashes, strict=True))
    return sorted(range(len(keys)), key=keys.__getitem__)


def _of_clusters(labels: ImageLabels, ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add up the labels of each cluster; `ranks` are the clusters of the images, as numbers.

    Returns cluster, label and count as parallel arrays, sorted by cluster and label.
    """
    number = max(len(labels.names), 1)
    keys, places = np.unique(ranks[labels.image] * number + labels.label, return_inverse=True)
    count = np.bincount(places, weights=labels.times, minlength=len(keys)).astype(np.int64)
    return (*np.divmod(keys, number), count)


def _assign(
    of_clusters: tuple[np.ndarray, np.ndarray, np.ndarray],
    number: int,
    totals: np.ndarray,
    shares: Mapping[str, Fraction],
) -> list[str]:
    """Return the partition of each cluster, in the order of the clusters."""
    cluster, label, count = of_clusters
    starts = np.searchsorted(cluster, np.arange(number + 1)).tolist()
    labels, counts = label.tolist(), count.tolist()
    names = sorted((name for name, share in shares.items() if share), key=lambda name: -shares[name])
    targets = [[float(shares[name] * total) for total in totals.tolist()] for name in names]
    held = [[0] * len(totals) for _ in names]
    chosen = []
    for first, last in pairwise(starts):
        added = list(zip(labels[first:last], counts[first:last], strict=True))
        growths = [_growth(added, *of_partition) for of_partition in zip(held, targets, strict=True)]
        best = growths.index(min(growths))
        for at, more in added:
            held[best][at] += more
        chosen.append(names[best])
    return chosen


def _growth(added: Sequence[tuple[int, int]], held: Sequence[int], targets: Sequence[float]) -> float:
    """Return how much the sum over labels of (n - t)^2 / t grows with what is added.

    Of a label that is added k times it is k (2 n + k) / t - 2 k; the sum of 2 k, which is the same for all partitions,
    is left out. `math.fsum` rounds once, while `sum` has added in two ways since Python 3.12.
    """
    return round(math.fsum([more * (2 * held[at] + more) / targets[at] for at, more in added]), _PLACES)
