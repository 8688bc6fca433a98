"""The project's code on the workers of a Dask cluster, under a name that belongs to one run.

So it stands beside whatever else a worker calls `utils`, and beside the code of other runs on the same cluster.

What is defined within a function here travels by value: a worker could not import it before it has the code, and
the scheduler, which reads the tasks too, never has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .renamed_pickles import pack


def packed_call(package: str, function: Callable, *args: Any) -> tuple[Callable, bytes, str]:
    """Return a call as (a function, its two arguments) that only a worker with the code unpacks.

    Parameters
    ----------
    package : str
        Name of the project's package on the workers.
    function : callable
        Importable by name.
    *args : object
        What it is called with.

    Returns
    -------
    tuple
        What it returns on a worker is read by `renamed_pickles.unpack`.
    """

    def answer(call: bytes, package: str) -> bytes:
        import importlib

        return importlib.import_module(f"{package}.workers.renamed_pickles").answer(call)

    return answer, pack((function, args)), package


def worker_plugin(archive: bytes, package: str) -> Any:
    """Return a plugin that lets every present and coming worker import the project's package from an archive.

    Parameters
    ----------
    archive : bytes
        Zip file with the package.
    package : str
        Its name there, which no other run has.
    """
    from distributed import WorkerPlugin

    class ProjectCode(WorkerPlugin):
        def __init__(self, archive: bytes, package: str) -> None:
            self.archive = archive
            self.package = package

        def setup(self, worker: Any) -> None:
            import importlib
            import sys
            from pathlib import Path

            self.path = str(Path(worker.local_directory) / f"{self.package}.zip")
            Path(self.path).write_bytes(self.archive)
            sys.path.append(self.path)
            importlib.invalidate_caches()
            start = importlib.import_module(f"{self.package}.running.process_start")
            missing = start.missing_packages()
            if missing:
                raise ImportError(missing)
            start.limit_threads()

        def teardown(self, worker: Any) -> None:
            import sys

            if self.path in sys.path:
                sys.path.remove(self.path)
            for name in [name for name in sys.modules if name.partition(".")[0] == self.package]:
                del sys.modules[name]

    return ProjectCode(archive, package)
