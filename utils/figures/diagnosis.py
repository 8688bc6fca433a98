"""Malignant beside benign images: the distributions of their agreement, and differences by adjustment."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .forest import (
    NOTE_POINTS,
    ROW_INCHES,
    UNKNOWN,
    Estimate,
    Footnotes,
    ForestRow,
    draw_forest,
    note_inches,
    written,
)
from .plotting import PALETTE, figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

_LINES: dict[str, dict[str, Any]] = {
    "malignant": {"color": PALETTE["vermillion"], "linestyle": "-"},
    "benign": {"color": PALETTE["blue"], "linestyle": "--"},
}
_NAMES = {
    "none": "as it stands",
    "sets of annotators": "same annotators",
    "sets of annotators with their tools": "… and tools",
    "sets of annotators, and lesion size": "… and lesion size",
}
_WIDTH_INCHES, _LEAST_INCHES, _REST_INCHES = 170 / 25.4, 2.2, 0.75
_WIDTHS = (1, 1)
_NOTE_CHARACTERS = 128
_MOST_SETS = 20
_LONGEST_SET = 18  # characters
_FEW = 10  # images of a diagnosis, of which the note below speaks
_NOTE = (
    "Mean Dice over pairs by two annotators. Hollow: fewer than 10 images of a diagnosis, so no interval. p: of the "
    "difference, after Holm's method in each block."
)
_NOTE_ON_SETS = "In brackets: malignant, benign images."


def draw_diagnosis(
    curves: DataFrame, differences: DataFrame, sets: DataFrame, sentence: str, others: Mapping[str, int]
) -> Figure:
    """Draw both cumulative distributions, and beside them a forest of differences.

    Parameters
    ----------
    curves : DataFrame
        As `statistics.diagnosis.cumulative_shares` returns them.
    differences, sets : DataFrame
        As `statistics.diagnosis_tables` returns them.
    sentence : str
        What the adjustment does.
    others : mapping of str to int
        Numbers of images of other diagnoses, which are not drawn.
    """
    counted = ", ".join(f"{name} {count:,}" for name, count in others.items())
    note = f"{_NOTE} {_NOTE_ON_SETS}" if len(sets) else _NOTE
    lines = [sentence, note, f"Images of other diagnoses, not drawn: {counted or 'none'}."]
    hidden = len(sets) - _MOST_SETS
    lines += [f"{hidden} smaller sets of annotators are in iaa_cdfs_sets.csv."] if hidden > 0 else []
    notes = Footnotes()
    rows = forest_rows(differences, sets[:_MOST_SETS], notes)
    text = "\n".join(textwrap.fill(line, _NOTE_CHARACTERS) for line in [*lines, notes.text()] if line)
    with figure_style():
        from matplotlib.figure import Figure

        height = max(_LEAST_INCHES, ROW_INCHES * len(rows)) + _REST_INCHES + note_inches(text)
        figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=_WIDTHS)
        _draw_curves(left, curves)
        draw_forest(right, rows, ("difference", "p"), reference=0)
        right.set_xlabel("Mean Dice, malignant less benign")
        figure.supxlabel(text, x=0.01, ha="left", fontsize=NOTE_POINTS)
    return figure


def forest_rows(differences: DataFrame, sets: DataFrame, notes: Footnotes) -> list[ForestRow]:
    """Return a row for each adjustment, and below them one for each set of annotators; add to the notes on them."""
    rows = [ForestRow("All images", heading=True)]
    rows += [_row(_NAMES[row["adjusted_for"]], row, notes) for row in differences.to_dict("records")]
    if len(sets):
        rows.append(ForestRow("Sets of annotators", heading=True))
    for row in sets.to_dict("records"):
        rows.append(_row(f"{_short(row['set'])} ({row['malignant']:,}, {row['benign']:,})", row, notes))
    return rows


def _row(name: str, row: Mapping, notes: Footnotes) -> ForestRow:
    estimate = Estimate(row["difference"], row["low"], row["high"])
    enough = min(row["malignant"], row["benign"]) >= _FEW
    label = notes.mark(name, row["caution"]) if enough and np.isnan(estimate.low) else name
    return ForestRow(label, estimate, texts=(written(estimate, 3), _p(row["p_holm"])))


def _short(name: str) -> str:
    if len(name) <= _LONGEST_SET:
        return name
    members = name.split("+")
    return f"{members[0]}+…+{members[-1]}, {len(members)}"


def _p(value: float) -> str:
    if np.isnan(value):
        return UNKNOWN
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _draw_curves(axes: Axes, curves: DataFrame) -> None:
    for name, style in _LINES.items():
        own = curves[curves["diagnosis"] == name]
        dice = [0, *own["dice"], 1]
        share = [0, *own["cumulative_share"], 1]
        label = f"{name} (n = {own['images'].max():,})"
        axes.step(dice, share, where="post", label=label, linewidth=1.5, **style)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="Cumulative share of images")
    axes.set_xlabel("Mean Dice of an image")
    axes.grid(color="0.9", linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderpad=0)
