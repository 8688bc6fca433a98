"""Files that the report's folder has for each image: their names, and which of them stay."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..files import write_bytes_atomically
from ..md5 import have_md5s
from ..running.strangers import is_stranger

DETAILS, THUMBNAILS, VOTES = "details", "thumbs", "votes"
# Folders of files that are named by the key of an image, and the suffix of these files.
KEYED_FOLDERS = {DETAILS: ".js", THUMBNAILS: ".jpg", VOTES: ".png"}
# The same of folders that earlier versions wrote.
_FORMER_FOLDERS = {"records": ".json"}
_KEYED_NAME = re.compile(r"[0-9a-f]{16}")


def image_key(isic_id: str) -> str:
    """Return 16 hexadecimal digits that stand for an id in file names, whatever characters it has."""
    return hashlib.sha256(isic_id.encode("utf-8")).hexdigest()[:16]


def keyed_file(report_dir: Path, folder: str, key: str) -> Path:
    """Return the path of an image's file in one of the report's folders."""
    return report_dir / folder / f"{key}{KEYED_FOLDERS[folder]}"


def write_keyed_files(report_dir: Path, key: str, contents: Mapping[str, bytes]) -> None:
    """Write the files of an image, given by folder."""
    for folder, content in contents.items():
        write_bytes_atomically(keyed_file(report_dir, folder, key), content)


def has_keyed_files(report_dir: Path, key: str, md5s: Mapping[str, str]) -> bool:
    """Tell whether the files of an image, given by folder, lie in the report's folder with these checksums."""
    return have_md5s({keyed_file(report_dir, folder, key): md5 for folder, md5 in md5s.items()})


def remove_stale(report_dir: Path, keys: Mapping[str, Set[str]]) -> int:
    """Delete the files that no image of the report has any longer.

    Parameters
    ----------
    report_dir : Path
        Only files named by a key, in the folders for such files, are touched; outside the output folder only those
        that a stage has recorded, since another dataset's report may lie there.
    keys : mapping of str to set of str
        For each of `KEYED_FOLDERS` the keys whose files stay.

    Returns
    -------
    int
        How many were deleted.
    """
    stale = [path for path in _keyed_files(report_dir) if path.stem not in keys.get(path.parent.name, ())]
    stale = [path for path in stale if not is_stranger(path)]
    for path in stale:
        path.unlink()
    for folder in _FORMER_FOLDERS:
        with suppress(OSError):  # it is not there, or holds something else
            (report_dir / folder).rmdir()
    return len(stale)


def _keyed_files(report_dir: Path) -> Iterator[Path]:
    for folder, suffix in (KEYED_FOLDERS | _FORMER_FOLDERS).items():
        for path in sorted((report_dir / folder).glob(f"*{suffix}")):
            if _KEYED_NAME.fullmatch(path.stem):
                yield path


def rounded(value: float | None, digits: int = 6) -> float | None:
    """Round to significant digits; None for NaN and infinity, which JSON cannot hold."""
    return float(f"{value:.{digits}g}") if value is not None and math.isfinite(value) else None


def script_json(value: Any) -> str:
    """Return JSON that is safe inside a script, whatever text it holds.

    Raises
    ------
    ValueError
        For NaN and infinity.
    """
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
