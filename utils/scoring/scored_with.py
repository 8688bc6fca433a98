"""What scores depend on beside the predictions, kept with them: models are compared only where it is the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..lazy import logger, pd
from ..md5 import md5_of_bytes
from ..naming import SCORED_WITH, SCORES_BY_IMAGE
from ..tables import read_table, write_table

if TYPE_CHECKING:
    from pandas import DataFrame

_COLUMNS = ("nsd_tolerance", "masks")


def scored_with(masks: Iterable[Mapping[str, str]], nsd_tolerance: float) -> DataFrame:
    """Return one row: the tolerance, and a checksum over the metadata rows of all masks, whatever their order."""
    known = sorted(f"{row['seg_filename']} {row['mask_md5']}" for row in masks)
    return pd.DataFrame([(repr(nsd_tolerance), md5_of_bytes("\n".join(known).encode()))], columns=list(_COLUMNS))


def write_scored_with(present: DataFrame, folder: Path) -> Path:
    """Write it beside the scores of a model."""
    return write_table(present, folder / SCORED_WITH)


def comparable_models(folder: Path, present: DataFrame) -> dict[str, Path]:
    """Return the scores by image of each model that was scored with the same; a warning names the others."""
    models = {path.parent.name: path for path in sorted(folder.glob(f"*/{SCORES_BY_IMAGE}"))}
    others = [name for name, path in models.items() if not _is_same(path.with_name(SCORED_WITH), present)]
    if others:
        note = "scored with other masks or another nsd_tolerance, so not compared; score it again: {}"
        logger.warning(note, ", ".join(others))
    return {name: path for name, path in models.items() if name not in others}


def _is_same(path: Path, present: DataFrame) -> bool:
    return path.is_file() and read_table(path, _COLUMNS)[list(_COLUMNS)].equals(present)
