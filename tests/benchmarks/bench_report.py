"""Time make_report against the least it can take: reading and decoding its photos and masks once.

Draws a benchmark set, runs the stages as a user does, and prints CPU seconds of some rounds, which a busy machine
changes least, and the best ratios. There are two floors: in both photos are decoded at reduced size, as the stage does
it; masks with the decoder in use in one, in the other with libpng, the decoder of most libraries. Start-up, measured on
a few tiny images, is taken off. Run it as

    python tests/benchmarks/bench_report.py [--images 60] [--image-kilobytes 1000] [--work FOLDER] [--workers 2]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench_pipeline import STAGES, run_chain
from decode_floor import THUMBNAIL_PIXELS
from make_benchmark_set import make_set, parse_options
from stage_runs import Run, measure, run_stage
from support.run import config_of

FLOOR = Path(__file__).with_name("decode_floor.py")
LIMIT = 1.5  # CPU seconds of the stage for each of its floor
FLOORS = ("report", "report-libpng")


def task_lines(output: Path) -> list[str]:
    """Return the files that the report reads of each image, a line an image, the photo first."""
    from utils.config import load_config
    from utils.report.read_tables import read_report_tables
    from utils.report.tasks import report_tasks
    from utils.settings import MultiannotatorSettings

    config = load_config(MultiannotatorSettings, config_of("make_report"), [f"output_dir={output}"])
    tasks = report_tasks(read_report_tables(config), config)
    return ["\t".join(map(str, task.files_there())) for task in tasks.values() if task.photo.there]


def floor(work: str, output: Path, workers: int) -> Run:
    """Return what decode_floor.py takes for the files of a report."""
    listing = output / "files.txt"
    listing.write_text("\n".join(task_lines(output)), encoding="utf-8")
    return measure([sys.executable, str(FLOOR), work, "--list", str(listing), "--workers", str(workers)])


def report(output: Path, workers: int) -> Run:
    """Return what the stage takes for a report of which nothing is there yet."""
    shutil.rmtree(output / "report", ignore_errors=True)
    keys = ("cache_dir=null", f"report_thumbnail_pixels={THUMBNAIL_PIXELS}", f"num_workers={workers}")
    return run_stage("make_report", output, *keys)


def one_round(outputs: dict[str, Path], workers: int) -> list[Run]:
    """Return what the stage and each of its floors take beyond start-up, one right after the other."""
    runs = {
        name: [report(output, workers), *(floor(work, output, workers) for work in FLOORS)]
        for name, output in outputs.items()
    }
    return [main.beyond(small) for main, small in zip(runs["main"], runs["small"], strict=True)]


def make_datasets(options: argparse.Namespace) -> dict[str, Path]:
    """Draw the set and a few tiny images, and run on each the stages that come before the report."""
    kinds = {
        "small": [f"--images={4 * options.workers}", "--megapixels=0.01", "--masks-per-image=2"],
        "main": [f"--images={options.images}", "--subset-only", f"--image-kilobytes={options.image_kilobytes}"],
    }
    for name, kind in kinds.items():
        raw = options.work / f"raw_{name}"
        make_set(parse_options(["--folder", str(raw), *kind]))
        run_chain(STAGES, raw, options.work / f"output_{name}", options.workers)
    return {name: options.work / f"output_{name}" for name in kinds}


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60, help="images of the set, all with several masks")
    parser.add_argument("--image-kilobytes", type=int, default=1000, help="kB of noise in an image")
    parser.add_argument("--work", type=Path, help="folder to work in; by default a temporary one")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def main() -> int:
    """Measure and print."""
    options = read_options()
    with tempfile.TemporaryDirectory() as temporary:
        options.work = (options.work or Path(temporary)).resolve()
        outputs = make_datasets(options)
        print("\n| CPU s: make_report | floor | floor with libpng | ratio | ratio to libpng |")
        print("|--:|--:|--:|--:|--:|")
        ratios = []
        for _ in range(options.rounds):
            made, *floors = one_round(outputs, options.workers)
            ratios.append([made.cpu / one.cpu for one in floors])
            cells = [made.cpu, *(one.cpu for one in floors), *ratios[-1]]
            print(f"| {' | '.join(f'{cell:.2f}' for cell in cells)} |", flush=True)
    for name, ratio in zip(("the decoder in use", "libpng"), map(min, zip(*ratios, strict=True)), strict=True):
        print(f"{ratio:.2f} x the floor with {name}: {'at most' if ratio <= LIMIT else 'ABOVE'} {LIMIT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
