"""Worker processes of this machine that end with their parent, however it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import ParamSpec, TypeVar

from ..errors import PipelineError
from ..running.interrupts import SIGNALS, interrupts_wait
from ..running.process_start import limit_threads

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@contextmanager
def process_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of `workers` processes.

    When the block is left by an exception (an interrupt, or a consumer that wants no more) the processes
    are killed, whatever they are busy with, so that nobody waits for them.

    Raises
    ------
    PipelineError
        If this system lets Python start no processes, for instance because /dev/shm cannot be written.
    """
    earlier = set(multiprocessing.active_children())
    try:
        pool = _Pool(workers, mp_context=_context(), initializer=_prepare_worker)
    except (OSError, ImportError) as error:
        raise PipelineError(
            "Worker processes cannot be started.",
            expected="a system in which Python can make locks that processes share (a writable /dev/shm)",
            found=error,
            hint="executor=serial works in one process",
        ) from error
    try:
        yield pool
    except BaseException:
        # All or none: one that dies may hold the lock of the queue that the others wait for, for ever.
        with interrupts_wait():
            for process in set(multiprocessing.active_children()) - earlier:
                process.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Pool(ProcessPoolExecutor):
    def submit(
        self, fn: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        # It starts processes; one whose start was interrupted would be known to nobody.
        with interrupts_wait():
            return super().submit(fn, *args, **kwargs)


if sys.platform != "win32":

    class _Worker(multiprocessing.context.ForkServerProcess):
        def terminate(self) -> None:
            # The pool ends the others like this when one was killed, and waits for them; a worker heeds no SIGTERM.
            self.kill()

    class _Forkserver(multiprocessing.context.ForkServerContext):
        Process = _Worker


def _context() -> multiprocessing.context.BaseContext:
    # Never fork: a library's thread pool may be running in this process, and a forked copy of it hangs.
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # first, since it lets the signals through again
    # Blocked signals stay blocked in what is started. Workers are this process's to end: a signal to the whole
    # group would show a traceback of a worker that is just starting, or look like a worker that was killed.
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)
    return _Forkserver()


def _prepare_worker() -> None:
    limit_threads()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None  # a worker has one
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
