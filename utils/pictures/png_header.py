"""What stands at fixed places at the start of a PNG file (W3C, PNG Specification, third edition, section 11.2.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BYTES_TO_SIZE = 24  # of a file, from its start to the end of its size
DEPTH, COLOUR = 24, 25  # bits of a sample; kind of pixels
KIND = slice(24, 29)  # depth, colour, compression, filter, interlace
GREY, COLOURS = 0, 2  # as colour: without alpha
_SIZE = 16


def chunks(data: bytes) -> Iterator[tuple[bytes, slice]]:
    """Yield the kind of each chunk of a PNG and where its content is, as far as the file goes."""
    at = len(SIGNATURE)
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], slice(at + 8, end - 4)
        at = end


def size_of_png(data: bytes) -> tuple[int, int]:
    """Return width and height (pixels) as the header of a PNG gives them; raises a ValueError if it is cut off."""
    if len(data) < BYTES_TO_SIZE:
        raise ValueError("it breaks off in its header")
    width, height = struct.unpack_from(">II", data, _SIZE)
    return width, height
