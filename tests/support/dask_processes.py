"""A real Dask cluster on this machine's loopback, started and stopped by the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil

from support.long_runs import wait_for
from support.run import ROOT


class Cluster:
    """A scheduler and workers, each a process of its own with its log in `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.started: list[subprocess.Popen] = []
        file = folder / "scheduler.json"
        # At the third death of its worker a task is given up.
        environment = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "2"}
        self.scheduler = self._start(["scheduler", "--host", "127.0.0.1", "--port", "0"], folder, environment, file)
        self.address = json.loads(wait_for(lambda: file.exists() and file.read_text()))["address"]

    def start_worker(self, cwd: Path, *options: str) -> subprocess.Popen:
        """Start a worker of one thread under its nanny; modules of `cwd` come first for it, those of tests/ next."""
        options = ("worker", "--nthreads", "1", "--host", "127.0.0.1", "--local-directory", str(self.folder), *options)
        environment = {"PYTHONPATH": os.pathsep.join([str(cwd), str(ROOT / "tests")])}
        return self._start(list(options), cwd, environment, self.folder / "scheduler.json")

    def workers(self) -> list[psutil.Process]:
        """Return the processes that compute: what the nannies started."""
        nannies = [process for process in self.started if process is not self.scheduler]
        children = [c for nanny in nannies for c in psutil.Process(nanny.pid).children(recursive=True)]
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]

    def stop(self) -> None:
        """Kill all processes."""
        for process in self.started:
            family = [
                process,
                *(psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ()),
            ]
            for member in family:
                member.kill()
            process.wait()

    def _start(self, options: list[str], cwd: Path, environment: dict[str, str], file: Path) -> subprocess.Popen:
        with open(self.folder / f"{len(self.started)}.log", "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *options, "--no-dashboard", "--scheduler-file", str(file)],
                cwd=cwd,
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
            )
        self.started.append(process)
        return process
