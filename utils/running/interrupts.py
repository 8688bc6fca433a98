"""Ctrl-C and SIGTERM end a stage in the same orderly way."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SOON = 0.01  # seconds, in which such a callback is over


class Interrupted(KeyboardInterrupt):
    """A signal asked the run to end; `exit_code` is what a shell expects: 128 and the signal's number."""

    def __init__(self, number: int):
        super().__init__(number)
        self.exit_code = 128 + number


@contextmanager
def orderly_interrupts() -> Iterator[None]:
    """Raise `Interrupted` at the first SIGINT or SIGTERM, and ignore both from then on while things are tidied."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers, and only there they run
        return
    earlier = {number: signal.signal(number, _interrupt) for number in SIGNALS}
    earlier_hook, sys.unraisablehook = sys.unraisablehook, _swallowed
    try:
        yield
    finally:
        sys.unraisablehook = earlier_hook
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Keep SIGINT and SIGTERM from the block, and send them again when it is over."""
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers run in the main thread only
        return
    arrived: list[int] = []
    handlers = {number: signal.signal(number, lambda n, _: arrived.append(n)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for late in arrived:
            signal.raise_signal(late)


def interrupt_behind(error: BaseException | None) -> Interrupted | None:
    """Return the interrupt that an error is, or that led to it.

    One that arrives during an import leaves a module that lacks attributes, and the error speaks of these.
    """
    while error is not None and not isinstance(error, Interrupted):
        error = error.__cause__ or error.__context__
    return error


def _interrupt(number: int, _frame: object) -> None:
    # One Ctrl-C reaches a stage twice when the terminal and overall_script.sh both pass it on. A handler that does
    # nothing, since Python reports a signal that is pending when it is set to be ignored.
    for further in SIGNALS:
        signal.signal(further, _do_nothing)
    raise Interrupted(number)


def _swallowed(unraisable: sys.UnraisableHookArgs) -> None:
    """Interrupt once more where Python swallows what is raised: in a weak reference's callback, as imports have."""
    if not isinstance(unraisable.exc_value, Interrupted):
        sys.__unraisablehook__(unraisable)
        return
    for further in SIGNALS:
        signal.signal(further, _interrupt)
    number = unraisable.exc_value.exit_code - 128
    threading.Timer(_SOON, os.kill, (os.getpid(), number)).start()


def _do_nothing(_number: int, _frame: object) -> None:
    pass
