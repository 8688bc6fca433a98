"""Bring one file from its raw place to its place in the dataset."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.errors import PipelineError
from utils.files import atomic_path, require_room, write_bytes_atomically
from utils.md5 import md5_of_bytes
from utils.shipped_bytes import Findings, read_shipped


@dataclass(frozen=True)
class Move:
    """One transfer.

    Attributes
    ----------
    source, target : Path
        Files; the source's name may hold an annotator's name, so messages take `subject`.
    md5 : str or None
        What the bytes that go into the dataset must hash to, where that is known.
    subject : str
        What is moved, in words.
    """

    source: Path
    target: Path
    md5: str | None = None
    subject: str = ""


@dataclass(frozen=True)
class Delivery:
    """What became of one transfer: the md5 of what is at the target, and whether it was put there just now."""

    md5: str
    is_new: bool
    findings: Findings


def check_room(moves: Sequence[Move], folder: Path) -> None:
    """Raise a PipelineError when the disk of `folder` has no room for copies of all sources."""
    needed = sum(_size_of(move) for move in moves)
    require_room(needed, folder, "dataset", "free some, or set transfer to hardlink or symlink")


def is_copied(move: Move) -> bool:
    """Tell whether the target is a file of its own, whatever it holds, rather than missing or a link."""
    return move.target.exists() and not os.path.samefile(move.source, move.target)


def transfer_file(move: Move, how: str, keep_embedded_metadata: bool = False) -> Delivery:
    """Copy or link one file, unless the target is there and identical.

    Parameters
    ----------
    move : Move
        What goes where.
    how : str
        ``copy``, ``hardlink`` or ``symlink``. A file that carries embedded metadata cannot be linked: its
        target becomes a copy without them.
    keep_embedded_metadata : bool
        Leave embedded metadata in.

    Raises
    ------
    PipelineError
        If the source no longer has its md5, or a file cannot be read or written. The source is not named:
        raw file names may hold annotators' names.
    """
    try:
        return _transfer(move, how, keep_embedded_metadata)
    except OSError as error:
        raise PipelineError("The file cannot be read or written.", found=error.strerror) from None


def _transfer(move: Move, how: str, keep_embedded_metadata: bool) -> Delivery:
    data, findings = read_shipped(move.source, keep_embedded_metadata)
    md5 = md5_of_bytes(data)
    if move.md5 not in (None, md5):
        hint = "run create_dataset again, with the same keep_embedded_metadata"
        raise PipelineError("The raw file changed since create_dataset.", expected=move.md5, found=md5, hint=hint)
    if how == "copy" or findings.is_stripped:
        is_new = not _is_copy(move, data)
        if is_new:
            write_bytes_atomically(move.target, data)
    else:
        is_new = not _is_link(move, how)
        if is_new:
            _link(move, how)
    return Delivery(md5, is_new, findings)


def _is_copy(move: Move, data: bytes) -> bool:
    try:
        found = os.lstat(move.target)
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_size != len(data):
        return False
    if found.st_nlink > 1 and os.path.samefile(move.source, move.target):
        return False
    with open(move.target, "rb", buffering=0) as stream:
        return stream.read() == data


def _is_link(move: Move, how: str) -> bool:
    if not move.target.exists() or move.target.is_symlink() != (how == "symlink"):
        return False
    return os.path.samefile(move.source, move.target)


def _link(move: Move, how: str) -> None:
    with atomic_path(move.target) as temporary:
        if how == "hardlink":
            os.link(move.source, temporary)
        else:
            temporary.symlink_to(move.source.resolve())


def _size_of(move: Move) -> int:
    try:
        return move.source.stat().st_size
    except OSError as error:
        raise PipelineError("A raw file cannot be read.", where=move.subject, found=error.strerror) from None
