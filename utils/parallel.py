"""One function over many images: in this process, in threads or in processes; results in input order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from utils.errors import PipelineError

# Tasks in flight per worker: enough to keep all busy, few enough that memory does not grow with the dataset.
_WINDOW_PER_WORKER = 4


@dataclass(frozen=True)
class Failure:
    """What is returned in place of a result when one item's data is at fault."""

    reason: str


class SerialExecutor(Executor):
    """Runs each call at once, in this process."""

    def submit(self, fn, /, *args, **kwargs):
        """Call `fn` and return a finished future."""
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def resolve_workers(num_workers: int | None) -> int:
    """Return the number of workers; None means all cores this process may use."""
    if num_workers is not None:
        return num_workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_items(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    *,
    num_workers: int | None,
    label: str,
    unit: str = "image",
    threads: bool = False,
) -> Iterator[Any]:
    """Yield ``function(item)`` for every item, in the order of the items, with a progress bar.

    Parameters
    ----------
    function : callable
        Importable by name, since processes look it up; for processes its items and results are pickled.
    items : sequence
        Inputs.
    num_workers : int or None
        1 runs in this process; None takes all cores.
    label, unit : str
        Text of the progress bar.
    threads : bool
        Threads instead of processes, for work that waits for files or hashes.

    Yields
    ------
    object
        The result, or a `Failure` where the function raised a PipelineError or OSError, or where its
        process was killed twice. Other exceptions are faults of the code and end the run.
    """
    from tqdm import tqdm

    workers = min(resolve_workers(num_workers), max(len(items), 1))
    results = _results_in_order(function, items, workers, threads)
    interval = 0.1 if sys.stderr.isatty() else 10
    yield from tqdm(results, total=len(items), desc=label, unit=unit, delay=1, mininterval=interval)


def _results_in_order(function: Callable, items: Iterable, workers: int, threads: bool) -> Iterator[Any]:
    waiting = deque(items)
    if workers == 1 or threads:
        with _closing(SerialExecutor() if workers == 1 else ThreadPoolExecutor(workers)) as executor:
            yield from _windowed(executor, function, waiting, deque(), workers)
        return
    while waiting:
        in_flight: deque = deque()
        with _closing(_process_pool(workers)) as pool, suppress(BrokenProcessPool):
            yield from _windowed(pool, function, waiting, in_flight, workers)
        # Left over only when a worker was killed: each runs again in a process of its own, so that only the
        # guilty one is lost.
        for item, _ in in_flight:
            yield _run_alone(function, item)


def _windowed(executor: Executor, function: Callable, waiting: deque, in_flight: deque, workers: int) -> Iterator:
    """Yield results in order; `in_flight` holds the (item, future) pairs whose results are still to come."""
    while waiting or in_flight:
        while waiting and len(in_flight) < workers * _WINDOW_PER_WORKER:
            future = executor.submit(_guarded, function, waiting[0])
            in_flight.append((waiting.popleft(), future))
        result = in_flight[0][1].result()
        in_flight.popleft()
        yield result


def _run_alone(function: Callable, item: Any) -> Any:
    with _closing(_process_pool(1)) as pool:
        try:
            return pool.submit(_guarded, function, item).result()
        except BrokenProcessPool:
            return Failure("its worker process was killed twice, probably for want of memory")


def _guarded(function: Callable, item: Any) -> Any:
    try:
        return function(item)
    except (PipelineError, OSError) as error:
        return Failure(str(error))


def _process_pool(workers: int) -> ProcessPoolExecutor:
    # Never fork: a library's thread pool may be running in this process, and a forked copy of it hangs.
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_interrupts_to_parent)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _closing(executor: Executor) -> Iterator[Executor]:
    """Drop what has not started when the block is left early, so that an interrupt ends at once."""
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
