"""Make the dataset's metadata from the raw ISIC tables, with anonymised annotators.

Reads:  the raw image table, the raw segmentation table and the raw mask files.
Writes: IMAplusplus_seg_metadata.csv, IMAplusplus_img_metadata.csv and ISIC_ids.txt in the metadata folder;
        which creator has which number, only if creator_mapping_path names a file outside the output.
Rules:  Segmentations without image metadata and excluded ones are dropped. Creators become A00, A01, ... in
        decreasing number of masks, ties by first appearance. Every fault of the kept rows is listed; messages
        name a row and its mskObjectID, never a creator or a raw file name. mask_md5 is the md5 of the file
        as move_dataset ships it, without embedded personal data.

Keys: orig_imgs_dirs, orig_segs_dir, raw_img_metadata_path, raw_seg_masks_metadata_path, exclude_mskObjectIDs,
limit_images, keep_embedded_metadata, creator_mapping_path, new_dataset_metadata_output_dir,
output_seg_masks_metadata_path, output_img_metadata_path, output_dir, num_workers, verbose.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from constants import RAW_IMG_COLUMNS, RAW_SEG_COLUMNS, SKILL_TO_LEVEL, SOURCE_TO_TOOL

import utils.stage_process
from utils import naming
from utils.errors import Failure, PipelineError
from utils.files import require_folder
from utils.lazy import logger
from utils.quality.quarantine import forget_quarantine
from utils.raw.creator_mapping import check_mapping_path, write_creator_mapping
from utils.raw.raw_files import find_images, img_filename, is_file, mask_label, read_raw_masks
from utils.raw.shipped_bytes import md5_as_shipped
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_lines, write_table
from utils.workers.parallel import local_workers, map_items

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_NAME_WITH_SUFFIX = r"(?s).*\.[A-Za-z0-9]{1,5}"
_USUAL_SUFFIXES = {"png", "jpg", "jpeg", "tif", "tiff", "bmp", "gif", "webp"}
_PATH_SEPARATORS = ("/", "\\", "\0")
# Most bytes of a file name on common file systems, less what seg_filename puts around the two ids.
_MOST_BYTES_OF_IDS = 255 - len("_A999_T1_S1_.webp")


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


def warn_of_unknown_ids(segmentations: DataFrame, excluded: Sequence[str]) -> None:
    """Name the excluded ids that no row has, since a mistyped one would let its mask into the dataset."""
    known = set(segmentations["mskObjectID"])
    unknown = [object_id for object_id in excluded if object_id not in known]
    if unknown:
        logger.warning("exclude_mskObjectIDs: no row has the mskObjectID {}", ", ".join(map(repr, unknown)))


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
        "an id with a control character": _has_controls(kept["ISIC_id"]) | _has_controls(kept["mskObjectID"]),
        "ids too long for a file name": kept[["ISIC_id", "mskObjectID"]].sum(axis=1).map(_is_too_long),
        "a file name that leaves orig_segs_dir": kept["filename"].map(_leaves_folder),
        # The suffix becomes part of the dataset, and what follows the last dot may name a person.
        "a file name without a usual suffix": ~kept["filename"].str.fullmatch(_NAME_WITH_SUFFIX)
        | kept["filename"].map(_suffix_of).isin(_words(kept["creator"]) - _USUAL_SUFFIXES),
    }
    checks["no mask file in orig_segs_dir"] = ~checks["a file name that leaves orig_segs_dir"] & ~kept["filename"].map(
        lambda name: is_file(segs_dir / name)
    )
    return [
        f"{mask_label(row, object_id)}: {fault}"
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


def warn_of_equal_names(names: Series) -> None:
    """Name files that differ only in case: where case does not count, one would take the other's place."""
    alike = names[names.map(str.casefold).duplicated(keep=False)]
    if len(alike):
        logger.warning(
            "file names that differ only in case, which macOS and Windows take for one: {}", ", ".join(alike)
        )


def hash_masks(kept: DataFrame, config: CreationSettings) -> list[str]:
    """Return the md5 of each mask file as it ships, in row order."""
    paths = [config.orig_segs_dir / name for name in kept["filename"]]
    md5_of_mask = partial(md5_as_shipped, keep_embedded_metadata=config.keep_embedded_metadata)
    workers = local_workers(config)
    hashes = list(map_items(md5_of_mask, paths, num_workers=workers, label="md5", unit="mask", batched=True))
    unreadable = [
        mask_label(row, object_id)
        for (row, object_id), found in zip(kept["mskObjectID"].items(), hashes, strict=True)
        if isinstance(found, Failure)
    ]
    if unreadable:
        raise PipelineError("Mask files cannot be read.", where=config.orig_segs_dir, offenders=unreadable)
    return hashes


def read_raw_tables(config: CreationSettings) -> tuple[DataFrame, DataFrame]:
    """Return the raw image table and the kept rows of the segmentation table, checked."""
    images = read_input(config, "raw_img_metadata_path", RAW_IMG_COLUMNS)
    segmentations = read_raw_masks(config, RAW_SEG_COLUMNS)
    repeated = images["isic_id"][images["isic_id"].duplicated()]
    if len(repeated):
        where = config.raw_img_metadata_path
        raise PipelineError("Images occur twice in the raw image table.", where=where, offenders=repeated)
    warn_of_unknown_ids(segmentations, config.exclude_mskObjectIDs)
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
    check_mapping_path(config)
    images, kept = read_raw_tables(config)
    raw_images = find_images(kept["ISIC_id"].unique(), config.orig_imgs_dirs)
    metadata = build_metadata(kept, raw_images)
    warn_of_equal_names(metadata["seg_filename"])
    warn_of_equal_names(metadata["img_filename"].drop_duplicates())
    metadata["mask_md5"] = hash_masks(kept, config)
    images = images[images["isic_id"].isin(metadata["ISIC_id"])]
    files = [
        write_table(metadata[list(naming.SEG_COLUMNS)], config.output_seg_masks_metadata_path),
        write_table(images, config.output_img_metadata_path),
        write_lines(images["isic_id"], config.new_dataset_metadata_output_dir / naming.ID_LIST),
    ]
    if config.creator_mapping_path is not None:
        files.append(write_creator_mapping(kept["creator"], metadata["annotator"], config.creator_mapping_path))
    forget_quarantine(config.output_dir / naming.QUARANTINE_FOLDER)
    counts = f"{len(metadata)} masks of {len(images)} images by {metadata['annotator'].nunique()} annotators"
    return Outcome(counts, files)


def _has_separator(ids: Series) -> Series:
    return ids.map(lambda text: any(separator in text for separator in _PATH_SEPARATORS) or text in (".", ".."))


def _has_controls(ids: Series) -> Series:
    def has_controls(text: str) -> bool:
        # What can be printed holds none: nearly every id is settled by that, many times faster.
        return not text.isprintable() and any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text)

    return ids.map(has_controls)


def _is_too_long(ids: str) -> bool:
    return len(ids.encode()) > _MOST_BYTES_OF_IDS


def _suffix_of(name: str) -> str:
    return Path(name).suffix[1:].casefold()


def _words(creators: Series) -> set[str]:
    return {word for creator in creators.unique() for word in re.split(r"[\W_]+", creator.casefold())}


def _leaves_folder(name: str) -> bool:
    path = Path(name)
    return not name or path.is_absolute() or ".." in path.parts


if __name__ == "__main__":
    run_stage(main, CreationSettings)
