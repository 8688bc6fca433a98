"""Who each annotator is: kept outside the dataset, readable by its owner alone, and only on request."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

from ..errors import ConfigError
from ..files import atomic_path
from ..settings import CreationSettings

_COLUMNS = ("annotator", "creator")
_HEADER = ",".join(_COLUMNS).encode() + b"\n"


def check_mapping_path(config: CreationSettings) -> None:
    """Refuse a `creator_mapping_path` within the output, or where another kind of file is; null is none.

    Raises
    ------
    ConfigError
        If the path, links followed, leads into a folder that is written to, or to a file that is no mapping.
    """
    path = config.creator_mapping_path
    if path is None:
        return
    tables = (config.output_seg_masks_metadata_path, config.output_img_metadata_path)
    folders = [config.output_dir, config.target_data_dir, config.new_dataset_metadata_output_dir]
    folders += [table.parent for table in tables]
    where = f"creator_mapping_path in {config.config_file} or on the command line"
    inside = next((folder for folder in folders if path.resolve().is_relative_to(folder.resolve())), None)
    if inside is not None:
        raise ConfigError(
            "The creators' names must stay out of the output.",
            where=where,
            expected=f"a file outside {inside}",
            found=path,
        )
    if path.exists() and not _is_mapping(path):
        raise ConfigError(
            "A file that is no mapping of creators would be replaced.",
            where=where,
            expected=f"a new file, or one whose first line is {','.join(_COLUMNS)}",
            found=path,
        )


def write_creator_mapping(creators: Iterable[str], annotators: Iterable[str], path: Path) -> Path:
    """Write the table `annotator, creator`, in the order of the annotators' numbers.

    Parameters
    ----------
    creators, annotators : iterable of str
        Name and number (A00, A01, …) of the creator of each mask, in the same order.
    path : Path
        UTF-8 csv; it has mode 0600 before its first byte is written.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    rows = sorted(set(zip(annotators, creators, strict=True)), key=lambda row: int(row[0][1:]))
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
