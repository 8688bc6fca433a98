"""Files that tests write, and tables that they read, every cell being text."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path


def write_file(path: Path, content: str | bytes) -> Path:
    """Write a file and the folders that it needs; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a csv file."""
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def unpack_released_tables(reference: Path, folder: Path) -> Path:
    """Write the released tables of the reference data into a folder as plain csv; return the folder."""
    for packed in sorted((reference / "published").glob("*.csv.gz")):
        write_file(folder / packed.stem, gzip.decompress(packed.read_bytes()))
    return folder
