"""Which raw file becomes which file of the dataset."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from ..errors import PipelineError
from ..files import place_of
from ..naming import cited_id
from .file_search import NEARLY_FOUND
from .raw_files import find_images, image_folders, mask_folder, missing_folders, nearly_image, target_folders
from .raw_tables import mask_label
from .row_matching import find_masks, nearly_found
from .transfer import Move

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..settings import CreationSettings


def plan_moves(metadata: DataFrame, raw: DataFrame, config: CreationSettings) -> list[Move]:
    """Pair every image and mask of the metadata with its raw file.

    Raises
    ------
    PipelineError
        Listing every image and mask that has no raw file, after the folders that do not exist.
    """
    moves, missing = pair_with_raw_files(metadata, raw, config)
    if missing:
        where = place_of(config, "orig_imgs_dirs", "orig_segs_dir")
        no_folders = [f"the folder {folder} does not exist" for folder in missing_folders(config)]
        raise PipelineError(f"{len(missing)} raw files are missing.", where=where, offenders=[*no_folders, *missing])
    return moves


def pair_with_raw_files(metadata: DataFrame, raw: DataFrame, config: CreationSettings) -> tuple[list[Move], list[str]]:
    """Return what goes where, and which images and masks have no raw file.

    Parameters
    ----------
    metadata : DataFrame
        Segmentation metadata of human masks.
    raw : DataFrame
        The raw segmentation table, as `read_raw_masks` reads it.
    config : CreationSettings
        Where raw files are, and where they go.
    """
    images_dir, masks_dir = target_folders(config)
    images = metadata.drop_duplicates("ISIC_id")
    folders = image_folders(config)
    raw_images = find_images(images["ISIC_id"], folders)
    missing = [
        f"image {cited_id(isic_id)}{nearly_image(isic_id, folders)}"
        for isic_id in images["ISIC_id"]
        if isic_id not in raw_images
    ]
    moves = [
        Move(raw_images[isic_id], images_dir / name, subject=f"image {cited_id(isic_id)}")
        for isic_id, name in zip(images["ISIC_id"], images["img_filename"], strict=True)
        if isic_id in raw_images
    ]
    rows = _raw_rows(metadata, raw)
    known = raw.loc[[row for row in rows if row is not None]]
    search = mask_folder(config)
    known = known.assign(path=find_masks(known, search))
    raw_masks, near = known["path"].to_dict(), nearly_found(known, search).to_dict()
    columns = metadata[["mskObjectID", "seg_filename", "mask_md5"]]
    for row, (object_id, name, md5) in zip(rows, columns.itertuples(index=False), strict=True):
        subject = f"mask of {mask_label('?' if row is None else row, object_id)}"
        path = raw_masks.get(row)
        if path is None:
            missing.append(f"{subject}{NEARLY_FOUND}" if near.get(row) else subject)
        else:
            moves.append(Move(path, masks_dir / name, md5, subject))
    return moves, missing


def _raw_rows(metadata: DataFrame, raw: DataFrame) -> list[Hashable | None]:
    """Return the row of the raw table that each mask of the metadata is of; None where it is no longer there."""
    # By both ids: a row that create_dataset dropped may repeat the mskObjectID of one that it kept.
    row_of = dict(zip(zip(raw["ISIC_id"], raw["mskObjectID"], strict=True), raw.index, strict=True))
    return [row_of.get(ids) for ids in zip(metadata["ISIC_id"], metadata["mskObjectID"], strict=True)]
