"""Images of the embedded demo: invented skin, lesions, hairs and the dermatoscope's vignette."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .shapes import Lesion, cell_distances, full_size, lead, outline_points, smooth_noise, step

Colour = tuple[int, int, int]

WORKING_WIDTH = 800  # larger images are drawn at about this width and interpolated


@dataclass(frozen=True)
class Look:
    """How lesions of one diagnosis look: RGB colours, strengths in 0..1, lengths in lesion radii."""

    rim: Colour
    body: Colour
    core: Colour
    softness: float
    wobble: float
    network: float = 0.0
    globules: float = 0.0
    vessels: int = 0
    patches: tuple[tuple[Colour, float], ...] = ()


LOOKS = {
    "nevus": Look((190, 131, 92), (146, 91, 60), (103, 61, 42), 0.17, 0.3, network=0.6, globules=0.3),
    "melanoma": Look(
        *((164, 106, 80), (104, 62, 46), (48, 32, 32), 0.08, 0.55),
        network=0.6,
        globules=0.65,
        patches=(((112, 122, 146), 0.75), ((188, 92, 80), 0.4), ((30, 22, 26), 0.8)),
    ),
    "keratosis": Look(
        *((186, 130, 96), (158, 104, 74), (112, 72, 52), 0.05, 0.35),
        globules=0.5,
        patches=(((212, 168, 132), 0.6), ((84, 55, 44), 0.5)),
    ),
    "carcinoma": Look(
        *((218, 148, 134), (208, 128, 116), (190, 120, 112), 0.2, 0.4),
        vessels=9,
        patches=(((104, 104, 122), 0.8), ((240, 208, 196), 0.6)),
    ),
    "dermatofibroma": Look((196, 136, 102), (184, 124, 96), (234, 204, 184), 0.26, 0.2, network=0.45),
}

SKINS: tuple[Colour, ...] = (
    (232, 190, 170),
    (224, 172, 152),
    (236, 200, 176),
    (214, 166, 138),
    (228, 180, 168),
)


def draw_scene(
    rng: np.random.Generator,
    shape: tuple[int, int],
    kind: str,
    places: Sequence[tuple[float, float, float]] = ((0.5, 0.5, 0.3),),
) -> tuple[np.ndarray, list[Lesion]]:
    """Draw a dermoscopic image.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        Height and width, in pixels.
    kind : str
        A key of `LOOKS`.
    places : sequence of tuple of float
        Of each lesion: centre (row and column as shares of height and width) and mean radius (share of the
        shorter side). Empty draws bare skin.

    Returns
    -------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    lesions : list of Lesion
        In the order of `places`.
    """
    scale = max(1, round(max(shape) / WORKING_WIDTH))
    small = (shape[0] // scale + 4, shape[1] // scale + 4)
    image = _skin(rng, small)
    lesions = [_lesion(rng, shape, small, scale, place, LOOKS[kind].wobble) for place in places]
    for lesion in lesions:
        image = _pigment(rng, image, lesion, LOOKS[kind])
    image = np.stack([full_size(channel, scale, shape) for channel in image])
    image = _hairs(rng, image)
    image = image * (1 + np.float32(0.03) * smooth_noise(rng, shape, 2 * scale))
    image = (np.clip(_vignette(rng, image), 0, 255) + np.float32(0.5)).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(image, 0, 2)), lesions


def _blend(image: np.ndarray, colour: Colour, alpha: np.ndarray) -> np.ndarray:
    """Paint over an image (3, H, W) with a colour at an opacity (H, W)."""
    return image + (np.array(colour, np.float32)[:, None, None] - image) * alpha


def _skin(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    width = max(shape)
    tone = np.array(SKINS[rng.integers(len(SKINS))], np.float32)
    image = np.broadcast_to(tone[:, None, None], (3, *shape))
    image = _blend(image, (206, 128, 112), 0.35 * step(smooth_noise(rng, shape, width / 7), 0.05, 0.8))
    image = _blend(image, (250, 222, 206), 0.35 * step(smooth_noise(rng, shape, width / 5), 0.05, 0.8))
    _, gap = cell_distances(rng, shape, width / 55)
    furrows = (1 - step(gap, 0, 0.3)) * (0.5 + smooth_noise(rng, shape, width / 12))
    shade = 0.045 * smooth_noise(rng, shape, width / 30) + 0.035 * smooth_noise(rng, shape, width / 120)
    return image * (1 + shade - 0.04 * furrows)


def _lesion(
    rng: np.random.Generator,
    shape: tuple[int, int],
    small: tuple[int, int],
    scale: int,
    place: tuple[float, float, float],
    wobble: float,
) -> Lesion:
    centre = place[0] * shape[0], place[1] * shape[1]
    radius = place[2] * min(shape)
    angle, stretch = rng.random() * math.pi, 1 + 0.22 * rng.random()
    cos, sin = (np.float32(round(turn(angle), 6)) for turn in (math.cos, math.sin))
    edge = lead(scale)
    rows = np.arange(small[0], dtype=np.float32)[:, None] - np.float32(centre[0] / scale + edge)
    columns = np.arange(small[1], dtype=np.float32)[None, :] - np.float32(centre[1] / scale + edge)
    along = (columns * cos + rows * sin) / np.float32(radius / scale * stretch)
    across = (rows * cos - columns * sin) / np.float32(radius / scale / stretch)
    plain = np.sqrt(along * along + across * across) - 1
    bulges = smooth_noise(rng, small, 0.75 * radius / scale)
    ripples = smooth_noise(rng, small, 0.22 * radius / scale)
    distance = plain + np.float32(wobble) * (bulges + np.float32(0.3) * ripples)
    return Lesion(distance, plain, centre, radius, scale, shape)


def _pigment(rng: np.random.Generator, image: np.ndarray, lesion: Lesion, look: Look) -> np.ndarray:
    depth, shape, radius = -lesion.distance, image.shape[1:], lesion.radius / lesion.scale
    inside = step(depth + 0.1 * smooth_noise(rng, shape, radius / 10), -look.softness, look.softness)
    mottle, blotches = smooth_noise(rng, shape, radius / 5), smooth_noise(rng, shape, radius / 1.6)
    image = _blend(image, (206, 122, 104), 0.25 * step(depth, -0.6, 0))
    image = _blend(image, look.rim, 0.85 * inside)
    image = _blend(image, look.body, 0.9 * inside * step(depth + 0.4 * mottle, 0, 0.5))
    image = _blend(image, look.core, 0.85 * inside * step(depth + 0.35 * mottle + 0.6 * blotches, 0.3, 0.85))
    for colour, strength in look.patches:
        where = smooth_noise(rng, shape, radius / 2.2) + 0.3 * smooth_noise(rng, shape, radius / 8)
        image = _blend(image, colour, strength * inside * step(where, 0.12, 0.6))
    fray = smooth_noise(rng, shape, max(shape) / 260)
    _, gap = cell_distances(rng, shape, max(shape) / 88)
    strands = (1 - step(gap + 0.2 * fray, 0, 0.5)) * step(smooth_noise(rng, shape, radius / 2) + 0.35, 0, 0.6)
    red, green, blue = (int(0.6 * channel) for channel in look.core)
    darker = (red, green, blue)
    if look.network:
        image = _blend(image, darker, look.network * strands * inside * step(0.95 - depth, 0, 0.5))
    if look.globules:
        nearest, _ = cell_distances(rng, shape, max(shape) / 55)
        dots = 1 - step(nearest + 0.25 * fray, 0.12, 0.42)
        clusters = step(smooth_noise(rng, shape, radius / 3), 0.05, 0.4)
        image = _blend(image, darker, look.globules * dots * clusters * inside)
    canvas = np.zeros(shape, np.float32)
    for _ in range(look.vessels):
        angle = rng.random() * 2 * math.pi
        ends = outline_points(lesion, [angle, angle + 0.8 * rng.random()], [1.05, 0.3]) / lesion.scale
        _add_stroke(rng, canvas, ends, max(shape) / 380)
    return _blend(image, (172, 40, 48), 0.7 * canvas)


def _add_stroke(rng: np.random.Generator, canvas: np.ndarray, ends: Iterable[np.ndarray], width: float) -> None:
    """Add the coverage (0..1) of a curved, tapering line between two (row, column) points to a canvas."""
    start, end = np.array(list(ends), np.float64)
    bend = (start + end) / 2 + (rng.random(2) - 0.5) * 0.6 * np.abs(end - start)[::-1]
    count = 2 * int(max(np.abs(end - start))) + 2
    t = (np.arange(count) / count)[:, None]
    path = start * (1 - t) * (1 - t) + bend * 2 * t * (1 - t) + end * t * t
    offsets = np.arange(-int(width) - 1, int(width) + 2)
    rows = np.floor(path[:, :1]).astype(np.int64) + np.repeat(offsets, offsets.size)
    columns = np.floor(path[:, 1:]).astype(np.int64) + np.tile(offsets, offsets.size)
    y, x = rows - path[:, :1], columns - path[:, 1:]
    ink = np.clip(width / 2 * (1 - 0.6 * t) + 0.5 - np.sqrt(y * y + x * x), 0, 1).astype(np.float32)
    seen = (rows >= 0) & (rows < canvas.shape[0]) & (columns >= 0) & (columns < canvas.shape[1]) & (ink > 0)
    np.maximum.at(canvas, (rows[seen], columns[seen]), ink[seen])


def _hairs(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    canvas = np.zeros(image.shape[1:], np.float32)
    shape = np.array(canvas.shape)
    lean, colour = rng.random() * math.pi, ((38, 26, 22), (70, 44, 32), (104, 78, 58))[rng.integers(3)]
    for _ in range(int(rng.integers(0, 4) * rng.integers(1, 6))):
        angle, length = lean + 1.2 * (rng.random() - 0.5), (0.2 + 0.5 * rng.random()) * max(shape)
        stretch = np.array([round(math.sin(angle), 6), round(math.cos(angle), 6)]) * length
        start = (1.2 * rng.random(2) - 0.1) * shape - stretch / 2
        _add_stroke(rng, canvas, (start, start + stretch), max(shape) / 380)
    return _blend(image, colour, np.float32(0.85) * canvas)


def _vignette(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    height, width = image.shape[1:]
    rows = (np.arange(height, dtype=np.float32) - np.float32(height / 2))[:, None]
    columns = (np.arange(width, dtype=np.float32) - np.float32(width / 2))[None, :]
    corner = math.sqrt(height * height + width * width) / 2
    away = np.sqrt(rows * rows + columns * columns) / np.float32(corner)
    image = image * (1.04 - np.float32(0.1 + 0.2 * rng.random()) * away * away * away)
    if rng.random() < 0.35:  # the rim of the dermatoscope is in view
        edge = np.float32(0.9 + 0.06 * rng.random())
        image = _blend(image, (12, 8, 9), step(away, edge - 0.03, edge + 0.01))
    return image
