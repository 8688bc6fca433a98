"""Masks in memory: 2-D bool arrays, True where an annotator saw the lesion; and photos."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .errors import PipelineError
from .lazy import imagecodecs
from .pictures.deep_photos import decode_photo
from .pictures.grey_png import decode_grey_png
from .pictures.pixel_values import check_png, decode_pixels, without_alpha
from .pictures.png_header import SIGNATURE
from .pictures.size_text import size_text


def load_mask(path: Path) -> np.ndarray:
    """Read a mask file.

    Parameters
    ----------
    path : Path
        PNG or any other format that Pillow reads, of any bit depth.

    Returns
    -------
    numpy.ndarray
        bool, shape (H, W): True where any colour channel is above 0 at full bit depth. Palettes are expanded,
        alpha is ignored.

    Raises
    ------
    PipelineError
        If the file is missing, is not an image, is damaged, has several pages or frames, or claims more pixels than
        `pixel_limit.max_pixels`.
    """
    return decode_mask(_read(path), path)


def _read(path: Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise PipelineError("A mask cannot be read.", where=path, found=error.strerror) from error


def decode_mask(data: bytes, where: object) -> np.ndarray:
    """Decode the bytes of a mask file as `load_mask` does; `where` names them in errors."""
    return mask_of_values(decode_values(data, where))


def decode_values(data: bytes, where: object) -> np.ndarray:
    """Decode the bytes of a mask file to what it holds: (H, W), or (H, W, C) of colours; `where` names it in errors."""
    try:
        return _decode_png(data) if data.startswith(SIGNATURE) else decode_pixels(data)
    except Exception as error:  # decoders raise errors of many kinds on damaged files
        raise PipelineError(
            "A mask cannot be decoded.", where=where, expected="an undamaged image file", found=error
        ) from error


def mask_of_values(values: np.ndarray) -> np.ndarray:
    """Return the mask, bool of shape (H, W), of what a file holds; 8-bit values may be turned into it in place."""
    if values.ndim == 3:
        return np.any(values if values.dtype.kind in "ub" else values > 0, axis=2)
    if values.dtype == np.uint8 and values.flags.writeable:
        # In its own memory: a third of the time that a second array takes, and half the memory.
        return np.not_equal(values, 0, out=values.view(bool))
    return values if values.dtype == bool else values > 0


def octets_or_mask(values: np.ndarray) -> np.ndarray:
    """Return what a file holds as it is where it is 8-bit grey, else its mask: both have foreground above 0.

    For callers that cut a small part out of it: to make a mask of all pixels takes longer than that.
    """
    return values if values.ndim == 2 and values.dtype == np.uint8 else mask_of_values(values)


def load_image(path: Path) -> np.ndarray:
    """Read a photo with its rows as stored, like the masks drawn on it, whatever its EXIF orientation.

    Returns
    -------
    numpy.ndarray
        uint8, shape (H, W, 3), RGB; deeper values are stretched, so that something is to be seen.

    Raises
    ------
    PipelineError
        If the file is missing, is not a picture, is damaged, or claims more pixels than `pixel_limit.max_pixels`.
    """
    from .pictures.header_size import picture_size

    picture_size(path)
    try:
        return decode_photo(path.read_bytes())
    except Exception as error:  # decoders raise errors of many kinds on damaged files
        raise PipelineError("An image cannot be decoded.", where=path, found=error) from error


def load_masks(paths: Sequence[Path], *, shared: bool = False) -> list[np.ndarray]:
    """Read the masks of one image.

    Parameters
    ----------
    paths : sequence of Path
        Their files.
    shared : bool
        Decode equal files once, and return one array for them: consensus masks often equal each other. Only for
        callers that change no mask.

    Raises
    ------
    PipelineError
        If one cannot be read, or if they differ in size.
    """
    if not shared:
        masks = [load_mask(path) for path in paths]
    else:
        contents = [_read(path) for path in paths]
        where: dict[bytes, Path] = {}
        for content, path in zip(contents, paths, strict=True):
            where.setdefault(content, path)
        decoded = {content: decode_mask(content, path) for content, path in where.items()}
        masks = [decoded[content] for content in contents]
    if len({mask.shape for mask in masks}) > 1:
        sizes = [f"{Path(path).name}: {size_text(mask.shape)}" for path, mask in zip(paths, masks, strict=True)]
        raise PipelineError("The masks of one image differ in size.", expected="one size", offenders=sizes)
    return masks


def encode_mask(mask: np.ndarray) -> bytes:
    """Encode a bool mask as 8-bit grey PNG, 0 and 255, with the settings of Pillow's default writer."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(mask.view(np.uint8) * np.uint8(255)).save(buffer, format="PNG")
    return buffer.getvalue()


def _decode_png(data: bytes) -> np.ndarray:
    width, height = check_png(data)
    pixels = decode_grey_png(data, height, width)
    if pixels is None:
        # It keeps 16 bits a channel where Pillow halves them, and checks the CRC of every chunk.
        pixels = without_alpha(imagecodecs.png_decode(data))
    return pixels
