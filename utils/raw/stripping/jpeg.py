"""JPEG: segments that are not needed to decode the picture are cut out."""

from __future__ import annotations

import numpy as np

from .cuts import Cuts, Stripped
from .exif import exif_of, orientation_of

SIGNATURE = b"\xff\xd8\xff"
_EXIF = b"Exif\0\0"
_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_SCAN, _END = 0xDA, 0xD9
_WITHOUT_LENGTH = range(0xD0, 0xD9)  # restart markers and the start of a picture, which stand in no header
# What an application segment that is kept begins with: the colour profile, and Adobe's note of the colour
# transform, without which the picture decodes to other colours. JFIF loses its thumbnail.
_KEPT = {_APP0: b"JFIF\0", _APP2: b"ICC_PROFILE\0", _APP14: b"Adobe"}
_JFIF_BYTES = 14  # of the segment's content without a thumbnail
_FILL = 0xFF  # begins a marker
# What follows it inside entropy-coded data: a stuffed 0, the number of a restart marker, or another fill byte.
_GOES_ON = np.isin(np.arange(256), [0x00, *range(0xD0, 0xD8), _FILL])
_BLOCK = 1 << 18  # bytes searched at a time, in half the time that a regular expression takes


def strip(data: bytes) -> Stripped:
    """Drop EXIF, XMP, IPTC, comments, thumbnails and whatever follows the picture.

    Parameters
    ----------
    data : bytes
        A JPEG file. Further pictures behind the first (MPF) count as what follows it.

    Returns
    -------
    Stripped
        Coefficients, tables and colour profile are unchanged; an orientation other than 1 is kept as EXIF
        data that holds nothing else.

    References
    ----------
    ITU-T T.81, annex B; CIPA DC-007 (MPF).
    """
    cuts = Cuts(data)
    orientation, in_scans, at = 1, False, 2
    while (marker_at := _skip_fill(data, at)) is not None:
        marker = data[marker_at]
        if marker == _END:
            cuts.drop_tail(marker_at + 1)
            return Stripped(cuts.result(), orientation)
        end = marker_at + 1 + int.from_bytes(data[marker_at + 1 : marker_at + 3], "big")
        if marker == _SCAN:
            in_scans, at = True, _end_of_scan(data, end)
            continue
        # Behind scans a damaged one can look like a segment, but then no marker follows it.
        if end > len(data) or in_scans and _skip_fill(data, end) is None:
            break
        content = data[marker_at + 3 : end]
        if marker == _APP1 and content.startswith(_EXIF) and orientation == 1:
            orientation = orientation_of(content[len(_EXIF) :])
            cuts.replace(at, end, _exif_segment(orientation))
        elif _is_dropped(marker, content):
            cuts.replace(at, end)
        elif marker == _APP0 and len(content) > _JFIF_BYTES:
            cuts.replace(at, end, _segment(_APP0, content[: _JFIF_BYTES - 2] + b"\0\0"))
        at = end
    return Stripped(cuts.result(), orientation, is_whole=False)


def _end_of_scan(data: bytes, at: int) -> int:
    """Return where the marker after the entropy-coded data at `at` is; the end of the file if none is."""
    values = np.frombuffer(data, dtype=np.uint8)
    for start in range(at, len(data) - 1, _BLOCK):
        block = values[start : start + _BLOCK + 1]
        fills = np.flatnonzero(block[:-1] == _FILL)
        markers = fills[~_GOES_ON[block[fills + 1]]]
        if len(markers):
            return start + int(markers[0])
    return len(data)


def _skip_fill(data: bytes, at: int) -> int | None:
    """Return where the marker code is that starts at `at`, or None when no marker is there."""
    if data[at : at + 1] != b"\xff":
        return None
    while data[at : at + 1] == b"\xff":
        at += 1
    return at if at < len(data) and data[at] >= 0xC0 and data[at] not in _WITHOUT_LENGTH else None


def _is_dropped(marker: int, content: bytes) -> bool:
    if marker in _KEPT:
        return not content.startswith(_KEPT[marker])
    return _APP0 <= marker <= _APP15 or marker == _COMMENT


def _exif_segment(orientation: int) -> bytes:
    return _segment(_APP1, _EXIF + exif_of(orientation)) if orientation != 1 else b""


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content
