"""Time of the three mask stages against images, megapixels, masks an image and workers, as a figure.

One quantity is varied at a time; the others stay at the first value of its option. With `distributed` installed, the
same work also runs on a Dask cluster of two workers on this machine. Run it as

    python tests/benchmarks/bench_scaling.py --figure scaling [--images 100 300 1000 3000] [--megapixels 1 6 30] ...

Writes scaling.png, .svg, .pdf and scaling.csv; times are wall seconds beyond start-up.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from make_benchmark_set import make_set, parse_options
from stage_runs import run_stage
from support.dask_processes import Cluster
from support.run import LONG_STAGES

from utils.figures.plotting import PALETTE, figure_style, save_figure

AXES = {"images": "images", "megapixels": "megapixels an image", "masks": "masks an image", "workers": "workers"}
DASK = "Dask, 2"


class Point(NamedTuple):
    """One set to time: what it consists of, and who works."""

    images: int
    megapixels: float
    masks: int
    workers: str


def points(options: argparse.Namespace) -> Iterator[tuple[str, Point]]:
    """Yield every (varied quantity, point) of the figure."""
    workers = [str(number) for number in options.workers]
    if importlib.util.find_spec("distributed") and not options.no_dask:
        workers.append(DASK)
    values = {
        "images": options.images,
        "megapixels": options.megapixels,
        "masks": options.masks,
        "workers": workers,
    }
    first = {**{name: found[0] for name, found in values.items()}, "workers": str(max(options.workers))}
    for name, found in values.items():
        for value in found:
            yield name, Point(**{**first, name: value})


def time_point(point: Point, work: Path) -> dict[str, float]:
    """Return the wall seconds of each stage on a freshly drawn set."""
    shutil.rmtree(work, ignore_errors=True)
    raw, output = work / "raw", work / "output"
    size = [f"--images={point.images}", f"--megapixels={point.megapixels}", f"--masks-per-image={point.masks}"]
    keys = make_set(parse_options(["--folder", str(raw), *size]))
    run_stage("create_dataset", output, *keys)
    run_stage("move_dataset", output, *keys, "transfer=hardlink")
    with workers_keys(point.workers) as where:
        seconds = {"mask_qa": run_stage("mask_qa", output, *where).seconds}
        run_stage("create_multiannotator_subset", output)
        return seconds | {stage: run_stage(stage, output, *where).seconds for stage in LONG_STAGES[1:]}


@contextmanager
def workers_keys(workers: str) -> Iterator[list[str]]:
    """Yield the keys that say who works; a Dask cluster lives as long as the block."""
    if workers != DASK:
        yield [f"num_workers={workers}"]
        return
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder))
        try:
            for _ in range(2):
                cluster.start_worker(Path(folder))
            yield ["executor=dask", f"dask_scheduler={cluster.address}"]
        finally:
            cluster.stop()


def measure_all(options: argparse.Namespace, work: Path) -> pd.DataFrame:
    """Return one row for each point and stage; a point that two quantities share is timed once."""
    start = {
        workers: time_point(Point(16, 0.01, 2, workers), work) for workers in {p.workers for _, p in points(options)}
    }
    timed: dict[Point, dict[str, float]] = {}
    rows = []
    for name, point in points(options):
        if point not in timed:
            timed[point] = time_point(point, work)
        for stage, seconds in timed[point].items():
            beyond = max(seconds - start[point.workers][stage], 0.0)
            rows.append({"varied": name, **point._asdict(), "stage": stage, "seconds": beyond})
            print(f"{name}: {point}, {stage}: {beyond:.2f} s", flush=True)
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame, path_without_suffix: Path) -> list[Path]:
    """Draw one panel for each varied quantity."""
    with figure_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 5.5), layout="constrained")
        for axes, (name, label) in zip(figure.subplots(2, 2).ravel(), AXES.items(), strict=True):
            of_panel = table[table["varied"] == name]
            for stage, colour, marker in zip(LONG_STAGES, ("blue", "vermillion", "green"), "osD", strict=True):
                of_stage = of_panel[of_panel["stage"] == stage]
                style = {"color": PALETTE[colour], "marker": marker, "label": stage}
                # Between kinds of workers there is nothing for a line to show.
                axes.plot(of_stage[name], of_stage["seconds"], linestyle="" if name == "workers" else "-", **style)
            axes.set(xlabel=label, ylabel="seconds beyond start-up", ylim=(0, None))
        figure.axes[0].legend(frameon=False)
        return save_figure(figure, path_without_suffix)


def main() -> int:
    """Measure, write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figure", type=Path, required=True, help="path of the figure, without suffix")
    parser.add_argument("--images", type=int, nargs="+", default=[100, 300, 1000, 3000])
    parser.add_argument("--megapixels", type=float, nargs="+", default=[6, 0.3, 1, 12, 30])
    parser.add_argument("--masks", type=int, nargs="+", default=[2, 3, 5, 8, 16])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--no-dask", action="store_true")
    parser.add_argument("--work", type=Path, help="folder to work in; by default a temporary one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        table = measure_all(options, (options.work or Path(temporary)).resolve() / "scaling")
    table["megapixels"] = table["megapixels"].astype(float)
    files = draw(table.sort_values(["varied", "images", "megapixels", "masks"], kind="stable"), options.figure)
    table.to_csv(options.figure.with_suffix(".csv"), index=False)
    print(*files, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
