"""Forest plots of annotators: how large each draws, and how each agrees with the others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..naming import levels_explained
from .forest import (
    NOTE_POINTS,
    ROW_INCHES,
    UNKNOWN,
    Estimate,
    Footnotes,
    ForestRow,
    draw_forest,
    note_inches,
    without_name,
    written,
)
from .plotting import figure_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

_WIDTH_INCHES = 170 / 25.4
_NOTE_CHARACTERS = 128
_REST_INCHES = 0.75
_PARTNERS_SHOWN = 4
_TICKS = (0.1, 0.2, 0.33, 0.5, 0.67, 1, 1.5, 2, 3, 5, 10)
_FINE_TICKS = (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.4, 1.6, 1.8, 2)
_FINE = 2.5  # greatest / smallest factor on an axis with the fine ticks
_FACTOR_NOTES = (
    "Dark: all pairs of masks of one image by two annotators. Light: without pairs whose areas differ more than "
    "threefold. 95\N{NO-BREAK SPACE}% intervals from cluster-robust errors."
)
_LEAST_SPAN = (0.88, 1.13)  # of the axis, with 0.9 and 1.1 in it
_HOLLOW_NOTE = "Hollow: no interval."
_DICE_NOTES = (
    "Dark: mean over images with anyone else, which depends on whom they were paired with; "
    "95\N{NO-BREAK SPACE}% intervals by drawing clusters of images, hollow without."
)
_VOTE_NOTE = "Light: against the vote of at least three others."


def draw_area_factors(factors: DataFrame) -> Figure:
    """Draw the factors of annotators, and below them those of tools and skill levels, on a logarithmic axis.

    Parameters
    ----------
    factors : DataFrame
        As `statistics.area_factors.area_factors` returns them; one row at least.
    """
    notes = Footnotes()
    rows: list[ForestRow] = []
    of_all, trimmed = (list(group) for group in _by_pairs(factors))
    second = {(row["model"], row["term"]): row for row in trimmed}
    model = ""
    for row in of_all:
        if row["model"] != model:
            model = row["model"]
            title = "Annotators" if model == "annotators" else "Same annotator, other level"
            rows.append(ForestRow(title, heading=True))
        estimate = Estimate(row["factor"], row["low"], row["high"])
        other = second.get((model, row["term"]))
        lighter = None if other is None else Estimate(other["factor"], other["low"], other["high"])
        texts = (written(estimate, 2), UNKNOWN if lighter is None else written(lighter, 2), f"{row['masks']:,.0f}")
        rows.append(ForestRow(notes.mark(row["term"], _caution_of_both(row, other)), estimate, lighter, texts))
    titles = ("all pairs", "up to threefold", "masks")
    hollow = factors["factor"].notna() & factors["low"].isna()
    factor_notes = f"{_FACTOR_NOTES} {_HOLLOW_NOTE if hollow.any() else ''}".rstrip()
    text = _notes([factor_notes, levels_explained(factors["term"])], notes)
    figure = _forest(rows, titles, text, "Area factor: 1.2 is 20 % larger than the mean mask of the same images", 1.0)
    axes = figure.axes[0]
    axes.set_xscale("log")
    # So that factors near 1 have a scale, too.
    low, high = min(axes.get_xlim()[0], _LEAST_SPAN[0]), max(axes.get_xlim()[1], _LEAST_SPAN[1])
    axes.set_xlim(low, high)
    ticks = [tick for tick in (_TICKS if high > _FINE * low else _FINE_TICKS) if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    return figure


def _caution_of_both(row: dict, lighter: dict | None) -> str:
    """Return the caution of a row, and what else is said of the lighter estimate where that lacks its interval."""
    said = row["caution"].split("; ")
    if lighter is not None and math.isnan(lighter["low"]):
        said += [f"light: {part}" for part in lighter["caution"].split("; ") if part and part not in said]
    return "; ".join(said)


def _by_pairs(factors: DataFrame) -> tuple[list[dict], list[dict]]:
    of_all = (factors["pairs"] == "all").to_numpy()
    return factors[of_all].to_dict("records"), factors[~of_all].to_dict("records")


def draw_dice_with_others(annotators: DataFrame) -> Figure:
    """Draw the Dice of each annotator with the others, and name the most frequent of them.

    Parameters
    ----------
    annotators : DataFrame
        As `statistics.annotators.annotator_table` returns it; one row at least.
    """
    notes = Footnotes()
    rows = []
    for row in annotators.to_dict("records"):
        estimate, vote = (
            Estimate(row[name], row[f"{name}_low"], row[f"{name}_high"])
            for name in ("mean_dice_with_others", "dice_with_vote_of_others")
        )
        partners = row["partners"].split(", ")
        named = ", ".join(partners[:_PARTNERS_SHOWN]) + (", …" if len(partners) > _PARTNERS_SHOWN else "")
        texts = (written(estimate, 2), f"{row['mean_dice_with_others_images']:,.0f}", named)
        # Of confounding alone: hollow points tell of few clusters, the other figure of areas.
        caution = "; ".join(part for part in row["caution"].split("; ") if ":" not in part)
        label = notes.mark(row["annotator"], without_name(caution, row["annotator"]))
        rows.append(ForestRow(label, estimate, vote, texts))
    vote_note = _VOTE_NOTE if annotators["dice_with_vote_of_others"].notna().any() else ""
    explained = levels_explained([notes.text(_NOTE_CHARACTERS)])
    return _forest(
        rows,
        ("mean", "images", "with whom (images)"),
        _notes([f"{_DICE_NOTES} {vote_note}".rstrip(), explained], notes),
        "Dice with others",
    )


def _notes(lines: list[str], notes: Footnotes) -> str:
    import textwrap

    texts = [textwrap.fill(line, _NOTE_CHARACTERS) for line in lines if line]
    return "\n".join([*texts, notes.text(_NOTE_CHARACTERS)]).rstrip()


def _forest(rows: list[ForestRow], titles: tuple, text: str, label: str, reference: float | None = None) -> Figure:
    with figure_style():
        from matplotlib.figure import Figure

        height = _REST_INCHES + 1.15 * ROW_INCHES * max(4, len(rows)) + note_inches(text)
        figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
        axes = figure.subplots()
        draw_forest(axes, rows, titles, reference)
        axes.set_xlabel(label)
        figure.supxlabel(text, x=0.01, ha="left", fontsize=NOTE_POINTS)
    return figure
