"""How many pictures one file holds: pages of a TIFF, frames of an animation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .png_header import chunks

if TYPE_CHECKING:
    from PIL.Image import Image

REDUCED_PICTURE = 1  # a bit of NewSubfileType: a smaller copy of another page


def refuse_several(number: int, kind: str) -> None:
    """Raise a ValueError for a mask file of several pages or frames (`kind`): which is the mask, its maker knows."""
    if number > 1:
        raise ValueError(f"it has {number} {kind}: save the one that is the mask as a file of its own")


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
