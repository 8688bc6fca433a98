"""How many pictures one file holds: pages of a TIFF or pictures in its one page, frames of an animation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PipelineError
from .pixel_limit import pillow_within_limit
from .png_header import SIGNATURE, chunks
from .stacks import pictures_in_page

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.TiffImagePlugin import TiffImageFile

REDUCED_PICTURE = 1  # a bit of NewSubfileType: a smaller copy of another page
_SUBFILE_TYPE = 254  # number of the TIFF tag
_JPEG = b"\xff\xd8"
_START = 1 << 16  # bytes of a file; an animated PNG says so before its first pixels
_MOST_LOOKED_AT = 1000


class SeveralPicturesError(ValueError):
    """A mask file holds several pages or frames: which is the mask, its maker knows."""


def refuse_several(number: int, kind: str) -> None:
    """Raise a SeveralPicturesError for a mask file of several pages or frames (`kind`)."""
    if number > 1:
        raise SeveralPicturesError(f"it has {number} {kind}: save the one that is the mask as a file of its own")


def frames_of_png(data: bytes) -> int:
    """Count the pictures of a PNG: its frames and, where it is none of them, the one that plain viewers show.

    References
    ----------
    W3C, Portable Network Graphics (PNG) Specification, third edition, section 11.3.6.
    """
    frames, is_picture_among_them = 0, False
    for kind, content in chunks(data):
        if kind == b"IDAT":
            break
        if kind == b"acTL":
            frames = int.from_bytes(data[content][:4], "big")
        is_picture_among_them |= kind == b"fcTL"
    return frames + (not is_picture_among_them) if frames else 1


def frames_of_image(image: Image) -> int:
    """Count the frames of an animation; 1 for a TIFF, and for an MPO, whose further pictures do not ship."""
    return 1 if image.format in ("TIFF", "MPO") else getattr(image, "n_frames", 1)


def pages_of_picture(path: Path) -> int:
    """Count the pages or frames of a picture; smaller copies of a page, as slide scanners write, are none.

    Raises
    ------
    PipelineError
        If it cannot be read, is not an image, or is damaged where further pages begin.
    """
    from PIL import Image
    from PIL.TiffImagePlugin import TiffImageFile

    try:
        with open(path, "rb") as stream:
            start = stream.read(_START)
            if start.startswith(_JPEG):  # as nearly all photos; to open one by Pillow takes longer
                return 1
            if start.startswith(SIGNATURE):
                return frames_of_png(start)
            stream.seek(0)
            with pillow_within_limit(), Image.open(stream) as image:
                if not isinstance(image, TiffImageFile):
                    return frames_of_image(image)
                if image.n_frames == 1:
                    return pictures_in_page(image.tag_v2, path.stat().st_size)
                return _whole_pages(image)
    except Exception as error:  # decoders raise errors of many kinds on damaged files
        raise PipelineError("The pages of an image cannot be counted.", where=path, found=error) from error


def _whole_pages(image: TiffImageFile) -> int:
    number = 0
    for place in range(min(image.n_frames, _MOST_LOOKED_AT)):
        image.seek(place)
        number += not image.tag_v2.get(_SUBFILE_TYPE, 0) & REDUCED_PICTURE
    return max(number, 1)
