"""Copies of the tables that the report shows, so that its links work wherever the folder goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from ..files import write_bytes_atomically

_FOLDER = "tables"


def copy_csv_files(files: Mapping[str, Path], report_dir: Path) -> dict[str, str]:
    """Copy tables into the report's folder.

    Parameters
    ----------
    files : mapping of str to Path
        What the pages call each table -> its file. A name with a slash is that of a file in a folder of that name.
    report_dir : Path
        The report's folder.

    Returns
    -------
    dict of str to str
        URL of each copy, relative to the report's folder.
    """
    folder = report_dir / _FOLDER
    places = {name: Path(*Path(name).parts[:-1], path.name) for name, path in files.items()}
    for name, path in files.items():
        write_bytes_atomically(folder / places[name], path.read_bytes())
    return {name: quote(f"{_FOLDER}/{place.as_posix()}") for name, place in places.items()}
