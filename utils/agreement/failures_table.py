"""The table of images that a stage could not compute."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import PipelineError
from ..lazy import logger, pd
from ..naming import FAILURE_COLUMNS
from ..running.strangers import is_stranger
from ..tables import read_table, write_table


def record_failures(
    path: Path,
    stage: str,
    failures: Sequence[tuple[str, str]],
    limit: int | None,
    masks_dir: Path,
) -> str:
    """Replace a stage's rows of the failures table, log each, and describe their number.

    Parameters
    ----------
    path : Path
        The table; made when it is not there, with only a header when nothing failed.
    stage : str
        Name of the stage; rows of other stages stay.
    failures : sequence of (img_id, reason)
        In metadata order.
    limit : int or None
        Most failures that are accepted.
    masks_dir : Path
        Folder whose name is cut off the files that reasons cite, so that equal failures make equal tables.

    Returns
    -------
    str
        Text for the closing line, empty when nothing failed.

    Raises
    ------
    PipelineError
        If there are more failures than `limit`; the table is written first.
    """
    folder = f"{masks_dir}{os.sep}"
    rows = [
        {"stage": stage, "img_id": img_id, "reason": " ".join(reason.replace(folder, "").split())}
        for img_id, reason in failures
    ]
    table = pd.DataFrame(rows, columns=FAILURE_COLUMNS)
    if path.is_file() and not is_stranger(path):
        earlier = read_table(path, FAILURE_COLUMNS)
        table = pd.concat([earlier[earlier["stage"] != stage], table])
    write_table(table, path)
    for row in rows:
        logger.warning("{img_id} failed: {reason}", **row)
    if limit is not None and len(rows) > limit:
        raise PipelineError(
            f"{len(rows)} images failed.",
            where=path,
            expected=f"at most {limit} (max_failures)",
            found=len(rows),
        )
    return f", {len(rows)} images failed (listed in {path.name})" if rows else ""
