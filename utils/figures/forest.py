"""Forest plots: an estimate with its interval in each row, numbers beside it, cautions as footnotes."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .plotting import PALETTE, PLAIN

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_INCHES = 0.19
NOTE_POINTS = 7
_TEXT_POINTS = 7
_CHARACTER_POINTS = 3.7  # widest average of a text column at that size
_BOLD = 1.25  # characters of plain text as wide as one of a title
_GAP_POINTS = 8
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MINUS = "\N{MINUS SIGN}"
UNKNOWN = "–"  # stands where there is no value
INTERVAL_NOTE = "Means over images, 95 % intervals by drawing clusters of images; hollow: no interval."
_SECOND = PALETTE["sky blue"]


class Metric(NamedTuple):
    """A metric of a table, and how it is shown."""

    name: str
    title: str


class Estimate(NamedTuple):
    """A value and the ends of its interval; NaN is not known."""

    value: float
    low: float = math.nan
    high: float = math.nan


class ForestRow(NamedTuple):
    """A row of a forest plot.

    Attributes
    ----------
    label : str
        Stands to the left.
    estimate : Estimate, optional
        Filled, with its interval; hollow without one. A row without an estimate that is not a heading says "–".
    second : Estimate, optional
        Another estimate of the same, drawn below the first, lighter.
    texts : tuple of str
        Stand to the right, a column each.
    heading : bool
        The label is the title of the rows below.
    """

    label: str
    estimate: Estimate | None = None
    second: Estimate | None = None
    texts: tuple[str, ...] = ()
    heading: bool = False


def draw_forest(
    axes: Axes, rows: Sequence[ForestRow], titles: Sequence[str] = (), reference: float | None = None
) -> None:
    """Draw rows from the top down.

    Parameters
    ----------
    axes : Axes
        Its scale and limits are the caller's.
    rows : sequence of ForestRow
    titles : sequence of str
        Of the text columns.
    reference : float, optional
        Where a vertical line says that there is no difference.
    """
    if reference is not None:
        axes.axvline(reference, color="0.6", linewidth=0.8, zorder=1)
    for place, row in enumerate(rows):
        both = row.second is not None and not math.isnan(row.second.value)
        _draw_estimate(axes, row.estimate, place - (0.14 if both else 0), PLAIN, 4.5)
        if both:
            _draw_estimate(axes, row.second, place + 0.22, _SECOND, 3.5)
    axes.set(ylim=(len(rows) - 0.4, -0.6))
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    for row, label in zip(rows, axes.get_yticklabels(), strict=True):
        label.set_fontweight("bold" if row.heading else "normal")
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    _write_columns(axes, rows, titles)


def _draw_estimate(axes: Axes, estimate: Estimate | None, place: float, colour: str, size: float) -> None:
    if estimate is None or math.isnan(estimate.value):
        return
    known = not math.isnan(estimate.low)
    if known:
        axes.plot([estimate.low, estimate.high], [place, place], color=colour, linewidth=1.2, zorder=2)
    face = colour if known else "white"
    axes.plot(estimate.value, place, "o", color=colour, markersize=size, markerfacecolor=face, zorder=3)


def _write_columns(axes: Axes, rows: Sequence[ForestRow], titles: Sequence[str]) -> None:
    offset = float(_GAP_POINTS)
    for number, title in enumerate(titles):
        texts = [row.texts[number] if len(row.texts) > number else "" for row in rows]
        for place, text in enumerate([title, *texts], start=-1):
            axes.annotate(
                text,
                (1, place if place >= 0 else -0.7),
                xycoords=("axes fraction", "data"),
                xytext=(offset, 0),
                textcoords="offset points",
                va="center" if place >= 0 else "bottom",
                fontsize=_TEXT_POINTS,
                fontweight="normal" if place >= 0 else "bold",
                annotation_clip=False,
            )
        offset += max(_BOLD * len(title), *map(len, texts)) * _CHARACTER_POINTS + _GAP_POINTS


def written(estimate: Estimate, digits: int) -> str:
    """Write an estimate with its interval: 0.784 [0.775, 0.792]; a dash for none."""
    if math.isnan(estimate.value):
        return UNKNOWN
    interval = "" if math.isnan(estimate.low) else f" [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"
    return f"{estimate.value:.{digits}f}{interval}".replace("-", _MINUS)


def note_inches(text: str) -> float:
    """Return the height of notes of several lines, in inches."""
    return (text.count("\n") + 1) * NOTE_POINTS * 1.25 / 72


def without_name(caution: str, annotator: str) -> str:
    """Return a caution as it is said where the annotator's name stands beside it: has S1 alone."""
    return "; ".join(part.removeprefix(f"annotator {annotator} ") for part in caution.split("; "))


class Footnotes:
    """Cautions as numbered notes: each part of a caution has one number, however many rows it is of."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, label: str, caution: str) -> str:
        """Return a label with the numbers of its cautions, which are parted by semicolons, raised behind it."""
        parts = [part.strip() for part in caution.split(";") if part.strip()]
        numbers = [self._numbers.setdefault(part, len(self._numbers) + 1) for part in parts]
        return label + "".join(f"\N{THIN SPACE}{number}" for number in sorted(numbers)).translate(_SUPERSCRIPTS)

    def text(self, characters: int | None = None) -> str:
        """Return all notes, a number before each, in lines of so many characters, or in one line."""
        notes = (
            f"{number}".translate(_SUPERSCRIPTS) + f"\N{NO-BREAK SPACE}{part}."
            for part, number in self._numbers.items()
        )
        line = "  ".join(notes)
        return line if characters is None else textwrap.fill(line, characters)
