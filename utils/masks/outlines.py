"""Outlines of masks: along the edges of their pixels, exact or simplified, and as SVG path data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lazy import cv2
from .bounding_box import Box, bounding_box

_BLOCK = 1 << 20  # pixels at a time, so that what is computed on the way stays small
# Corners that are simplified together at most. Shapely goes as deep as there are corners, and takes time by their
# square, where each division of an outline parts only a few of them from the others, as in a comb.
_PART = 8192


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
    return trace(framed(mask, box), box) if box else Outline(np.empty((0, 2), np.int64), np.zeros(1, np.int64))


def framed(mask: np.ndarray, box: Box) -> np.ndarray:
    """Cut a box out of a mask of bool or uint8: what is above 0, as bool, with a frame of background 1 pixel wide."""
    inside = mask[box]
    cut = np.zeros((inside.shape[0] + 2, inside.shape[1] + 2), dtype=bool)
    np.not_equal(inside, 0, out=cut[1:-1, 1:-1])
    return cut


def trace(cut: np.ndarray, box: Box) -> Outline:
    """Trace what `framed` cut out of a mask, as `edge_outline` does, in the coordinates of the whole mask."""
    rows, columns = _corners(cut.view(np.uint8))
    by_column = np.lexsort((rows, columns))
    above_or_below = np.empty_like(by_column)
    above_or_below[by_column[0::2]], above_or_below[by_column[1::2]] = by_column[1::2], by_column[0::2]
    firsts, starts = _follow(above_or_below.tolist())
    order = np.column_stack([firsts, firsts ^ 1]).ravel()
    points = np.column_stack([columns[order] + box[1].start, rows[order] + box[0].start])
    return Outline(points, starts)


def _corners(padded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each corner in the grid of pixel edges, in row-major order.

    Where two pixels touch diagonally, two outlines have a corner, and it is there twice.
    """
    # Row behind row, which are all empty at their ends: what differs from its neighbour has a side to its right.
    pixels = padded.ravel()
    left = _changes(pixels)
    width = padded.shape[1] - 1
    sides = left - left // padded.shape[1]
    # A side of a pixel goes on in the next row where that has one too, with the same colour on its left. Upper and
    # lower ends of sides, each with this colour in its last bit: those that are there once are corners.
    upper, lower, colour = sides - width, sides, pixels[left]
    corners = np.setxor1d(2 * upper + colour, 2 * lower + colour, assume_unique=True) // 2
    return np.divmod(corners, width)


def _changes(values: np.ndarray) -> np.ndarray:
    """Return the places of values that differ from the next one, ascending."""
    found: list[np.ndarray] = [np.empty(0, np.int64)]
    for at in range(0, values.size - 1, _BLOCK):
        block = values[at : at + _BLOCK + 1]
        differs = np.zeros(-(-block.size // 8) * 8, dtype=bool)
        np.not_equal(block[:-1], block[1:], out=differs[: block.size - 1])
        # There are few, so eight are looked at together: two thirds of the time.
        eights = np.flatnonzero(differs.view(np.uint64) != 0)
        eight, within = np.nonzero(differs.reshape(-1, 8)[eights])
        found.append(at + 8 * eights[eight] + within)
    return np.concatenate(found)


def _follow(above_or_below: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Order the corners polygon by polygon; the neighbour in the row of corner i is corner i ^ 1.

    Returns every second corner, each before its neighbour in the row, and where polygons start among all corners.
    """
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
            order.append(corner)
            corner = above_or_below[beside]
        starts.append(2 * len(order))
    return np.array(order, dtype=np.int64), np.array(starts, dtype=np.int64)


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
    Douglas and Peucker (1973), https://doi.org/10.3138/FM57-6770-U75U-7727, as shapely has it: distances are to the
    segment, not to the line through it, since an outline may turn back beyond its ends.
    """
    import shapely

    number = len(outline.points)
    if not number:
        return outline
    firsts = _first_corners(outline)
    # A part ends with the first corner of the next one; the last of a polygon, with the first corner of the polygon.
    polygon = np.searchsorted(outline.starts, firsts, side="right") - 1
    behind = np.append(firsts[1:], number)
    ends = np.where(behind == outline.starts[polygon + 1], outline.starts[polygon], behind)
    corners = outline.points[np.insert(np.arange(number), behind, ends)]
    parts = shapely.linestrings(corners, indices=np.repeat(np.arange(len(firsts)), behind - firsts + 1))
    simpler = shapely.simplify(parts, tolerance, preserve_topology=False)
    points, part = shapely.get_coordinates(simpler, return_index=True)
    kept = np.diff(part, append=-1) == 0  # all but the ends
    kept_before = np.append(0, np.cumsum(np.bincount(part[kept])))
    starts = kept_before[np.searchsorted(firsts, outline.starts)]
    return Outline(points[kept].astype(np.int64), starts)


def _first_corners(outline: Outline) -> np.ndarray:
    """Return the places of the corners that cut the polygons into parts; these corners are kept, however near."""
    sizes = np.diff(outline.starts)
    polygon = np.repeat(np.arange(len(sizes)), sizes)
    first = outline.starts[:-1]
    distances = np.sum((outline.points - outline.points[first][polygon]) ** 2, axis=1)
    farthest = np.flatnonzero(distances == np.maximum.reduceat(distances, first)[polygon])
    farthest = farthest[np.unique(polygon[farthest], return_index=True)[1]]  # the first where several are as far
    return np.unique(np.concatenate([first, farthest, np.arange(0, len(outline.points), _PART)]))


def svg_path(outline: Outline) -> str:
    """Return SVG path data, one closed subpath a polygon, to be filled by the even-odd rule; '' when empty.

    Examples
    --------
    >>> svg_path(edge_outline(np.array([[False, True, True]])))
    'M1 0l2 0 0 1-2 0z'
    """
    steps = [str(step) for step in np.diff(outline.points, axis=0, append=0).ravel().tolist()]
    places = outline.starts.tolist()
    parts = []
    for first, behind in zip(places[:-1], places[1:], strict=True):
        x, y = outline.points[first].tolist()
        parts.append(f"M{x} {y}l{' '.join(steps[2 * first : 2 * behind - 2])}z".replace(" -", "-"))
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
