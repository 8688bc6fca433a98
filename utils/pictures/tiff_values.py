"""TIFF as the standard has it, where Pillow reads other values or none at all."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from .pages import REDUCED_PICTURE, refuse_several
from .pixel_limit import check_pixels
from .stacks import pictures_in_page
from .tiff_tags import BITS_PER_SAMPLE, COLOUR_MAP, COMPRESSION, PHOTOMETRIC, SAMPLE_FORMAT, SAMPLES_PER_PIXEL

if TYPE_CHECKING:
    from PIL.Image import Image
    from tifffile import TiffFile

TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MOST_SAMPLES = 4  # red, green, blue, alpha
# Values of SampleFormat, PlanarConfiguration and PhotometricInterpretation, of Compression below.
_UNSIGNED, _SIGNED = 1, 2
_SEPARATE_PLANES, _WHITE_IS_ZERO, _GREY, _RGB = 2, 0, 1, 2
_FAX = (2, 3, 4)  # the Compressions of one bit that CCITT has
_MOST_PAGES = 1000


def needs_tifffile(tags: Mapping[int, Any]) -> bool:
    """Tell whether Pillow would change values: it inverts, stretches, mistakes signs, or keeps 8 of 16 bits."""
    bits = max(tags.get(BITS_PER_SAMPLE, (1,)))
    several = tags.get(SAMPLES_PER_PIXEL, 1) > 1
    kind = tags.get(PHOTOMETRIC, _WHITE_IS_ZERO)  # what Pillow takes a file for that does not say
    # It reads all 32-bit integers as signed, and all of 8 bits as unsigned.
    number = (bits, max(tags.get(SAMPLE_FORMAT, (_UNSIGNED,))))
    if kind == _GREY and not several:
        return 1 < bits < 8 or number in ((8, _SIGNED), (32, _UNSIGNED))
    if is_inverted_fax(tags):
        return False
    return kind == _WHITE_IS_ZERO or (several and (bits > 8 or number == (8, _SIGNED)))


def is_inverted_fax(tags: Mapping[int, Any]) -> bool:
    """Tell whether Pillow inverts a TIFF that it alone decodes: of one bit, CCITT-compressed, its 0 shown white."""
    return tags.get(COMPRESSION) in _FAX and tags.get(PHOTOMETRIC, _WHITE_IS_ZERO) == _WHITE_IS_ZERO


def decode_deep_tiff(data: bytes) -> np.ndarray:
    """Decode a TIFF by tifffile: all its channels, one bit as bool; raises errors of many kinds on damaged ones."""
    import tifffile

    with opened_tiff(data) as file:
        # A damaged file may name its pages in a circle, without end.
        pages = list(islice(file.pages, _MOST_PAGES + 1))
        if len(pages) > _MOST_PAGES:
            raise ValueError(f"it claims more than {_MOST_PAGES:,} pages")
        # All are whole pages unless asked for frames.
        whole = [page for page in pages if isinstance(page, tifffile.TiffPage)]
        whole = [page for page in whole if not page.subfiletype & REDUCED_PICTURE] or whole
        refuse_several(len(whole), "pages")
        page = whole[0]
        refuse_several(pictures_in_page({tag.code: tag.value for tag in page.tags}, len(data)), "pictures")
        check_pixels(page.imagewidth, page.imagelength)
        kinds = (_WHITE_IS_ZERO, _GREY, _RGB)
        if page.photometric not in kinds or page.samplesperpixel > _MOST_SAMPLES or page.imagedepth > 1:
            raise ValueError("a TIFF of this kind must be flat, and grey or RGB")
        pixels = page.asarray()
    if pixels.ndim < 2:
        raise ValueError("it holds no pixels")
    if page.planarconfig == _SEPARATE_PLANES:
        pixels = np.moveaxis(pixels, 0, -1)
    return pixels


def with_deep_palette(image: Image) -> Image:
    """Return a picture with the colours that are meant where its palette has 8 bits, and the standard asks for 16.

    Pillow would take each of them for black. That no value is above 255 tells such a palette, as libtiff has it.
    """
    tags: Mapping[int, Any] = getattr(image, "tag_v2", {})  # of TIFF alone
    palette = tags.get(COLOUR_MAP, ()) if image.mode == "P" else ()
    if palette and max(palette) <= np.iinfo(np.uint8).max:
        image.putpalette(np.asarray(palette, np.uint8).reshape(3, -1).T.tobytes())
    return image


@contextmanager
def opened_tiff(data: bytes) -> Iterator[TiffFile]:
    """Open a TIFF by tifffile, kept from logging what it finds odd in it, which would go straight to the console."""
    import tifffile

    logger = logging.getLogger("tifffile")
    earlier = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            yield file
    finally:
        logger.setLevel(earlier)
