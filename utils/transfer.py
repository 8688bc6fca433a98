"""Bring one file from its raw place to its place in the dataset."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.errors import PipelineError
from utils.files import atomic_path
from utils.md5 import md5_of_file


@dataclass(frozen=True)
class Move:
    """One transfer; `md5`, when given, is what the source must still hash to."""

    source: Path
    target: Path
    md5: str | None = None


def check_room(moves: Sequence[Move], folder: Path) -> None:
    """Raise a PipelineError when the disk of `folder` has no room for copies of all sources."""
    needed = sum(move.source.stat().st_size for move in moves)
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise PipelineError(
            "The disk has no room for the dataset.",
            where=folder,
            expected=f"{needed:,} bytes",
            found=f"{free:,} bytes free",
            hint="free some, or set transfer to hardlink or symlink",
        )


def is_copied(move: Move) -> bool:
    """Tell whether the target is a file of its own, whatever it holds, rather than missing or a link."""
    return move.target.exists() and not os.path.samefile(move.source, move.target)


def transfer_file(move: Move, how: str) -> bool:
    """Copy or link one file; return False when the target was there and identical.

    Raises
    ------
    PipelineError
        If the source no longer has its md5, or a file cannot be read or written. The source is not named:
        raw file names may hold annotators' names.
    """
    try:
        return _transfer(move, how)
    except OSError as error:
        raise PipelineError("The file cannot be read or written.", found=error.strerror) from None


def _transfer(move: Move, how: str) -> bool:
    if move.md5 is not None and (found := md5_of_file(move.source)) != move.md5:
        raise PipelineError("The raw file changed since create_dataset.", expected=move.md5, found=found)
    if _is_in_place(move, how):
        return False
    with atomic_path(move.target) as temporary:
        if how == "copy":
            shutil.copyfile(move.source, temporary)
        elif how == "hardlink":
            os.link(move.source, temporary)
        else:
            temporary.symlink_to(move.source.resolve())
    return True


def _is_in_place(move: Move, how: str) -> bool:
    if not move.target.exists() or move.target.is_symlink() != (how == "symlink"):
        return False
    if how != "copy":
        return os.path.samefile(move.source, move.target)
    return is_copied(move) and filecmp.cmp(move.source, move.target, shallow=False)
