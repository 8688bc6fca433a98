"""An existing Dask cluster as an executor: workers get the project's code, and lost ones are made up for."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager, suppress
from typing import Any

from ..errors import Failure, PipelineError
from ..lazy import logger
from ..running.code_and_versions import RESULT_PACKAGES, code_archive
from .dask_worker_code import packed_call, worker_plugin
from .renamed_pickles import unpack

_CONNECT_SECONDS = 5
# How often the number of workers is looked up; they may come and go.
_LOOK_SECONDS = 5
# For faults of the network; a worker that dies is made up for by the scheduler without these.
_RETRIES = 2


class ClusterExecutor:
    """Runs calls on the workers of a Dask cluster.

    Parameters
    ----------
    client : distributed.Client
        Connected; its workers have the project's code.
    address : str
        The scheduler's, for messages.
    package : str
        Name of the project's package on the workers.
    """

    def __init__(self, client: Any, address: str, package: str):
        self._client = client
        self._address = address
        self._package = package
        self._executor = client.get_executor(pure=False, retries=_RETRIES)
        self._workers = 0
        self._looked: float = -_LOOK_SECONDS

    def submit(self, fn: Callable, /, *args: Any) -> _ClusterFuture:
        """Send a call to the cluster, and return a future whose result may be waited for."""
        return _ClusterFuture(self._executor.submit(*packed_call(self._package, fn, *args)), self)

    def workers(self) -> int:
        """Return how many calls the cluster runs at once, at least 1; warn when that is none at all.

        Raises
        ------
        PipelineError
            If the scheduler is no longer there.
        """
        if self._client.status != "running":
            raise self.lost()
        now = time.monotonic()
        if now - self._looked >= _LOOK_SECONDS:
            try:
                found = self._client.scheduler_info(n_workers=0)["total_threads"]
            except (OSError, KeyError):
                raise self.lost() from None
            if found == 0 and (self._workers > 0 or self._looked < 0):
                logger.warning("the Dask cluster at {} has no workers; waiting for some", self._address)
            self._workers, self._looked = found, now
        return max(self._workers, 1)

    def lost(self) -> PipelineError:
        """Describe a cluster that is no longer there."""
        return PipelineError(
            "The Dask cluster was lost during the run.",
            where=self._address,
            hint="run the stage again: what was finished is taken from the cache",
        )


class _ClusterFuture:
    """A call on the cluster; `result` waits for it however long that takes."""

    def __init__(self, future: Future, cluster: ClusterExecutor):
        self._future = future
        self._cluster = cluster

    def result(self) -> Any:
        from distributed import KilledWorker

        while True:
            try:
                return unpack(self._future.result(timeout=_LOOK_SECONDS))
            except FutureTimeoutError:
                self._cluster.workers()
            except CancelledError:
                raise self._cluster.lost() from None
            except KilledWorker:
                return Failure("the workers that computed it were killed, probably because memory ran out")


@contextmanager
def connect(address: str) -> Iterator[ClusterExecutor]:
    """Connect to a scheduler, hand the project's code to its workers, and yield an executor.

    When the block is left, what was not finished is dropped and the workers forget the code.

    Raises
    ------
    PipelineError
        If distributed is not installed, the scheduler does not answer, or a worker lacks a package.
    """
    client = _connect(address)
    package = "imapp_" + client.id.replace("-", "_")
    try:
        _check_packages(client)
        try:
            client.register_plugin(worker_plugin(code_archive(package), package), name=package)
        except ImportError as error:
            raise PipelineError("A Dask worker cannot run the project.", where=address, found=error) from error
        yield ClusterExecutor(client, address, package)
    finally:
        with suppress(Exception):  # nothing that goes wrong from here on changes a result
            if client.status == "running":
                client.unregister_worker_plugin(package)
            client.close(timeout=_CONNECT_SECONDS)


def _connect(address: str) -> Any:
    try:
        import distributed
    except ImportError as error:
        raise PipelineError(
            "executor=dask needs the package distributed.",
            expected="the packages of requirements-dask.txt",
            found=error,
            hint="run 'python -m pip install -r requirements-dask.txt' in the project's folder, or set "
            "executor to processes",
        ) from error
    # What it would tell the console is told by errors and warnings of our own.
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
            return distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise PipelineError(
            "The Dask scheduler cannot be reached.",
            where=address,
            expected="the address of a running scheduler (dask_scheduler)",
            found=error,
        ) from error


def _check_packages(client: Any) -> None:
    """Refuse workers of another Python; warn of versions that may give other results than this machine's."""
    versions = client.get_versions(packages=RESULT_PACKAGES)
    here = versions["client"]["packages"]
    workers = {worker: found["packages"] for worker, found in versions["workers"].items()}
    pythons = {"the scheduler": versions["scheduler"]["packages"]["python"]}
    pythons |= {worker: there["python"] for worker, there in workers.items()}
    others = [f"{name}: {python}" for name, python in pythons.items() if _minor(python) != _minor(here["python"])]
    if others:
        raise PipelineError(
            "The Dask cluster has another version of Python.", expected=here["python"], offenders=others
        )
    for worker, there in workers.items():
        for name in RESULT_PACKAGES:
            if there[name] != here[name]:
                other = f"{name} {there[name]}" if there[name] else f"no {name}"
                logger.warning("{} has {}, this machine {}", worker, other, here[name])


def _minor(python: str) -> list[str]:
    return python.split(".")[:2]
