"""Files of others in folders outside the output folder, moved aside before an output takes their place."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import some_of
from ..files import before_replacing
from ..lazy import logger
from ..md5 import md5_of_file
from ..naming import REPLACED_FOLDER
from .leftovers import move_to
from .output_places import OutputPlaces

_NAMED = 5
_now: Strangers | None = None


class Strangers:
    """The files outside the output folder, in places of outputs, that are not as a stage has recorded them.

    Below the output folder all files of the names of outputs are outputs, of a run that was killed for example.

    Parameters
    ----------
    places : OutputPlaces
        Where outputs lie.
    recorded : mapping of str to str
        Outputs in the run manifest: md5 by name.
    """

    def __init__(self, places: OutputPlaces, recorded: Mapping[str, str]):
        self._places = places
        self._recorded = recorded
        self._made: set[str] = set()
        self.moved: list[Path] = []

    def is_unknown(self, path: Path) -> bool:
        """Tell, without reading it, whether a file is there whose name no stage has recorded."""
        name = self._name_outside(path)
        return name is not None and name not in self._recorded and name not in self._made

    def is_one(self, path: Path) -> bool:
        """Tell whether a file is there that no stage has recorded, or that has changed since."""
        name = self._name_outside(path)
        if name is None or name in self._made:
            return False
        return name not in self._recorded or _md5_if_readable(path) != self._recorded[name]

    def make_way(self, path: Path, fresh: Path | None) -> None:
        """Move a file aside that no stage has recorded or that has changed since, unless the fresh file is the same."""
        if self.is_one(path) and (fresh is None or not _is_same(path, fresh)):
            move_to(self._places.root / REPLACED_FOLDER, path, _md5_if_readable(path))
            self.moved.append(path)
        self._made.add(self._places.name_of(path) or "")

    def _name_outside(self, path: Path) -> str | None:
        """Return the name of what lies outside the output folder, in a place of the pipeline's; None for all else."""
        name = self._places.name_of(path)
        return name if name is not None and name.startswith("../") and os.path.lexists(path) else None


@contextmanager
def strangers_kept(places: OutputPlaces, recorded: Mapping[str, str]) -> Iterator[None]:
    """Within the block, move files of others aside instead of writing over them, and warn of those at its end."""
    global _now
    _now = Strangers(places, recorded)
    try:
        with before_replacing(_now.make_way):
            yield
    finally:
        moved, _now = _now.moved, None
        if moved:
            logger.warning(
                "{} that no stage has made lay where outputs go, and moved to {}: {}",
                "1 file" if len(moved) == 1 else f"{len(moved)} files",
                places.root / REPLACED_FOLDER,
                some_of(moved, _NAMED),
            )


def is_stranger(path: Path) -> bool:
    """Tell whether a file of others lies where an output goes: then it is not to be read as one."""
    return _now is not None and _now.is_one(path)


def are_unknown(paths: Iterable[Path]) -> bool:
    """Tell whether files of others lie at any path: then this process must write, for workers do not know of them."""
    return _now is not None and any(map(_now.is_unknown, paths))


def _is_same(path: Path, fresh: Path) -> bool:
    try:
        return filecmp.cmp(path, fresh, shallow=False)
    except OSError:
        return False


def _md5_if_readable(path: Path) -> str:
    try:
        return md5_of_file(path)
    except OSError:
        return ""
