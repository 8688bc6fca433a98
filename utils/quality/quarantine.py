"""Unusable masks leave the dataset for the quarantine folder; nothing is deleted."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd
from ..naming import QUARANTINE_COLUMNS
from ..tables import read_table, write_table

if TYPE_CHECKING:
    from pandas import DataFrame

QUARANTINE_TABLE = "quarantined_masks.csv"


def read_quarantine(folder: Path, metadata: DataFrame) -> DataFrame:
    """Return the rows of masks in quarantine, without those that are back in the metadata."""
    path = folder / QUARANTINE_TABLE
    if not path.is_file():
        return pd.DataFrame(columns=QUARANTINE_COLUMNS)
    rows = read_table(path, QUARANTINE_COLUMNS)
    rows["place"] = rows["place"].astype(int)
    return rows[~rows["seg_filename"].isin(metadata["seg_filename"])]


def write_quarantine(rows: DataFrame, folder: Path) -> Path:
    """Write the rows of masks in quarantine."""
    return write_table(rows[list(QUARANTINE_COLUMNS)].sort_values("place"), folder / QUARANTINE_TABLE)


def forget_quarantine(folder: Path) -> None:
    """Empty the list of masks in quarantine, for metadata that is made anew; the files stay."""
    if (folder / QUARANTINE_TABLE).is_file():
        write_quarantine(pd.DataFrame(columns=QUARANTINE_COLUMNS), folder)


def restore_places(human_masks: DataFrame, quarantined: DataFrame) -> DataFrame:
    """Put quarantined rows back among the human masks.

    Parameters
    ----------
    human_masks : DataFrame
        Metadata rows that are left, in order.
    quarantined : DataFrame
        Rows with `QUARANTINE_COLUMNS`.

    Returns
    -------
    DataFrame
        All rows in the order of the metadata as create_dataset made it, with their `place`; `issue` is NaN
        for those that are left.
    """
    taken = quarantined["place"].to_numpy(dtype=np.int64)
    free = np.setdiff1d(np.arange(len(human_masks) + len(taken)), taken)
    left = human_masks.assign(place=free[: len(human_masks)])
    return pd.concat([left, quarantined]).sort_values("place", kind="stable").reset_index(drop=True)


def move_to_quarantine(names: Iterable[str], from_folder: Path, folder: Path) -> list[Path]:
    """Move the named files that are still in `from_folder`, and return where they went."""
    moved = []
    for name in names:
        if (from_folder / name).is_symlink() or (from_folder / name).is_file():
            folder.mkdir(parents=True, exist_ok=True)
            moved.append(Path(shutil.move(from_folder / name, folder / name)))
    return moved
