"""PNG: chunks that are not needed to show the picture are cut out."""

from __future__ import annotations

import zlib

from ...pictures import png_header
from .cuts import Cuts, Stripped
from .exif import exif_of, orientation_of

SIGNATURE = png_header.SIGNATURE
# Critical chunks, animation, transparency, and how colours and pixel sizes are meant. No other chunk of the
# standard changes the picture, and all others can hold text, times or what a program likes to put there.
_KEPT = set(b"IHDR PLTE IDAT IEND acTL fcTL fdAT tRNS bKGD hIST sBIT cHRM gAMA iCCP sRGB cICP mDCV cLLI pHYs".split())
_EXIF, _END = b"eXIf", b"IEND"


def strip(data: bytes) -> Stripped:
    """Drop text, times, EXIF, private chunks and whatever follows the picture.

    Parameters
    ----------
    data : bytes
        A PNG file, animated ones included. Checksums of chunks are not checked.

    Returns
    -------
    Stripped
        Pixels, transparency and colour profile are unchanged; an orientation other than 1 is kept as EXIF
        data that holds nothing else.

    References
    ----------
    W3C, Portable Network Graphics (PNG) Specification, third edition, section 11.
    """
    cuts = Cuts(data)
    orientation = 1
    at = len(SIGNATURE)
    while (end := at + 12 + int.from_bytes(data[at : at + 4], "big")) <= len(data):
        kind = data[at + 4 : at + 8]
        if kind == _EXIF and orientation == 1:
            orientation = orientation_of(data[at + 8 : end - 4])
            cuts.replace(at, end, _exif_chunk(orientation))
        elif kind not in _KEPT:
            if not _is_ancillary(kind):
                break
            cuts.replace(at, end)
        at = end
        if kind == _END:
            cuts.drop_tail(at)
            return Stripped(cuts.result(), orientation)
    return Stripped(cuts.result(), orientation, is_whole=False)


def _is_ancillary(kind: bytes) -> bool:
    return kind.isalpha() and kind[:1].islower()


def _exif_chunk(orientation: int) -> bytes:
    content = exif_of(orientation)
    if not content:
        return b""
    checksum = zlib.crc32(_EXIF + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + _EXIF + content + checksum
