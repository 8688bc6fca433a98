"""Masks of the embedded demo: one lesion outlined in the styles of several annotators."""

from __future__ import annotations

import math

import numpy as np

from .shapes import Lesion, fill_polygon, outline_points, smooth_noise


def _tight(rng: np.random.Generator, lesion: Lesion) -> np.ndarray:
    return lesion.full_size(lesion.distance) < -0.08 - 0.06 * rng.random()


def _generous(rng: np.random.Generator, lesion: Lesion) -> np.ndarray:
    # Part of the way to the plain ellipse: bulges are followed, but flattened.
    field = np.float32(0.7) * lesion.distance + np.float32(0.3) * lesion.plain
    return lesion.full_size(field) < 0.1 + 0.06 * rng.random()


def _polygonal(rng: np.random.Generator, lesion: Lesion) -> np.ndarray:
    count = int(rng.integers(7, 11))
    angles = (np.arange(count) + 0.5 * rng.random(count)) * (2 * math.pi / count)
    return fill_polygon(outline_points(lesion, angles, 1.0 + 0.14 * rng.random(count)), lesion.shape)


def _flood_fill(rng: np.random.Generator, lesion: Lesion) -> np.ndarray:
    from scipy import ndimage  # imported late: a quarter of a second that --help need not spend

    grain = sum(smooth_noise(rng, lesion.shape, cell * lesion.scale) for cell in (3, 9))
    distance = lesion.full_size(lesion.distance)
    similar = distance + np.float32(0.14) * grain < -0.02
    regions, _ = ndimage.label(similar)
    largest = np.argmax(np.bincount(regions.ravel())[1:]) + 1
    return ndimage.binary_fill_holes(regions == largest)


def _sloppy(rng: np.random.Generator, lesion: Lesion) -> np.ndarray:
    angle, size = rng.random() * 2 * math.pi, 1 + 0.1 * rng.random()
    corners = outline_points(lesion, np.arange(48) * (math.pi / 24), np.full(48, size))
    rounded = sum(np.roll(corners, turn, axis=0) for turn in range(-4, 5)) / 9
    shift = np.array([round(math.sin(angle), 6), round(math.cos(angle), 6)]) * 0.2 * lesion.radius
    return fill_polygon(rounded + shift, lesion.shape)


def _star(rng: np.random.Generator, lesion: Lesion) -> np.ndarray:
    count = 2 * int(rng.integers(6, 9))
    angles = (np.arange(count) + 0.3 * rng.random(count)) * (2 * math.pi / count)
    reach = np.where(np.arange(count) % 2 == 0, 1.2, 0.86) + 0.1 * (rng.random(count) - 0.5)
    return fill_polygon(outline_points(lesion, angles, reach), lesion.shape)


def _model_between(rng: np.random.Generator, lesion: Lesion) -> np.ndarray:
    # Between the tight and the generous outline, with small errors along the way.
    field = lesion.distance + np.float32(0.05) * smooth_noise(rng, lesion.distance.shape, 9)
    return lesion.full_size(field) < 0.01


def _model_of_tight(rng: np.random.Generator, lesion: Lesion) -> np.ndarray:
    # As if it had learned from the tight annotator alone.
    field = lesion.distance + np.float32(0.02) * smooth_noise(rng, lesion.distance.shape, 9)
    return lesion.full_size(field) < -0.11


STYLES = {
    "tight": _tight,
    "generous": _generous,
    "polygonal": _polygonal,
    "flood fill": _flood_fill,
    "sloppy": _sloppy,
    "star": _star,
}
# Of invented models.
MODEL_STYLES = {"between": _model_between, "as the tight one": _model_of_tight}


def draw_mask(rng: np.random.Generator, lesion: Lesion, style: str) -> np.ndarray:
    """Outline a lesion as an annotator would.

    Parameters
    ----------
    rng : numpy.random.Generator
    lesion : Lesion
    style : str
        A key of `STYLES`, or of `MODEL_STYLES` for a model's prediction.

    Returns
    -------
    ndarray of bool, shape (H, W)
        At the image's size.
    """
    return (STYLES | MODEL_STYLES)[style](rng, lesion)
