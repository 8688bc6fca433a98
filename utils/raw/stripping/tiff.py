"""TIFF and BigTIFF: tags that are not needed to decode the picture are blanked in place."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ...pictures.tiff_tags import ORIENTATION
from .cuts import Stripped

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ASCII = 2
# Bytes of one value of each field type, by its number.
_TYPE_BYTES = dict(enumerate((1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4))) | {16: 8, 17: 8, 18: 8}
_INTEGERS = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
# Texts, whatever type they are written with: document, description, make, model, page, software, time, artist,
# host, ink names; XMP.
_TEXT_TAGS = {269, 270, 271, 272, 285, 305, 306, 315, 316, 333, 700}
# Tags are private from here on, but for those that decoding takes: SGI's sample formats, the colour-filter
# pattern, ICC profile and LERC parameters. EXIF, GPS, IPTC, Photoshop, GeoTIFF and makers' tags are among the rest.
_FIRST_PRIVATE_TAG = 32768
_KEPT_PRIVATE_TAGS = {32995, 32996, 32997, 32998, 33421, 33422, 34675, 50674}
_SUB_IFDS = 330
_POINTERS = {34665, 34853, 40965}  # to the EXIF, GPS and interoperability directories
# Where the parts of a picture begin, and how long they are.
_DATA_TAGS = ((273, 279), (324, 325), (513, 514))


class _Entry(NamedTuple):
    at: int
    tag: int
    kind: int
    values: int
    value_at: int
    value_bytes: int


class _Tiff:
    """A file's directories. TIFF writes offsets in 4 bytes, BigTIFF in 8."""

    def __init__(self, data: bytes):
        self.data = data
        self._order = "<" if data[:2] == b"II" else ">"
        self._count, self._offset, self.header_bytes = ("Q", "Q", 16) if b"+" in data[2:4] else ("H", "I", 8)
        self.offset_bytes = struct.calcsize(self._offset)
        self.entry_bytes = 4 + 2 * self.offset_bytes
        self._count_bytes = struct.calcsize(self._count)
        self._bytes_read = 0

    def first_directory(self) -> int:
        """Return where the first directory is."""
        return self._read(self._offset, self.header_bytes - self.offset_bytes)[0]

    def entries(self, at: int) -> list[_Entry]:
        """Return the entries of the directory at `at`."""
        first = at + self._count_bytes
        (how_many,) = self._read(self._count, at)
        self._bytes_read += how_many * self.entry_bytes
        if self._bytes_read > len(self.data):
            # Without this check a small file of overlapping directories takes hours.
            raise struct.error("directories overlap")
        entries = []
        for number in range(how_many):
            start = first + number * self.entry_bytes
            tag, kind = self._read("H", start, 2)
            (count,) = self._read(self._offset, start + 4)
            value_bytes = count * _TYPE_BYTES.get(kind, 1)
            inline = start + 4 + self.offset_bytes
            value_at = inline if value_bytes <= self.offset_bytes else self._read(self._offset, inline)[0]
            entries.append(_Entry(start, tag, kind, count, value_at, value_bytes))
        return entries

    def directory_bytes(self, count: int) -> int:
        """Return the size of a directory of `count` entries; it ends with the offset of the next one."""
        return self._count_bytes + count * self.entry_bytes + self.offset_bytes

    def directory(self, entries: Sequence[_Entry], next_at: bytes) -> bytes:
        """Return a directory of these entries alone."""
        rows = [self.data[entry.at : entry.at + self.entry_bytes] for entry in entries]
        return b"".join([struct.pack(self._order + self._count, len(entries)), *rows, next_at])

    def numbers(self, entry: _Entry) -> tuple[int, ...]:
        """Return the values of an entry of integers; none for one of another type."""
        kind = _INTEGERS.get(entry.kind)
        return self._read(kind, entry.value_at, entry.values) if kind else ()

    def offset(self, stored: bytes) -> int:
        """Return an offset from the bytes that it is stored in."""
        return struct.unpack(self._order + self._offset, stored)[0]

    def _read(self, kind: str, at: int, how_many: int = 1) -> tuple[int, ...]:
        return struct.unpack_from(f"{self._order}{how_many}{kind}", self.data, at)


@dataclass
class _Plan:
    """Ranges (start, end) to blank and to leave, directories to write anew by where they are, and those to come."""

    blank: list[tuple[int, int]] = field(default_factory=list)
    leave: list[tuple[int, int]] = field(default_factory=list)
    directories: dict[int, bytes] = field(default_factory=dict)
    waiting: list[tuple[int, bool]] = field(default_factory=list)


def strip(data: bytes) -> Stripped:
    """Blank texts, times, EXIF, GPS, XMP, IPTC and private tags, and take them out of their directories.

    Parameters
    ----------
    data : bytes
        A TIFF or BigTIFF file. Its length and the places of all pictures stay.

    Returns
    -------
    Stripped
        Pictures, resolution, colour profile and orientation are unchanged.

    Raises
    ------
    struct.error
        If the first directory is not within the file; of further ones `is_whole` tells.

    References
    ----------
    Adobe, TIFF revision 6.0 (1992).
    """
    tiff = _Tiff(data)
    first = tiff.first_directory()
    turned = [tiff.numbers(entry) for entry in tiff.entries(first) if entry.tag == ORIENTATION]
    orientation = turned[0][0] if turned and turned[0] and 1 <= turned[0][0] <= 8 else 1
    tiff = _Tiff(data)
    plan = _Plan(waiting=[(first, True)])
    is_whole = True
    visited = {0}
    while plan.waiting:
        at, is_picture = plan.waiting.pop()
        if at in visited:
            continue
        visited.add(at)
        try:
            _plan_directory(tiff, at, is_picture, plan)
        except struct.error:
            is_whole = False
    return Stripped(_carry_out(tiff, plan), orientation, is_whole)


def _plan_directory(tiff: _Tiff, at: int, is_picture: bool, plan: _Plan) -> None:
    """Add a directory to the plan, and those that it points to; nothing is kept of one that is not a picture's."""
    entries = tiff.entries(at)
    end = at + tiff.directory_bytes(len(entries))
    if end > len(tiff.data):
        raise struct.error("a directory is cut short")
    next_at = tiff.data[end - tiff.offset_bytes : end]
    kept = [entry for entry in entries if is_picture and _is_kept(entry)]
    if is_picture:
        plan.directories[at] = tiff.directory(kept, next_at).ljust(end - at, b"\0")
        plan.waiting += [(place, True) for entry in kept if entry.tag == _SUB_IFDS for place in tiff.numbers(entry)]
        plan.waiting.append((tiff.offset(next_at), True))
    else:
        plan.blank.append((at, end))
    plan.leave += [(entry.value_at, entry.value_at + entry.value_bytes) for entry in kept]
    plan.leave += _picture_parts(tiff, kept)
    for entry in set(entries).difference(kept):
        plan.blank.append((entry.value_at, entry.value_at + entry.value_bytes))
        plan.waiting += [(place, False) for place in tiff.numbers(entry) if entry.tag in _POINTERS]


def _is_kept(entry: _Entry) -> bool:
    if entry.tag >= _FIRST_PRIVATE_TAG:
        return entry.tag in _KEPT_PRIVATE_TAGS
    return entry.kind != _ASCII and entry.tag not in _TEXT_TAGS


def _picture_parts(tiff: _Tiff, entries: Sequence[_Entry]) -> Iterator[tuple[int, int]]:
    by_tag = {entry.tag: entry for entry in entries}
    for places, lengths in _DATA_TAGS:
        if places in by_tag and lengths in by_tag:
            pairs = zip(tiff.numbers(by_tag[places]), tiff.numbers(by_tag[lengths]), strict=False)
            yield from ((place, place + length) for place, length in pairs)


def _carry_out(tiff: _Tiff, plan: _Plan) -> bytes:
    # In this order a tag that claims more bytes than it has cannot blank a part of the picture.
    data = tiff.data
    new = bytearray(data)
    for start, end in plan.blank:
        new[start:end] = bytes(len(new[start:end]))
    for start, end in [(0, tiff.header_bytes), *plan.leave]:
        new[start:end] = data[start:end]
    for at, table in plan.directories.items():
        new[at : at + len(table)] = table
    return data if new == data else bytes(new)
