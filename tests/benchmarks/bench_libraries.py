"""Time the agreement of many masks of one image beside other libraries, and draw it.

All pairs of an image's masks by ours; a few of them by each library, scaled to all. One core, masks in memory. MedPy is
of the project. surface-distance and MONAI define distances in another way, so that only their time is compared; they
are left out unless they are installed:

    pip install surface-distance==0.1 monai==1.6.1 torch==2.13.0
    python tests/benchmarks/bench_libraries.py --figure libraries [--masks 64] [--megapixels 6] [--pairs 3]

Writes libraries.png, .svg and .pdf, and prints a Markdown table.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from math import comb
from pathlib import Path
from typing import NamedTuple

# Limits threads, before any library is loaded.
from bench_kernels import Case, draw_masks, medpy_agreement, timed, use_one_core

import numpy as np  # isort: skip

from utils.figures.plotting import PALETTE, figure_style, save_figure
from utils.metrics import pairwise_agreement

OURS = "this project"


def surface_distance_agreement(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Metrics of one pair by surface-distance (DeepMind)."""
    import surface_distance

    distances = surface_distance.compute_surface_distances(a, b, (1, 1))
    return {
        "dice_score": surface_distance.compute_dice_coefficient(a, b),
        "hd_score": surface_distance.compute_robust_hausdorff(distances, 100),
        "hd95_score": surface_distance.compute_robust_hausdorff(distances, 95),
        "assd_score": float(np.mean(surface_distance.compute_average_surface_distance(distances))),
    }


def monai_agreement(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Metrics of one pair by MONAI."""
    import torch
    from monai.metrics import compute_average_surface_distance, compute_dice, compute_hausdorff_distance

    torch.set_num_threads(1)
    pair = [torch.from_numpy(mask)[None, None] for mask in (a, b)]
    found = {
        "dice_score": compute_dice(*pair),
        "hd_score": compute_hausdorff_distance(*pair, include_background=True),
        "hd95_score": compute_hausdorff_distance(*pair, include_background=True, percentile=95),
        "assd_score": compute_average_surface_distance(*pair, include_background=True, symmetric=True),
    }
    return {name: float(value) for name, value in found.items()}


class Library(NamedTuple):
    """A library beside ours: the package that it needs, what computes a pair, and how it defines distances."""

    package: str
    agreement: Callable[[np.ndarray, np.ndarray], dict[str, float]]
    definition: str


LIBRARIES = {
    "MedPy": Library("medpy", medpy_agreement, "border pixels;\nHD95, ASSD: both directions together"),
    "surface-distance": Library(
        "surface_distance",
        surface_distance_agreement,
        "border elements by length;\nHD95: larger direction, ASSD: mean of both",
    ),
    "MONAI": Library(
        "monai", monai_agreement, "border pixels; HD95: larger direction,\nASSD: both directions together"
    ),
}


class Time(NamedTuple):
    """CPU seconds for all pairs of the image, by whom, and what distances are there."""

    name: str
    seconds: float
    definition: str


def measure(masks: list[np.ndarray], pairs: int) -> Iterator[Time]:
    """Yield the time of ours and of each library that is installed; the others are named."""
    every = list(combinations(masks, 2))
    _, seconds = timed(pairwise_agreement, masks, repeats=3)
    yield Time(OURS, seconds, "as MedPy, to the last bit")
    sample = every[:: max(1, len(every) // pairs)][:pairs]
    for name, library in LIBRARIES.items():
        if importlib.util.find_spec(library.package) is None:
            print(f"{name} is not installed, and left out", file=sys.stderr)
            continue
        library.agreement(*sample[0])  # what is loaded at first use does not count
        _, seconds = timed(lambda agreement=library.agreement: [agreement(*pair) for pair in sample])
        yield Time(name, seconds * len(every) / len(sample), library.definition)


def digits(seconds: float) -> str:
    """Write three digits of a time, or all before the point."""
    return f"{seconds:,.0f}" if seconds >= 100 else f"{seconds:.3g}"


def draw(times: list[Time], title: str, path_without_suffix: Path) -> list[Path]:
    """Draw a bar for each, on a logarithmic scale."""
    with figure_style():
        from matplotlib.figure import Figure
        from matplotlib.ticker import FuncFormatter

        figure = Figure(figsize=(7.5, 0.8 + 0.7 * len(times)), layout="constrained")
        axes = figure.subplots()
        shown = times[::-1]
        seconds = [time.seconds for time in shown]
        colours = [PALETTE["vermillion" if time.name == OURS else "blue"] for time in shown]
        bars = axes.barh(range(len(shown)), seconds, color=colours)
        axes.bar_label(bars, labels=[f"{digits(second)} s" for second in seconds], padding=4)
        axes.set_yticks(range(len(shown)), [f"{time.name}\n{time.definition}" for time in shown], fontsize="small")
        axes.set(xscale="log", xlabel="CPU seconds, one core (logarithmic)", title=title)
        axes.set_xlim(min(seconds) / 3, max(seconds) * 8)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        return save_figure(figure, path_without_suffix)


def main() -> int:
    """Measure, print the table, draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figure", type=Path, required=True, help="path of the figure, without suffix")
    parser.add_argument("--masks", type=int, default=64, help="of the image")
    parser.add_argument("--megapixels", type=float, default=6)
    parser.add_argument("--pairs", type=int, default=3, help="that each library is timed on")
    options = parser.parse_args()
    use_one_core()
    masks = draw_masks(Case(options.megapixels, "smooth", options.masks, options.pairs))
    times = []
    print("| library | distances | CPU s for all pairs | beside ours |\n|---|---|--:|--:|", flush=True)
    for time in measure(masks, options.pairs):
        times.append(time)
        definition = time.definition.replace("\n", " ")
        print(f"| {time.name} | {definition} | {digits(time.seconds)} | {time.seconds / times[0].seconds:,.0f} |")
    title = (
        f"Agreement of {options.masks} masks ({comb(options.masks, 2):,} pairs) at {options.megapixels:g} megapixels"
    )
    print(*draw(times, title, options.figure), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
