"""A table of a page: texts to show, the csv files that they are from, and its cautions as footnotes."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..figures.forest import UNKNOWN, Estimate, written

# What the pages call the metrics of the tables; distances in pixels stand in the csv files alone.
METRICS = {
    "dice_score": "Dice",
    "jaccard_score": "Jaccard",
    "hd95_score_normalized": "HD95 / diagonal",
    "assd_score_normalized": "ASSD / diagonal",
    "nsd_score": "NSD",
    "bf1_score": "BF1",
}
_LONG = 32  # characters


class PageRow(NamedTuple):
    """A row: its label, the texts of its cells, and where a click on the label goes, '' for nowhere."""

    label: str
    cells: list[str]
    href: str = ""


class PageTable(NamedTuple):
    """A table with a title; no rows: it is left out.

    Attributes
    ----------
    title, hint : str
        Heading, and what is to be known before reading.
    columns : list of str
        Headings of the columns, that of the labels first.
    rows : list of PageRow
        With a cell for each heading but the first.
    csv : list of str
        Names, as in `csv_files`, of the tables that it is from.
    notes : str
        Footnotes.
    """

    title: str
    columns: list[str]
    rows: list[PageRow]
    csv: list[str]
    hint: str = ""
    notes: str = ""

    def is_long(self, place: int) -> bool:
        """Tell whether a column of cells, counted from 0, has text that needs several lines."""
        return any(len(row.cells[place]) > _LONG for row in self.rows)


def interval_text(value: float, low: float, high: float, digits: int = 3) -> str:
    """Write a value with its interval, as the figures do: 0.784 [0.775, 0.793]; a dash for NaN."""
    return written(Estimate(value, low, high), digits)


def count_text(value: float) -> str:
    """Write a count with commas; a dash for NaN."""
    return UNKNOWN if math.isnan(value) else f"{value:,.0f}"
