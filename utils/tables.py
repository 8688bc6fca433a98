"""CSV tables: every cell a string on reading, whole files on writing."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import PipelineError
from .files import atomic_path, missing_input, write_bytes_atomically
from .lazy import pd
from .md5 import md5_of_chunks, md5_of_file
from .naming import CONSENSUS

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from .settings import CommonSettings

# Significant digits of least squares and rank tests that do not depend on the versions of LAPACK and scipy.
CERTAIN_DIGITS = 10
_ROWS_OF_A_BLOCK = 8192
# As `utils.naming.consensus_row` fills annotator, tool, skill_level and mskObjectID.
_CONSENSUS_ROWS = [f",{','.join([label] * 4)},".encode() for label in CONSENSUS]


def read_table(
    path: Path,
    columns: Sequence[str] = (),
    numeric: Sequence[str] = (),
    numeric_if_there: Sequence[str] = (),
    others: bool = True,
) -> DataFrame:
    """Read a csv or csv.gz file.

    Parameters
    ----------
    path : Path
        File in UTF-8, with or without a byte order mark; any line ends.
    columns : sequence of str
        Columns that must be there.
    numeric : sequence of str
        Columns read as float64, exactly as written; an empty cell is NaN. All others stay strings, so that
        "NA", "001" and "1e5" are what they were.
    numeric_if_there : sequence of str
        Columns read in this way that the table may lack.
    others : bool
        Whether columns that are not named are read as well, as strings. A large table takes half the time and memory
        without.

    Returns
    -------
    DataFrame
        One row a record; no rows for a file that has only its header.

    Raises
    ------
    PipelineError
        If the file is missing, is not a UTF-8 csv table, repeats or lacks a column.
    """
    data = _read_bytes(path)
    header = _check_rows(data, path)
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise PipelineError("A table has the same column twice.", where=path, offenders=repeated)
    require_columns(header, [*columns, *numeric], path)
    named = {*columns, *numeric, *numeric_if_there}
    table = _parse(data, path, None if others else [name for name in header if name in named])
    for name in [*numeric, *(name for name in numeric_if_there if name in header)]:
        table[name] = _to_floats(table[name], path)
    return table


def read_input(
    config: CommonSettings,
    key: str,
    columns: Sequence[str] = (),
    numeric: Sequence[str] = (),
    made_by: str | None = None,
    numeric_if_there: Sequence[str] = (),
    others: bool = True,
) -> DataFrame:
    """Read the table that a config key names, and note its md5, see `md5_of_input`, in the config for the run manifest.

    A missing table is reported with key, file and the stage that makes it.
    """
    path = Path(getattr(config, key))
    if not path.is_file():
        raise missing_input(config, key, path, made_by)
    table = read_table(path, columns, numeric, numeric_if_there, others)
    config.inputs_read[key] = md5_of_input(path)
    return table


def md5_of_input(path: Path) -> str:
    """Return the md5 of a table's bytes, but of the metadata of masks without the rows of consensus masks.

    Those are added to a table that earlier stages have read, whose results they do not change.
    """
    with open(path, "rb") as stream:
        if b"mask_md5" not in stream.readline():
            return md5_of_file(path)
        stream.seek(0)
        return md5_of_chunks(line for line in stream if not any(label in line for label in _CONSENSUS_ROWS))


class GatheredRows:
    """Rows of a table as they come, kept as columns, which take far less memory than as many dicts.

    Parameters
    ----------
    columns : sequence of str
        Columns of the table; what else rows hold is left out.
    """

    def __init__(self, columns: Sequence[str]):
        self._columns = list(columns)
        self._rows: list[Mapping[str, Any]] = []
        self._blocks: list[DataFrame] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row, by column."""
        self._rows.append(row)
        if len(self._rows) == _ROWS_OF_A_BLOCK:
            self._close_block()

    def table(self) -> DataFrame:
        """Return all rows, in order."""
        if self._rows or not self._blocks:
            self._close_block()
        return pd.concat(self._blocks, ignore_index=True)

    def _close_block(self) -> None:
        self._blocks.append(pd.DataFrame(self._rows, columns=self._columns))
        self._rows = []


def write_table(table: DataFrame, path: Path, digits: int | None = None) -> Path:
    """Write a table as UTF-8 csv with a header, floats in their shortest exact form, NaN as an empty cell.

    With `digits`, floats have so many significant ones, so that a file is the same everywhere, see `CERTAIN_DIGITS`.
    """
    form = None if digits is None else f"%.{digits}g"
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", compression=None, float_format=form)
    return path


def write_lines(lines: Iterable[str], path: Path) -> Path:
    """Write one string a line."""
    write_bytes_atomically(path, "".join(f"{line}\n" for line in lines).encode())
    return path


def require_columns(found: Iterable[str], needed: Iterable[str], where: object) -> None:
    """Raise a PipelineError that names every missing column and what is there instead."""
    found = list(found)
    missing = [name for name in needed if name not in found]
    if missing:
        raise PipelineError(
            "A table lacks columns.",
            where=where,
            expected=", ".join(missing),
            found=", ".join(found)[:300] or "an empty file",
        )


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from error
    if b"\0" in data:
        raise _unreadable(path, f"a zero byte at {data.index(0)}: the file is damaged, or not in UTF-8")
    return data


def _check_rows(data: bytes, path: Path) -> list[str]:
    """Return the header, or name every row that has not as many cells: pandas would fill or cut it."""
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = next(rows, [])
        uneven = [f"line {rows.line_num}: {len(row)} cells" for row in rows if row and len(row) != len(header)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from error
    if uneven:
        expected = f"CSV in UTF-8 with {len(header)} cells a line"
        raise PipelineError("A table cannot be read.", where=path, expected=expected, offenders=uneven)
    return header


def _parse(data: bytes, path: Path, columns: list[str] | None) -> DataFrame:
    try:
        return pd.read_csv(
            io.BytesIO(data), usecols=columns, dtype=str, na_filter=False, index_col=False, encoding="utf-8-sig"
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, found: object) -> PipelineError:
    return PipelineError("A table cannot be read.", where=path, expected="CSV in UTF-8", found=found)


def _to_floats(column: Series, path: Path) -> Series:
    # Python's float() is exact for every digit; pandas' own text-to-number conversion is not.
    try:
        return column.where(column != "", "nan").astype(float)
    except ValueError as error:
        raise PipelineError(
            "A table has text where numbers belong.", where=f"{path}, column {column.name}", found=error
        ) from error
