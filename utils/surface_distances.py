"""Distances between the borders of two masks, exact to the last bit of what MedPy computes.

The expensive part is done once per mask (`mask_border`), the cheap part once per pair (`surface_distances`);
the Hausdorff distance, its 95th percentile and the average symmetric surface distance all reduce the same
pooled distances.

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

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from utils.crop import bounding_box
from utils.lazy import cv2

# scipy is imported where it is used, because a stage's --help must not wait for it.
if TYPE_CHECKING:
    from scipy.spatial import cKDTree

# A nearest-neighbour query (0.6 us) takes as long as the distance transform of this many pixels (60 ns each).
QUERY_COST_IN_PIXELS = 10


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

    @cached_property
    def coordinates(self) -> np.ndarray:
        """Row and column of every border pixel in row-major order: int64, shape (N, 2)."""
        return np.stack(np.divmod(self.index, max(self.shape[1], 1)), axis=1)

    @cached_property
    def tree(self) -> cKDTree:
        """KD-tree of the border pixels, built at the first pair that needs it and kept for the others."""
        from scipy.spatial import cKDTree

        # Sliding midpoints and wide leaves: pixels on a grid neither need nor repay a balanced, compact tree.
        return cKDTree(self.coordinates, leafsize=32, balanced_tree=False, compact_nodes=False)


def mask_border(mask: np.ndarray) -> Border:
    """Find the 4-connected border of a mask.

    A border pixel is a foreground pixel with a background pixel above, below, left or right of it; beyond the
    edge of the image all is background. This is MedPy's ``mask ^ binary_erosion(mask)``.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True is foreground.

    Returns
    -------
    Border
        Without pixels when the mask is empty.
    """
    height, width = mask.shape
    box = bounding_box(mask)
    if box is None:
        return Border(np.empty(0, dtype=np.int64), (height, width), (0, 0, 0, 0))
    (top, bottom), (left, right) = ((side.start, side.stop) for side in box)
    crop = np.ascontiguousarray(mask[box])
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    inner = cv2.erode(crop.view(np.uint8), cross, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    in_crop = np.flatnonzero(crop ^ inner.view(np.bool_))
    row, column = np.divmod(in_crop, right - left)
    return Border((row + top) * width + (column + left), (height, width), (top, bottom, left, right))


def surface_distances(a: Border, b: Border) -> np.ndarray:
    """Distances between two borders, both directions pooled.

    Parameters
    ----------
    a, b : Border
        Borders of two masks of the same image; neither may be empty.

    Returns
    -------
    ndarray of float64, shape (N_a + N_b,)
        Euclidean distances in pixels: of every border pixel of `a`, in row-major order, to the nearest one of
        `b`, then of every one of `b` to the nearest of `a`. In this order ``.max()``,
        ``numpy.percentile(…, 95)`` and ``.mean()`` are MedPy's hd, hd95 and assd to the last bit.

    Raises
    ------
    ValueError
        When a border is empty (no distance is defined) or the images differ in shape.
    """
    if a.shape != b.shape:
        raise ValueError(f"borders of images of different shapes: {a.shape} and {b.shape}")
    if a.index.size == 0 or b.index.size == 0:
        raise ValueError("an empty mask has no border to measure a distance to")
    pooled = _pooled_by_tree if _prefers_tree(a, b) else _pooled_by_distance_transform
    return pooled(a, b)


def _union_box(a: Border, b: Border) -> tuple[int, int, int, int]:
    """Smallest box (top, bottom, left, right) around both masks."""
    return (
        min(a.box[0], b.box[0]),
        max(a.box[1], b.box[1]),
        min(a.box[2], b.box[2]),
        max(a.box[3], b.box[3]),
    )


def _prefers_tree(a: Border, b: Border) -> bool:
    """Whether a query for every border pixel costs less than two distance transforms of the union box."""
    top, bottom, left, right = _union_box(a, b)
    queries = a.index.size + b.index.size
    return queries * QUERY_COST_IN_PIXELS <= 2 * (bottom - top) * (right - left)


def _pooled_by_tree(a: Border, b: Border) -> np.ndarray:
    """Pooled distances by nearest-neighbour queries.

    Pixels of both borders are at distance 0 and need no query; a consensus mask shares much of its border
    with the masks it was made from.
    """
    _, shared_in_a, shared_in_b = np.intersect1d(a.index, b.index, assume_unique=True, return_indices=True)
    distances = np.zeros(a.index.size + b.index.size)
    apart = np.ones(distances.size, dtype=bool)
    apart[shared_in_a] = False
    apart[a.index.size + shared_in_b] = False
    apart_in_a, apart_in_b = apart[: a.index.size], apart[a.index.size :]
    nearest_to_a = b.tree.query(a.coordinates[apart_in_a], workers=1)[0]
    nearest_to_b = a.tree.query(b.coordinates[apart_in_b], workers=1)[0]
    distances[apart] = np.concatenate((nearest_to_a, nearest_to_b))
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
