"""GIF: comments, plain texts and application data are cut out."""

from __future__ import annotations

from .cuts import Cuts, Stripped

SIGNATURE = b"GIF8"
_HEADER_BYTES = 13
_EXTENSION, _IMAGE, _END = b"!", b",", b";"
_GRAPHIC_CONTROL, _APPLICATION = b"\xf9", b"\xff"
# How often an animation is repeated, and its colour profile.
_KEPT_APPLICATIONS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0", b"\x0bICCRGBG1012")


def strip(data: bytes) -> Stripped:
    """Drop comments, plain-text blocks, application data (XMP among them) and whatever follows the picture.

    References
    ----------
    CompuServe, Graphics Interchange Format, version 89a (1990).
    """
    cuts = Cuts(data)
    at = _HEADER_BYTES + _palette_bytes(data[10])
    while (kind := data[at : at + 1]) in (_EXTENSION, _IMAGE):
        if kind == _IMAGE:
            end = _skip_sub_blocks(data, at + 11 + _palette_bytes(data[at + 9]))
        else:
            end = _skip_sub_blocks(data, at + 2)
            if not _is_kept(data[at + 1 : at + 14]):
                cuts.replace(at, end)
        at = end
    if kind == _END:
        cuts.drop_tail(at + 1)
    return Stripped(cuts.result(), is_whole=kind == _END)


def _palette_bytes(packed: int) -> int:
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0


def _skip_sub_blocks(data: bytes, at: int) -> int:
    """Return where the sub-blocks that start at `at` end; an IndexError tells that they do not."""
    while data[at]:
        at += data[at] + 1
    return at + 1


def _is_kept(extension: bytes) -> bool:
    label = extension[:1]
    return label == _GRAPHIC_CONTROL or label == _APPLICATION and extension[1:].startswith(_KEPT_APPLICATIONS)
