"""The Orientation tag of EXIF data, and EXIF data that holds nothing else."""

from __future__ import annotations

import struct

from ...pictures.tiff_tags import ORIENTATION

_SHORT = 3
_ENTRY_BYTES = 12
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


def orientation_of(exif: bytes) -> int:
    """Return the orientation (1 to 8) that EXIF data gives; 1 when it gives none or is damaged.

    Parameters
    ----------
    exif : bytes
        From its byte-order mark on, without the ``Exif`` prefix that JPEG puts before it.

    References
    ----------
    JEITA CP-3451, Exchangeable image file format for digital still cameras (Exif), section 4.6.
    """
    order = _BYTE_ORDERS.get(exif[:4])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, first)
        for start in range(first + 2, first + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, start)
            if tag == ORIENTATION:
                return value if kind == _SHORT and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def exif_of(orientation: int) -> bytes:
    """Return EXIF data (26 bytes) that holds the Orientation tag alone; none for 1, which needs no tag."""
    if orientation == 1:
        return b""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, ORIENTATION, _SHORT, 1, orientation, 0, 0)
