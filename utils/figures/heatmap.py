"""Lower-triangle heatmaps of the agreement within and between the levels of a factor."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import colour_scale
from .colour_scale import ColourScale, span_text
from .forest import NOTE_POINTS, Footnotes, note_inches, without_name
from .plotting import figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


class Metric(NamedTuple):
    """A metric of the table, and how it is shown."""

    name: str
    title: str
    scale: ColourScale
    digits: int


class Cell(NamedTuple):
    """What stands in a cell.

    Attributes
    ----------
    value : float
        Gives the colour.
    text : str
        The value, the number of its pairs, and below them further pairs that are not in it.
    twice : bool
        All of its pairs are by one annotator twice.
    consensus : bool
        One of the masks of each pair is a consensus.
    """

    value: float
    text: str
    twice: bool
    consensus: bool


METRICS = (
    Metric("dice_score", "Dice", colour_scale.DICE, 2),
    Metric("hd95_score_normalized", "HD95 / image diagonal", colour_scale.HD95, 3),
)
_CELL_POINTS, _TALL_POINTS = (25, 17), 25  # room for two lines of 7 points; height for three
_FONT_POINTS = 7
_LABEL_POINTS, _BELOW_POINTS = 26, 18  # level names with numbers of notes, left of a panel and below it
_TITLE_POINTS = 14
_BAR_POINTS = 32  # colour bar with its gap and numbers, right of a panel
_BAR_GAP_POINTS, _BAR_WIDTH_POINTS = 4, 6
_PAGE_POINTS = 180 / 25.4 * 72
_LEAST_NOTE_POINTS = 240
_CHARACTER_POINTS = 3.9  # of a note
_BRIGHT = 0.46  # luminance from which text is black
_CORNER = 0.2  # of a cell's height, the triangle that marks a consensus
_INSET = 0.06  # of a cell, from its edge to the frame of one annotator twice
_CELL_TEXT: dict[str, Any] = {"fontsize": _FONT_POINTS, "linespacing": 0.95, "ha": "center", "va": "center"}
_NO_PAIRS: dict[str, Any] = {"facecolor": "0.93", "edgecolor": "white", "linewidth": 0.5}
_NOTES = {
    "two": "Mean over pairs of masks by two annotators, with their number below; –: no pairs. Bright: good agreement.",
    "more": "+n: further pairs by one annotator twice, which are not in the mean; their mean is in the csv file.",
    "twice": "Framed: all pairs are by one annotator twice.",
    "consensus": "Corner: pairs with a consensus mask (MV, ST), which was made of the masks that it is compared with: "
    "part and whole, no agreement between annotators.",
}


def draw_heatmaps(
    table: DataFrame, levels: Sequence[str], said: Mapping[str, str], further_notes: Sequence[str] = ()
) -> Figure:
    """Draw one panel a metric: beside each other where the page is wide enough, else one above the other.

    Parameters
    ----------
    table : DataFrame
        As `statistics.level_pairs.agreement_of_levels` returns it; one row at least.
    levels : sequence of str
        All levels, in order.
    said : mapping of str to str
        Caution of a level, as a footnote to its name.
    further_notes : sequence of str
        Sentences below the figure.
    """
    panels = [cells_of(table, levels, metric) for metric in METRICS]
    every = [cell for cells in panels for cell in cells.values()]
    tall = any(cell.text.count("\n") > 1 for cell in every)
    panel = (len(levels) * _CELL_POINTS[0], len(levels) * (_TALL_POINTS if tall else _CELL_POINTS[1]))
    width, height = _LABEL_POINTS + panel[0] + _BAR_POINTS, _TITLE_POINTS + panel[1] + _BELOW_POINTS
    columns = len(panels) if len(panels) * width <= _PAGE_POINTS else 1
    rows = len(panels) // columns
    footnotes = Footnotes()
    labels = [footnotes.mark(level, without_name(said.get(level, ""), level)) for level in levels]
    page_width = max(columns * width, _LEAST_NOTE_POINTS)
    note = _note(every, tall, further_notes, footnotes, int((page_width - _LABEL_POINTS) / _CHARACTER_POINTS))
    note_points = 72 * note_inches(note)
    page = np.array([page_width, rows * height + note_points])
    with figure_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=tuple(page / 72))
        for number, (cells, metric) in enumerate(zip(panels, METRICS, strict=True)):
            row, column = divmod(number, columns)
            below = note_points + (rows - 1 - row) * height
            corner = np.array([column * width + _LABEL_POINTS, below + _BELOW_POINTS])
            axes = figure.add_axes((*(corner / page), *(panel / page)))
            strip = corner + (panel[0] + _BAR_GAP_POINTS, 0)
            bar = figure.add_axes((*(strip / page), *((_BAR_WIDTH_POINTS, panel[1]) / page)))
            _draw_panel(axes, bar, cells, labels, metric)
        figure.text(0, 0, note, fontsize=NOTE_POINTS, va="bottom")
    return figure


def _note(
    cells: Sequence[Cell], more: bool, further_notes: Sequence[str], footnotes: Footnotes, characters: int
) -> str:
    there = {
        "two": True,
        "more": more,
        "twice": any(cell.twice for cell in cells),
        "consensus": any(cell.consensus for cell in cells),
    }
    lines = [*(text for name, text in _NOTES.items() if there[name]), *further_notes]
    return "\n".join([*(textwrap.fill(line, characters) for line in lines), footnotes.text(characters)]).rstrip()


def cells_of(table: DataFrame, levels: Sequence[str], metric: Metric) -> dict[tuple[int, int], Cell]:
    """Return the cell of each row and column of the lower triangle that has pairs.

    A cell shows the mean of its pairs by two annotators. Only where there are none it shows that of all: of one
    annotator twice, or with a consensus.
    """
    place = {level: number for number, level in enumerate(levels)}
    cells = {}
    for row in table[table["metric"] == metric.name].to_dict("records"):
        kind = "inter_" if row["inter_pairs"] else ""
        value, count = row[f"{kind}mean"], row[f"{kind}pairs"]
        lines = [f"{value:.{metric.digits}f}", f"{count:,}"]
        lines += [f"+{row['intra_pairs']:,}"] if kind and row["intra_pairs"] else []
        twice = not kind and row["intra_pairs"] > 0
        cell = Cell(value, "\n".join(lines), twice, not kind and not twice)
        cells[place[row["level2"]], place[row["level1"]]] = cell
    return cells


def _draw_panel(
    axes: Axes, bar: Axes, cells: Mapping[tuple[int, int], Cell], labels: Sequence[str], metric: Metric
) -> None:
    from matplotlib.ticker import MaxNLocator

    values = np.full((len(labels), len(labels)), np.nan)
    for place, cell in cells.items():
        values[place] = cell.value
    span = metric.scale.span(values.ravel().tolist())
    shown = np.ma.masked_invalid(values)
    look: dict[str, Any] = {"cmap": metric.scale.colours, "edgecolor": "white", "linewidth": 0.5}
    mesh = axes.pcolormesh(shown, vmin=span[0], vmax=span[1], **look)
    for row, column in zip(*(side.tolist() for side in np.tril_indices(len(labels))), strict=True):
        _draw_cell(axes, row, column, cells.get((row, column)), mesh.to_rgba)
    middles = np.arange(len(labels)) + 0.5
    axes.set_xticks(middles, labels, fontsize=_FONT_POINTS)
    axes.set_yticks(middles, labels, fontsize=_FONT_POINTS)
    axes.set(xlim=(0, len(labels)), ylim=(len(labels), 0))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    # Over the bar too, so that it has room above a single cell.
    axes.set_title(f"{metric.title}\n{span_text(span)}" if len(labels) < 4 else f"{metric.title}, {span_text(span)}")
    axes.title.set(fontsize=8, ha="left", x=0)
    axes.figure.colorbar(mesh, cax=bar, ticks=MaxNLocator(5, steps=[1, 2, 5, 10]))
    bar.tick_params(labelsize=_FONT_POINTS, length=2)


def _draw_cell(axes: Axes, row: int, column: int, cell: Cell | None, colour_of: Callable) -> None:
    middle = (column + 0.5, row + 0.5)
    if cell is None:
        axes.fill_between([column, column + 1], row, row + 1, **_NO_PAIRS)
        axes.text(*middle, "–", color="black", **_CELL_TEXT)
        return
    colour = _text_colour(colour_of(cell.value))
    axes.text(*middle, cell.text, color=colour, **_CELL_TEXT)
    if cell.twice:
        left, right, top, bottom = column + _INSET, column + 1 - _INSET, row + _INSET, row + 1 - _INSET
        axes.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color=colour, linewidth=0.9)
    if cell.consensus:
        edge = column + 1 - _CORNER * _CELL_POINTS[1] / _CELL_POINTS[0]
        axes.fill([edge, column + 1, column + 1], [row, row, row + _CORNER], color=colour, linewidth=0)


def _text_colour(background: np.ndarray) -> str:
    luminance = np.dot(background[:3], (0.2126, 0.7152, 0.0722))
    return "black" if luminance > _BRIGHT else "white"
