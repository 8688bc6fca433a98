"""Bring the raw images and masks into the dataset's folders, under their dataset names.

Reads:  the metadata tables of create_dataset, the raw segmentation table, the raw images and masks.
Writes: images/{img_filename} and seg_masks/{seg_filename} below target_data_dir.
Rules:  All missing files are listed at once, and the disk must have room, before anything is transferred.
        What is there and identical is skipped. A mask must still have the md5 that create_dataset saw.

Keys: orig_imgs_dirs, orig_segs_dir, raw_seg_masks_metadata_path, output_seg_masks_metadata_path,
target_data_dir, separate_images_and_masks, transfer, output_dir, num_workers, verbose.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from constants import RAW_SEG_COLUMNS

from utils.errors import PipelineError
from utils.naming import SEG_COLUMNS, humans_only
from utils.parallel import Failure, map_items
from utils.raw_files import find_images, is_file
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input
from utils.transfer import Move, check_room, is_copied, transfer_file

if TYPE_CHECKING:
    from pandas import DataFrame


def target_folders(config: CreationSettings) -> tuple[Path, Path]:
    """Return the folders of images and of masks."""
    target = config.target_data_dir
    return (target / "images", target / "seg_masks") if config.separate_images_and_masks else (target, target)


def plan_moves(metadata: DataFrame, raw: DataFrame, config: CreationSettings) -> list[Move]:
    """Pair every image and mask of the metadata with its raw file.

    Raises
    ------
    PipelineError
        Listing every image and mask that has no raw file.
    """
    images_dir, masks_dir = target_folders(config)
    images = metadata.drop_duplicates("ISIC_id")
    raw_images = find_images(images["ISIC_id"], config.orig_imgs_dirs)
    missing = [f"image {isic_id}" for isic_id in images["ISIC_id"] if isic_id not in raw_images]
    # By both ids: a row that create_dataset dropped may repeat the mskObjectID of one that it kept.
    raw_names = dict(zip(zip(raw["ISIC_id"], raw["mskObjectID"], strict=True), raw["filename"], strict=True))
    moves = [
        Move(raw_images[isic_id], images_dir / name)
        for isic_id, name in zip(images["ISIC_id"], images["img_filename"], strict=True)
        if isic_id in raw_images
    ]
    columns = ["ISIC_id", "mskObjectID", "seg_filename", "mask_md5"]
    for isic_id, object_id, name, md5 in metadata[columns].itertuples(index=False):
        source = config.orig_segs_dir / raw_names.get((isic_id, object_id), "")
        if is_file(source):
            moves.append(Move(source, masks_dir / name, md5))
        else:
            missing.append(f"mask with mskObjectID {object_id}")
    if missing:
        where = f"orig_imgs_dirs and orig_segs_dir of {config.config_file}"
        raise PipelineError(f"{len(missing)} raw files are missing.", where=where, offenders=missing)
    return moves


def transfer_all(moves: Sequence[Move], config: CreationSettings) -> int:
    """Transfer every file that is not there yet, and return how many that were.

    Raises
    ------
    PipelineError
        Listing every file that could not be transferred; the others are in place.
    """
    done = list(
        map_items(
            lambda move: transfer_file(move, config.transfer.value),
            moves,
            num_workers=config.num_workers,
            label="transfer",
            unit="file",
            threads=True,
        )
    )
    failed = [f"{m.target.name}: {d.reason}" for m, d in zip(moves, done, strict=True) if isinstance(d, Failure)]
    if failed:
        raise PipelineError("Files could not be transferred.", where=config.target_data_dir, offenders=failed)
    return sum(done)


def main(config: CreationSettings) -> Outcome:
    """Plan all transfers, check them, carry them out."""
    metadata = humans_only(read_input(config, "output_seg_masks_metadata_path", SEG_COLUMNS, made_by="create_dataset"))
    raw = read_input(config, "raw_seg_masks_metadata_path", RAW_SEG_COLUMNS)
    moves = plan_moves(metadata, raw, config)
    if config.transfer.value == "copy":
        check_room([move for move in moves if not is_copied(move)], config.target_data_dir)
    transferred = transfer_all(moves, config)
    counts = f"{transferred} files transferred ({config.transfer.value}), {len(moves) - transferred} already there"
    return Outcome(counts, sorted(set(target_folders(config))))


if __name__ == "__main__":
    run_stage(main, CreationSettings)
