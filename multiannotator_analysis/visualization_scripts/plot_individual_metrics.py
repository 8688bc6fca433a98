"""Plot the distributions of the agreement metrics over pairs of masks by two annotators.

Reads:  IMAplusplus_multiannotator_subset_IAA_metrics.csv.
Writes: metrics/individual_metrics (.png, .svg, .pdf) below visualizations_dir.
Rules:  Pairs by two annotators only; how many are left out, by one annotator twice, is said. Dice and Jaccard on 0 to
        1; Hausdorff distance (HD), its 95th percentile (HD95) and the average surface distance (ASSD) as shares of the
        image diagonal, each up to its largest value. Without the columns, or without pairs, there is a warning and no
        figure.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

import utils.stage_process
from utils.figures.plotting import PALETTE, PLAIN, figure_style, save_figure
from utils.lazy import logger
from utils.naming import NORMALIZED_COLUMNS, OVERLAP_COLUMNS, human_pairs_only, inter_pairs_only
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

KEYS = (
    "all_pairwise_IAA_metrics_path",
    "visualizations_dir",
)

NAMES = dict(
    zip(
        (*OVERLAP_COLUMNS, *NORMALIZED_COLUMNS),
        ("Dice", "Jaccard", "HD / image diagonal", "HD95 / image diagonal", "ASSD / image diagonal"),
        strict=True,
    )
)
COLUMNS = ("img_id", "annotator1", "annotator2", *NAMES)
_INCHES = (3.36, 5.2)  # with the margin of save_figure 88 mm wide: one column of a paper
_BINS = 25
_BOX_HEIGHT = 0.1  # of the tallest bar


@dataclass(frozen=True)
class Spread:
    """Percentiles of a sample of `n` numbers: median, quartiles, 5 and 95."""

    n: int
    p5: float
    q1: float
    median: float
    q3: float
    p95: float


def spread(values: np.ndarray) -> Spread:
    """Summarise a sample.

    Parameters
    ----------
    values : numpy.ndarray
        float, shape (N,); NaN is left out.

    Returns
    -------
    Spread
        Percentiles with linear interpolation; all NaN, and n = 0, if no number is left.
    """
    numbers = values[~np.isnan(values)]
    if not len(numbers):
        return Spread(0, *[np.nan] * 5)
    return Spread(len(numbers), *(float(p) for p in np.percentile(numbers, (5, 25, 50, 75, 95))))


def draw(pairs: DataFrame, left_out: int) -> Figure:
    """Draw a histogram of each metric from a table of pairs by two annotators, one or more.

    Parameters
    ----------
    pairs : DataFrame
        img_id, and the metrics as float64.
    left_out : int
        Pairs by one annotator twice, which are spoken of.
    """
    with figure_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=_INCHES)
        caption = f"{len(pairs):,} pairs by two annotators, of {pairs['img_id'].nunique():,} images"
        caption += f"\npairs by one annotator twice, left out: {left_out:,}" if left_out else ""
        figure.text(0.5, 1, caption, ha="center", va="top", fontsize=8)
        margins = {"left": 0.16, "right": 0.98, "bottom": 0.08, "top": 0.92}
        panels = figure.subplots(3, 2, gridspec_kw={**margins, "hspace": 0.5, "wspace": 0.4})
        for axes, (column, name) in zip(panels.flat, NAMES.items(), strict=False):
            _draw_metric(axes, pairs[column].to_numpy(), column in OVERLAP_COLUMNS)
            axes.set_xlabel(name)
        figure.supylabel("Pairs of masks by two annotators", x=0, fontsize=8)
        _explain(panels.flat[-1])
    return figure


def _draw_metric(axes: Axes, values: np.ndarray, is_overlap: bool) -> None:
    summary = spread(values)
    upper = 1.0 if is_overlap or not summary.n else max(float(np.nanmax(values)), np.finfo(float).tiny)
    counts, edges = np.histogram(values[~np.isnan(values)], bins=_BINS, range=(0, upper))
    axes.stairs(counts, edges, fill=True, color=PALETTE["sky blue"])
    tallest = max(int(counts.max()), 1)
    _draw_box(axes, summary, (1 + 1.5 * _BOX_HEIGHT) * tallest, _BOX_HEIGHT * tallest)
    axes.set_xlim(0, upper)
    axes.set_ylim(0, 1.6 * tallest)
    _set_ticks(axes, tallest)
    axes.spines[["top", "right"]].set_visible(False)
    text = f"median {summary.median:.3f}\nIQR {summary.q1:.3f}–{summary.q3:.3f}"
    if summary.n < len(values):
        text += f"\nn = {summary.n:,}"
    side = "left" if is_overlap else "right"
    axes.text(0.02 if is_overlap else 1, 1, text, ha=side, va="top", transform=axes.transAxes, fontsize=7)


def _draw_box(axes: Axes, summary: Spread, height: float, thickness: float) -> None:
    low, high = height - thickness / 2, height + thickness / 2
    axes.hlines(height, summary.p5, summary.p95, color=PLAIN, linewidth=0.8)
    axes.fill_between((summary.q1, summary.q3), low, high, facecolor=PALETTE["blue"], linewidth=0)
    axes.vlines(summary.median, low, high, color="white", linewidth=1.2)


def _set_ticks(axes: Axes, tallest: int) -> None:
    """Put round numbers on both axes, none beside box and text."""
    from matplotlib.ticker import MaxNLocator

    ticks = np.asarray(MaxNLocator(nbins=4, steps=[1, 2, 5, 10], integer=True).tick_values(0, tallest))
    axes.set_yticks(ticks[ticks <= tallest])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter("{x:,.0f}")


def _explain(axes: Axes) -> None:
    """Show in an empty panel what the parts of a box are."""
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    _draw_box(axes, Spread(0, 0.05, 0.3, 0.5, 0.7, 0.95), 0.55, 0.1)
    for x, text in ((0.05, "5%"), (0.3, "25%"), (0.7, "75%"), (0.95, "95%")):
        axes.text(x, 0.44, text, ha="center", va="top", fontsize=7)
    axes.text(0.5, 0.63, "median", ha="center", va="bottom", fontsize=7)
    axes.text(0.5, 0.32, "of the pairs lie below", ha="center", va="top", fontsize=7)


def main(config: MultiannotatorSettings) -> Outcome:
    """Read the pairs, draw, write."""
    key, made_by = "all_pairwise_IAA_metrics_path", "compute_IAA_metrics"
    pairs = read_input(config, key, made_by=made_by)
    target = config.visualizations_dir / "metrics" / "individual_metrics"
    missing = [name for name in COLUMNS if name not in pairs.columns]
    pairs = pairs if missing else human_pairs_only(read_input(config, key, numeric=tuple(NAMES), made_by=made_by))
    inter = pairs if missing else inter_pairs_only(pairs)
    if missing or inter.empty:
        reason = f"columns {', '.join(missing)}" if missing else "pairs of masks by two annotators"
        logger.warning("{} skipped: {} lacks {}", target.name, config.all_pairwise_IAA_metrics_path, reason)
        return Outcome("no figure")
    files = save_figure(draw(inter, len(pairs) - len(inter)), target)
    return Outcome(f"distributions over {len(inter)} pairs by two annotators", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
