"""Files that appear whole or not at all, and checks of the folders that stages expect."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import PipelineError

if TYPE_CHECKING:
    from .settings import CommonSettings

# A temporary name starts with this, so that leftovers of a killed run can be told from data.
TEMPORARY_PREFIX = ".imapp-tmp-"
# Called with a path, and the file that takes its place or None; see `before_replacing`.
_Listener = Callable[[Path, Path | None], None]
_listeners: list[_Listener] = []


@contextmanager
def before_replacing(listener: _Listener) -> Iterator[None]:
    """Within the block, have a function called before a file of this process takes the place at a path."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`, and rename it to `path` when the block succeeds.

    A killed run leaves the old file or the new one, never half a file. Parents are created. The suffix is
    kept, because image and figure writers choose the format by it.
    """
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f"{TEMPORARY_PREFIX}{os.getpid()}-{abs(hash(path.name)):x}{path.suffix}"
    try:
        yield temporary
        for listener in _listeners:
            listener(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_to_replace(path: Path) -> None:
    """Remove a file, if it is there, in whose place another will be."""
    for listener in _listeners:
        listener(path, None)
    path.unlink(missing_ok=True)


def require_room(needed: int, folder: Path, what: str, hint: str | None = None) -> None:
    """Raise a PipelineError when the disk of `folder`, which need not be there yet, has no room for so many bytes."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise PipelineError(
            f"The disk has no room for the {what}.",
            where=folder,
            expected=f"{needed:,} bytes",
            found=f"{free:,} bytes free",
            hint=hint,
        )


def remove_half_written(*folders: Path) -> None:
    """Remove the temporary files that killed runs left below folders. Call it only where no other run is at work."""
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                if name.startswith(TEMPORARY_PREFIX):
                    Path(parent, name).unlink(missing_ok=True)


def write_bytes_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` through a temporary file in the same folder; parents are created."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def require_folder(config: CommonSettings, key: str, made_by: str | None = None) -> Path:
    """Return the folder that a config key names.

    Raises
    ------
    PipelineError
        If it is not there; names the key, its file and the stage that makes the folder.
    """
    folder = Path(getattr(config, key))
    if not folder.is_dir():
        raise missing_input(config, key, folder, made_by, kind="folder")
    return folder


def place_of(config: CommonSettings, *keys: str) -> str:
    """Say where keys are written: in which file, or on the command line."""
    of_place: dict[str, list[str]] = {}
    for key in keys:
        of_place.setdefault(config.key_places[key], []).append(key)
    return ", ".join(f"{' and '.join(names)} {place}" for place, names in of_place.items())


def missing_input(
    config: CommonSettings, key: str, path: Path, made_by: str | None, kind: str = "file"
) -> PipelineError:
    """Describe an input that is not there: its key, the file the key is in, and the stage that makes it."""
    hint = f"run {made_by} first" if made_by else f"set {key} to an existing {kind}"
    return PipelineError(
        f"The {kind} that the key '{key}' names does not exist.",
        where=place_of(config, key),
        expected=f"a {kind}",
        found=f"nothing at {path}",
        hint=hint,
    )
