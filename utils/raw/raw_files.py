"""The raw segmentation table; where the raw images are, and what they are called in the dataset."""

from __future__ import annotations

import csv
import gzip
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PipelineError
from ..settings import CreationSettings
from ..tables import read_input

if TYPE_CHECKING:
    from pandas import DataFrame

_JPEG_EXTENSIONS = ("jpg", "jpeg")
_FIRST_ROW = 2  # the header is row 1


def read_raw_masks(config: CreationSettings, columns: Sequence[str]) -> DataFrame:
    """Read the raw segmentation table; its index holds the row in the file, from 2 on.

    Raises
    ------
    PipelineError
        As `utils.tables.read_table`; of a table without a header no cell is shown, for it may be a name.
    """
    try:
        table = read_input(config, "raw_seg_masks_metadata_path", columns)
    except PipelineError:
        path = config.raw_seg_masks_metadata_path
        first_line = _first_line(path)
        if first_line and not _cells(first_line) & set(columns):
            expected = f"CSV in UTF-8 whose first line names the columns {', '.join(columns)}"
            found = "a first line that names none of them"
            raise PipelineError("A table lacks columns.", where=path, expected=expected, found=found) from None
        raise
    table.index += _FIRST_ROW
    return table


def mask_label(row: int, object_id: str) -> str:
    """Return how messages cite a mask: by row and id, since its creator and its raw file name are private."""
    return f"row {row} (mskObjectID {object_id!r})"


def find_images(isic_ids: Iterable[str], folders: Mapping[str, Sequence[Path]]) -> dict[str, Path]:
    """Find the raw image of each id.

    Parameters
    ----------
    isic_ids : iterable of str
        Image ids.
    folders : mapping of str to sequence of Path
        Folders to look in, by file extension; the first that has ``{isic_id}.{extension}`` wins. A folder
        that does not exist has no images.

    Returns
    -------
    dict of str to Path
        The ids that were found.
    """
    listings = [
        (extension, folder, set(os.listdir(folder)))
        for extension, several in folders.items()
        for folder in several
        if Path(folder).is_dir()
    ]
    found = {}
    for isic_id in isic_ids:
        for extension, folder, names in listings:
            name = f"{isic_id}.{extension}"
            if name in names:
                found[isic_id] = Path(folder) / name
                break
    return found


def is_file(path: Path) -> bool:
    """Tell whether a file is there; a name that no file can have, too long for example, is not."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def img_filename(isic_id: str, raw_image: Path | None) -> str:
    """Return an image's name in the dataset: JPEG becomes .JPG, another format keeps its own extension.

    An image that was not found counts as JPEG, like all images of the ISIC Archive.
    """
    extension = raw_image.suffix[1:] if raw_image else "jpg"
    return f"{isic_id}.JPG" if extension.lower() in _JPEG_EXTENSIONS else f"{isic_id}.{extension}"


def _cells(line: bytes) -> set[str]:
    """Return the cells of a first line, each by itself: a name may hold the name of a column."""
    text = line.decode("utf-8-sig", errors="replace")
    try:
        return set(next(csv.reader([text]), []))
    except csv.Error:
        return set()


def _first_line(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
            return stream.readline()
    except (OSError, EOFError, zlib.error):
        return b""
