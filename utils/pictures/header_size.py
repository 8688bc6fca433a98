"""Sizes of pictures, from their headers: no pixel is decoded."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from ..errors import PipelineError
from .orientation import orientation_of
from .pixel_limit import check_pixels, pillow_within_limit
from .png_header import BYTES_TO_SIZE, SIGNATURE, size_of_png
from .tiff_tags import HEIGHT, WIDTH

Size = tuple[int, int]

_FIRST_TURNED = 5  # orientation from which on width and height change places


def picture_size(path: Path) -> Size:
    """Return width and height (pixels) as the header of an image file gives them.

    Raises
    ------
    PipelineError
        If it cannot be read, is not an image, or claims more pixels than are decoded.
    """
    try:
        with open(path, "rb") as stream:
            return size_in_header(stream)
    except Exception as error:  # decoders raise errors of many kinds on damaged files
        raise PipelineError("The header of an image cannot be read.", where=path, found=error) from error


def size_in_header(stream: BinaryIO) -> Size:
    """Return width and height (pixels) of the picture in a stream; raises errors of many kinds where there is none."""
    start = stream.read(BYTES_TO_SIZE)
    if start.startswith(SIGNATURE) and len(start) == BYTES_TO_SIZE:
        size = size_of_png(start)
    else:
        from PIL import Image, UnidentifiedImageError
        from PIL.TiffImagePlugin import TiffImageFile

        stream.seek(0)
        try:
            with pillow_within_limit(), Image.open(stream) as image:
                # Of a TIFF that viewers turn, Pillow gives the size of the turned picture.
                is_tiff = isinstance(image, TiffImageFile)
                size = (image.tag_v2[WIDTH], image.tag_v2[HEIGHT]) if is_tiff else image.size
        except UnidentifiedImageError:  # its text names the stream
            raise ValueError("no image of a known format") from None
    check_pixels(*size)
    return size


def turned_note(image: Path, image_shape: tuple[int, int], mask_shape: tuple[int, int]) -> str:
    """Say that an image is turned by its EXIF Orientation, where that explains the size of its mask; else nothing."""
    if mask_shape != image_shape[::-1]:
        return ""
    try:
        orientation = orientation_of(image.read_bytes())
    except OSError:
        return ""
    if orientation < _FIRST_TURNED:
        return ""
    return (
        f"; viewers turn the image by its EXIF Orientation ({orientation}), and the mask was drawn on the turned "
        "picture: save the image upright without EXIF, or turn the mask back"
    )
