"""Results that an earlier run left in the cache are taken from there; the others are computed and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import Failure
from ..md5 import md5_of_file
from ..pictures.pixel_limit import max_pixels
from .parallel import executor_keys, local_workers, map_items
from .result_cache import ResultCache, result_key


@dataclass(frozen=True)
class Resumable:
    """A function of tasks, and how its results go into the cache and come back.

    Attributes
    ----------
    function : callable
        Takes a task; a function of a module of ``utils``.
    paths : callable
        Returns the files that the function reads for a task.
    settings : callable
        Returns the settings, in JSON's types, that the result for a task depends on beside its files.
    to_json : callable
        Returns what is kept of a result, in JSON's types; None for a result that is not to be kept.
    from_json : callable
        Makes the result from it.
    is_usable : callable
        Takes a task and what is kept for it; False has the result computed all the same.
    """

    function: Callable[[Any], Any]
    paths: Callable[[Any], Sequence[Path]]
    settings: Callable[[Any], Mapping[str, Any]]
    to_json: Callable[[Any], Any]
    from_json: Callable[[Any], Any]
    is_usable: Callable[[Any, Any], bool]


def map_resumable(
    work: Resumable, tasks: Sequence[Any], cache: ResultCache, config: Any, *, label: str, unit: str = "image"
) -> Iterator[Any]:
    """Yield the result of each task, in order, from the cache where it holds what would be computed.

    Parameters
    ----------
    work : Resumable
        What is done with each task.
    tasks : sequence
        Inputs.
    cache : ResultCache
        Results are kept as they arrive, under the checksums of the files as they were when these were read.
    config : CommonSettings
        Where to work: `num_workers`, `executor`, `dask_scheduler`.
    label, unit : str
        Text of the progress bar.

    Yields
    ------
    object
        The result, or a `Failure`; failures are never taken from the cache.
    """
    compute = partial(map_items, label=label, unit=unit, **executor_keys(config))
    if not cache.is_open:
        yield from compute(work.function, tasks)
        return
    paths = [tuple(work.paths(task)) for task in tasks]
    keys = [None] * len(tasks)
    if cache.has_results():  # otherwise nothing need be looked up, and no file be read for it
        md5s = map_items(
            md5s_of_files, paths, num_workers=local_workers(config), label=f"{label}: md5", unit=unit, batched=True
        )
        keys = [_key_if_usable(work, task, found, cache) for task, found in zip(tasks, md5s, strict=True)]
    missing = [(task, files) for task, files, key in zip(tasks, paths, keys, strict=True) if key is None]
    computed = compute(WithMd5s(work.function), missing)
    for task, key in zip(tasks, keys, strict=True):
        kept = cache.take(key) if key else None
        if kept is not None:
            yield work.from_json(kept)
        elif key is None:
            yield _keep(work, task, next(computed), cache)
        else:  # the cache was lost in the meantime
            yield from map_items(work.function, [task], num_workers=1, label=label)


def md5s_of_files(paths: Sequence[Path]) -> list[str]:
    """Return the md5 of each file; raise OSError for one that cannot be read."""
    return [md5_of_file(path) for path in paths]


@dataclass(frozen=True)
class WithMd5s:
    """Calls a function with a task, and tells the md5s of the files it read for it.

    The item is (task, paths); returned is (result, md5s), with None for md5s that cannot be vouched for: a
    file was missing, or was changed or replaced while it was read.
    """

    function: Callable[[Any], Any]

    def __call__(self, item: tuple[Any, Sequence[Path]]) -> tuple[Any, list[str] | None]:
        """Compute the result of one item."""
        task, paths = item
        before = _identities(paths)
        result = self.function(task)
        try:
            md5s = md5s_of_files(paths)
        except OSError:
            md5s = None
        return result, md5s if before and _identities(paths) == before else None


def _identities(paths: Sequence[Path]) -> list[tuple[int, ...]] | None:
    """Return what changes when a file is written or replaced, even by one of equal size and date."""
    try:
        found = [path.stat() for path in paths]
    except OSError:
        return None
    return [(file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns) for file in found]


def _key(work: Resumable, task: Any, md5s: Sequence[str]) -> str:
    return result_key(work.function, {**work.settings(task), "max_image_pixels": max_pixels()}, md5s)


def _key_if_usable(work: Resumable, task: Any, md5s: list[str] | Failure, cache: ResultCache) -> str | None:
    if isinstance(md5s, Failure):
        return None
    key = _key(work, task, md5s)
    kept = cache.get(key)
    return key if kept is not None and work.is_usable(task, kept) else None


def _keep(work: Resumable, task: Any, computed: Any, cache: ResultCache) -> Any:
    if isinstance(computed, Failure):
        return computed
    result, md5s = computed
    kept = work.to_json(result) if md5s else None
    if kept is not None:
        cache.put(_key(work, task, md5s), kept)
    return result
