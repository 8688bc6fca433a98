"""Where the raw images are, and what they are called in the dataset."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_JPEG_EXTENSIONS = ("jpg", "jpeg")


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
