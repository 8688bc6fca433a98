"""Draw the agreement within the most frequent sets of annotators who segmented the same image.

Reads:  IMAplusplus_multiannotator_subset_IAA_metrics.csv.
Writes: annotator_intersection_agreements/all_annotator_intersections.png, .svg and .pdf in visualizations_dir.
Rules:  An image belongs to the exact set of its annotators, of people only; one value an image, the mean over
        its pairs by two annotators. Images by one annotator alone, more than once, are rows of their own, in another
        colour. Most frequent sets first, ties by name. Boxes: quartiles and median, whiskers
        to the last value within 1.5 times their distance; every image is a point below its box.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import utils.stage_process
from utils.figures.plotting import PALETTE, figure_style, save_figure
from utils.lazy import logger, pd
from utils.naming import human_pairs_only, inter_pairs_only
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
    "annotator_sets_shown",
)

METRICS = {
    "dice_score": "Mean Dice of an image",
    "hd95_score_normalized": "Mean HD95 of an image / diagonal",
}

# Sets of more annotators are named by their number and their ends, since the labels would leave no room.
_MOST_NAMED = 8
_LABEL_CHARACTERS = 24
_WIDTH_INCHES = 176 / 25.4  # with its margin within a page of 180 mm
_ROW_INCHES = 0.28
_REST_INCHES = 0.85  # axis labels and the lines above
_BOX = (-0.2, 0.3)  # middle and height of a box, in rows
_POINTS = (0.05, 0.4)  # rows below it over which the points are spread


def images_by_annotators(pairs: DataFrame) -> dict[tuple[str, ...], DataFrame]:
    """Group the images by the exact set of the people who segmented them.

    Parameters
    ----------
    pairs : DataFrame
        Columns img_id, annotator1, annotator2, dice_score and hd95_score_normalized.

    Returns
    -------
    dict of tuple of str to DataFrame
        Sorted names -> one row an image with the means of both metrics over its pairs by two annotators (NaN
        left out); most images first, ties by name. One name: several masks by one person, and the means are over
        their pairs. Empty if no pair is of two human masks.
    """
    human = human_pairs_only(pairs)
    people = pd.concat([human.set_index("img_id")[name] for name in ("annotator1", "annotator2")])
    sets = people.groupby(level=0).agg(lambda names: tuple(sorted(set(names))))
    # Of an image by several people pairs by two of them alone; its sets and its means are in the same order.
    alone = human["img_id"].map(sets.map(len)) == 1
    counted = human[alone | (human["annotator1"] != human["annotator2"])]
    means = counted.groupby("img_id")[list(METRICS)].mean()
    counts = sets.value_counts()
    ordered = sorted(counts.index, key=lambda names: (-counts[names], names))
    return {names: means[(sets == names).to_numpy()] for names in ordered}


def draw(groups: Mapping[tuple[str, ...], DataFrame], title: str) -> Figure:
    """Draw a row of boxes and points for each set, Dice beside normalised HD95."""
    with figure_style():
        from matplotlib.figure import Figure

        height = _REST_INCHES + _ROW_INCHES * max(2, len(groups))
        figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
        panels = figure.subplots(1, len(METRICS), sharey=True)
        for axes, (metric, label) in zip(panels, METRICS.items(), strict=True):
            _draw_metric(axes, [(table[metric].dropna().to_numpy(), _colour(names)) for names, table in groups.items()])
            axes.set_xlabel(label)
            end = 1 if metric == "dice_score" else axes.get_xlim()[1]
            axes.set_xlim(-0.02 * end, 1.02 * end)
        panels[0].set_yticks(range(len(groups)), [row_label(*group) for group in groups.items()])
        panels[0].invert_yaxis()
        figure.suptitle(title, fontsize=8, x=0.01, ha="left")
    return figure


def note(pairs: DataFrame, shown: Iterable[Sequence[str]]) -> str:
    """Say which pairs the means are over, and which they leave out."""
    human, inter = human_pairs_only(pairs), inter_pairs_only(pairs)
    told = f"Means over pairs by two annotators ({len(inter):,} in all)"
    if any(len(names) == 1 for names in shown):
        told += "; orange: one annotator twice or more"
    twice = len(human) - len(inter)
    return f"{told}; pairs by one annotator twice: {twice:,}" if twice else told


def row_label(names: Sequence[str], table: DataFrame) -> str:
    """Name a set of annotators with its number of images."""
    if len(names) == 1:
        people = f"{names[0]} twice or more"
    elif len(names) <= _MOST_NAMED:
        people = textwrap.fill(" + ".join(names), _LABEL_CHARACTERS)
    else:
        people = f"{len(names)} annotators, {names[0]} to {names[-1]}"
    return f"{people} (n = {len(table):,})"


def _colour(names: Sequence[str]) -> str:
    return PALETTE["blue" if len(names) > 1 else "orange"]


def _draw_metric(axes: Axes, samples: Sequence[tuple[np.ndarray, str]]) -> None:
    generator = np.random.default_rng(0)
    for row, (values, colour) in enumerate(samples):
        heights = row + generator.uniform(*_POINTS, values.size)
        axes.scatter(values, heights, s=5, alpha=0.4, color=colour, linewidths=0)
    black = {"color": "black", "linewidth": 0.9}
    axes.boxplot(
        [values for values, _ in samples],
        positions=np.arange(len(samples)) + _BOX[0],
        orientation="horizontal",
        widths=_BOX[1],
        showfliers=False,
        manage_ticks=False,
        boxprops=black,
        whiskerprops=black,
        capprops=black,
        medianprops={"color": PALETTE["vermillion"], "linewidth": 1.8},
    )
    axes.set_axisbelow(True)
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def main(config: MultiannotatorSettings) -> Outcome:
    """Find the sets, take the most frequent, draw."""
    pairs = read_input(
        config,
        "all_pairwise_IAA_metrics_path",
        columns=["img_id", "annotator1", "annotator2"],
        numeric=tuple(METRICS),
        made_by="compute_IAA_metrics",
    )
    groups = images_by_annotators(pairs)
    if not groups:
        logger.warning("no pair of human masks; nothing to draw")
        return Outcome("all_annotator_intersections skipped: no pairs of human masks")
    shown = dict(list(groups.items())[: config.annotator_sets_shown])
    images, all_images = (sum(map(len, some.values())) for some in (shown, groups))
    title = f"{len(shown)} of {len(groups)} sets of annotators, {images:,} of {all_images:,} images"
    figure = draw(shown, f"{title}\n{note(pairs, shown)}")
    folder = config.visualizations_dir / "annotator_intersection_agreements"
    return Outcome(title, save_figure(figure, folder / "all_annotator_intersections"))


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
