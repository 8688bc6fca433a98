"""A file's bytes with parts cut out; what no parser has cut stays as it was."""

from __future__ import annotations

from typing import NamedTuple


class Stripped(NamedTuple):
    """What is left of a file.

    Attributes
    ----------
    data : bytes
        The file without embedded data; the very object that was given when there was nothing to take out.
    orientation : int
        How the picture is to be turned, 1 to 8 as in TIFF 6.0; 1 is upright.
    is_whole : bool
        False when the structure broke off; what comes after that point is unchanged.
    """

    data: bytes
    orientation: int = 1
    is_whole: bool = True


class Cuts:
    """Collects the parts of `data` to drop, from front to back."""

    def __init__(self, data: bytes):
        self._data = data
        self._kept: list[bytes] = []
        self._done = 0

    def replace(self, start: int, end: int, by: bytes = b"") -> None:
        """Put `by` in the place of ``data[start:end]``."""
        if self._data[start:end] != by:
            self._kept += [self._data[self._done : start], by]
            self._done = end

    def drop_tail(self, start: int) -> None:
        """Drop what follows the end of the picture, unless it is padding by zeros, which says nothing."""
        if self._data.count(b"\0", start) < len(self._data) - start:
            self.replace(start, len(self._data))

    def result(self) -> bytes:
        """Return what is left."""
        if not self._kept:
            return self._data
        return b"".join([*self._kept, self._data[self._done :]])
