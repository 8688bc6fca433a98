"""One function over many images: in this process, in threads, in processes or on a Dask cluster; in input order."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar

from ..errors import Failure, PipelineError
from ..pictures.pixel_limit import allow_pixels, max_pixels
from .process_pool import process_pool
from .workplace import Workplace

Item = TypeVar("Item")
Result = TypeVar("Result")

# Tasks in flight per worker: enough to keep all busy, few enough that memory does not grow with the dataset.
_WINDOW_PER_WORKER = 4
# Files that a worker gets at a time, where handing each over alone would cost as much as reading it.
_BATCH = 32


class _Pending(Protocol):
    def result(self) -> Any: ...


class _Submits(Protocol):
    """What an executor of the standard library and the one of a cluster have in common."""

    def submit(self, fn: Callable, /, *args: Any) -> _Pending: ...


class SerialExecutor(Executor):
    """Runs each call at once, in this process."""

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Call `fn` and return a finished future."""
        future: Future[Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def map_items(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    workplace: Workplace,
    *,
    label: str,
    unit: str = "image",
    batched: bool = False,
) -> Iterator[Result | Failure]:
    """Yield ``function(item)`` for every item, in the order of the items, with a progress bar.

    Parameters
    ----------
    function : callable
        Importable by name, since workers look it up; for processes and Dask its items and results are pickled.
    items : sequence
        Inputs.
    workplace : Workplace
        Where to work. One worker, or one item, needs no process but this one.
    label, unit : str
        Text of the progress bar.
    batched : bool
        For short work on this machine, such as hashing a file: workers get several items at a time, and few items
        none.

    Yields
    ------
    object
        The result, or a `Failure` where the function raised a PipelineError or OSError, or where its
        worker was killed again and again. Other exceptions are faults of the code and end the run.

    Raises
    ------
    PipelineError
        If there is no Dask cluster to work on, or no worker process can be started.
    """
    workers = min(workplace.workers(), max(len(items) // (_BATCH if batched else 1), 1))
    if workplace.executor == "dask":
        results = _on_cluster(function, items, workplace.dask_scheduler)
    elif workers == 1:
        results = _in_this_process(SerialExecutor(), function, items, 1)
    elif batched:
        results = _in_batches(function, items, workers)
    else:
        results = _in_processes(function, deque(items), workers)
    yield from _with_progress(results, len(items), label, unit)


def map_in_threads(
    function: Callable[[Item], Result], items: Sequence[Item], workplace: Workplace, *, label: str, unit: str
) -> Iterator[Result | Failure]:
    """Do as `map_items` does, but in threads of this process: for an object that processes cannot share."""
    workers = min(workplace.workers(), max(len(items), 1))
    if workers == 1:
        results = _in_this_process(SerialExecutor(), function, items, 1)
    else:
        results = _in_this_process(ThreadPoolExecutor(workers), function, items, workers * _WINDOW_PER_WORKER)
    yield from _with_progress(results, len(items), label, unit)


def _with_progress(results: Iterator[Result], total: int, label: str, unit: str) -> Iterator[Result]:
    from tqdm import tqdm

    interval = 0.1 if sys.stderr.isatty() else 10
    yield from tqdm(results, total=total, desc=label, unit=unit, delay=1, mininterval=interval)


def _in_this_process(executor: Executor, function: Callable, items: Sequence, window: int) -> Iterator[Any]:
    try:
        yield from _windowed(executor, function, deque(items), deque(), lambda: window)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _on_cluster(function: Callable, items: Sequence, scheduler: str | None) -> Iterator[Any]:
    from .dask_cluster import connect

    assert scheduler is not None  # a configuration without one is refused
    if items:
        with connect(scheduler) as cluster:
            yield from _windowed(
                cluster, function, deque(items), deque(), lambda: cluster.workers() * _WINDOW_PER_WORKER
            )


def _in_processes(function: Callable, waiting: deque, workers: int) -> Iterator[Any]:
    while waiting:
        in_flight: deque = deque()
        with suppress(BrokenProcessPool), process_pool(workers) as pool:
            yield from _windowed(pool, function, waiting, in_flight, lambda: workers * _WINDOW_PER_WORKER)
        if in_flight:
            _require_working_processes()
        # Left over only when a worker was killed: each runs again in a process of its own, so that only the
        # guilty one is lost.
        for item, _ in in_flight:
            yield _run_alone(function, item)


def _in_batches(function: Callable, items: Sequence, workers: int) -> Iterator[Any]:
    batches = [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]
    found = _in_processes(partial(_guarded_each, function), deque(batches), workers)
    for batch, results in zip(batches, found, strict=True):
        # A Failure in place of a list when worker after worker was killed with it; one item alone is guilty of that.
        yield from results if isinstance(results, list) else [_run_alone(function, item) for item in batch]


def _windowed(
    executor: _Submits, function: Callable, waiting: deque, in_flight: deque, window: Callable[[], int]
) -> Iterator[Any]:
    """Yield results in order; `in_flight` holds the (item, future) pairs whose results are still to come."""
    while waiting or in_flight:
        while waiting and len(in_flight) < window():
            future = executor.submit(_guarded, function, waiting[0], max_pixels())
            in_flight.append((waiting.popleft(), future))
        result = in_flight[0][1].result()
        in_flight.popleft()
        yield result


def _require_working_processes() -> None:
    """Raise a PipelineError when no worker lives long enough to do nothing: then no item is guilty."""
    if isinstance(_run_alone(bool, 0), Failure):
        raise PipelineError(
            "Worker processes end as soon as they start.",
            expected="an environment and memory in which Python can start processes",
            hint="executor=serial works in one process",
        )


def _run_alone(function: Callable, item: Any) -> Any:
    with process_pool(1) as pool:
        try:
            return pool.submit(_guarded, function, item, max_pixels()).result()
        except BrokenProcessPool:
            return Failure("its worker process was killed twice, probably because memory ran out")


def _guarded_each(function: Callable, items: Sequence) -> list[Any]:
    return [_guarded(function, item, max_pixels()) for item in items]


def _guarded(function: Callable, item: Any, most_pixels: int) -> Any:
    allow_pixels(most_pixels)  # workers do not know the configuration
    try:
        return function(item)
    except (PipelineError, OSError) as error:
        return Failure(str(error))
