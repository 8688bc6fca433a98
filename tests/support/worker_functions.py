"""Functions that worker processes of the tests find by import; those of a cluster have no package `utils`."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def square(number: int) -> int:
    """Return the square, the earlier items later than the others."""
    time.sleep(0.005 if number % 3 == 0 else 0)
    return number * number


def process_id(_) -> int:
    """Tell which process works."""
    return os.getpid()


def ignores_interrupts(_) -> bool:
    """Tell whether Ctrl-C leaves this process alone."""
    return signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def killed_once(item: tuple[int, Path | None]) -> int:
    """Die by SIGKILL the first time a marker is met; the marker is then gone."""
    number, marker = item
    if marker is not None and marker.exists():
        marker.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def killed_always(number: int) -> int:
    """Die by SIGKILL at item 3."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def end_at_once() -> None:
    """End the process before it has worked."""
    os._exit(1)


def at_fault(number: int) -> int:
    """Raise what data can cause at items 1 and 2."""
    from utils.errors import PipelineError

    if number == 1:
        raise PipelineError("A mask is odd.", where="mask 1", offenders=["one", "two"])
    if number == 2:
        raise FileNotFoundError(2, "No such file", "mask 2")
    return number


def faulty_code(number: int) -> int:
    """Raise what only a fault of the code can cause at item 2."""
    if number == 2:
        raise ZeroDivisionError("item 2")
    return number


def text_of(path: Path) -> str:
    """Read a text file; then replace it by the text of an environment variable, if that is set."""
    text = path.read_text()
    if "IMAPP_TEST_REPLACE" in os.environ:
        path.write_text(os.environ["IMAPP_TEST_REPLACE"])
    return text


def sleep_long(marker: Path) -> None:
    """Make a file, and sleep for minutes."""
    marker.touch()
    time.sleep(300)
