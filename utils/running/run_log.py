"""The log of a run: its lines on the console, and all of them in a file of its output folder."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import PipelineError
from ..lazy import logger
from .interrupts import interrupts_wait

# Tracebacks must not show values, among them creators' names.
_QUIET: dict[str, Any] = {"diagnose": False, "backtrace": False}


def start_log(stage: str, output_dir: Path, verbose: bool) -> Path:
    """Send log lines to the console, without tearing progress bars, and to a new file; return the file.

    Parameters
    ----------
    stage : str
        The file is named by it, the time and the process.
    output_dir : Path
        Its folder ``logs`` receives the file; made when it is not there.
    verbose : bool
        Show DEBUG lines on the console too; the file has them anyway.

    Raises
    ------
    PipelineError
        If the file cannot be written.
    """
    logger.remove()
    logger.add(
        show_line,
        level="DEBUG" if verbose else "INFO",
        format="{time:HH:mm:ss} {level: <7} {message}",
        filter=lambda record: "log_only" not in record["extra"],
        **_QUIET,
    )
    log_file = output_dir / "logs" / f"{stage}_{datetime.now():%Y%m%d-%H%M%S}_{os.getpid()}.log"
    try:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        log_file.touch()
    except OSError as error:
        raise PipelineError(
            "The log file cannot be written.",
            where=log_file,
            expected="a writable output_dir",
            found=error.strerror,
        ) from error
    log_format = "{time:YYYY-MM-DD HH:mm:ss.SSS} {level: <7} {message}"
    logger.add(lambda line: _append(line, log_file), level="DEBUG", format=log_format, **_QUIET)
    return log_file


def show_line(line: str) -> None:
    """Write a line to the console, above a progress bar."""
    from tqdm import tqdm

    # Interrupted while it waits for its lock, tqdm ends with another error, and the interrupt would be lost.
    with interrupts_wait():
        tqdm.write(line, file=sys.stderr, end="")


def _append(line: str, log_file: Path) -> None:
    # On a full disk the console alone reports the error; a second one, about the log, would hide it.
    with suppress(OSError), open(log_file, "a", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(line)
