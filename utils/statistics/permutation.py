"""A permutation test for images in clusters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..lazy import pd

if TYPE_CHECKING:
    from pandas import Series

_MOST = 9_999
_LEAST = 999
_MOST_CELLS = 400_000_000  # labels moved in all, which takes some seconds
_CELLS_AT_ONCE = 8_000_000
_ROUNDING = 1e-12


class PermutationTest(NamedTuple):
    """Two-sided p value, and of how many permutations it is."""

    p_value: float
    permutations: int


def cluster_permutation(
    values: np.ndarray, labels: np.ndarray, clusters: Series, seed: int, permutations: int | None = None
) -> PermutationTest:
    """Test whether the means of two groups differ, by moving labels between clusters of equal size.

    The labels of a cluster move as a whole, in the order of the cluster's images, so that what is alike within clusters
    stays alike.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Finite, one an image.
    labels : ndarray of bool, shape (n,)
        Group of each image; both must occur.
    clusters : Series, shape (n,)
        Name of each image's cluster.
    seed : int
        Which permutations those are.
    permutations : int, optional
        How many; 9,999 if not given, and fewer, down to 999, for more than 40,000 images.

    Returns
    -------
    PermutationTest
        p = (1 + b) / (1 + B), b of B permutations giving a difference of means at least as large as the one found.

    References
    ----------
    Winkler et al. (2015), Multi-level block permutation, doi:10.1016/j.neuroimage.2015.05.092.
    """
    number = permutations or int(np.clip(_MOST_CELLS // len(values), _LEAST, _MOST))
    generator = np.random.default_rng(seed)
    labels = np.asarray(labels, dtype=bool)
    blocks = list(_clusters_of_equal_size(values, labels, clusters))
    count = labels.sum()
    found = _difference(values[labels].sum(), values, count)
    batch = max(1, _CELLS_AT_ONCE // len(values))
    extreme = 0
    for first in range(0, number, batch):
        size = min(batch, number - first)
        sums = np.sum([_permuted_sums(*block, size, generator) for block in blocks], axis=0)
        extreme += int((np.abs(_difference(sums, values, count)) >= np.abs(found) - _ROUNDING).sum())
    return PermutationTest((1 + extreme) / (1 + number), number)


def _clusters_of_equal_size(
    values: np.ndarray, labels: np.ndarray, clusters: Series
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield values and labels, shape (clusters, images), of the clusters of each size."""
    codes, _ = pd.factorize(clusters, sort=True)
    order = np.argsort(codes, kind="stable")
    size_of_image = np.bincount(codes)[codes[order]]
    for size in np.unique(size_of_image):
        chosen = order[size_of_image == size]
        yield values[chosen].reshape(-1, size), labels[chosen].reshape(-1, size)


def _permuted_sums(values: np.ndarray, labels: np.ndarray, size: int, generator: np.random.Generator) -> np.ndarray:
    """Return the sum of the values under the labels in so many permutations of the clusters."""
    places = generator.permuted(np.tile(np.arange(len(values), dtype=np.int32), (size, 1)), axis=1)
    return np.einsum("pci,ci->p", labels[places], values)


def _difference(sums: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    return sums / count - (values.sum() - sums) / (len(values) - count)
