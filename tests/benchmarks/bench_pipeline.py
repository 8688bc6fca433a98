"""Time every stage against the least it can take, and against the libraries that do the same work.

Draws a benchmark set, or takes one that make_benchmark_set.py drew, runs the stages as a user does, and prints a
Markdown table. Start-up, measured on a few tiny images, is taken off on both sides. `wall` and `cpu` are
ratios to the floor: what decode_floor.py takes for the same files with the same workers. On a busy machine only
`cpu` is to be trusted. `libpng` and `libpng cpu` are ratios to the floor with the decoder of most libraries; a line
below the table says whether each mask stage keeps its limit by both. Mask stages and floors count with the fastest
of some rounds.
Run it as

    python tests/benchmarks/bench_pipeline.py [--images 300] [--ragged] [--raw FOLDER] [--work FOLDER] [--workers 2]
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import benchmark_plan
import pandas as pd
from make_benchmark_set import make_set, parse_options
from pipeline_table import Row, formatted, heading
from stage_runs import Run, measure, run_stage
from support.run import LONG_STAGES, STAGES, raw_arguments
from throughput_limits import verdicts

TRANSFER_STAGES = ("create_dataset", "move_dataset")
RAGGED = ("--ragged", "--megapixels=30", "--masks-per-image=2")  # the set that the limits of ragged outlines are for
FLOOR = Path(__file__).with_name("decode_floor.py")


def run_chain(stages: Sequence[str], raw: Path, output: Path, workers: int, rounds: int = 1) -> dict[str, Run]:
    """Run stages into a fresh folder, those that decode masks several times; the fastest run of each counts."""
    start_afresh(output)
    runs = {}
    for stage in stages:
        keys = [*(raw_arguments(raw) if stage in TRANSFER_STAGES else []), f"num_workers={workers}"]
        # No round finds anything in its cache; the last one leaves its results where later stages look for them.
        earlier = rounds - 1 if stage in LONG_STAGES else 0
        caches = [*([f"cache_dir={output / f'cache_{number}'}"] for number in range(earlier)), []]
        runs[stage] = fastest(run_stage(stage, output, *keys, *cache) for cache in caches)
    return runs


def fastest(runs: Iterable[Run]) -> Run:
    """Return the run that took least by the clock."""
    return min(runs, key=lambda run: run.seconds)


def start_afresh(folder: Path) -> None:
    """Remove a folder, and let the disk finish what it was given before."""
    shutil.rmtree(folder, ignore_errors=True)
    os.sync()


def masks_of(output: Path, stage: str) -> pd.DataFrame:
    """Return the metadata rows of the masks that a stage reads."""
    folder = output / "metadata"
    name = "" if stage == "mask_qa" else "multiannotator_subset_"
    table = pd.read_csv(folder / f"IMAplusplus_{name}seg_metadata.csv", dtype=str, keep_default_na=False)
    if stage != "compute_IAA_metrics":
        table = table[~table["annotator"].isin(["ST", "MV"])]
    return table


def task_lines(output: Path, stage: str) -> list[str]:
    """Return the files of each task of a stage, a line a task."""
    table = masks_of(output, stage)
    paths = table["seg_filename"].map(lambda name: str(output / "seg_masks" / name))
    groups = table["seg_filename"] if stage == "mask_qa" else table["ISIC_id"]
    return paths.groupby(groups, sort=False).agg("\t".join).tolist()


class Bench:
    """A chain that has run on a set (`main`) and on a few tiny images (`small`), to compare with floors."""

    def __init__(self, options: argparse.Namespace):
        self._options = options
        self._work = options.work
        small = self._work / "small"
        # So many that every worker gets some, of what is handed out in batches too: otherwise not all would start.
        tiny = [f"--images={32 * options.workers}", "--megapixels=0.01", "--masks-per-image=2"]
        make_set(parse_options(["--folder", str(small), *tiny]))
        raw = options.raw or self._work / "raw"
        if not options.raw:
            kind = [f"--image-kilobytes={options.image_kilobytes}", *(RAGGED if options.ragged else [])]
            make_set(parse_options(["--folder", str(raw), f"--images={options.images}", *kind]))
        self.raw = {"small": small, "main": raw}
        self.output = {name: self._work / f"output_{name}" for name in self.raw}
        stages = () if options.transfer_only else STAGES
        how = (options.workers, options.rounds)
        self.runs = {name: run_chain(stages, self.raw[name], self.output[name], *how) for name in self.raw}

    def run(self, stage: str) -> Run:
        """Return what a stage took beyond start-up."""
        return self.runs["main"][stage].beyond(self.runs["small"][stage])

    def floor(self, work: str, lines: dict[str, list[str]]) -> Run:
        """Return what decode_floor.py takes beyond start-up for the lines of both sets."""
        rounds = 1 if work == "copy" else self._options.rounds  # copies have rounds of their own
        found = {name: fastest(self._floor_once(work, lines[name]) for _ in range(rounds)) for name in lines}
        return found["main"].beyond(found["small"])

    def _floor_once(self, work: str, lines: list[str]) -> Run:
        listing = self._work / "files.txt"
        listing.write_text("\n".join(lines), encoding="utf-8")
        copies = self._work / "copies"
        start_afresh(copies)
        into = ["--into", str(copies)] if work == "copy" else []
        command = [sys.executable, str(FLOOR), work, "--list", str(listing)]
        return measure([*command, "--workers", str(self._options.workers), *into])

    def copy_row(self) -> Row:
        """Compare create_dataset and move_dataset with a plain read, hash and copy: the fastest of some rounds."""
        lines = {
            name: [str(path) for kind in ("segs", "images") for path in sorted((self.raw[name] / kind).iterdir())]
            for name in self.raw
        }
        rounds = [(self._transfer(), self.floor("copy", lines)) for _ in range(self._options.rounds)]
        ours, plain = map(fastest, zip(*rounds, strict=True))
        return Row(" + ".join(TRANSFER_STAGES), ours, plain)

    def _transfer(self) -> Run:
        """Return what both stages take beyond start-up, into a fresh folder."""
        found = {}
        for name, raw in self.raw.items():
            runs = run_chain(TRANSFER_STAGES, raw, self._work / "transfers", self._options.workers)
            found[name] = _sum(*runs.values())
        return found["main"].beyond(found["small"])

    def mask_row(self, stage: str) -> Row:
        """Compare one stage that reads masks with its floor and with its library."""
        from reference_tools import COMPARED, times_faster

        lines = {name: task_lines(self.output[name], stage) for name in self.raw}
        floor, libpng = self.floor("decode", lines), self.floor("libpng", lines)
        pixels = self._pixels(stage)
        projected = pixels and benchmark_plan.FULL_GIGAPIXELS[stage] / pixels
        if stage == "create_consensus_masks":
            made = {name: self._consensus_lines(name) for name in self.raw}
            encoding = self.floor("encode", made).beyond(self.floor("decode", made))
            floor, libpng = _sum(floor, encoding), _sum(libpng, encoding)
        sample = sorted(lines["main"], key=len)[:: max(1, len(lines["main"]) // self._options.sample)]
        samples = [[Path(path) for path in line.split("\t")] for line in sample[: self._options.sample]]
        faster = f"{times_faster(stage, samples):.0f} x {COMPARED[stage][0]}" if samples else ""
        run = self.run(stage)
        return Row(stage, run, floor, libpng, pixels, faster, run.seconds * projected if pixels else None)

    def _consensus_lines(self, name: str) -> list[str]:
        return [str(path) for path in sorted((self.output[name] / "seg_masks").glob("*_[SM][TV]_??_??_??.png"))]

    def _pixels(self, stage: str) -> float:
        sizes = pd.read_csv(self.output["main"] / "metadata" / "IMAplusplus_img_metadata.csv", dtype=str)
        pixels = sizes["pixels_x"].astype(float) * sizes["pixels_y"].astype(float)
        by_image = dict(zip(sizes["isic_id"], pixels, strict=True))
        return masks_of(self.output["main"], stage)["ISIC_id"].map(by_image).sum() / 1e9

    def rows(self) -> Iterator[Row]:
        """Yield the lines of the table as they are measured."""
        yield self.copy_row()
        if self._options.transfer_only:
            return
        for stage in LONG_STAGES:
            yield self.mask_row(stage)
        for stage in ("create_multiannotator_subset", "compute_image_level_metrics"):
            yield Row(stage, self.run(stage))


def _sum(first: Run, second: Run) -> Run:
    return Run(
        first.seconds + second.seconds,
        first.cpu + second.cpu,
        max(first.main_mb, second.main_mb),
        max(first.worker_mb, second.worker_mb),
    )


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=300, help="images of the set that is drawn")
    parser.add_argument("--raw", type=Path, help="a set that make_benchmark_set.py drew")
    parser.add_argument("--ragged", action="store_true", help="frayed outlines: draw them, and take their limits")
    parser.add_argument("--image-kilobytes", type=int, default=0, help="kB of noise in an image that is drawn")
    parser.add_argument("--transfer-only", action="store_true", help="time create_dataset and move_dataset alone")
    parser.add_argument("--work", type=Path, help="folder to work in; by default a temporary one")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="that transfers, mask stages and floors are timed")
    parser.add_argument("--sample", type=int, default=3, help="images that the libraries get")
    return parser.parse_args()


def main() -> int:
    """Measure and print."""
    options = read_options()
    with tempfile.TemporaryDirectory() as temporary:
        options.work = (options.work or Path(temporary)).resolve()
        bench = Bench(options)
        start = max((run.seconds for run in bench.runs["small"].values()), default=0.0)
        print(f"\nSeconds with {options.workers} workers beyond start-up (at most {start:.1f} s a stage)\n")
        print(*heading(), sep="\n")
        ratios = {}
        for row in bench.rows():
            print(formatted(row), flush=True)
            ratios[row.stage] = row.ratio_to_libpng
    print("", *verdicts(ratios, "ragged" if options.ragged else "smooth"), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
