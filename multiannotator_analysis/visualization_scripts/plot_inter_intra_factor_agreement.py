"""Draw the agreement between and within tools, skill levels and annotators as lower-triangle heatmaps.

Reads:  IMAplusplus_multiannotator_subset_IAA_metrics.csv.
Writes: metrics/inter_intra_{tool,skill,annotator}_agreement.png, .svg and .pdf in visualizations_dir.
Rules:  A cell is the mean over all pairs of masks of its two levels, with the number of pairs below; on the
        diagonal, of one level (intra). MV and ST are levels of their own. Levels are found in the table. Pairs
        without a value (a distance to an empty mask) are left out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import utils.stage_process
from utils.figures.plotting import figure_style, save_figure
from utils.lazy import logger, pd
from utils.naming import MAJORITY_VOTE, STAPLE
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

FACTORS = {"tool": "tool", "skill": "skill_level", "annotator": "annotator"}  # figure -> column of the pairs


class Metric(NamedTuple):
    """A column of the pairs, and how it is shown: bright is good agreement in every panel."""

    column: str
    title: str
    colours: str
    digits: int


METRICS = (
    Metric("dice_score", "Dice", "cividis", 2),
    Metric("hd95_score_normalized", "HD95 / image diagonal", "cividis_r", 3),
)

_CONSENSUS_LAST = {MAJORITY_VOTE: 1, STAPLE: 2}

_CELL_POINTS = (25, 17)  # room for two lines of 7 points
_FONT_POINTS = 7
_LABEL_POINTS = 22  # level names, left of a panel and below it
_TITLE_POINTS = 14
_NOTE_POINTS = 4  # a line of text, most of it in the room of the level names below a panel
_BAR_POINTS = 30  # colour bar with its gap and numbers, right of a panel
_BAR_GAP_POINTS, _BAR_WIDTH_POINTS = 4, 6
_PAGE_POINTS = 180 / 25.4 * 72
_BRIGHT = 0.46  # luminance from which text is black
_NOTE = "Mean, with the number of pairs below it; –: no pairs. Bright: good agreement."
_CELL_TEXT: dict[str, Any] = {"fontsize": _FONT_POINTS, "linespacing": 0.95}
_NO_PAIRS: dict[str, Any] = {"facecolor": "0.93", "edgecolor": "white", "linewidth": 0.5}


class Agreement(NamedTuple):
    """Means (float64) and numbers of pairs (int64) of all levels by all levels, both symmetric."""

    levels: list[str]
    means: np.ndarray
    counts: np.ndarray


def agreement_of_levels(pairs: DataFrame, column: str, metric: str) -> Agreement:
    """Average a metric over the pairs of each two levels of a factor, in either order.

    Parameters
    ----------
    pairs : DataFrame
        Columns ``{column}1``, ``{column}2`` and `metric` (float64); NaN is left out.
    column : str
        The factor: tool, skill_level or annotator.
    metric : str
        Column to average.

    Returns
    -------
    Agreement
        Levels sorted, then MV and ST if they are there. Shape (levels, levels): mean, NaN without pairs, and
        number of pairs. No levels for no pairs.
    """
    ends = pairs[[f"{column}1", f"{column}2"]].to_numpy()
    levels = sorted(set(ends.ravel()), key=lambda name: (_CONSENSUS_LAST.get(name, 0), name))
    place = {name: index for index, name in enumerate(levels)}
    places = np.sort(np.array([[place[name] for name in row] for row in ends]).reshape(-1, 2), axis=1)
    cells = pd.DataFrame({"low": places[:, 0], "high": places[:, 1], "value": pairs[metric].to_numpy()})
    statistics = cells.groupby(["low", "high"])["value"].agg(["mean", "count"])
    means = np.full((len(levels), len(levels)), np.nan)
    counts = np.zeros(means.shape, dtype=np.int64)
    for (low, high), mean, count in statistics.itertuples():
        means[[low, high], [high, low]] = mean
        counts[[low, high], [high, low]] = count
    return Agreement(levels, means, counts)


def draw(agreements: Sequence[Agreement]) -> Figure:
    """Draw one panel a metric: beside each other where the page is wide enough, else one above the other."""
    levels = len(agreements[0].levels)
    panel = (levels * _CELL_POINTS[0], levels * _CELL_POINTS[1])
    width = _LABEL_POINTS + panel[0] + _BAR_POINTS
    height = _TITLE_POINTS + panel[1] + _LABEL_POINTS
    columns = len(agreements) if len(agreements) * width <= _PAGE_POINTS else 1
    rows = len(agreements) // columns
    page = np.array([columns * width, rows * height + _NOTE_POINTS])
    with figure_style():
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

        figure = Figure(figsize=tuple(page / 72))
        for number, (agreement, metric) in enumerate(zip(agreements, METRICS, strict=True)):
            row, column = divmod(number, columns)
            below = _NOTE_POINTS + (rows - 1 - row) * height
            corner = np.array([column * width, below]) + _LABEL_POINTS
            axes = figure.add_axes((*(corner / page), *(panel / page)))
            _draw_panel(axes, agreement, metric)
            strip = corner + (panel[0] + _BAR_GAP_POINTS, 0)
            bar = figure.add_axes((*(strip / page), *((_BAR_WIDTH_POINTS, panel[1]) / page)))
            ticks = MaxNLocator(5, steps=[1, 2, 5, 10])
            figure.colorbar(axes.collections[0], cax=bar, ticks=ticks)
            bar.tick_params(labelsize=_FONT_POINTS, length=2)
        figure.text(_LABEL_POINTS / page[0], 0, _NOTE, fontsize=_FONT_POINTS, va="bottom")
    return figure


def _draw_panel(axes: Axes, agreement: Agreement, metric: Metric) -> None:
    levels, means, _ = agreement
    upper = np.triu(np.ones(means.shape, dtype=bool), k=1)
    shown = np.ma.array(means, mask=upper | np.isnan(means))
    mesh = axes.pcolormesh(shown, cmap=metric.colours, edgecolor="white", linewidth=0.5)
    for row, column in zip(*np.nonzero(~upper), strict=True):
        count = agreement.counts[row, column]
        if count:
            text = f"{means[row, column]:.{metric.digits}f}\n{count:,}"
            colour = _text_colour(mesh.to_rgba(means[row, column]))
        else:
            text, colour = "–", "black"
            axes.fill_between([column, column + 1], row, row + 1, **_NO_PAIRS)
        middle = (column + 0.5, row + 0.5)
        axes.text(*middle, text, color=colour, ha="center", va="center", **_CELL_TEXT)
    middles = np.arange(len(levels)) + 0.5
    axes.set_xticks(middles, levels, fontsize=_FONT_POINTS)
    axes.set_yticks(middles, levels, fontsize=_FONT_POINTS)
    axes.set(xlim=(0, len(levels)), ylim=(len(levels), 0))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(metric.title, loc="left", fontsize=8, pad=4)


def _text_colour(background: np.ndarray) -> str:
    luminance = np.dot(background[:3], (0.2126, 0.7152, 0.0722))
    return "black" if luminance > _BRIGHT else "white"


def main(config: MultiannotatorSettings) -> Outcome:
    """Average and draw factor by factor."""
    pairs = read_input(
        config,
        "all_pairwise_IAA_metrics_path",
        columns=[f"{column}{end}" for column in FACTORS.values() for end in (1, 2)],
        numeric=[metric.column for metric in METRICS],
        made_by="compute_IAA_metrics",
    )
    if pairs.empty:
        logger.warning("no pairs of masks; nothing to draw")
        return Outcome("inter- and intra-factor agreement skipped: no pairs")
    files = []
    for name, column in FACTORS.items():
        agreements = [agreement_of_levels(pairs, column, metric.column) for metric in METRICS]
        base = config.visualizations_dir / "metrics" / f"inter_intra_{name}_agreement"
        files += save_figure(draw(agreements), base)
    return Outcome(f"{len(pairs):,} pairs by {len(FACTORS)} factors", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
