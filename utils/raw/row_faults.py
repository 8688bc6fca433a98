"""Faults of single rows of the raw segmentation table."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..naming import IMAGE_EXTENSIONS
from .file_search import NEARLY_FOUND
from .raw_tables import mask_label

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_NAME_WITH_SUFFIX = r"(?s).*\.[A-Za-z0-9]{1,5}"
_OTHER_SKILL, _OTHER_SOURCE = "a skill other than", "a source other than"
_NO_FILE, _ABSOLUTE = "no mask file in orig_segs_dir", "a file name that is an absolute path"
_PATH_SEPARATORS = ("/", "\\", "\0")
# Most bytes of a file name on common file systems, less what seg_filename puts around the two ids.
_MOST_BYTES_OF_IDS = 255 - len("_A999_T1_S1_.webp")


def row_faults(kept: DataFrame, sources: Collection[str], skills: Collection[str]) -> list[str]:
    """Describe every fault of rows of the raw segmentation table.

    Parameters
    ----------
    kept : DataFrame
        Rows; the index holds their place in the file. `path` is the mask file, None when there is none;
        `nearly_found` says whether one of nearly its name is there.
    sources, skills : collection of str
        The texts that the columns source and skill may hold.

    Returns
    -------
    list of str
        One text for each fault of each row, without creators and raw file names, which are private.
    """
    checks = {
        "no creator": kept["creator"].str.strip() == "",
        "no skill": kept["skill"] == "",
        f"{_OTHER_SKILL} {_accepted(skills)}": ~kept["skill"].isin(["", *skills]),
        f"{_OTHER_SOURCE} {_accepted(sources)}": ~kept["source"].isin(sources),
        "an mskObjectID that occurs twice": kept["mskObjectID"].duplicated(keep=False),
        "no ISIC_id": kept["ISIC_id"] == "",
        "no mskObjectID": kept["mskObjectID"] == "",
        "an id with a path separator": _has_separator(kept["ISIC_id"]) | _has_separator(kept["mskObjectID"]),
        "an id with a control character": _has_controls(kept["ISIC_id"]) | _has_controls(kept["mskObjectID"]),
        "ids too long for a file name": kept[["ISIC_id", "mskObjectID"]].sum(axis=1).map(_is_too_long),
        **_faults_of_file_names(kept),
    }
    return [
        f"{mask_label(row, object_id)}: {fault}"
        for fault, is_at_fault in checks.items()
        for row, object_id in kept["mskObjectID"][is_at_fault].items()
    ]


def ways_out(faults: Sequence[str]) -> str | None:
    """Return the hint that fits a list of faults."""
    accepted = "dataset_creation/constants.py says which texts of source and skill are accepted"
    searched = (
        "filename is looked for below orig_segs_dir and its folders, as a name or as a path with / between its "
        "folders; the case of its suffix and its Unicode form do not matter, all else does"
    )
    from_folder = (
        "filename is the path from orig_segs_dir: for /data/masks/a.png and orig_segs_dir /data/masks it is a.png"
    )
    hints = {_OTHER_SKILL: accepted, _OTHER_SOURCE: accepted, _NO_FILE: searched, _ABSOLUTE: from_folder}
    fitting = dict.fromkeys(hint for text, hint in hints.items() if any(text in fault for fault in faults))
    return "; ".join(fitting) or None


def _faults_of_file_names(kept: DataFrame) -> dict[str, Series]:
    names = kept["filename"]
    is_absolute, leaves = names.map(os.path.isabs), names.map(leaves_folder)
    missing = ~leaves & kept["path"].isna()
    backslashes = missing & names.str.contains("\\", regex=False)
    return {
        "no filename": names == "",
        _ABSOLUTE: is_absolute,
        "a file name that leaves orig_segs_dir": leaves & ~is_absolute & (names != ""),
        # The suffix becomes part of the dataset, and what follows the last dot may name a person.
        "a file name without a usual suffix": ~names.str.fullmatch(_NAME_WITH_SUFFIX)
        | names.map(_suffix_of).isin(_words(kept["creator"]).difference(IMAGE_EXTENSIONS)),
        f"{_NO_FILE}, and a file name with backslashes": backslashes,
        f"{_NO_FILE}{NEARLY_FOUND}": missing & ~backslashes & kept["nearly_found"],
        _NO_FILE: missing & ~backslashes & ~kept["nearly_found"],
    }


def leaves_folder(name: str) -> bool:
    """Tell whether a file name of the table is empty or leads out of the folder of the masks."""
    path = Path(name)
    return not name or path.is_absolute() or ".." in path.parts


def _accepted(texts: Collection[str]) -> str:
    return " or ".join(repr(text) if text else "nothing" for text in texts)


def _has_separator(ids: Series) -> Series:
    return ids.map(lambda text: any(separator in text for separator in _PATH_SEPARATORS) or text in (".", ".."))


def _has_controls(ids: Series) -> Series:
    def has_controls(text: str) -> bool:
        # What can be printed holds none: nearly every id is settled by that, many times faster.
        return not text.isprintable() and any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text)

    return ids.map(has_controls)


def _is_too_long(ids: str) -> bool:
    return len(ids.encode()) > _MOST_BYTES_OF_IDS


def _suffix_of(name: str) -> str:
    return Path(name).suffix[1:].casefold()


def _words(creators: Series) -> set[str]:
    return {word for creator in creators.unique() for word in re.split(r"[\W_]+", creator.casefold())}
