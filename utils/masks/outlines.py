"""Outlines of masks: along the edges of their pixels, exact or simplified, and as SVG path data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lazy import cv2
from .bounding_box import bounding_box

_ROWS = 256  # of pixels at a time, so that intermediate arrays stay in the processor's cache


@dataclass(frozen=True)
class Outline:
    """Closed polygons whose even-odd interior is the mask.

    Attributes
    ----------
    points : ndarray of int64, shape (N, 2)
        x and y of all corners, polygon after polygon, the first of a polygon not repeated. Pixel (row, column)
        spans x from column to column + 1 and y from row to row + 1, so that corners are whole numbers.
    starts : ndarray of int64, shape (L + 1,)
        Polygon k is ``points[starts[k] : starts[k + 1]]``.
    """

    points: np.ndarray
    starts: np.ndarray

    def polygons(self) -> list[np.ndarray]:
        """Return the polygons, each of shape (N, 2); none for an empty mask."""
        return np.split(self.points, self.starts[1:-1]) if len(self.points) else []


def edge_outline(mask: np.ndarray) -> Outline:
    """Trace all borders of a mask, those of holes too, along the edges of its pixels.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        Any mask; beyond the image's edge there is no foreground.

    Returns
    -------
    Outline
        Exact: filled by the even-odd rule it is the mask. Without points for an empty mask.

    Notes
    -----
    The corners of a row of the grid, in order, are joined in pairs by the horizontal parts of the outline, those of
    a column by the vertical parts. Following both in turn closes each polygon.

    Examples
    --------
    >>> edge_outline(np.array([[False, True, True]])).points.tolist()
    [[1, 0], [3, 0], [3, 1], [1, 1]]
    """
    box = bounding_box(mask)
    if box is None:
        return Outline(np.empty((0, 2), np.int64), np.zeros(1, np.int64))
    rows, columns = _corners(np.pad(mask[box], 1).view(np.uint8))
    by_column = np.lexsort((rows, columns))
    above_or_below = np.empty_like(by_column)
    above_or_below[by_column[0::2]], above_or_below[by_column[1::2]] = by_column[1::2], by_column[0::2]
    order, starts = _follow(above_or_below.tolist())
    points = np.column_stack([columns + box[1].start, rows + box[0].start])
    return Outline(points[order], np.array(starts, dtype=np.int64))


def _corners(padded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each corner in the grid of pixel edges, in row-major order.

    Where two pixels touch diagonally, two outlines have a corner, and it is there twice.
    """
    width = padded.shape[1] - 1
    blocks = ((first, padded[first : first + _ROWS]) for first in range(0, len(padded), _ROWS))
    sides = np.concatenate([np.flatnonzero(block[:, :-1] != block[:, 1:]) + first * width for first, block in blocks])
    # A side of a pixel goes on in the next row where that has one too, with the same colour on its left. Upper and
    # lower ends of sides, each with this colour in its last bit: those that are there once are corners.
    upper, lower = sides - width, sides
    colour = padded[np.divmod(sides, width)]
    corners = np.setxor1d(2 * upper + colour, 2 * lower + colour, assume_unique=True) // 2
    return np.divmod(corners, width)


def _follow(above_or_below: list[int]) -> tuple[list[int], list[int]]:
    """Order the corners polygon by polygon; the neighbour in the row of corner i is corner i ^ 1."""
    seen = bytearray(len(above_or_below))
    order: list[int] = []
    starts = [0]
    for start in range(0, len(above_or_below), 2):
        if seen[start]:
            continue
        corner = start
        while not seen[corner]:
            beside = corner ^ 1
            seen[corner] = seen[beside] = 1
            order += (corner, beside)
            corner = above_or_below[beside]
        starts.append(len(order))
    return order, starts


def simplify(outline: Outline, tolerance: float) -> Outline:
    """Leave out corners so that no outline moves by more than a tolerance.

    Parameters
    ----------
    outline : Outline
        Any outline.
    tolerance : float
        Greatest Hausdorff distance, in pixels, between a polygon's border before and after.

    Returns
    -------
    Outline
        The same polygons with some of their corners; of one that is smaller than the tolerance two are left.

    Notes
    -----
    Douglas and Peucker (1973), https://doi.org/10.3138/FM57-6770-U75U-7727, on all parts of all polygons at
    once. Distances are to the segment, not to the line through it: an outline may turn back beyond its ends.
    """
    if not len(outline.points):
        return outline
    # Each polygon with its first corner repeated at its end: it is one part, from its first corner back to it.
    points = np.insert(outline.points, outline.starts[1:], outline.points[outline.starts[:-1]], axis=0).astype(float)
    starts = outline.starts + np.arange(len(outline.starts))
    repeated = starts[1:] - 1
    kept = np.zeros(len(points), dtype=bool)
    kept[starts[:-1]] = kept[repeated] = True
    # However small a polygon is, the corner farthest from its first one stays.
    undecided = _split(points, kept, np.flatnonzero(~kept), tolerance=0.0)
    while len(undecided):
        undecided = _split(points, kept, undecided, tolerance)
    kept[repeated] = False
    kept_before = np.concatenate([[0], np.cumsum(kept)])
    return Outline(points[kept].astype(np.int64), kept_before[starts])


def _split(points: np.ndarray, kept: np.ndarray, undecided: np.ndarray, tolerance: float) -> np.ndarray:
    """Split parts, which lie between kept corners, at the corner farthest from the segment that would replace them.

    Marks these corners in `kept`, and returns the undecided ones of the parts that were split. The other parts, all
    within the tolerance, are done.
    """
    ends = np.flatnonzero(kept)
    part = np.searchsorted(ends, undecided)  # it ends with that kept corner
    distances = _squared_distances(points[undecided], points[ends[part - 1]], points[ends[part]])
    first_of_part = np.flatnonzero(np.diff(part, prepend=-1))
    corners_of_part = np.diff(first_of_part, append=len(part))
    greatest = np.repeat(np.maximum.reduceat(distances, first_of_part), corners_of_part)
    is_split = greatest > tolerance**2
    farthest = np.flatnonzero(is_split & (distances == greatest))
    farthest = farthest[np.diff(part[farthest], prepend=-1) > 0]  # the first where several are as far
    kept[undecided[farthest]] = True
    return undecided[is_split & ~kept[undecided]]


def _squared_distances(points: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Squared distance of each point to its own segment, which may have no length."""
    # Coordinate by coordinate: a third of the time that sums over pairs take.
    (x, y), (along_x, along_y) = (points - starts).T, (ends - starts).T
    squared_length = along_x**2 + along_y**2
    share = (x * along_x + y * along_y) / np.maximum(squared_length, 1)  # corners are whole: 0 or at least 1
    share = np.clip(share, 0, 1)
    return (x - share * along_x) ** 2 + (y - share * along_y) ** 2


def svg_path(outline: Outline) -> str:
    """Return SVG path data, one closed subpath a polygon, to be filled by the even-odd rule; '' when empty.

    Examples
    --------
    >>> svg_path(edge_outline(np.array([[False, True, True]])))
    'M1 0l2 0 0 1-2 0z'
    """
    parts = []
    for polygon in outline.polygons():
        steps = " ".join(map(str, np.diff(polygon, axis=0).ravel().tolist()))
        parts.append(f"M{polygon[0, 0]} {polygon[0, 1]}l{steps}z".replace(" -", "-"))
    return "".join(parts)


def border_pixels(mask: np.ndarray, tolerance: float) -> list[np.ndarray]:
    """Trace the border pixels of a mask, those of holes too, through their centres.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        Any mask.
    tolerance : float
        Pixels that a simplified border may be away from the border pixels (Douglas and Peucker, 1973).

    Returns
    -------
    list of ndarray of int, shape (N, 2)
        The x and y of border pixels, the first repeated at the end. Empty for an empty mask.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    simplified = (cv2.approxPolyDP(contour, tolerance, True)[:, 0] for contour in contours)
    return [np.concatenate([points, points[:1]]) for points in simplified]
