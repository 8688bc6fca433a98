"""Photos of more than 8 bits a channel, made visible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..lazy import cv2
from . import png_header
from .orientation import without_turn
from .tiff_tags import BITS_PER_SAMPLE, PLANAR_CONFIGURATION

if TYPE_CHECKING:
    from PIL.Image import Image

_SEPARATE_PLANES = 2
_OCTET = 8


def decode_photo(data: bytes) -> np.ndarray:
    """Decode a photo to RGB of 8 bits, shape (H, W, 3), its rows as stored; deeper values are stretched.

    Raises errors of many kinds on damaged files.
    """
    # What a TIFF says of its rows is not for OpenCV to ignore: libtiff turns them.
    encoded = np.frombuffer(without_turn(data), np.uint8)
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise ValueError("no picture that OpenCV reads")
    return cv2.cvtColor(image if image.dtype == np.uint8 else stretched(image), cv2.COLOR_BGR2RGB)


def has_deep_colours(image: Image, data: bytes) -> bool:
    """Tell by the header of a photo whether it has colours, or grey and alpha, of which Pillow keeps 8 of 16 bits."""
    if data.startswith(png_header.SIGNATURE):
        return data[png_header.DEPTH] > _OCTET and data[png_header.COLOUR] != png_header.GREY
    tags: Mapping[int, Any] = getattr(image, "tag_v2", {})  # of TIFF alone
    # OpenCV mistakes the order of colours that lie in planes.
    if image.mode not in ("RGB", "RGBA") or tags.get(PLANAR_CONFIGURATION) == _SEPARATE_PLANES:
        return False
    return bool(max(tags.get(BITS_PER_SAMPLE, (_OCTET,))) > _OCTET)


def stretched(values: np.ndarray) -> np.ndarray:
    """Bring values of any depth to 0 to 255 for the eye: the least becomes black, the greatest white.

    Parameters
    ----------
    values : ndarray of numbers, any shape
        Whatever part of its depth a photo uses; infinite values and NaN count as the least.

    Returns
    -------
    ndarray of uint8
        All 0 where all values are equal.
    """
    finite = np.isfinite(values)
    known = values[finite] if finite.any() else np.zeros(1)
    least, greatest = float(known.min()), float(known.max())
    if greatest == least:
        return np.zeros(values.shape, np.uint8)
    shares = (np.where(finite, values, least).astype(np.float32) - least) / (greatest - least)
    return np.rint(shares * 255).astype(np.uint8)
