"""Files of others in folders outside the output folder, moved aside before an output takes their place."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Collection, Iterable, Iterator
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
    """The files that no stage has recorded, where the configuration puts outputs outside the output folder.

    Below the output folder all files of the names of outputs are outputs, of a run that was killed for example.

    Parameters
    ----------
    places : OutputPlaces
        Where outputs lie.
    recorded : collection of str
        Names of outputs in the run manifest.
    """

    def __init__(self, places: OutputPlaces, recorded: Collection[str]):
        self._places = places
        self._known = set(recorded)
        self.moved: list[Path] = []

    def lie_at(self, path: Path) -> bool:
        """Tell whether a file of others is there."""
        name = self._places.name_of(path)
        return name is not None and name.startswith("../") and name not in self._known and os.path.lexists(path)

    def make_way(self, path: Path, fresh: Path | None) -> None:
        """Move a file of others aside, unless the fresh file is the same."""
        if self.lie_at(path):
            if fresh is None or not _is_same(path, fresh):
                move_to(self._places.root / REPLACED_FOLDER, path, _md5_if_readable(path))
                self.moved.append(path)
            self._known.add(self._places.name_of(path) or "")


@contextmanager
def strangers_kept(places: OutputPlaces, recorded: Collection[str]) -> Iterator[None]:
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
                "{} files that no stage has recorded lay where outputs go, and moved to {}: {}",
                len(moved),
                places.root / REPLACED_FOLDER,
                some_of(moved, _NAMED),
            )


def are_strangers(paths: Iterable[Path]) -> bool:
    """Tell whether files of others lie at any path: then this process must write, for workers do not know of them."""
    return _now is not None and any(map(_now.lie_at, paths))


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
