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

_COLUMNS = ("annotator", "creator")
_CODE = r"A\d{2,}"
_HEADER = ",".join(_COLUMNS).encode() + b"\n"


def check_mapping_path(config: CreationSettings) -> None:
    """Refuse a `creator_mapping_path` where another kind of file is; null means no mapping.

    Raises
    ------
    ConfigError
        If the path leads to a file that is not a mapping.
    """
    path = config.creator_mapping_path
    if path is not None and path.exists() and not _is_mapping(path):
        raise ConfigError(
            "creator_mapping_path names a file that is not a mapping of creators; it would be replaced.",
            where=place_of(config, "creator_mapping_path"),
            expected=f"a new file, or one whose first line is {','.join(_COLUMNS)}",
            found=path,
        )


def read_creator_mapping(path: Path | None) -> dict[str, str]:
    """Return the code of each creator, by name, that an earlier run wrote; empty when there is no file.

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
    faults = {
        "a code that is not A and at least two digits": ~table["annotator"].str.fullmatch(_CODE),
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


def _is_mapping(path: Path) -> bool:
    if not path.is_file():
        return False
    with open(path, "rb") as stream:
        return stream.read(len(_HEADER)) == _HEADER
