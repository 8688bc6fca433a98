"""Who each annotator is: kept outside the dataset, readable by its owner alone, and only on request."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import ConfigError, PipelineError
from ..files import atomic_path, place_of
from ..naming import plain_name
from ..settings import CreationSettings
from ..tables import read_table
from .raw_tables import SEPARATORS, cells_of_line

_COLUMNS = ("annotator", "creator")
_CODE = r"A(?:\d{2}|[1-9]\d{2,})"  # A00 and A000 would be one number
_LONGEST_START = 200  # bytes; the first line of a mapping has fewer, however it was saved


def check_mapping_path(config: CreationSettings) -> None:
    """Refuse a `creator_mapping_path` where another kind of file is; null means no mapping.

    Raises
    ------
    ConfigError
        If the path leads to a file that is not a mapping.
    """
    path = config.creator_mapping_path
    other = _found_instead(path) if path is not None and path.exists() else None
    if other is not None:
        raise ConfigError(
            "creator_mapping_path names a file that is not a mapping of creators; it would be replaced.",
            where=place_of(config, "creator_mapping_path"),
            expected=f"a new file, or one in UTF-8 whose first line is {','.join(_COLUMNS)}",
            found=f"{path}: {other}",
            hint="if it is one, save it as CSV in UTF-8, separated by commas; otherwise name another file",
        )


def read_creator_mapping(path: Path | None) -> dict[str, str]:
    """Return the code of each creator, by name, that an earlier run wrote; empty when there is no file.

    The file may have been saved by another program since: with a byte order mark, other line ends, blank lines.

    Raises
    ------
    PipelineError
        If the table is damaged, a code is not of the form A00, or a code or a name stands there twice. Messages cite
        lines of the file, since its names are private.
    """
    if path is None or not path.is_file():
        return {}
    table = read_table(path, _COLUMNS)
    table["creator"] = table["creator"].map(plain_name)
    # Spreadsheets keep rows that were emptied.
    table = table[(table["annotator"] != "") | (table["creator"] != "")]
    faults = {
        "a code that is not A and two digits, or more from A100 on": ~table["annotator"].str.fullmatch(_CODE),
        "a code that stands there twice": table["annotator"].duplicated(keep=False),
        "a creator who stands there twice": table["creator"].duplicated(keep=False),
        "no creator": table["creator"] == "",
    }
    offenders = [f"line {row + 2}: {fault}" for fault, at_fault in faults.items() for row in table.index[at_fault]]
    if offenders:
        raise PipelineError("The mapping of creators cannot be used.", where=path, offenders=offenders)
    return dict(zip(table["creator"], table["annotator"], strict=True))


def write_creator_mapping(codes: Mapping[str, str], path: Path) -> Path:
    """Write the table `annotator, creator`, in the order of the codes.

    Parameters
    ----------
    codes : mapping of str to str
        Code (A00, A01, …) of each creator, by name.
    path : Path
        UTF-8 csv; it has mode 0600 before its first byte is written.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    rows = sorted(((code, creator) for creator, code in codes.items()), key=lambda row: int(row[0][1:]))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_COLUMNS, *rows])
    with atomic_path(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as stream:
            stream.write(text.getvalue().encode())
    return path


def _found_instead(path: Path) -> str | None:
    """Say what stands in place of the first line of a mapping; None where it is there. No cell of it is shown."""
    if not path.is_file():
        return "not a file"
    with open(path, "rb") as stream:
        start = stream.read(_LONGEST_START)
    if b"\0" in start:
        return "zero bytes, as text in UTF-16 has them"
    if cells_of_line(start) == _COLUMNS:
        return None
    others = [name for separator, name in SEPARATORS.items() if cells_of_line(start, separator) == _COLUMNS]
    return f"columns separated by {others[0]}" if others else "another first line"
