"""BMP: the path of a linked colour profile and what follows the picture are blanked in place."""

from __future__ import annotations

import struct

from .cuts import Stripped

SIGNATURE = b"BM"
_FILE_HEADER_BYTES = 14
_CORE_HEADER, _V5_HEADER = 12, 124
_RUN_LENGTHS_OR_FILES = (1, 2, 4, 5)  # compressions with a length of their own in the header
_LINKED, _EMBEDDED = b"KNIL", b"DEBM"  # the profile is named by a path, is in the file


def strip(data: bytes) -> Stripped:
    """Blank what is neither header, palette, picture nor embedded colour profile; the length stays.

    Raises
    ------
    struct.error
        If the file is shorter than its header.

    References
    ----------
    Microsoft, BITMAPV5HEADER structure (wingdi.h).
    """
    picture_at, header_bytes = struct.unpack_from("<II", data, 10)
    used = picture_at + _picture_bytes(data, picture_at, header_bytes)
    new = bytearray(data)
    if header_bytes == _V5_HEADER:
        kind = data[_FILE_HEADER_BYTES + 56 : _FILE_HEADER_BYTES + 60]
        start, size = struct.unpack_from("<II", data, _FILE_HEADER_BYTES + 112)
        profile = slice(_FILE_HEADER_BYTES + start, _FILE_HEADER_BYTES + start + size)
        if kind == _LINKED:
            new[profile] = b"\0" * len(new[profile])
        elif kind == _EMBEDDED:
            used = max(used, profile.stop)
    new[used:] = b"\0" * len(new[used:])
    return Stripped(data if new == data else bytes(new), is_whole=used <= len(data))


def _picture_bytes(data: bytes, picture_at: int, header_bytes: int) -> int:
    if header_bytes == _CORE_HEADER:
        width, height, _, bits = struct.unpack_from("<HHHH", data, _FILE_HEADER_BYTES + 4)
    else:
        width, height, _, bits, compression, length = struct.unpack_from("<iiHHII", data, _FILE_HEADER_BYTES + 4)
        if compression in _RUN_LENGTHS_OR_FILES:
            return length or len(data) - picture_at
    return (abs(width) * bits + 31) // 32 * 4 * abs(height)
