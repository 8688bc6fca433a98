"""Distances between the borders of two masks, exact to the last bit of what MedPy computes.

Borders are found once per mask (`mask_border`), and a border pixel that several masks of an image share is
looked up once for all of them (`SurfaceDistances`): every border pixel of a consensus mask is one of the masks
it was made from. The Hausdorff distance, its 95th percentile and the average symmetric surface distance all
reduce the same pooled distances.

References
----------
.. [1] Taha, A.A., Hanbury, A. "Metrics for evaluating 3D medical image segmentation: analysis, selection, and
   tool." BMC Medical Imaging 15, 29 (2015). https://doi.org/10.1186/s12880-015-0068-x
.. [2] Maneewongvatana, S., Mount, D.M. "Analysis of approximate nearest neighbor searching with clustered
   point sets." arXiv:cs/9901013 (1999). https://doi.org/10.48550/arXiv.cs/9901013
.. [3] Maurer, C.R., Qi, R., Raghavan, V. "A linear time algorithm for computing exact Euclidean distance
   transforms of binary images in arbitrary dimensions." IEEE TPAMI 25(2), 265-270 (2003).
   https://doi.org/10.1109/TPAMI.2003.1177156
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, permutations

import numpy as np

from ..lazy import cv2
from .bounding_box import Box, bounding_box

# scipy and pykdtree are imported where they are used, because a stage's --help must not wait for them.

# A nearest-neighbour query (0.2 to 0.3 us) takes as long as the distance transform of this many pixels (60 ns each).
QUERY_COST_IN_PIXELS = 5
MOST_QUERIES = 2_000_000  # of a pair: trees of more pixels take more memory than a transform
_QUERIES = 1 << 18  # at a time


@dataclass(frozen=True, eq=False)
class Border:
    """The border pixels of one mask.

    Attributes
    ----------
    index : ndarray of int64, shape (N,)
        Flat row-major index of every border pixel in the whole image, ascending; N = 0 for an empty mask.
    shape : tuple of int
        Height and width of the image, in pixels.
    box : tuple of int
        Bounding box of the mask as half-open ranges (top, bottom, left, right); all 0 for an empty mask.
    """

    index: np.ndarray
    shape: tuple[int, int]
    box: tuple[int, int, int, int]


def mask_border(mask: np.ndarray, box: Box | None = None) -> Border:
    """Find the 4-connected border of a mask.

    A border pixel is a foreground pixel with a background pixel above, below, left or right of it; beyond the
    edge of the image all is background. This is MedPy's ``mask ^ binary_erosion(mask)``.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True is foreground.
    box : (slice, slice), optional
        Its bounding box, when it is known.

    Returns
    -------
    Border
        Without pixels when the mask is empty.
    """
    height, width = mask.shape
    box = box or bounding_box(mask)
    if box is None:
        return Border(np.empty(0, dtype=np.int64), (height, width), (0, 0, 0, 0))
    (top, bottom), (left, right) = ((side.start, side.stop) for side in box)
    crop = np.ascontiguousarray(mask[box])
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    inner = cv2.erode(crop.view(np.uint8), cross, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    in_crop = np.flatnonzero(crop ^ inner.view(np.bool_))
    row, column = np.divmod(in_crop, right - left)
    return Border((row + top) * width + (column + left), (height, width), (top, bottom, left, right))


class SurfaceDistances:
    """Distances between the borders of one image's masks.

    Parameters
    ----------
    borders : sequence of Border
        Borders of masks of the same image; empty ones may be among them.
    pairs : collection of (int, int), optional
        The pairs that will be asked for, by the borders' places; by default any.

    Raises
    ------
    ValueError
        When the images differ in shape.
    """

    def __init__(self, borders: Sequence[Border], pairs: Collection[tuple[int, int]] | None = None):
        shapes = sorted({border.shape for border in borders})
        if len(shapes) > 1:
            raise ValueError(f"borders of images of different shapes: {' and '.join(map(str, shapes))}")
        # Consensus masks of two annotators are often equal, so equal borders are kept once.
        self._borders: list[Border] = []
        self._kept_as = [self._keep(border) for border in borders]
        asked = permutations(range(len(borders)), 2) if pairs is None else chain(pairs, (pair[::-1] for pair in pairs))
        # (i, j): from every pixel of kept border i to kept border j, for pairs that trees are best for.
        self._directed = _distances_by_trees(self._borders, {(self._kept_as[i], self._kept_as[j]) for i, j in asked})

    def _keep(self, border: Border) -> int:
        for number, kept in enumerate(self._borders):
            if np.array_equal(kept.index, border.index):
                return number
        self._borders.append(border)
        return len(self._borders) - 1

    def pooled(self, i: int, j: int) -> np.ndarray:
        """Distances between the borders of masks i and j, both directions pooled.

        Returns
        -------
        ndarray of float64, shape (N_i + N_j,)
            Euclidean distances in pixels: of every border pixel of mask i, in row-major order, to the nearest one
            of mask j, then of every one of j to the nearest of i. In this order ``.max()``,
            ``numpy.percentile(…, 95)`` and ``.mean()`` are MedPy's hd, hd95 and assd to the last bit.

        Raises
        ------
        ValueError
            When a border is empty: no distance is defined.
        """
        i, j = self._kept_as[i], self._kept_as[j]
        a, b = self._borders[i], self._borders[j]
        if a.index.size == 0 or b.index.size == 0:
            raise ValueError("an empty mask has no border to measure a distance to")
        if i == j:
            return np.zeros(2 * a.index.size)
        if (i, j) in self._directed:
            return np.concatenate((self._directed[i, j], self._directed[j, i]))
        return _pooled_by_distance_transform(a, b)


def _union_box(a: Border, b: Border) -> tuple[int, int, int, int]:
    """Smallest box (top, bottom, left, right) around both masks."""
    return (
        min(a.box[0], b.box[0]),
        max(a.box[1], b.box[1]),
        min(a.box[2], b.box[2]),
        max(a.box[3], b.box[3]),
    )


def _prefers_tree(a: Border, b: Border) -> bool:
    """Whether queries for all border pixels cost less than two distance transforms of the union box."""
    if a.index.size == 0 or b.index.size == 0:
        return False
    top, bottom, left, right = _union_box(a, b)
    queries = a.index.size + b.index.size
    return queries <= MOST_QUERIES and queries * QUERY_COST_IN_PIXELS <= 2 * (bottom - top) * (right - left)


def _distances_by_trees(
    borders: Sequence[Border], asked: Collection[tuple[int, int]]
) -> dict[tuple[int, int], np.ndarray]:
    """Distances (i, j) of the pixels of border i to border j; a pixel of several borders is queried once."""
    pixels = _merged([border.index for border in borders])
    places = [np.searchsorted(pixels, border.index) for border in borders]
    found: dict[tuple[int, int], np.ndarray] = {}
    for j, target in enumerate(borders):
        sources = [
            i for i, source in enumerate(borders) if i != j and (i, j) in asked and _prefers_tree(source, target)
        ]
        if not sources:
            continue
        # The borders of consensus masks run along those of the masks they were made from: there the distance is 0.
        apart = np.zeros(pixels.size, dtype=bool)
        for i in sources:
            apart[places[i]] = True
        apart[places[j]] = False
        distances = np.zeros(pixels.size)
        distances[apart] = _nearest_distances(pixels[apart], target)
        found |= {(i, j): distances[places[i]] for i in sources}
    return found


def _merged(sorted_indices: Sequence[np.ndarray]) -> np.ndarray:
    """Sorted distinct values of sorted arrays."""
    # A stable sort merges what is sorted already, several times faster than np.unique sorts it.
    values = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *sorted_indices]), kind="stable")
    return values[np.diff(values, prepend=-1) > 0]


def _nearest_distances(pixels: np.ndarray, target: Border) -> np.ndarray:
    """Distances of pixels, given by their flat index, to a non-empty border."""
    from pykdtree.kdtree import KDTree

    tree = KDTree(_coordinates(target.index, target.shape))
    distances = np.empty(pixels.size)
    for start in range(0, pixels.size, _QUERIES):
        some = slice(start, start + _QUERIES)
        distances[some] = tree.query(_coordinates(pixels[some], target.shape))[0]
    return distances


def _pooled_by_distance_transform(a: Border, b: Border) -> np.ndarray:
    """Pooled distances by one distance transform of the union box per direction.

    The box holds both borders, so the nearest border pixel is never outside it.
    """
    box = _union_box(a, b)
    return np.concatenate((_transformed(a, b, box), _transformed(b, a, box)))


def _transformed(source: Border, target: Border, box: tuple[int, int, int, int]) -> np.ndarray:
    """Distances of the pixels of `source` to `target`, from the distance transform of `box`.

    Only the nearest pixels are asked of the transform, two int32 each: distances are needed on the border
    alone, and float64 for the whole box would be most of the memory.
    """
    from scipy.ndimage import distance_transform_edt

    top, bottom, left, right = box
    background = np.ones((bottom - top, right - left), dtype=bool)
    row, column = np.divmod(target.index, target.shape[1])
    background[row - top, column - left] = False
    nearest = distance_transform_edt(background, return_distances=False, return_indices=True)
    row, column = np.divmod(source.index, source.shape[1])
    row, column = row - top, column - left
    across_rows, across_columns = nearest[0, row, column] - row, nearest[1, row, column] - column
    return np.sqrt((across_rows**2 + across_columns**2).astype(np.float64))


def _coordinates(index: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Row and column of pixels given by their flat index: float64, shape (N, 2)."""
    return np.stack(np.divmod(index, max(shape[1], 1)), axis=1).astype(np.float64)
