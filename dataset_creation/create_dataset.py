"""Make the dataset's metadata from the raw ISIC tables, with anonymised annotators.

Reads:  the raw image table, the raw segmentation table and the raw mask files.
Writes: IMAplusplus_seg_metadata.csv, IMAplusplus_img_metadata.csv and ISIC_ids.txt in the metadata folder;
        which creator has which number, only if creator_mapping_path names a file outside the output.
Rules:  Segmentations without image metadata and excluded ones are dropped. Creators become A00, A01, ... in
        decreasing number of masks, ties by first appearance. Every fault of the kept rows is listed; messages
        name a row and its mskObjectID, never a creator or a raw file name. mask_md5 is the md5 of the file
        as move_dataset ships it, without embedded personal data.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from dataset_creation.constants import RAW_IMG_COLUMNS, RAW_SEG_COLUMNS, SKILL_TO_LEVEL, SOURCE_TO_TOOL
from utils import naming
from utils.errors import Failure, PipelineError, successes
from utils.files import require_folder
from utils.lazy import logger
from utils.quality.quarantine import forget_quarantine
from utils.raw.creator_codes import assign_codes, warn_of_alike_names, warn_of_moved_codes
from utils.raw.creator_mapping import check_mapping_path, read_creator_mapping, write_creator_mapping
from utils.raw.dataset_identity import earlier_ids, identity_of
from utils.raw.raw_files import find_images, image_folders, img_filename, mask_folder
from utils.raw.raw_tables import mask_label, read_raw_images, read_raw_masks
from utils.raw.row_faults import row_faults, ways_out
from utils.raw.row_matching import find_masks, nearly_found, warn_of_equal_masks, warn_of_masks_without_image
from utils.raw.shipped_bytes import md5_as_shipped
from utils.running.leftovers import take_over_output
from utils.running.strangers import is_stranger
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_table, write_lines, write_table
from utils.workers.parallel import map_items
from utils.workers.workplace import local_workplace

if TYPE_CHECKING:
    from pandas import DataFrame, Series

KEYS = (
    "orig_imgs_dirs",
    "orig_segs_dir",
    "own_masks_dir",
    "raw_img_metadata_path",
    "raw_seg_masks_metadata_path",
    "exclude_mskObjectIDs",
    "limit_images",
    "keep_embedded_metadata",
    "creator_mapping_path",
    "new_dataset_metadata_output_dir",
    "output_seg_masks_metadata_path",
    "output_img_metadata_path",
    "demo_dir",
    "target_data_dir",
    "separate_images_and_masks",
    "replace_output",
    "num_workers",
    "executor",
)


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


def build_metadata(kept: DataFrame, raw_images: dict[str, Path]) -> DataFrame:
    """Return the segmentation metadata, without hashes, in the order of the raw rows.

    Of `kept`, `code` says who drew a mask, and `path` where it is.
    """
    table = kept[["ISIC_id", "mskObjectID"]].copy()
    table["img_filename"] = [img_filename(isic_id, raw_images.get(isic_id)) for isic_id in table["ISIC_id"]]
    table["annotator"] = kept["code"]
    table["tool"] = kept["source"].map(SOURCE_TO_TOOL)
    table["skill_level"] = kept["skill"].map(SKILL_TO_LEVEL)
    parts = [table[name] for name in ("ISIC_id", "annotator", "tool", "skill_level", "mskObjectID")]
    suffixes = kept["path"].map(lambda path: path.suffix)
    table["seg_filename"] = [naming.seg_filename(*row) for row in zip(*parts, suffixes, strict=True)]
    return table


def warn_of_equal_names(names: Series) -> None:
    """Name files that differ only in case: where case does not count, one would take the other's place."""
    alike = names[names.map(str.casefold).duplicated(keep=False)]
    if len(alike):
        logger.warning(
            "file names that differ only in case, which macOS and Windows take for one: {}", ", ".join(alike)
        )


def warn_of_oddities(kept: DataFrame, metadata: DataFrame, known: Mapping[str, str], config: CreationSettings) -> None:
    """Warn of what is allowed but seldom meant: alike names, copied masks, codes that moved."""
    warn_of_equal_names(metadata["seg_filename"])
    warn_of_equal_names(metadata["img_filename"].drop_duplicates())
    warn_of_alike_names(kept["creator"], kept["code"], known)
    warn_of_equal_masks(metadata)
    table = config.output_seg_masks_metadata_path
    if table.is_file() and not is_stranger(table):
        earlier = read_table(table, naming.SEG_COLUMNS)
        warn_of_moved_codes(earlier, metadata, known if config.creator_mapping_path else None)


def hash_masks(kept: DataFrame, config: CreationSettings) -> list[str]:
    """Return the md5 of each mask file as it ships, in row order."""
    paths = list(kept["path"])
    md5_of_mask = partial(md5_as_shipped, keep_embedded_metadata=config.keep_embedded_metadata)
    workplace = local_workplace(config)
    hashes = list(map_items(md5_of_mask, paths, workplace, label="md5", unit="mask", batched=True))
    unreadable = [
        mask_label(row, object_id)
        for (row, object_id), found in zip(kept["mskObjectID"].items(), hashes, strict=True)
        if isinstance(found, Failure)
    ]
    if unreadable:
        raise PipelineError("Mask files cannot be read.", where=config.orig_segs_dir, offenders=unreadable)
    return successes(hashes)


def read_raw_tables(config: CreationSettings) -> tuple[DataFrame, DataFrame]:
    """Return the raw image table and the kept rows of the segmentation table, checked."""
    images = read_raw_images(config, RAW_IMG_COLUMNS)
    segmentations = read_raw_masks(config, RAW_SEG_COLUMNS)
    repeated = images["isic_id"][images["isic_id"].duplicated()]
    if len(repeated):
        where = config.raw_img_metadata_path
        raise PipelineError("Images occur twice in the raw image table.", where=where, offenders=repeated)
    # Ids of the committed file say nothing of a table that another file, or the command line, names.
    if config.key_places["exclude_mskObjectIDs"] == config.key_places["raw_seg_masks_metadata_path"]:
        warn_of_unknown_ids(segmentations, config.exclude_mskObjectIDs)
    warn_of_masks_without_image(segmentations, images["isic_id"])
    kept = keep_segmentations(segmentations, images, config.exclude_mskObjectIDs, config.limit_images)
    require_folder(config, "orig_segs_dir")
    search = mask_folder(config)
    kept = kept.assign(creator=kept["creator"].map(naming.plain_name), path=find_masks(kept, search))
    kept["nearly_found"] = nearly_found(kept, search)
    faults = row_faults(kept, SOURCE_TO_TOOL, SKILL_TO_LEVEL)
    if faults:
        raise PipelineError(
            "The raw segmentation table has faulty rows.",
            where=config.raw_seg_masks_metadata_path,
            hint=ways_out(faults),
            offenders=faults,
        )
    if kept.empty:
        raise PipelineError(
            "No segmentation is left to make a dataset of.",
            where=config.raw_seg_masks_metadata_path,
            expected="rows whose ISIC_id is an isic_id of the raw image table, not excluded",
            found=f"no such row among {len(segmentations)}",
        )
    return images, kept


def main(config: CreationSettings) -> Outcome:
    """Read the raw tables, check, anonymise, hash and write the metadata."""
    check_mapping_path(config)
    known = read_creator_mapping(config.creator_mapping_path)
    images, kept = read_raw_tables(config)
    take_over_output(config, earlier_ids(config), kept["ISIC_id"].unique())
    kept["code"] = assign_codes(kept["creator"], known)
    raw_images = find_images(kept["ISIC_id"].unique(), image_folders(config))
    metadata = build_metadata(kept, raw_images)
    metadata["mask_md5"] = hash_masks(kept, config)
    warn_of_oddities(kept, metadata, known, config)
    images = images[images["isic_id"].isin(metadata["ISIC_id"])]
    files = [
        write_table(metadata[list(naming.SEG_COLUMNS)], config.output_seg_masks_metadata_path),
        write_table(images, config.output_img_metadata_path),
        write_lines(images["isic_id"], config.new_dataset_metadata_output_dir / naming.ID_LIST),
    ]
    if config.creator_mapping_path is not None:
        codes = known | dict(zip(kept["creator"], kept["code"], strict=True))
        files.append(write_creator_mapping(codes, config.creator_mapping_path))
    forget_quarantine(config.output_dir / naming.QUARANTINE_FOLDER)
    is_demo = config.orig_segs_dir.is_relative_to(config.demo_dir)
    counts = f"{len(metadata)} masks of {len(images)} images by {metadata['annotator'].nunique()} annotators"
    return Outcome(counts, files, dataset=identity_of(metadata, is_demo))


if __name__ == "__main__":
    run_stage(main, CreationSettings, KEYS)
