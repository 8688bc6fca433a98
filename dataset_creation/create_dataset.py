"""Make the dataset's metadata from the raw ISIC tables, with anonymised annotators.

Reads:  the raw image table, the raw segmentation table and the raw mask files.
Writes: IMAplusplus_seg_metadata.csv, IMAplusplus_img_metadata.csv and ISIC_ids.txt in the metadata folder.
Rules:  Segmentations without image metadata and excluded ones are dropped. Creators become A00, A01, ... in
        decreasing number of masks, ties by first appearance. Every fault of the kept rows is listed; messages
        name a row and its mskObjectID, never a creator or a raw file name.

Keys: orig_imgs_dirs, orig_segs_dir, raw_img_metadata_path, raw_seg_masks_metadata_path, exclude_mskObjectIDs,
limit_images, new_dataset_metadata_output_dir, output_seg_masks_metadata_path, output_img_metadata_path,
output_dir, num_workers, verbose.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from constants import RAW_IMG_COLUMNS, RAW_SEG_COLUMNS, SKILL_TO_LEVEL, SOURCE_TO_TOOL

from utils import naming
from utils.errors import PipelineError
from utils.files import require_folder
from utils.md5 import md5_of_file
from utils.parallel import Failure, map_items
from utils.quarantine import forget_quarantine
from utils.raw_files import find_images, img_filename, is_file
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_lines, write_table

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_NAME_WITH_SUFFIX = r"(?s).*\.[A-Za-z0-9]{1,5}"
_PATH_SEPARATORS = ("/", "\\", "\0")


def keep_segmentations(
    segmentations: DataFrame, images: DataFrame, excluded: Sequence[str], limit: int | None
) -> DataFrame:
    """Return the rows whose image has metadata and that are not excluded, of the first `limit` images if set."""
    kept = segmentations[segmentations["ISIC_id"].isin(images["isic_id"])]
    kept = kept[~kept["mskObjectID"].isin(excluded)]
    if limit is not None:
        with_masks = images["isic_id"][images["isic_id"].isin(kept["ISIC_id"])]
        kept = kept[kept["ISIC_id"].isin(with_masks.head(limit))]
    return kept


def faults_of(kept: DataFrame, segs_dir: Path) -> list[str]:
    """Describe every fault of the kept rows; their index holds the line in the raw table."""
    checks = {
        "no creator": kept["creator"].str.strip() == "",
        "no skill": kept["skill"] == "",
        "a skill without mapping": ~kept["skill"].isin(["", *SKILL_TO_LEVEL]),
        "a source without mapping": ~kept["source"].isin(SOURCE_TO_TOOL),
        "an mskObjectID that occurs twice": kept["mskObjectID"].duplicated(keep=False),
        "no ISIC_id": kept["ISIC_id"] == "",
        "no mskObjectID": kept["mskObjectID"] == "",
        "an id with a path separator": _has_separator(kept["ISIC_id"]) | _has_separator(kept["mskObjectID"]),
        "a file name that leaves orig_segs_dir": kept["filename"].map(_leaves_folder),
        # The suffix becomes part of the dataset, and what follows the last dot may name a person.
        "a file name without a usual suffix": ~kept["filename"].str.fullmatch(_NAME_WITH_SUFFIX),
    }
    checks["no mask file in orig_segs_dir"] = ~checks["a file name that leaves orig_segs_dir"] & ~kept["filename"].map(
        lambda name: is_file(segs_dir / name)
    )
    return [
        f"row {row} (mskObjectID {object_id!r}): {fault}"
        for fault, is_at_fault in checks.items()
        for row, object_id in kept["mskObjectID"][is_at_fault].items()
    ]


def anonymise(creators: Series) -> Series:
    """Replace creators by A00, A01, ... in decreasing number of rows, ties by first appearance."""
    # value_counts(sort=False) is in order of first appearance, and the stable sort keeps it for ties.
    ranked = creators.value_counts(sort=False).sort_values(ascending=False, kind="stable").index
    return creators.map({creator: f"A{number:02d}" for number, creator in enumerate(ranked)})


def build_metadata(kept: DataFrame, raw_images: dict[str, Path]) -> DataFrame:
    """Return the segmentation metadata, without hashes, in the order of the raw rows."""
    table = kept[["ISIC_id", "mskObjectID"]].copy()
    table["img_filename"] = [img_filename(isic_id, raw_images.get(isic_id)) for isic_id in table["ISIC_id"]]
    table["annotator"] = anonymise(kept["creator"])
    table["tool"] = kept["source"].map(SOURCE_TO_TOOL)
    table["skill_level"] = kept["skill"].map(SKILL_TO_LEVEL)
    parts = [table[name] for name in ("ISIC_id", "annotator", "tool", "skill_level", "mskObjectID")]
    suffixes = kept["filename"].map(lambda name: Path(name).suffix)
    table["seg_filename"] = [naming.seg_filename(*row) for row in zip(*parts, suffixes, strict=True)]
    return table


def hash_masks(kept: DataFrame, segs_dir: Path, num_workers: int | None) -> list[str]:
    """Return the md5 of each mask file, in row order."""
    paths = [segs_dir / name for name in kept["filename"]]
    hashes = list(map_items(md5_of_file, paths, num_workers=num_workers, label="md5", unit="mask", threads=True))
    unreadable = [
        f"row {row} (mskObjectID {object_id!r})"
        for (row, object_id), found in zip(kept["mskObjectID"].items(), hashes, strict=True)
        if isinstance(found, Failure)
    ]
    if unreadable:
        raise PipelineError("Mask files cannot be read.", where=segs_dir, offenders=unreadable)
    return hashes


def read_raw_tables(config: CreationSettings) -> tuple[DataFrame, DataFrame]:
    """Return the raw image table and the kept rows of the segmentation table, checked."""
    images = read_input(config, "raw_img_metadata_path", RAW_IMG_COLUMNS)
    segmentations = read_input(config, "raw_seg_masks_metadata_path", RAW_SEG_COLUMNS)
    segmentations.index += 2  # the header is row 1
    repeated = images["isic_id"][images["isic_id"].duplicated()]
    if len(repeated):
        where = config.raw_img_metadata_path
        raise PipelineError("Images occur twice in the raw image table.", where=where, offenders=repeated)
    kept = keep_segmentations(segmentations, images, config.exclude_mskObjectIDs, config.limit_images)
    segs_dir = require_folder(config, "orig_segs_dir")
    faults = faults_of(kept, segs_dir)
    if faults:
        where = config.raw_seg_masks_metadata_path
        raise PipelineError("The raw segmentation table has faulty rows.", where=where, offenders=faults)
    if kept.empty:
        raise PipelineError(
            "No segmentation is left to make a dataset of.",
            where=config.raw_seg_masks_metadata_path,
            expected="rows whose ISIC_id is an isic_id of the raw image table, not excluded",
            found=f"{len(segmentations)} rows, none of them such",
        )
    return images, kept


def main(config: CreationSettings) -> Outcome:
    """Read the raw tables, check, anonymise, hash and write the metadata."""
    images, kept = read_raw_tables(config)
    raw_images = find_images(kept["ISIC_id"].unique(), config.orig_imgs_dirs)
    metadata = build_metadata(kept, raw_images)
    metadata["mask_md5"] = hash_masks(kept, config.orig_segs_dir, config.num_workers)
    images = images[images["isic_id"].isin(metadata["ISIC_id"])]
    files = [
        write_table(metadata[list(naming.SEG_COLUMNS)], config.output_seg_masks_metadata_path),
        write_table(images, config.output_img_metadata_path),
        write_lines(images["isic_id"], config.new_dataset_metadata_output_dir / naming.ID_LIST),
    ]
    forget_quarantine(config.output_dir / naming.QUARANTINE_FOLDER)
    counts = f"{len(metadata)} masks of {len(images)} images by {metadata['annotator'].nunique()} annotators"
    return Outcome(counts, files)


def _has_separator(ids: Series) -> Series:
    return ids.map(lambda text: any(separator in text for separator in _PATH_SEPARATORS) or text in (".", ".."))


def _leaves_folder(name: str) -> bool:
    return not name or Path(name).is_absolute() or ".." in Path(name).parts


if __name__ == "__main__":
    run_stage(main, CreationSettings)
