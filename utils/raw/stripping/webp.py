"""WebP: chunks that are not needed to show the picture are cut out."""

from __future__ import annotations

from .cuts import Cuts, Stripped
from .exif import exif_of, orientation_of

SIGNATURE = b"RIFF"
_FORM = b"WEBP"
_HEADER_BYTES = 12
_KEPT = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP")
_EXIF_FLAG, _XMP_FLAG = 8, 4
_PREFIX = b"Exif\0\0"  # not of the standard, but some programs write it


def strip(data: bytes) -> Stripped:
    """Drop EXIF, XMP, unknown chunks and whatever follows the picture; keep an orientation other than 1.

    References
    ----------
    RFC 9649, WebP Image Format, section 2.7.
    """
    if data[8:_HEADER_BYTES] != _FORM:
        return Stripped(data, is_whole=False)
    whole = _HEADER_BYTES - 4 + int.from_bytes(data[4:8], "little")
    chunks: list[bytes] = []
    orientation = 1
    at = _HEADER_BYTES
    while at < whole:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size + size % 2
        if end > len(data):
            return Stripped(data, orientation, is_whole=False)
        kind, chunk = data[at : at + 4], data[at:end]
        if kind == b"EXIF" and orientation == 1:
            orientation = orientation_of(chunk[8 : 8 + size].removeprefix(_PREFIX))
            chunks += [_chunk(b"EXIF", exif_of(orientation))] if orientation != 1 else []
        elif kind == b"VP8X" or kind in _KEPT:
            chunks.append(chunk)
        at = end
    return Stripped(_rebuild(data, chunks, orientation, whole), orientation)


def _rebuild(data: bytes, chunks: list[bytes], orientation: int, whole: int) -> bytes:
    if chunks and chunks[0][:4] == b"VP8X":
        flags = chunks[0][8] & ~(_EXIF_FLAG | _XMP_FLAG) | (_EXIF_FLAG if orientation != 1 else 0)
        chunks[0] = chunks[0][:8] + bytes([flags]) + chunks[0][9:]
    content = _FORM + b"".join(chunks)
    cuts = Cuts(data)
    cuts.replace(4, whole, len(content).to_bytes(4, "little") + content)
    cuts.drop_tail(whole)
    return cuts.result()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)
