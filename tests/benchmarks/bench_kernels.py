"""Time the kernels beside the libraries whose results they must equal, on one core.

Agreement: `pairwise_agreement` beside MedPy. Consensus: vote patterns, STAPLE and majority vote beside
SimpleITK. Both sides go from bool masks to results. Run it as

    python tests/benchmarks/bench_kernels.py [--quick] [--sizes 0.8 6] [--kinds smooth] [--masks 2 5]

Prints one Markdown table row per kernel and case; exit code 1 when any result differs.
"""

from __future__ import annotations

import os

# Thread pools read these when their library is first imported.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from math import comb
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils.masks.consensus import majority_vote, staple
from utils.masks.vote_patterns import paint, vote_patterns
from utils.metrics import pairwise_agreement

KINDS = ("smooth", "ragged")
REPEATS = 3


class Case(NamedTuple):
    """One image to measure: megapixels, kind and number of its masks, and how many pairs MedPy gets."""

    megapixels: float
    kind: str
    masks: int
    reference_pairs: int


class Measurement(NamedTuple):
    """One kernel on one case: seconds, peak resident memory (ours, then both), and what differs."""

    kernel: str
    ours: float
    reference: float
    ours_mb: float
    both_mb: float
    differences: list[str]


def draw_masks(case: Case) -> list[np.ndarray]:
    """Outlines of one lesion by several annotators; ragged ones have a frayed edge, specks and holes."""
    import cv2

    rng = np.random.default_rng(case.masks)
    height = round((case.megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(height * 4 / 3)
    angle = np.linspace(0, 2 * np.pi, 4 * height, endpoint=False)
    masks = []
    for _ in range(case.masks):
        waves = 1 + 0.1 * np.sin(3 * angle) + 0.03 * np.sin(7 * angle + rng.normal())
        radius = height * rng.normal(0.3, 0.01) * waves
        if case.kind == "ragged":
            radius = radius * rng.normal(1, 0.02, size=angle.size)
        centre = np.array([width, height]) / 2 + rng.normal(0, 0.01 * height, size=2)
        outline = centre + radius[:, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1)
        mask = np.zeros((height, width), dtype=np.uint8)
        cv2.fillPoly(mask, [outline.round().astype(np.int32)], 1)
        if case.kind == "ragged":
            mask.ravel()[rng.integers(mask.size, size=mask.size // 2000)] ^= 1
        masks.append(mask.view(np.bool_))
    return masks


def our_consensus(masks: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """STAPLE and majority-vote masks by vote patterns."""
    patterns = vote_patterns(masks)
    return paint(patterns, staple(patterns).foreground), paint(patterns, majority_vote(patterns))


def simpleitk_consensus(masks: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """STAPLE and majority-vote masks by SimpleITK; ties of the vote go to the foreground."""
    import SimpleITK as sitk

    images = [sitk.GetImageFromArray(mask.view(np.uint8)) for mask in masks]
    probability = sitk.GetArrayFromImage(sitk.STAPLE(images, 1.0))
    votes = sitk.GetArrayFromImage(sitk.LabelVoting(images, 1))
    return probability > 0.5, votes > 0


def medpy_agreement(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Metrics of one pair by MedPy."""
    from medpy.metric import binary as medpy

    row = {
        "dice_score": medpy.dc(a, b),
        "jaccard_score": medpy.jc(a, b),
        "hd_score": medpy.hd(a, b),
        "hd95_score": medpy.hd95(a, b),
        "assd_score": medpy.assd(a, b),
    }
    diagonal = float(np.hypot(*a.shape))
    distances = ("hd_score", "hd95_score", "assd_score")
    return row | {f"{name}_normalized": row[name] / diagonal for name in distances}


def timed(function: Callable, *arguments: object, repeats: int = 1) -> tuple[object, float]:
    """Result and median CPU seconds of some calls: on one core, the time that a quiet machine would take."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        result = function(*arguments)
        seconds.append(time.process_time() - start)
    return result, sorted(seconds)[len(seconds) // 2]


def peak_mb() -> float:
    """Highest resident memory of this process so far, in megabytes (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def measure_agreement(case: Case) -> Measurement:
    """Every pair by ours; the first pairs by MedPy, scaled to all."""
    masks = draw_masks(case)
    rows, ours = timed(pairwise_agreement, masks, repeats=REPEATS)
    ours_mb = peak_mb()
    pairs = list(combinations(masks, 2))[: case.reference_pairs]
    expected, reference = timed(lambda: [medpy_agreement(*pair) for pair in pairs])
    differences = [
        f"pair {number}, {name}: {rows[number][name]!r}, MedPy {value!r}"
        for number, row in enumerate(expected)
        for name, value in row.items()
        if rows[number][name] != value
    ]
    return Measurement("agreement", ours, reference * len(rows) / len(pairs), ours_mb, peak_mb(), differences)


def measure_consensus(case: Case) -> Measurement:
    """Both consensus masks by ours and by SimpleITK."""
    masks = draw_masks(case)
    results, ours = timed(our_consensus, masks, repeats=REPEATS)
    ours_mb = peak_mb()
    expected, reference = timed(simpleitk_consensus, masks)
    differences = [
        f"{name}: {np.count_nonzero(mask != other)} pixels differ from SimpleITK's"
        for name, mask, other in zip(("STAPLE", "majority vote"), results, expected, strict=True)
        if not np.array_equal(mask, other)
    ]
    return Measurement("consensus", ours, reference, ours_mb, peak_mb(), differences)


def use_one_core() -> None:
    """Hold this process to one core and the libraries to one thread, and load them before timing starts."""
    import cv2
    import SimpleITK as sitk

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    small = draw_masks(Case(0.01, "smooth", 2, 1))
    pairwise_agreement(small), our_consensus(small), medpy_agreement(*small), simpleitk_consensus(small)


def in_fresh_process(measure: Callable[[Case], Measurement], case: Case) -> Measurement:
    """Measure in a process of its own, so that its peak memory is this case's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=use_one_core) as pool:
        return pool.submit(measure, case).result()


def cases(options: argparse.Namespace) -> Iterator[Case]:
    """Every combination of the options, small images first."""
    for megapixels in options.sizes:
        for kind in options.kinds:
            for masks in options.masks:
                yield Case(megapixels, kind, masks, min(options.reference_pairs, comb(masks, 2)))


def parse_options() -> argparse.Namespace:
    """Read the command line; --quick stands for a few small images."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.8, 6, 30], help="megapixels")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--masks", type=int, nargs="+", default=[2, 3, 4, 5], help="masks per image")
    parser.add_argument("--reference-pairs", type=int, default=1, help="pairs that MedPy is timed on")
    parser.add_argument("--quick", action="store_true", help="0.2 megapixels, 2 and 3 masks")
    options = parser.parse_args()
    if options.quick:
        options.sizes, options.masks = [0.2], [2, 3]
    if min(options.masks) < 2 or options.reference_pairs < 1:
        parser.error("an image needs at least 2 masks, and MedPy at least 1 pair")
    return options


def table_row(case: Case, found: Measurement) -> str:
    """Format one measurement as a row of the Markdown table."""
    return (
        f"| {found.kernel} | {case.megapixels:g} | {case.kind} | {case.masks} "
        f"| {found.ours:.4f} | {found.reference:.2f} | {found.reference / found.ours:.0f} "
        f"| {found.ours_mb:.0f} | {found.both_mb:.0f} |"
    )


def main() -> int:
    """Print the table and every difference; return the exit code."""
    options = parse_options()
    print(
        f"Seconds of CPU time on one core; ours is the median of {REPEATS} runs. MedPy is timed and compared "
        f"on the first {options.reference_pairs} pair(s) of an image, its time scaled to all pairs.\n"
    )
    print("| kernel | megapixels | kind | masks | ours s | reference s | ratio | peak MB ours | both |")
    print("|---|--:|---|--:|--:|--:|--:|--:|--:|")
    differences = []
    for measure in (measure_agreement, measure_consensus):
        for case in cases(options):
            found = in_fresh_process(measure, case)
            print(table_row(case, found), flush=True)
            differences += [f"{found.kernel}, {case}: {difference}" for difference in found.differences]
    print("\n".join(["", *differences]) if differences else "\nAll results are equal.")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
