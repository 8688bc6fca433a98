"""The page of annotators: what is known of each, with intervals and cautions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..figures.forest import Footnotes
from .page_table import UNKNOWN, PageRow, PageTable, count_text, interval_text
from .read_tables import ReportTables, records

if TYPE_CHECKING:
    from pandas import DataFrame

# What the cautions call a column -> what the page calls it.
_COLUMN_NAMES = {
    "mean_dice_with_others": "Dice with others",
    "dice_with_vote_of_others": "Dice with the vote of three others or more",
    "staple_sensitivity": "STAPLE’s sensitivity",
    "staple_specificity": "STAPLE’s specificity",
    "dice_one_annotator_twice": "one annotator twice",
    "area_factor": "area factor",
}
_FACTOR_COLUMNS = {"tool": ("Tools", "tools"), "skill_level": ("Skill levels", "skill_levels")}
_HINT = (
    "Area factor: how much larger (above 1) or smaller this hand draws than the average mask of the same images. Dice "
    "with others depends on whom an annotator was paired with, and on how hard their images are. A code leads to the "
    "images where this hand differs most from the others. Brackets: 95 % intervals."
)
_STAPLE_HINT = (
    "A property of STAPLE’s estimate, not of the annotator: how it weighed each hand, on images with three annotators "
    "or more. With two masks nothing tells which is right, so those images are left out."
)
_Cell = Callable[[dict[str, Any]], str]


def annotators_page(tables: ReportTables, factors: Sequence[str], levels: str) -> dict[str, Any]:
    """Return what the page shows: tables, and notes on the network.

    Parameters
    ----------
    tables : ReportTables
        Of them annotator_metrics and annotator_links.
    factors : sequence of str
        tool and skill_level, as far as the data tell levels of it apart.
    levels : str
        What the codes of these levels stand for; '' when there are none.
    """
    known = tables.annotator_metrics
    page_tables = [_main_table(known, factors, levels), _staple_table(known)] if len(known) else []
    return {"tables": page_tables, "notes": network_notes(known, tables.annotator_links)}


def _main_table(known: DataFrame, factors: Sequence[str], levels: str) -> PageTable:
    columns: dict[str, _Cell] = {
        "Masks": lambda row: count_text(row["masks"]),
        "Images": lambda row: count_text(row["images"]),
        "Area factor": lambda row: _interval(row, "area_factor", 2),
        "Dice with others": lambda row: _interval(row, "mean_dice_with_others"),
        "With whom (images)": lambda row: row["partners"] or UNKNOWN,
        "With the vote of ≥ 3 others": lambda row: _interval(row, "dice_with_vote_of_others"),
        "One annotator twice": _twice,
    }
    for factor in factors:
        title, column = _FACTOR_COLUMNS[factor]
        columns[title] = itemgetter(column)
    return _table(
        "What is known of each annotator", known, columns, f"{_HINT} {levels}." if levels else _HINT, notes=True
    )


def _staple_table(known: DataFrame) -> PageTable:
    columns: dict[str, _Cell] = {
        "Sensitivity": lambda row: _interval(row, "staple_sensitivity"),
        "Specificity": lambda row: _interval(row, "staple_specificity"),
        "Images": lambda row: count_text(row["staple_sensitivity_images"]),
    }
    there = known[known["staple_sensitivity_images"] > 0]
    return _table("STAPLE’s estimates, a property of the estimate", there, columns, _STAPLE_HINT, notes=False)


def _table(title: str, known: DataFrame, columns: dict[str, _Cell], hint: str, notes: bool) -> PageTable:
    footnotes, rows = Footnotes(), []
    columns = {title: cell for title, cell in columns.items() if any(cell(row) != UNKNOWN for row in records(known))}
    for row in records(known):
        label = footnotes.mark(row["annotator"], caution_text(row["caution"])) if notes else row["annotator"]
        href = f"#annotator={quote(row['annotator'], safe='')}"
        rows.append(PageRow(label, [cell(row) for cell in columns.values()], href))
    said = footnotes.text()
    return PageTable(title, ["Annotator", *columns], rows, ["annotator_metrics"], hint, said)


def _interval(row: dict[str, Any], name: str, digits: int = 3) -> str:
    return interval_text(row[name], row[f"{name}_low"], row[f"{name}_high"], digits)


def _twice(row: dict[str, Any]) -> str:
    pairs, conflicting = row["pairs_one_annotator_twice"], row["pairs_with_conflicting_skills"]
    if not pairs:
        return UNKNOWN
    two = f", {conflicting:,.0f} with two skill labels" if conflicting else ""
    return f"{_interval(row, 'dice_one_annotator_twice')} ({pairs:,.0f} {'pair' if pairs == 1 else 'pairs'}{two})"


def caution_text(caution: str) -> str:
    """Write a caution of the table of annotators with the names of columns that the page has."""
    return re.sub(r"\w+(?=[,:])", lambda word: _COLUMN_NAMES.get(word.group(), word.group()), caution)


def network_notes(known: DataFrame, links: DataFrame) -> list[str]:
    """Say aloud what the network of annotators does not allow to compare.

    Parameters
    ----------
    known : DataFrame
        annotator, component and half of each annotator, as texts; half is empty unless two halves hardly meet.
    links : DataFrame
        annotator1, annotator2, joins_halves; images as a number.
    """
    notes = []
    apart = sorted(component for component in set(known["component"]) if component)
    if len(apart) > 1:
        groups = (_names(known[known["component"] == component]["annotator"]) for component in apart)
        notes.append(f"Nothing joins these groups, so they cannot be compared: {'; '.join(groups)}.")
    alone = known[known["component"] == ""]["annotator"]
    if len(alone):
        notes.append(f"No image is shared with anyone by {_names(alone)}.")
    halves = [_names(known[known["half"] == half]["annotator"]) for half in ("1", "2")]
    if all(halves):
        joining = links[links["joins_halves"] != ""]
        notes.append(
            f"Two halves of the network hardly meet: {halves[0]} on one side, {halves[1]} on the other. "
            f"{len(joining):,} of {len(links):,} links join them, with {joining['images'].sum():,.0f} of "
            f"{links['images'].sum():,.0f} shared images. Numbers compare well within a half, and badly across."
        )
    return notes


def _names(annotators: Iterable[str]) -> str:
    return ", ".join(annotators)
