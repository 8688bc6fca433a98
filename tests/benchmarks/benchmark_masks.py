"""Draw the masks of the benchmark set: one lesion an image, outlined by each annotator in the style of a tool.

Areas, raggedness and bytes a megapixel are near those of real masks: points joined by lines (T1), steps of a few
pixels (T2), and the frayed edge, specks and holes of a flood fill (T3).
"""

from __future__ import annotations

import functools
import hashlib
import io
from pathlib import Path
from typing import NamedTuple

import benchmark_plan  # noqa: F401  (puts the project on the path, in workers too)
import cv2
import numpy as np
from PIL import Image

from utils.data import encode_mask
from utils.files import write_bytes_atomically

_WAVES = np.arange(2, 8)
_NOISE_BYTES = 0.6  # that a pixel of grey noise takes as JPEG
_RAGGED_BORDER = 150_000  # pixels, where the image is large enough
_FRAYED = 0.9  # border pixels for each point of a frayed outline and pixel of its standard deviation: measured


class Drawing(NamedTuple):
    """One image to draw: its size, and the (path, tool) of every mask."""

    isic_id: str
    width: int
    height: int
    masks: tuple[tuple[Path, str], ...]
    image_path: Path
    seed: int
    ragged: bool
    noise_bytes: int = 0


def write_drawing(drawing: Drawing) -> int:
    """Write the image and the masks of one drawing; return how many bytes that took."""
    files = {drawing.image_path: encoded_image(drawing.width, drawing.height, drawing.noise_bytes)}
    for path, tool in drawing.masks:
        files[path] = encode_mask(draw_mask(drawing, path.name, tool))
    for path, data in files.items():
        write_bytes_atomically(path, data)
    return sum(map(len, files.values()))


@functools.lru_cache(maxsize=64)
def encoded_image(width: int, height: int, noise_bytes: int) -> bytes:
    """Encode an image of one colour as JPEG, with a corner of noise that takes about so many bytes."""
    image = Image.new("RGB", (width, height), (205, 160, 140))
    side = min(round((noise_bytes / _NOISE_BYTES) ** 0.5), width, height)
    image.paste(Image.fromarray(np.random.default_rng(0).integers(256, size=(side, side), dtype=np.uint8)))
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=75)
    return buffer.getvalue()


def draw_mask(drawing: Drawing, name: str, tool: str) -> np.ndarray:
    """Draw one annotator's mask (bool, (H, W)): the same for the same seed, image, mask name and tool."""
    lesion, hand = _generator(drawing, ""), _generator(drawing, name)
    size = np.array([drawing.width, drawing.height])
    # The share of the image that lesions take has a median of 7% and a long tail.
    share = min(0.07 * np.exp(lesion.normal(0, 0.9)), 0.6) * np.exp(hand.normal(0, 0.25))
    radius = (size.prod() * min(share, 0.75) / np.pi) ** 0.5
    centre = size * np.clip(lesion.normal(0.5, 0.06, 2), 0.3, 0.7) + radius * hand.normal(0, 0.06, 2)
    shape = _waves(lesion, 0.12), _waves(hand, 0.05)
    frayed = drawing.ragged or tool == "T3"
    points = max(64, int((3 if drawing.ragged else 2) * radius)) if frayed else {"T1": 28}.get(tool, 700)
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    radii = radius * (1 + sum(_radius(waves, angle) for waves in shape))
    if drawing.ragged:
        radii = radii + hand.normal(0, min(_RAGGED_BORDER / points / _FRAYED, 0.2 * radius), points)
    elif tool == "T3":
        radii = radii + hand.normal(0, 2.0, points)
    outline = centre + radii[:, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1)
    mask = np.zeros((drawing.height, drawing.width), dtype=np.uint8)
    cv2.fillPoly(mask, [outline.round().astype(np.int32)], 1)
    if frayed:
        _scatter(mask, outline, hand, 3000 if drawing.ragged else 150)
    return mask.view(bool)


def _generator(drawing: Drawing, name: str) -> np.random.Generator:
    digest = hashlib.sha256(f"{drawing.seed}\0{drawing.isic_id}\0{name}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def _waves(rng: np.random.Generator, amplitude: float) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(0, amplitude, len(_WAVES)) / (_WAVES - 1), rng.uniform(0, 2 * np.pi, len(_WAVES))


def _radius(waves: tuple[np.ndarray, np.ndarray], angle: np.ndarray) -> np.ndarray:
    amplitudes, phases = waves
    return amplitudes @ np.sin(_WAVES[:, None] * angle + phases[:, None])


def _scatter(mask: np.ndarray, outline: np.ndarray, rng: np.random.Generator, number: int) -> None:
    """Flip specks of 1 to 4 pixels a side near the outline: islands outside, holes inside."""
    spread = 0.03 * np.ptp(outline)
    places = outline[rng.integers(len(outline), size=number)] + rng.normal(0, spread, (number, 2))
    for (column, row), side in zip(places.astype(int).tolist(), rng.integers(1, 5, number), strict=True):
        mask[max(row, 0) : max(row, 0) + side, max(column, 0) : max(column, 0) + side] ^= 1
