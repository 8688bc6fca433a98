"""Which dataset an output folder holds: the one there, and the one that is being made."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..md5 import md5_of_bytes
from ..naming import WITHDRAWN_FOLDER
from ..running.leftovers import brought_files
from ..running.run_manifest import DatasetIdentity, read_manifest
from ..running.strangers import is_stranger
from ..tables import read_table

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..settings import CreationSettings


def earlier_ids(config: CreationSettings) -> list[str]:
    """Return the ids of the images that the output folder holds; none where nothing has been made.

    Where its metadata are elsewhere, images go by what was brought in; they end in .JPG, masks as a rule do not.
    """
    path = config.output_img_metadata_path
    if path.is_file() and not is_stranger(path):
        return read_table(path, ["isic_id"])["isic_id"].to_list()
    manifest = read_manifest(config.output_dir)
    names = [PurePosixPath(name) for name in brought_files(manifest) if not name.startswith(WITHDRAWN_FOLDER)]
    return [name.stem for name in names if name.suffix == ".JPG"]


def identity_of(metadata: DataFrame, is_demo: bool) -> DatasetIdentity:
    """Return the identity of a dataset: of its masks' names and contents, whatever their order."""
    masks = sorted(zip(metadata["seg_filename"], metadata["mask_md5"], strict=True))
    return DatasetIdentity(md5_of_bytes(repr(masks).encode()), is_demo)
