"""Draw the agreement of groups of pairs with its intervals, and say what keeps a number from meaning what it seems to.

Reads:  IMAplusplus_multiannotator_subset_agreement_statistics.csv.
Writes: metrics/agreement_statistics.png, .svg and .pdf in visualizations_dir.
Rules:  A row a group, a panel a metric (Dice, HD95 / image diagonal); 95 % intervals, hollow points without one.
        Cautions are footnotes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import utils.stage_process
from utils.figures.forest import (
    INTERVAL_NOTE,
    NOTE_POINTS,
    ROW_INCHES,
    Estimate,
    Footnotes,
    ForestRow,
    Metric,
    draw_forest,
    note_inches,
    written,
)
from utils.figures.plotting import figure_style, save_figure
from utils.lazy import logger
from utils.naming import levels_explained
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

KEYS = (
    "agreement_statistics_path",
    "visualizations_dir",
)


METRICS = (
    Metric("dice_score", "Dice"),
    Metric("hd95_score_normalized", "HD95 / image diagonal"),
)
HEADINGS = {
    "all": "Pairs of masks",
    "inter, tool": "Two annotators: tools",
    "inter, skill": "Two annotators: skill levels",
    "inter, masks": "Two annotators: masks",
    "inter, diagnosis": "Two annotators: diagnoses",
}
NAMES = {
    "inter": "by two annotators",
    "intra": "by one annotator twice",
    "intra without conflicting labels": "twice, at one skill level",
}
_WIDTH_INCHES = 170 / 25.4
_NOTE_CHARACTERS = 128
_REST_INCHES = 0.7
_WIDTHS = (3, 2)


def heading_of(group: str) -> str:
    """Return the key of the heading that a group stands under."""
    kind, _, label = group.partition(", ")
    if not label:
        return "all"
    return f"{kind}, masks" if label.endswith(" masks") else f"{kind}, {label.partition(' ')[0]}"


def name_of(group: str) -> str:
    """Return what the group is called below its heading."""
    kind, _, label = group.partition(", ")
    if not label:
        return NAMES.get(kind, kind)
    return label if label.endswith(" masks") else label.partition(" ")[2]


def told_apart(statistics: DataFrame) -> DataFrame:
    """Leave out the groups by tool, or by skill level, where the data have a single one, which tells nothing apart."""
    levels: dict[str, set[str]] = {}
    for group in statistics["group"]:
        levels.setdefault(heading_of(group), set()).update(name_of(group).split("-"))
    single = {f"inter, {factor}" for factor in ("tool", "skill") if len(levels.get(f"inter, {factor}", ())) < 2}
    return statistics[[heading_of(group) not in single for group in statistics["group"]]]


def forest_rows(statistics: DataFrame, metric: Metric, notes: Footnotes) -> list[ForestRow]:
    """Return the rows of one metric, headings included, in the order of the table."""
    rows, heading = [], ""
    for row in statistics[statistics["metric"] == metric.name].to_dict("records"):
        above = heading_of(row["group"])
        if above != heading:
            heading = above
            rows.append(ForestRow(HEADINGS.get(above, above), heading=True))
        estimate = Estimate(row["mean"], row["low"], row["high"])
        counts = (f"{row['images']:,.0f}", f"{row['pairs']:,.0f}")
        label = notes.mark(name_of(row["group"]), row["caution"])
        rows.append(ForestRow(label, estimate, texts=(written(estimate, 3), *counts)))
    return rows


def draw(statistics: DataFrame) -> Figure:
    """Draw both metrics beside each other, the first with its numbers."""
    with figure_style():
        from matplotlib.figure import Figure

        notes = Footnotes()
        statistics = told_apart(statistics)
        panels = [forest_rows(statistics, metric, notes) for metric in METRICS]
        codes = levels_explained(statistics["group"])
        text = "\n".join(line for line in (INTERVAL_NOTE, codes and f"{codes}.", notes.text(_NOTE_CHARACTERS)) if line)
        height = _REST_INCHES + ROW_INCHES * len(panels[0]) + note_inches(text)
        figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=_WIDTHS)
        draw_forest(left, panels[0], ("mean", "images", "pairs"))
        draw_forest(right, [row._replace(texts=()) for row in panels[1]])
        right.set_yticklabels([])
        for axes, metric in zip((left, right), METRICS, strict=True):
            axes.set_xlabel(metric.title)
        figure.supxlabel(text, x=0.01, ha="left", fontsize=NOTE_POINTS)
    return figure


def main(config: MultiannotatorSettings) -> Outcome:
    """Read the table, draw, write."""
    statistics = read_input(
        config,
        "agreement_statistics_path",
        ["metric", "group", "caution"],
        ["pairs", "images", "mean", "low", "high"],
        made_by="compute_agreement_statistics",
    )
    if statistics.empty:
        logger.warning("{} has no groups; nothing to draw", config.agreement_statistics_path)
        return Outcome("agreement_statistics skipped: no pairs")
    files = save_figure(draw(statistics), config.visualizations_dir / "metrics" / "agreement_statistics")
    return Outcome(f"{statistics['group'].nunique()} groups", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
