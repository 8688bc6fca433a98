"""The values of an image file's pixels, at the depth that the file has."""

from __future__ import annotations

import io

import numpy as np

from ..lazy import cv2, imagecodecs
from . import png_header
from .orientation import opened_as_stored
from .pages import frames_of_image, frames_of_png, refuse_several
from .pixel_limit import check_pixels, pillow_within_limit
from .stacks import pictures_in_page
from .tiff_values import TIFF_SIGNATURES, decode_deep_tiff, is_inverted_fax, needs_tifffile, with_deep_palette

_CHANNELS_WITH_ALPHA = (2, 4)
_PLAIN_MODES = ("1", "L", "I", "F", "RGB")
# Decoders stretch grey of few bits to 0 to 255: what one level of the file becomes, by bits.
_STRETCHED = {2: 85, 4: 17}


def has_more_than_two_levels(pixels: np.ndarray) -> bool:
    """Tell whether an image (H, W) or (H, W, 3) holds more than two values or colours; one of no pixels does not."""
    unlike_first = _differs(pixels, 0)
    if not unlike_first.any():
        return False
    return bool((unlike_first & _differs(pixels, int(unlike_first.argmax()))).any())


def number_of_levels(pixels: np.ndarray) -> int:
    """Count the distinct values of an image (H, W), or the colours of one (H, W, 3)."""
    colours = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1)
    return len(np.unique(colours, axis=0) if colours.shape[1] > 1 else np.unique(colours))


def is_plain_mask(pixels: np.ndarray) -> bool:
    """Tell quickly, of 8-bit grey, that all pixels above 0 have one value: then their sum is as large as can be."""
    if pixels.ndim != 2 or pixels.dtype != np.uint8 or not pixels.size:
        return False
    total, number = cv2.sumElems(pixels)[0], cv2.countNonZero(pixels)
    # 255 is the usual value and the largest, so the largest need not be looked for.
    return total == 255 * number or bool(total == int(pixels.max()) * number)


def decode_pixels(data: bytes) -> np.ndarray:
    """Decode an image file to its values.

    Parameters
    ----------
    data : bytes
        PNG, TIFF, BMP, GIF, JPEG or any other format that Pillow reads.

    Returns
    -------
    numpy.ndarray
        (H, W), or (H, W, 3) of colours: the values of the file, at its depth. Palettes are expanded, alpha is dropped,
        one bit becomes 0 and 255. A TIFF whose 0 is shown white (WhiteIsZero) keeps its values: tifffile writes masks
        so, and the same mask in PNG has the same values.

    Raises
    ------
    ValueError
        If it claims more pixels than are decoded, holds NaN, or has several pages or frames. Decoders raise errors of
        many kinds on damaged files.
    """
    with pillow_within_limit():
        pixels = without_alpha(_decode(data))
    if pixels.dtype.kind == "f" and np.isnan(pixels).any():
        raise ValueError("it holds NaN")
    return pixels.astype(np.uint8) * np.uint8(255) if pixels.dtype == bool else pixels


def _differs(pixels: np.ndarray, place: int) -> np.ndarray:
    """Tell for each pixel, in one row, whether it differs from the one at a place."""
    flat = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1)
    # Channel by channel: numpy is slow to reduce an axis of three.
    channels = [flat[:, channel] != flat[place : place + 1, channel] for channel in range(flat.shape[1])]
    return np.logical_or.reduce(channels)


def is_alpha_alone(data: bytes) -> bool:
    """Tell whether an image file has one colour, and differs between pixels only in how transparent they are.

    Raises errors of many kinds, as `decode_pixels` does.
    """
    if data.startswith(png_header.SIGNATURE) and data[png_header.COLOUR] in (png_header.GREY, png_header.COLOURS):
        return False  # one colour may be transparent there, and then all pixels are
    with pillow_within_limit():
        pixels = _decode(data)
    has_alpha = pixels.ndim == 3 and pixels.shape[2] in _CHANNELS_WITH_ALPHA
    if not has_alpha or _differs(without_alpha(pixels), 0).any():
        return False
    return bool(_differs(pixels[..., -1], 0).any())


def is_index_alone(data: bytes) -> bool:
    """Tell whether an image file has one colour, and differs between pixels only in their index into its palette.

    What Pillow cannot read, such as some deep TIFFs, has no palette.
    """
    from PIL import Image

    try:
        with pillow_within_limit(), Image.open(io.BytesIO(data)) as image:
            if image.mode != "P":
                return False
            indices, colours = np.asarray(image), np.asarray(with_deep_palette(image).convert("RGB"))
    except OSError:
        return False
    return bool(_differs(indices, 0).any() and not _differs(colours, 0).any())


def check_png(data: bytes) -> tuple[int, int]:
    """Return width and height (pixels) of a PNG; raise a ValueError if it is not to be decoded."""
    width, height = png_header.size_of_png(data)
    check_pixels(width, height)
    refuse_several(frames_of_png(data), "frames")
    return width, height


def without_alpha(pixels: np.ndarray) -> np.ndarray:
    """Return the grey or the colours of pixels that may have an alpha channel behind them."""
    if pixels.ndim == 2:
        return pixels
    return pixels[..., 0] if pixels.shape[2] <= 2 else pixels[..., :3]


def _decode(data: bytes) -> np.ndarray:
    """Decode an image file to all its channels, that of alpha too; one bit stays bool."""
    from PIL import Image
    from PIL.TiffImagePlugin import TiffImageFile

    if data.startswith(png_header.SIGNATURE):
        check_png(data)
        return _unstretched(imagecodecs.png_decode(data), data)
    try:
        image = opened_as_stored(data)
    except Image.UnidentifiedImageError:
        # Pillow knows few kinds of deep TIFF.
        if data.startswith(TIFF_SIGNATURES):
            return decode_deep_tiff(data)
        raise ValueError("no image of a known format") from None
    with image:
        check_pixels(image.width, image.height)
        refuse_several(frames_of_image(image), "frames")
        if isinstance(image, TiffImageFile):
            if image.n_frames > 1 or needs_tifffile(image.tag_v2):
                return decode_deep_tiff(data)
            refuse_several(pictures_in_page(image.tag_v2, len(data)), "pictures")
            if is_inverted_fax(image.tag_v2):
                return ~np.asarray(image)
        if image.mode in _PLAIN_MODES or image.mode.startswith("I;16"):
            return np.asarray(image)
        has_alpha = "A" in image.getbands() or "transparency" in image.info
        return np.asarray(with_deep_palette(image).convert("RGBA" if has_alpha else "RGB"))


def _unstretched(pixels: np.ndarray, png: bytes) -> np.ndarray:
    """Return the values of a grey PNG of 2 or 4 bits as the file holds them; it has no alpha that would count."""
    stretched_by = _STRETCHED.get(png[png_header.DEPTH]) if png[png_header.COLOUR] == png_header.GREY else None
    return pixels // np.uint8(stretched_by) if stretched_by else pixels
