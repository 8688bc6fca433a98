"""One run at a time in an output folder."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from ..errors import PipelineError

# overall_script.sh opens the lock file under this number and keeps it open from its first stage to its last.
CHAIN_VARIABLE = "IMAPP_LOCK_DESCRIPTOR"
_NO_LOCKS_HERE = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


def lock_file(output_dir: Path) -> Path:
    """Return the file whose lock a run holds; it lies with the logs and stays when the run is over."""
    return output_dir / "logs" / "run.lock"


@contextmanager
def exclusive_run(output_dir: Path, stage: str) -> Iterator[None]:
    """Hold the lock of an output folder while the block runs.

    The lock (flock) belongs to the open file: the operating system takes it back when the process ends,
    however it ends. A stage that overall_script.sh started takes it for the whole chain.

    Raises
    ------
    PipelineError
        If another run holds the lock; says which. If the lock file is another user's.
    OSError
        If the lock file cannot be made.
    """
    path = lock_file(output_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _opened(path) as own:
        inherited = _chain_descriptor(own.fileno())
        _lock(own.fileno() if inherited is None else inherited, path)
        _sign(path, stage)
        yield


def _opened(path: Path) -> IO[str]:
    try:
        return open(path, "a+", encoding="utf-8")
    except PermissionError as error:
        raise PipelineError(
            "The lock file of the output folder cannot be written.",
            where=path,
            expected="an output folder of your own, or one that its owner lets you write to",
            found=error.strerror,
            hint="set another output_dir (IMAPP_OUTPUT_DIR), or have its owner remove the file when no run is on",
        ) from error


def _chain_descriptor(own: int) -> int | None:
    """Return the descriptor of the lock file that the chain holds open, if this is that very file."""
    try:
        inherited = int(os.environ.get(CHAIN_VARIABLE, ""))
        return inherited if os.path.sameopenfile(inherited, own) else None
    except (ValueError, OSError):
        return None


def _lock(descriptor: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NO_LOCKS_HERE:
            return
        holder = path.read_text(encoding="utf-8", errors="replace").strip() or "a run that has just begun"
        raise PipelineError(
            "Another run is working in this output folder.",
            where=path.parent.parent,
            expected="one run at a time",
            found=holder,
            hint="wait for it, or set another output_dir (IMAPP_OUTPUT_DIR)",
        ) from error


def _sign(path: Path, stage: str) -> None:
    holder = f"{stage}, process {os.getpid()} on {socket.gethostname()}, since {datetime.now():%Y-%m-%d %H:%M:%S}\n"
    # Emptied and written in place: another name would be another lock.
    with open(path, "r+", encoding="utf-8") as stream:
        stream.truncate()
        stream.write(holder)
