"""How viewers turn a picture, by its EXIF Orientation: the stages take its rows as they are stored."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from .pixel_limit import pillow_within_limit
from .png_header import SIGNATURE, chunks
from .tiff_tags import ORIENTATION
from .tiff_values import TIFF_SIGNATURES, opened_tiff

if TYPE_CHECKING:
    from PIL.Image import Image

UPRIGHT = 1
_PNG_EXIF = b"eXIf"


def opened_as_stored(data: bytes) -> Image:
    """Open an image file by Pillow, which turns a TIFF when it loads it, and no other format.

    Raises errors of many kinds on damaged files.
    """
    from PIL import Image
    from PIL.TiffImagePlugin import TiffImageFile

    image = Image.open(io.BytesIO(data))
    if isinstance(image, TiffImageFile):
        if image.tag_v2.get(ORIENTATION, UPRIGHT) != UPRIGHT:
            image.close()
            image = Image.open(io.BytesIO(without_turn(data)))
        # Where the tag is missing, Pillow looks for it in XMP.
        image.getexif()[ORIENTATION] = UPRIGHT
    return image


def without_turn(data: bytes) -> bytes:
    """Return an image file so that decoders do not turn it: a TIFF says that its first page is upright.

    Raises errors of many kinds on damaged files.
    """
    if not data.startswith(TIFF_SIGNATURES):
        return data
    with opened_tiff(data) as file:
        tag = file.pages.first.tags.get(ORIENTATION)
        if tag is None or tag.value == UPRIGHT:
            return data
        start, is_little = tag.valueoffset, file.byteorder == "<"
    turned = bytearray(data)
    end = start + tag.valuebytecount
    turned[start:end] = UPRIGHT.to_bytes(end - start, "little" if is_little else "big")
    return bytes(turned)


def orientation_of(data: bytes) -> int:
    """Return how viewers turn an image file (EXIF Orientation, 1 to 8); 1, upright, where none can be read of it."""
    try:
        return int(_exif_orientation(data))
    except Exception:  # decoders raise errors of many kinds on damaged EXIF data, which spoils no pixel
        return UPRIGHT


def _exif_orientation(data: bytes) -> int:
    from PIL import Image, UnidentifiedImageError

    # Pillow decodes a whole PNG to look for it, and nearly no mask has any.
    if data.startswith(SIGNATURE) and all(kind != _PNG_EXIF for kind, _ in chunks(data)):
        return UPRIGHT
    try:
        with pillow_within_limit(), Image.open(io.BytesIO(data)) as image:
            return image.getexif().get(ORIENTATION, UPRIGHT)
    except UnidentifiedImageError:  # Pillow knows few kinds of deep TIFF
        with opened_tiff(data) as file:
            return file.pages.first.tags[ORIENTATION].value
