"""Which raw file becomes which file of the dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import PipelineError
from ..files import place_of
from .raw_files import find_images, image_folders, mask_folder, mask_label, missing_folders, target_folders
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
    raw_images = find_images(images["ISIC_id"], image_folders(config))
    masks = mask_folder(config)
    missing = [f"image {isic_id}" for isic_id in images["ISIC_id"] if isic_id not in raw_images]
    moves = [
        Move(raw_images[isic_id], images_dir / name, subject=f"image {isic_id}")
        for isic_id, name in zip(images["ISIC_id"], images["img_filename"], strict=True)
        if isic_id in raw_images
    ]
    # By both ids: a row that create_dataset dropped may repeat the mskObjectID of one that it kept.
    raw_rows = dict(zip(zip(raw["ISIC_id"], raw["mskObjectID"], strict=True), raw["filename"].items(), strict=True))
    columns = ["ISIC_id", "mskObjectID", "seg_filename", "mask_md5"]
    for isic_id, object_id, name, md5 in metadata[columns].itertuples(index=False):
        row, filename = raw_rows.get((isic_id, object_id), ("?", ""))
        subject = f"mask of {mask_label(row, object_id)}"
        found = masks.find_by_path(filename) if filename else []
        if found:
            moves.append(Move(found[0], masks_dir / name, md5, subject))
        else:
            missing.append(subject)
    return moves, missing
