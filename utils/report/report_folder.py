"""Files that the report's folder has for each image: their names, what their data look like, and which of them stay."""

from __future__ import annotations

import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

DETAILS, THUMBNAILS, VOTES, RECORDS = "details", "thumbs", "votes", "records"
# Folders of files that are named by the key of an image, and the suffix of these files.
KEYED_FOLDERS = {DETAILS: ".js", THUMBNAILS: ".jpg", VOTES: ".png", RECORDS: ".json"}
_KEYED_NAME = re.compile(r"[0-9a-f]{16}")


def image_key(isic_id: str) -> str:
    """Return 16 hexadecimal digits that stand for an id in file names, whatever characters it has."""
    return hashlib.sha256(isic_id.encode("utf-8")).hexdigest()[:16]


def keyed_file(report_dir: Path, folder: str, key: str) -> Path:
    """Return the path of an image's file in one of the report's folders."""
    return report_dir / folder / f"{key}{KEYED_FOLDERS[folder]}"


def rounded(value: float | None) -> float | None:
    """Round to six significant digits; None for what is no finite number, which JSON cannot hold."""
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) else None


def script_json(value: Any) -> str:
    """Return JSON that is safe inside a script, whatever text it holds.

    Raises
    ------
    ValueError
        For NaN and infinity.
    """
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def remove_stale(report_dir: Path, keys: dict[str, set[str]]) -> int:
    """Delete the files of images that are no longer part of the report.

    Parameters
    ----------
    report_dir : Path
        Only files named by a key, in its folders of such files, are touched.
    keys : dict of str to set of str
        For each of these folders the keys that stay.

    Returns
    -------
    int
        How many were deleted.
    """
    stale = [
        path
        for folder, stay in keys.items()
        for path in (report_dir / folder).glob(f"*{KEYED_FOLDERS[folder]}")
        if _KEYED_NAME.fullmatch(path.stem) and path.stem not in stay
    ]
    for path in stale:
        path.unlink()
    return len(stale)
