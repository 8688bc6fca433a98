"""Time and memory of the three mask stages against images, megapixels, masks an image and workers, as a figure.

One quantity is varied at a time; the others stay at the first value of its option. Against the number of images, masks
are tiny, so that a million can be tried. Of large images and of many masks there are fewer, since time is counted by
the image. With `distributed` installed, the same work also runs on a Dask cluster of two workers on this machine. Run
it as

    python tests/benchmarks/bench_scaling.py --figure scaling [--images 1000 10000] [--megapixels 6 1 30] ...

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
from stage_runs import Run, run_stage
from support.dask_processes import Cluster
from support.run import LONG_STAGES

from utils.figures.plotting import PALETTE, figure_style, save_figure

# What is varied, by its label; workers are not drawn.
AXES = {"images": "images of 0.01 megapixels", "megapixels": "megapixels an image", "masks": "masks an image"}
DASK = "Dask, 2"
TINY = 0.01  # megapixels
USUAL_IMAGES = 100


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
    usual = Point(USUAL_IMAGES, options.megapixels[0], options.masks[0], str(max(options.workers)))
    for images in options.images:
        yield "images", usual._replace(images=images, megapixels=TINY)
    for megapixels in options.megapixels:
        yield "megapixels", fewer(usual._replace(megapixels=megapixels), usual)
    for masks in options.masks:
        yield "masks", fewer(usual._replace(masks=masks), usual)
    for name in workers:
        yield "workers", usual._replace(workers=name)


def fewer(point: Point, usual: Point) -> Point:
    """Return a point with fewer images, where these have more pixels in all than usual ones."""
    pixels = (point.megapixels * point.masks) / (usual.megapixels * usual.masks)
    return point._replace(images=max(8, round(usual.images / max(pixels, 1))))


def time_point(point: Point, work: Path) -> dict[str, Run]:
    """Return what each stage takes on a freshly drawn set."""
    shutil.rmtree(work, ignore_errors=True)
    raw, output = work / "raw", work / "output"
    size = [f"--images={point.images}", f"--megapixels={point.megapixels}", f"--masks-per-image={point.masks}"]
    keys = make_set(parse_options(["--folder", str(raw), *size]))
    run_stage("create_dataset", output, *keys)
    run_stage("move_dataset", output, *keys, "transfer=hardlink")
    with workers_keys(point.workers) as where:
        runs = {"mask_qa": run_stage("mask_qa", output, *where)}
        run_stage("create_multiannotator_subset", output)
        return runs | {stage: run_stage(stage, output, *where) for stage in LONG_STAGES[1:]}


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
    timed: dict[Point, dict[str, Run]] = {}
    rows = []
    for name, point in points(options):
        if point not in timed:
            timed[point] = time_point(point, work)
        for stage, run in timed[point].items():
            beyond = run.beyond(start[point.workers][stage])
            row = {"varied": name, **point._asdict(), "stage": stage, "seconds": beyond.seconds, "cpu": beyond.cpu}
            rows.append({**row, "main_mb": beyond.main_mb, "worker_mb": beyond.worker_mb})
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame, path_without_suffix: Path) -> list[Path]:
    """Draw time an image, and memory, against each varied quantity."""
    table = table.assign(an_image=1e3 * table["seconds"] / table["images"])
    with figure_style():
        from matplotlib.figure import Figure
        from matplotlib.ticker import FuncFormatter, NullFormatter

        figure = Figure(figsize=(7.5, 5), layout="constrained")
        grid = figure.subplots(2, len(AXES), sharex="col", sharey="row")
        for column, (name, label) in enumerate(AXES.items()):
            of_panel = table[table["varied"] == name].sort_values(name)
            for stage, colour, marker in zip(LONG_STAGES, ("blue", "vermillion", "green"), "osD", strict=True):
                of_stage = of_panel[of_panel["stage"] == stage]
                style = {"color": PALETTE[colour], "marker": marker, "label": stage}
                grid[0, column].loglog(of_stage[name], of_stage["an_image"], **style)
                grid[1, column].semilogx(of_stage[name], of_stage["worker_mb"], **style)
            grid[1, column].set(xlabel=label, xticks=sorted(of_panel[name].unique()))
        grid[0, 0].set_ylabel("ms an image, beyond start-up")
        grid[1, 0].set_ylabel("largest worker, MB")
        grid[1, 0].set_ylim(0, None)
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
                axis.set_minor_formatter(NullFormatter())
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
        return save_figure(figure, path_without_suffix)


def main() -> int:
    """Measure, write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figure", type=Path, required=True, help="path of the figure, without suffix")
    parser.add_argument("--images", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--megapixels", type=float, nargs="+", default=[6, 0.3, 1, 12, 30, 100])
    parser.add_argument("--masks", type=int, nargs="+", default=[2, 3, 5, 8, 16, 32, 64])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--no-dask", action="store_true")
    parser.add_argument("--work", type=Path, help="folder to work in; by default a temporary one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        table = measure_all(options, (options.work or Path(temporary)).resolve() / "scaling")
    table["megapixels"] = table["megapixels"].astype(float)
    files = draw(table, options.figure)
    table.to_csv(options.figure.with_suffix(".csv"), index=False)
    print(*files, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
