"""The raw tables, as archives, spreadsheets and scripts write them."""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PipelineError
from ..settings import CreationSettings
from ..tables import read_input

if TYPE_CHECKING:
    from pandas import DataFrame

SEPARATORS = {";": "semicolons", "\t": "tabs"}
_FIRST_ROW = 2  # the header is row 1
# By how they begin, in lower case.
_NO_CSV = {
    b"\x1f\x8b": "a file compressed by gzip, whose name does not end in .gz",
    b"pk\x03\x04": "an Excel workbook, or another zip file",
    b"sep=": "a first line that only Excel knows, sep=",
}


def read_raw_images(config: CreationSettings, columns: Sequence[str]) -> DataFrame:
    """Read the raw image table; see `read_raw_masks`."""
    return _read(config, "raw_img_metadata_path", columns, is_private=False)


def read_raw_masks(config: CreationSettings, columns: Sequence[str]) -> DataFrame:
    """Read the raw segmentation table.

    Returns
    -------
    DataFrame
        The rows that hold anything, and the columns that have a name or hold anything: spreadsheets keep what was
        emptied. The index is the row in the file, from 2 on.

    Raises
    ------
    PipelineError
        As `utils.tables.read_table`; of a table without a header no cell is shown, for it may be a name.
    """
    return _read(config, "raw_seg_masks_metadata_path", columns, is_private=True)


def mask_label(row: Hashable, object_id: str) -> str:
    """Return how messages cite a mask: by row and id, since its creator and its raw file name are private."""
    return f"row {row} (mskObjectID {object_id!r})"


def cells_of_line(line: bytes, separator: str = ",") -> tuple[str, ...]:
    """Return the cells of the first line of a table."""
    text = next(iter(line.decode("utf-8-sig", errors="replace").splitlines()), "")
    try:
        return tuple(next(csv.reader([text], delimiter=separator), []))
    except csv.Error:
        return ()


def _read(config: CreationSettings, key: str, columns: Sequence[str], is_private: bool) -> DataFrame:
    try:
        table = read_input(config, key, columns)
    except PipelineError:
        path = Path(getattr(config, key))
        found = _instead_of_header(_first_line(path), columns, is_private)
        if found is None:
            raise
        expected = f"CSV in UTF-8 whose first line names the columns {', '.join(columns)}"
        hint = "save it as CSV in UTF-8, separated by commas, the names of the columns first"
        raise PipelineError("A table lacks columns.", where=path, expected=expected, found=found, hint=hint) from None
    table.index += _FIRST_ROW
    return _without_what_was_emptied(table, columns)


def _without_what_was_emptied(table: DataFrame, columns: Sequence[str]) -> DataFrame:
    # Few rows lack all that must be there: no other has to be looked at in all its columns.
    may_be_empty = table[(table[list(columns)].apply(lambda column: column.str.strip()) == "").all(axis=1)]
    emptied = [row for row, *cells in may_be_empty.itertuples() if not "".join(cells).strip()]
    nameless = [name for name in table if str(name).startswith("Unnamed: ") and (table[name] == "").all()]
    return table.drop(index=emptied, columns=nameless)


def _instead_of_header(first_line: bytes, columns: Sequence[str], is_private: bool) -> str | None:
    """Say what a first line is that names none of the columns; None where the general error may show it."""
    start = first_line.removeprefix(codecs.BOM_UTF8).lower()
    if kind := next((kind for beginning, kind in _NO_CSV.items() if start.startswith(beginning)), None):
        return kind
    if not first_line or not set(columns).isdisjoint(cells_of_line(first_line)):
        return None
    for separator, name in SEPARATORS.items():
        if set(columns) <= {*cells_of_line(first_line, separator)}:
            return f"columns separated by {name}"
    return "a first line that names none of them" if is_private else None


def _first_line(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
            return stream.readline()
    except (OSError, EOFError, zlib.error):
        return b""
