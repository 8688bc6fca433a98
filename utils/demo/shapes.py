"""Geometry of the embedded demo: noise, cells, outlines and polygons.

Here, in `demo_scenes` and in `demo_masks` everything depends on the generator that is passed in and on
nothing else. Pixels are made by single additions, products, quotients, square roots and comparisons only,
because every processor rounds those alike, which does not hold for exponentials, library sums and
interpolation. Sines and cosines are rounded before they reach a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Lesion:
    """One drawn lesion.

    Attributes
    ----------
    distance : ndarray of float32, shape (h, w)
        Signed distance from the outline in lesion radii, negative inside, on the working grid.
    plain : ndarray of float32, shape (h, w)
        The same for the smooth ellipse that the outline wobbles about.
    centre : tuple of float
        Row and column, in image pixels.
    radius : float
        Mean radius, in image pixels.
    scale : int
        Image pixels per working pixel.
    shape : tuple of int
        Height and width of the image, in pixels.
    """

    distance: np.ndarray
    plain: np.ndarray
    centre: tuple[float, float]
    radius: float
    scale: int
    shape: tuple[int, int]

    def full_size(self, field: np.ndarray) -> np.ndarray:
        """Bring a field from the working grid, float32 (h, w), to the image's size, float32 (H, W)."""
        return full_size(field, self.scale, self.shape)


def enlarge(grid: np.ndarray, factor: int, shape: tuple[int, int]) -> np.ndarray:
    """Interpolate a grid by cubic B-splines.

    Parameters
    ----------
    grid : ndarray of float32
        At least ``side // factor + 4`` values along each axis.
    factor : int
        Pixels per grid cell.
    shape : tuple of int
        Height and width of the result, in pixels.

    Returns
    -------
    ndarray of float32, shape (H, W)
    """
    for side in shape:
        t = (np.arange(factor, dtype=np.float32) + np.float32(0.5)) / np.float32(factor)
        weights = [(1 - t) * (1 - t) * (1 - t), 4 - 3 * t * t * (2 - t), 0, t * t * t]
        weights[2] = 6 - weights[0] - weights[1] - weights[3]
        cells = side // factor + 1
        taps = [grid[i : i + cells, None, :] * (w / 6)[None, :, None] for i, w in enumerate(weights)]
        rows = taps[0] + taps[1] + taps[2] + taps[3]
        grid = rows.reshape(cells * factor, -1)[:side].T
    return np.ascontiguousarray(grid)


def full_size(field: np.ndarray, scale: int, shape: tuple[int, int]) -> np.ndarray:
    """Bring a field from a working grid to an image's size.

    Parameters
    ----------
    field : ndarray of float32, shape (h, w)
        At least ``side // scale + 4`` values along each axis.
    scale : int
        Image pixels per working pixel; at 1 the field is cut.
    shape : tuple of int
        Height and width of the result, in pixels.

    Returns
    -------
    ndarray of float32, shape (H, W)
    """
    return enlarge(field, scale, shape) if scale > 1 else field[: shape[0], : shape[1]]


def lead(scale: int) -> int:
    """Return the number of working pixels ahead of the image's edge, which the B-spline reads."""
    return 1 if scale > 1 else 0


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> np.ndarray:
    """Draw smooth noise.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        Height and width, in pixels.
    cell : float
        Width of the features, in pixels; at least 1.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Centred on 0; about -0.8 to 0.8, never beyond -1.2 and 1.2.
    """
    cell = max(1, round(cell))
    grid = rng.random((shape[0] // cell + 4, shape[1] // cell + 4), dtype=np.float32)
    return enlarge((grid - np.float32(0.5)) * np.float32(2.4), cell, shape)


def step(values: np.ndarray, low: float | np.floating, high: float | np.floating) -> np.ndarray:
    """Rise smoothly from 0 at `low` to 1 at `high`; float32 of any shape, and the result alike."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def cell_distances(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw a cell pattern [1]_: distances to the nearest and to the second of scattered points.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        Height and width, in pixels.
    cell : float
        Mean distance of the points, in pixels; at least 3.

    Returns
    -------
    nearest, gap : ndarray of float32, shape (H, W)
        Distance to the nearest point, and how much farther the second is, in cells.

    References
    ----------
    .. [1] Worley, S. "A cellular texture basis function." SIGGRAPH '96, 291-294 (1996).
       https://doi.org/10.1145/237170.237267
    """
    cell = max(3, round(cell))
    height, width = shape[0] // cell + 3, shape[1] // cell + 3
    points = rng.random((2, height, width), dtype=np.float32) * np.float32(0.9)
    rows, columns = (np.arange(side, dtype=np.float32) / np.float32(cell) for side in shape)
    first: np.ndarray = np.full(shape, 9, np.float32)
    second = first.copy()
    for i in range(3):
        for j in range(3):
            inner = points[:, i : i + height - 2, j : j + width - 2].repeat(cell, 1).repeat(cell, 2)
            y, x = inner[:, : shape[0], : shape[1]]
            y = np.floor(rows)[:, None] + np.float32(i - 1) + y - rows[:, None]
            x = np.floor(columns)[None, :] + np.float32(j - 1) + x - columns[None, :]
            square = y * y + x * x
            second = np.minimum(second, np.maximum(first, square))
            first = np.minimum(first, square)
    first, second = np.sqrt(first), np.sqrt(second)
    return first, second - first


def outline_points(lesion: Lesion, angles: Iterable[float], reach: Iterable[float]) -> np.ndarray:
    """Find points on the rays from a lesion's centre.

    Parameters
    ----------
    lesion : Lesion
    angles : iterable of float
        Directions, in radians.
    reach : iterable of float
        How far along its ray each point lies; 1 is the outline.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        Row and column of each point, in image pixels.
    """
    along = np.arange(0, 2, 0.01)
    points = []
    for angle, share in zip(angles, reach, strict=True):
        heading = np.array([round(math.sin(angle), 6), round(math.cos(angle), 6)]) * lesion.radius
        ray = (np.array(lesion.centre) + along[:, None] * heading) / lesion.scale + lead(lesion.scale)
        rows, columns = np.clip(ray.astype(np.int64), 0, np.array(lesion.distance.shape) - 1).T
        outside = lesion.distance[rows, columns] > 0
        outside[-1] = True  # a lesion cut by the image's edge is not left on this ray
        points.append(np.array(lesion.centre) + along[np.argmax(outside)] * share * heading)
    return np.array(points)


def fill_polygon(vertices: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Fill a polygon by the even-odd rule.

    Parameters
    ----------
    vertices : ndarray, shape (n, 2)
        Row and column of each corner, in pixels; rounded to whole pixels.
    shape : tuple of int
        Height and width of the mask.

    Returns
    -------
    ndarray of bool, shape (H, W)
        All False for fewer than three corners.
    """
    corners = np.floor(np.asarray(vertices, np.float64).reshape(-1, 2) + 0.5)
    crossings = np.zeros((shape[0], shape[1] + 1), np.int16)
    rows = np.arange(shape[0])
    for (y1, x1), (y2, x2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crossed = rows[(y1 <= rows) != (y2 <= rows)]
        if crossed.size:
            columns = np.ceil(x1 + (crossed - y1) * (x2 - x1) / (y2 - y1)).astype(np.int64)
            crossings[crossed, np.clip(columns, 0, shape[1])] += 1
    return np.cumsum(crossings[:, :-1], axis=1) % 2 == 1
