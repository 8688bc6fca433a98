"""Where work over many items is done, as a configuration says it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..settings import CommonSettings


@dataclass(frozen=True)
class Workplace:
    """Where `map_items` works.

    Attributes
    ----------
    executor : {"serial", "processes", "dask"}
        In this process, in processes of this machine, or on a Dask cluster.
    num_workers : int or None
        Processes of this machine; None: as many as there are cores. A cluster has as many workers as it has.
    dask_scheduler : str or None
        Address of the cluster's scheduler; dask needs one.
    """

    executor: str = "processes"
    num_workers: int | None = None
    dask_scheduler: str | None = None

    def on_this_machine(self) -> Workplace:
        """Return where to do what needs no cluster."""
        return replace(self, executor="processes") if self.executor == "dask" else self

    def workers(self) -> int:
        """Return how many workers this machine has for the work, at least 1."""
        if self.executor == "serial":
            return 1
        return self.num_workers or available_cores()


IN_THIS_PROCESS = Workplace("serial")


def configured_workplace(config: CommonSettings) -> Workplace:
    """Return where a configuration wants the work done that takes long."""
    return Workplace(config.executor.value, config.num_workers, config.dask_scheduler)


def local_workplace(config: CommonSettings) -> Workplace:
    """Return where a configuration wants the work done that needs no cluster, whatever its executor."""
    return Workplace(config.executor.value, config.num_workers).on_this_machine()


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
