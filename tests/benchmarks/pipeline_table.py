"""The Markdown table that bench_pipeline.py prints: a line a stage, beside its floors."""

from __future__ import annotations

import math
from typing import NamedTuple

from stage_runs import Run

COLUMNS = (
    *(
        "stage",
        "s",
        "CPU s",
        "floor s",
        "floor CPU s",
        "wall",
        "cpu",
        "libpng",
        "libpng cpu",
        "MP/s",
        "main MB",
        "worker MB",
    ),
    *("faster than", "full dataset, min"),
)
LEFT_ALIGNED = ("stage", "faster than")


class Row(NamedTuple):
    """One line of the table; ratios and gigapixels are None where they mean nothing."""

    stage: str
    run: Run
    floor: Run | None = None
    libpng: Run | None = None
    gigapixels: float | None = None
    faster: str = ""
    projected: float | None = None

    @property
    def ratio_to_libpng(self) -> float:
        """Time beside the floor with libpng, by the clock or by CPU, whichever is more; NaN if not measurable.

        By the clock alone a start-up that varies hides a loss of speed; by CPU alone idle workers do.
        """
        if not (self.libpng and self.libpng.seconds and self.libpng.cpu):
            return math.nan
        return max(self.run.seconds / self.libpng.seconds, self.run.cpu / self.libpng.cpu)


def heading() -> list[str]:
    """Return the first two lines of the table."""
    return [
        f"| {' | '.join(COLUMNS)} |",
        "|".join(["", *("---" if name in LEFT_ALIGNED else "--:" for name in COLUMNS), ""]),
    ]


def formatted(row: Row) -> str:
    """Format a line of the Markdown table."""
    run, floor = row.run, row.floor
    cells = [row.stage, f"{run.seconds:.1f}", f"{run.cpu:.1f}"]
    cells += [f"{floor.seconds:.1f}", f"{floor.cpu:.1f}"] if floor else ["", ""]
    usable = floor and floor.seconds > 0 and floor.cpu > 0
    cells += [f"{run.seconds / floor.seconds:.2f}", f"{run.cpu / floor.cpu:.2f}"] if usable else ["", ""]
    libpng = row.libpng if row.libpng and row.libpng.seconds and row.libpng.cpu else None
    cells += [f"{run.seconds / libpng.seconds:.2f}", f"{run.cpu / libpng.cpu:.2f}"] if libpng else ["", ""]
    cells.append(f"{1e3 * row.gigapixels / run.seconds:.0f}" if row.gigapixels and run.seconds else "")
    cells += [f"{run.main_mb:.0f}", f"{run.worker_mb:.0f}", row.faster]
    cells.append(f"{row.projected / 60:.1f}" if row.projected else "")
    return f"| {' | '.join(cells)} |"
