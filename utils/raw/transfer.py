"""Bring raw files to their places in the dataset."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..errors import Failure, PipelineError, successes
from ..files import atomic_path, require_room, write_bytes_atomically
from ..lazy import logger
from ..md5 import md5_of_bytes
from ..running.leftovers import name_unrecorded, withdraw_unmade
from ..running.output_places import OutputPlaces
from ..running.strangers import are_unknown
from ..settings import CreationSettings
from ..workers.parallel import map_items
from ..workers.workplace import IN_THIS_PROCESS, local_workplace
from .raw_files import target_folders
from .shipped_bytes import FORMAT_NAMES, Findings, read_shipped


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


def transfer_all(moves: Sequence[Move], config: CreationSettings) -> list[Delivery]:
    """Transfer every file that is not there yet, and return what became of each.

    Raises
    ------
    PipelineError
        Listing every file that could not be transferred; the others are in place.
    """
    transfer = partial(transfer_file, how=config.transfer.value, keep_embedded_metadata=config.keep_embedded_metadata)
    workplace = IN_THIS_PROCESS if are_unknown(move.target for move in moves) else local_workplace(config)
    done = list(map_items(transfer, moves, workplace, label="transfer", unit="file", batched=True))
    failed = [f"{m.target.name}: {d.reason}" for m, d in zip(moves, done, strict=True) if isinstance(d, Failure)]
    if failed:
        raise PipelineError("Files could not be transferred.", where=config.target_data_dir, offenders=failed)
    return successes(done)


def settle_folders(targets: Mapping[Path, str | None], config: CreationSettings) -> dict[Path, str | None]:
    """Withdraw images and masks that are no longer part of the dataset, and name files that no stage has recorded.

    Returns
    -------
    dict of Path to (str or None)
        As `withdraw_unmade`.
    """
    places = OutputPlaces(config)
    made = {name: md5 for path, md5 in targets.items() if (name := places.name_of(path))}
    moved = withdraw_unmade(places, made)
    for folder in sorted(set(target_folders(config)) - {config.target_data_dir}):
        name_unrecorded(folder, places, made)
    return moved


def warn_of_findings(moves: Sequence[Move], done: Sequence[Delivery], keep_embedded_metadata: bool) -> None:
    """Warn of pictures that are not upright, and of files that may still carry embedded metadata."""
    found = [(move, delivery.findings) for move, delivery in zip(moves, done, strict=True)]
    turned = [f"{move.subject} ({it.orientation})" for move, it in found if it.orientation != 1]
    if turned:
        logger.warning(
            "{} files have an EXIF Orientation other than 1: viewers turn them, the stages do not. Look at each: if "
            "its mask was drawn on the turned picture, save the image upright without EXIF, or turn the mask back: {}",
            len(turned),
            "; ".join(turned),
        )
    if keep_embedded_metadata:
        return
    broken = [move.subject for move, it in found if not it.is_whole]
    if broken:
        logger.warning(
            "{} files are damaged; embedded metadata behind the damage are still there: {}",
            len(broken),
            "; ".join(broken),
        )
    unknown = Counter(move.target.suffix for move, it in found if not it.is_known)
    if unknown:
        logger.warning(
            "{} files are in a format other than {}: they ship as they are, with any embedded metadata: {}",
            unknown.total(),
            FORMAT_NAMES,
            ", ".join(f"{count} {suffix}" for suffix, count in sorted(unknown.items())),
        )


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
