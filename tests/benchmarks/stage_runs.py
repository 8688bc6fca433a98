"""Run scripts of the project as a user does, and measure them with all their workers (Linux only)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.run import stage_arguments

_PAUSE = 0.02  # seconds between two looks at the processes
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Run:
    """Wall and CPU seconds (all processes) of a finished run, and peak memory of its processes in MB."""

    seconds: float
    cpu: float
    main_mb: float
    worker_mb: float  # the largest process but the first; 0 when there was one only

    def beyond(self, start: Run) -> Run:
        """Return this run without the time that another one took, which had next to nothing to do."""
        return Run(max(self.seconds - start.seconds, 0.0), max(self.cpu - start.cpu, 0.0), self.main_mb, self.worker_mb)


@dataclass
class _Watch:
    """What was last seen of every process of a session."""

    session: int
    cpu: dict[int, float] = field(default_factory=dict)
    peak_mb: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                self._look_at(entry)

    def _look_at(self, entry: Path) -> None:
        try:
            # After the name in brackets: state, parent, group, session, ..., user and system ticks.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) != self.session:
                return
            status = (entry / "status").read_text()
        except OSError:
            return  # it has ended
        pid = int(entry.name)
        self.cpu[pid] = (int(fields[11]) + int(fields[12])) / _TICKS
        if "VmHWM" in status:
            self.peak_mb[pid] = int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def measure(command: Sequence[str], **environment: str) -> Run:
    """Run a command in a session of its own and measure it; fail with its output when it fails."""
    started = time.monotonic()
    process = subprocess.Popen(
        list(command),
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    watch = _Watch(process.pid)
    while True:
        watch.look()
        try:
            # Reads what is printed too, so that a full pipe does not stop the process.
            output = process.communicate(timeout=_PAUSE)[0]
            break
        except subprocess.TimeoutExpired:
            continue
    seconds = time.monotonic() - started
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with exit code {process.returncode}:\n{output}")
    main = watch.peak_mb.pop(process.pid, 0.0)
    return Run(seconds, sum(watch.cpu.values()), main, max(watch.peak_mb.values(), default=0.0))


def run_stage(stage: str, output: Path, *keys: str) -> Run:
    """Run one stage into an output folder."""
    return measure([sys.executable, *stage_arguments(stage, *keys)], IMAPP_OUTPUT_DIR=str(output.resolve()))
