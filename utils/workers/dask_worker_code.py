"""The project's code on the workers of a Dask cluster, in front of whatever else they call `utils`.

What is defined within a function here travels by value: a worker could not import it before it has the code, and
the scheduler, which reads the tasks too, never has it.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from typing import Any


def packed_call(function: Callable, *args: Any) -> tuple[Callable, bytes]:
    """Return a call in the form (a function of bytes, bytes) that only the worker unpacks."""

    def call(packed: bytes) -> Any:
        import pickle

        function, args = pickle.loads(packed)
        return function(*args)

    return call, pickle.dumps((function, args))


def worker_plugin(archive: bytes, package: str) -> Any:
    """Return a plugin that makes every present and coming worker import the project's package from an archive.

    Parameters
    ----------
    archive : bytes
        Zip file with the package.
    package : str
        Its name, e.g. ``utils``.

    Notes
    -----
    Modules that a worker had loaded under the same names come back when the plugin leaves.
    """
    from distributed import WorkerPlugin

    class ProjectCode(WorkerPlugin):
        def __init__(self, archive: bytes, digest: str, package: str) -> None:
            self.archive = archive
            self.digest = digest
            self.package = package

        def setup(self, worker: Any) -> None:
            import importlib
            import sys
            from pathlib import Path

            self.path = str(Path(worker.local_directory) / f"imapp-code-{self.digest}.zip")
            self.hidden = {}
            if self.path in sys.path:
                return  # another run with the same code is at work
            Path(self.path).write_bytes(self.archive)
            self.hidden = self.forget_package()
            sys.path.insert(0, self.path)
            importlib.invalidate_caches()
            start = importlib.import_module(f"{self.package}.running.process_start")
            missing = start.missing_packages()
            if missing:
                raise ImportError(missing)
            start.limit_threads()

        def teardown(self, worker: Any) -> None:
            import sys

            shared = [p for p in worker.plugins.values() if getattr(p, "path", None) == self.path]
            if not shared and self.path in sys.path:
                sys.path.remove(self.path)
                self.forget_package()
                sys.modules.update(self.hidden)

        def forget_package(self) -> dict[str, Any]:
            import sys

            names = [name for name in sys.modules if name.partition(".")[0] == self.package]
            return {name: sys.modules.pop(name) for name in names}

    return ProjectCode(archive, hashlib.sha256(archive).hexdigest(), package)
