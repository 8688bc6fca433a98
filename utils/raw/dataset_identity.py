"""Which dataset an output folder holds: the one there, and the one that is being made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..md5 import md5_of_bytes
from ..running.run_manifest import DatasetIdentity
from ..tables import read_table

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..settings import CreationSettings


def earlier_ids(config: CreationSettings) -> list[str]:
    """Return the ids of the images that the output folder holds; none where nothing has been made."""
    path = config.output_img_metadata_path
    return read_table(path, ["isic_id"])["isic_id"].to_list() if path.is_file() else []


def identity_of(metadata: DataFrame, config: CreationSettings) -> DatasetIdentity:
    """Return the identity of a dataset: of its masks' names and contents, whatever their order."""
    masks = sorted(zip(metadata["seg_filename"], metadata["mask_md5"], strict=True))
    is_demo = config.orig_segs_dir.is_relative_to(config.demo_dir)
    return DatasetIdentity(md5_of_bytes(repr(masks).encode()), is_demo)
