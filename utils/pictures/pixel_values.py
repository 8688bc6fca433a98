"""The values of an image file's pixels, at the depth that the file has."""

from __future__ import annotations

import io
import logging

import numpy as np

from ..lazy import imagecodecs
from .pixel_limit import check_pixels, pillow_within_limit

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_SAMPLES = 4  # red, green, blue, alpha
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PLAIN_MODES = ("1", "L", "I", "F", "RGB")
# Numbers of the TIFF standard: two tags, and values of PlanarConfiguration and PhotometricInterpretation.
_BITS_PER_SAMPLE, _SAMPLES_PER_PIXEL, _SEPARATE_PLANES, _GREY, _RGB = 258, 277, 2, 1, 2


def has_more_than_two_levels(pixels: np.ndarray) -> bool:
    """Tell whether an image (H, W) or (H, W, 3) holds more than two values or colours; one of no pixels does not."""
    unlike_first = _differs(pixels, 0)
    if not unlike_first.any():
        return False
    return bool((unlike_first & _differs(pixels, int(unlike_first.argmax()))).any())


def decode_pixels(data: bytes) -> np.ndarray:
    """Decode an image file to its values.

    Parameters
    ----------
    data : bytes
        PNG, TIFF, BMP, GIF, JPEG or what else Pillow reads. The first frame or page counts.

    Returns
    -------
    numpy.ndarray
        (H, W), or (H, W, 3) of colours, at the full depth of the file. Palettes are expanded, alpha is dropped,
        and one bit becomes 0 and 255.

    Raises
    ------
    ValueError
        If it claims more pixels than are decoded, or holds NaN. Decoders raise errors of many kinds on damaged files.
    """
    with pillow_within_limit():
        pixels = _decode(data)
    if pixels.dtype.kind == "f" and np.isnan(pixels).any():
        raise ValueError("it holds values that are no numbers")
    return pixels.astype(np.uint8) * np.uint8(255) if pixels.dtype == bool else pixels


def _differs(pixels: np.ndarray, place: int) -> np.ndarray:
    """Tell for each pixel, in one row, whether it differs from the one at a place."""
    flat = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1)
    # Channel by channel: numpy is slow to reduce an axis of three.
    channels = [flat[:, channel] != flat[place : place + 1, channel] for channel in range(flat.shape[1])]
    return np.logical_or.reduce(channels)


def _decode(data: bytes) -> np.ndarray:
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(data))
    except Image.UnidentifiedImageError:
        # Pillow knows few kinds of deep TIFF.
        if data.startswith(_TIFF_SIGNATURES):
            return _decode_deep_tiff(data)
        raise ValueError("no image of a known format") from None
    with image:
        check_pixels(image.width, image.height)
        if data.startswith(_PNG_SIGNATURE):
            return _without_alpha(imagecodecs.png_decode(data))
        if image.format == "TIFF" and _is_deep_colour(image.tag_v2):
            return _decode_deep_tiff(data)
        is_plain = image.mode in _PLAIN_MODES or image.mode.startswith("I;16")
        return np.asarray(image if is_plain else image.convert("RGB"))


def _without_alpha(pixels: np.ndarray) -> np.ndarray:
    if pixels.ndim == 2:
        return pixels
    return pixels[..., 0] if pixels.shape[2] <= 2 else pixels[..., :3]


def _is_deep_colour(tags) -> bool:
    return tags.get(_SAMPLES_PER_PIXEL, 1) > 1 and max(tags.get(_BITS_PER_SAMPLE, (1,))) > 8


def _decode_deep_tiff(data: bytes) -> np.ndarray:
    # Pillow keeps only 8 of 16 bits of a colour.
    import tifffile

    # It logs what it finds odd, straight to the console.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        check_pixels(page.imagewidth, page.imagelength)
        if page.photometric not in (_GREY, _RGB) or page.samplesperpixel > _MOST_SAMPLES or page.imagedepth > 1:
            raise ValueError("a TIFF of this depth must be flat, and grey (dark to bright) or RGB")
        pixels = page.asarray()
    if pixels.ndim < 2:
        raise ValueError("it holds no pixels")
    if page.planarconfig == _SEPARATE_PLANES:
        pixels = np.moveaxis(pixels, 0, -1)
    return _without_alpha(pixels)
