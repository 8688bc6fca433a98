"""Bring the raw images and masks into the dataset's folders, under their dataset names.

Reads:  the metadata tables of create_dataset, the raw segmentation table, the raw images and masks.
Writes: images/{img_filename} and seg_masks/{seg_filename} below target_data_dir.
Rules:  All missing files are listed at once, and the disk must have room, before anything is transferred.
        Files ship without embedded personal data (EXIF, GPS, XMP, IPTC, comments, texts); pixels stay, and
        files without such data stay byte for byte. What is there and identical is skipped. A mask must
        still have the md5 that create_dataset saw. Pictures that are not upright are warned of. Images and masks of
        an earlier run that left the metadata move to quarantine/withdrawn/; files that no stage has recorded are
        named and left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from dataset_creation.constants import RAW_SEG_COLUMNS
from utils.files import remove_half_written
from utils.naming import SEG_COLUMNS, humans_only
from utils.raw.moves import plan_moves
from utils.raw.raw_files import target_folders
from utils.raw.raw_tables import read_raw_masks
from utils.raw.transfer import Delivery, check_room, is_copied, settle_folders, transfer_all, warn_of_findings
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input

KEYS = (
    "orig_imgs_dirs",
    "orig_segs_dir",
    "own_masks_dir",
    "raw_seg_masks_metadata_path",
    "output_seg_masks_metadata_path",
    "target_data_dir",
    "separate_images_and_masks",
    "transfer",
    "keep_embedded_metadata",
    "new_dataset_metadata_output_dir",
    "num_workers",
    "executor",
)


def describe(done: Sequence[Delivery], how: str) -> str:
    """Return the counts of the closing line."""
    new = sum(delivery.is_new for delivery in done)
    stripped = sum(delivery.findings.is_stripped for delivery in done)
    counts = f"{new} files transferred ({how}), {len(done) - new} already there"
    if not stripped:
        return counts
    copies = "" if how == "copy" else f", so they are copies and no {how}s"
    return f"{counts}; embedded metadata taken out of {stripped}{copies}"


def main(config: CreationSettings) -> Outcome:
    """Plan all transfers, check them, carry them out."""
    metadata = humans_only(read_input(config, "output_seg_masks_metadata_path", SEG_COLUMNS, made_by="create_dataset"))
    moves = plan_moves(metadata, read_raw_masks(config, RAW_SEG_COLUMNS), config)
    if config.transfer.value == "copy":
        check_room([move for move in moves if not is_copied(move)], config.target_data_dir)
    done = transfer_all(moves, config)
    remove_half_written(*target_folders(config))  # of workers that were killed
    warn_of_findings(moves, done, config.keep_embedded_metadata)
    checksums: dict[Path, str | None] = {m.target: delivery.md5 for m, delivery in zip(moves, done, strict=True)}
    settled = settle_folders(checksums, config)
    return Outcome(describe(done, config.transfer.value), sorted(set(target_folders(config))), checksums | settled)


if __name__ == "__main__":
    run_stage(main, CreationSettings, KEYS)
