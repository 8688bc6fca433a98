"""Results that an earlier run left in the cache are taken from there; the others are computed and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..errors import Failure
from ..md5 import md5_of_file
from ..pictures.pixel_limit import max_pixels
from .parallel import map_items
from .result_cache import ResultCache, result_key
from .workplace import IN_THIS_PROCESS, Workplace

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Resumable(Generic[Task, Result]):
    """A function of tasks, and how its results go into the cache and come back.

    Attributes
    ----------
    function : callable
        Takes a task; a function of a module of ``utils``.
    paths : callable
        Returns the files that the function reads for a task.
    settings : callable
        Returns the settings, in JSON's types, that the result for a task depends on beside its files.
    is_kept : callable
        Takes a result; False for one that is to be computed anew each time.
    to_json : callable
        Returns what is kept of a result, in JSON's types.
    from_json : callable
        Makes the result from it.
    is_usable : callable
        Takes a task and what is kept for it; False has the result computed all the same.
    """

    function: Callable[[Task], Result]
    paths: Callable[[Task], Sequence[Path]]
    settings: Callable[[Task], Mapping[str, Any]]
    is_kept: Callable[[Result], bool]
    to_json: Callable[[Result], Any]
    from_json: Callable[[Any], Result]
    is_usable: Callable[[Task, Any], bool]


def map_resumable(
    work: Resumable[Task, Result],
    tasks: Sequence[Task],
    cache: ResultCache,
    workplace: Workplace,
    *,
    label: str,
    unit: str = "image",
) -> Iterator[Result | Failure]:
    """Yield the result of each task, in order, from the cache where it holds what would be computed.

    Parameters
    ----------
    work : Resumable
        What is done with each task.
    tasks : sequence
        Inputs.
    cache : ResultCache
        Results are kept as they arrive, under the checksums of the files as they were when these were read.
    workplace : Workplace
        Where to work.
    label, unit : str
        Text of the progress bar.

    Yields
    ------
    object
        The result, or a `Failure`; failures are never taken from the cache.
    """
    if not cache.is_open:
        yield from map_items(work.function, tasks, workplace, label=label, unit=unit)
        return
    keys = _usable_keys(work, tasks, cache, workplace, label, unit)
    missing = [(task, tuple(work.paths(task))) for task, key in zip(tasks, keys, strict=True) if key is None]
    computed = map_items(WithMd5s(work.function), missing, workplace, label=label, unit=unit)
    for task, key in zip(tasks, keys, strict=True):
        if key is None:
            result = _keep(work, task, next(computed), cache)
            yield result
        elif (kept := cache.take(key)) is not None:
            yield work.from_json(kept.value)
        else:  # the cache was lost in the meantime
            yield from map_items(work.function, [task], IN_THIS_PROCESS, label=label)


def kept_results(
    work: Resumable[Task, Result],
    tasks: Sequence[Task],
    cache: ResultCache,
    workplace: Workplace,
    label: str,
) -> list[Result | None]:
    """Return the result of each task that the cache holds, as `map_resumable` does, and None for the others."""
    keys = _usable_keys(work, tasks, cache, workplace, label, "image")
    found = [None if key is None else cache.get(key) for key in keys]
    return [None if kept is None else work.from_json(kept.value) for kept in found]


def _usable_keys(
    work: Resumable[Task, Any],
    tasks: Sequence[Task],
    cache: ResultCache,
    workplace: Workplace,
    label: str,
    unit: str,
) -> list[str | None]:
    """Return the key of each task whose result is to be taken from the cache, and None for the others."""
    if not cache.has_results():  # nothing can be looked up, and no file need be read for it
        return [None] * len(tasks)
    paths = [tuple(work.paths(task)) for task in tasks]
    workplace = workplace.on_this_machine()
    md5s = map_items(md5s_of_files, paths, workplace, label=f"{label}: md5", unit=unit, batched=True)
    return [_usable_key(work, task, found, cache) for task, found in zip(tasks, md5s, strict=True)]


def md5s_of_files(paths: Sequence[Path]) -> list[str]:
    """Return the md5 of each file; raise OSError for one that cannot be read."""
    return [md5_of_file(path) for path in paths]


@dataclass(frozen=True)
class Computed(Generic[Result]):
    """A result, and the md5s of the files it was computed from.

    None stands for md5s that cannot be vouched for: a file was missing, or was changed or replaced while it was read.
    """

    result: Result
    md5s: list[str] | None


@dataclass(frozen=True)
class WithMd5s(Generic[Task, Result]):
    """Calls a function with a task, and tells the md5s of the files it read for it."""

    function: Callable[[Task], Result]

    def __call__(self, item: tuple[Task, Sequence[Path]]) -> Computed[Result]:
        """Compute the result of one item, a task and its files."""
        task, paths = item
        before = _identities(paths)
        result = self.function(task)
        try:
            md5s = md5s_of_files(paths)
        except OSError:
            return Computed(result, None)
        return Computed(result, md5s if before is not None and _identities(paths) == before else None)


def _identities(paths: Sequence[Path]) -> list[tuple[int, ...]] | None:
    """Return what changes when a file is written or replaced, even by one of equal size and date."""
    try:
        found = [path.stat() for path in paths]
    except OSError:
        return None
    return [(file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns) for file in found]


def _key(work: Resumable[Task, Any], task: Task, md5s: Sequence[str]) -> str:
    return result_key(work.function, {**work.settings(task), "max_image_pixels": max_pixels()}, md5s)


def _usable_key(work: Resumable[Task, Any], task: Task, md5s: list[str] | Failure, cache: ResultCache) -> str | None:
    """Return the key of a task whose result is to be taken from the cache; None for one that is to be computed."""
    if isinstance(md5s, Failure):
        return None
    key = _key(work, task, md5s)
    kept = cache.get(key)
    return key if kept is not None and work.is_usable(task, kept.value) else None


def _keep(
    work: Resumable[Task, Result], task: Task, computed: Computed[Result] | Failure, cache: ResultCache
) -> Result | Failure:
    if isinstance(computed, Failure):
        return computed
    if computed.md5s is not None and work.is_kept(computed.result):
        cache.put(_key(work, task, computed.md5s), work.to_json(computed.result))
    return computed.result
