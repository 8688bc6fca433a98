"""Lay out a released dataset, segs.zip and its metadata tables, as if it had been built here.

Reads:  the release's archive of masks and its tables of masks and images (csv or csv.gz); the user's images.
Writes: seg_masks/, and images/ where orig_imgs_dirs has them; IMAplusplus_seg_metadata.csv,
        IMAplusplus_img_metadata.csv and ISIC_ids.txt; the table of what is missing or differs.
Rules:  Every mask must have its mask_md5. One that is missing or differs is an error after all were looked at:
        the sound ones are in place then, the metadata tables are not. With release_allow_incomplete the rows of
        such masks leave the tables with a warning, and so do consensus masks of images that lost one. Images
        may be missing. Afterwards: overall_script.sh --from mask_qa.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils import naming
from utils.errors import PipelineError
from utils.lazy import logger
from utils.quality.quarantine import forget_quarantine
from utils.raw.dataset_identity import earlier_ids, identity_of
from utils.raw.file_search import is_file
from utils.raw.raw_files import image_folders, target_folders
from utils.raw.transfer import Move, check_room, is_copied, settle_folders, transfer_all, warn_of_findings
from utils.release.archive import open_configured_zip
from utils.release.differences import MASK_MISSING, Difference, describe_counts, require_none, write_differences
from utils.release.metadata import in_dataset_order, read_release, require_keys, several_humans
from utils.release.unpack import (
    UNUSABLE_KINDS,
    MasksTaken,
    differing_sizes,
    find_released_images,
    take_masks,
)
from utils.running.leftovers import take_over_output
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.tables import write_lines, write_table
from utils.workers.workplace import local_workplace

if TYPE_CHECKING:
    from pandas import DataFrame

KEYS = (
    "release_segs_zip",
    "release_seg_metadata_path",
    "release_img_metadata_path",
    "release_allow_incomplete",
    "release_zip_max_bytes",
    "release_zip_max_ratio",
    "release_import_differences_path",
    "orig_imgs_dirs",
    "target_data_dir",
    "separate_images_and_masks",
    "transfer",
    "keep_embedded_metadata",
    "new_dataset_metadata_output_dir",
    "output_seg_masks_metadata_path",
    "output_img_metadata_path",
    "orig_segs_dir",
    "own_masks_dir",
    "replace_output",
    "num_workers",
    "executor",
    "max_image_pixels",
)

_NEEDED = ("release_segs_zip", "release_seg_metadata_path", "release_img_metadata_path")


def split_rows(segmentations: DataFrame) -> tuple[DataFrame, DataFrame, list[Difference]]:
    """Return the human rows, the consensus rows in order, and the consensus rows that no image can have."""
    several = several_humans(segmentations)
    is_human = ~segmentations["annotator"].isin(naming.CONSENSUS)
    stray = segmentations[~is_human & ~segmentations["ISIC_id"].isin(several)]
    rows = in_dataset_order(segmentations.drop(stray.index))
    differences = [
        Difference("consensus of a single mask", image=image, file=name, found="a row of the metadata")
        for image, name in stray[["img_filename", "seg_filename"]].itertuples(index=False)
    ]
    is_human = ~rows["annotator"].isin(naming.CONSENSUS)
    return rows[is_human], rows[~is_human], differences


def take_all_masks(segmentations: DataFrame, config: CreationSettings) -> tuple[MasksTaken, list[Difference]]:
    """Unpack the human masks, then the consensus masks of images of which none is missing."""
    humans, consensus, differences = split_rows(segmentations)
    masks_dir, workplace = target_folders(config)[1], local_workplace(config)
    with open_configured_zip(config) as zipped:
        taken = take_masks(humans, zipped, masks_dir, workplace)
        lost = humans["ISIC_id"][~humans["seg_filename"].isin(taken.in_place)]
        is_whole = ~consensus["ISIC_id"].isin(lost)
        more = take_masks(consensus[is_whole], zipped, masks_dir, workplace)
        beside = zipped.names_beside(segmentations["seg_filename"].tolist())
        differences += [
            outdated_consensus(row, row["seg_filename"] in zipped or is_file(masks_dir / row["seg_filename"]))
            for row in consensus[~is_whole].to_dict("records")
        ]
    differences += [Difference("file without a row", file=name) for name in beside]
    both = MasksTaken(
        taken.in_place + more.in_place,
        taken.sizes | more.sizes,
        taken.new + more.new,
        taken.differences + more.differences,
    )
    return both, differences


def outdated_consensus(row: Mapping[Hashable, str], is_there: bool) -> Difference:
    """Describe a consensus mask that is not taken, because a mask that it was made from is not in place."""
    if is_there:
        return Difference("consensus of an incomplete image", image=row["img_filename"], file=row["seg_filename"])
    return Difference(MASK_MISSING, image=row["img_filename"], file=row["seg_filename"], expected=row["mask_md5"])


def link_images(found: dict[str, Path], config: CreationSettings) -> dict[Path, str]:
    """Bring the images that were found into the dataset; return their md5 by path."""
    images_dir = target_folders(config)[0]
    moves = [Move(source, images_dir / name, subject=f"image {name}") for name, source in found.items()]
    if config.transfer.value == "copy":
        check_room([move for move in moves if not is_copied(move)], config.target_data_dir)
    done = transfer_all(moves, config)
    warn_of_findings(moves, done, config.keep_embedded_metadata)
    return {move.target: delivery.md5 for move, delivery in zip(moves, done, strict=True)}


def settle(differences: Sequence[Difference], config: CreationSettings) -> None:
    """Write the table of differences, and raise if masks are unusable and must not be."""
    table = write_differences(differences, config.release_import_differences_path)
    unusable = [difference for difference in differences if difference.kind in UNUSABLE_KINDS]
    if not config.release_allow_incomplete:
        hint = "get the masks and run again, or set release_allow_incomplete=true to leave them out"
        require_none(unusable, "Masks of the release are missing or differ; the metadata was not written.", table, hint)
    if differences:
        logger.warning("differences are listed in {}: {}", table, describe_counts(differences))


def write_tables(rows: DataFrame, images: DataFrame, config: CreationSettings) -> list[Path]:
    """Write the metadata of the masks that are in place and of their images, and the list of ids."""
    images = images[images["isic_id"].isin(rows["ISIC_id"])]
    files = [
        write_table(rows, config.output_seg_masks_metadata_path),
        write_table(images, config.output_img_metadata_path),
        write_lines(images["isic_id"], config.new_dataset_metadata_output_dir / naming.ID_LIST),
    ]
    forget_quarantine(config.output_dir / naming.QUARANTINE_FOLDER)
    return files


def main(config: CreationSettings) -> Outcome:
    """Check the tables, unpack the masks, link the images, write the metadata."""
    require_keys(config, _NEEDED)
    segmentations, images = read_release(config)
    take_over_output(config, earlier_ids(config), images["isic_id"])
    taken, others = take_all_masks(segmentations, config)
    rows = in_dataset_order(segmentations[segmentations["seg_filename"].isin(taken.in_place)])
    found, of_images = find_released_images(rows, taken.sizes, image_folders(config))
    without = images["isic_id"][~images["isic_id"].isin(segmentations["ISIC_id"])]
    differences = [*taken.differences, *others, *differing_sizes(rows, taken.sizes), *of_images]
    differences += [Difference("image without masks", image=isic_id) for isic_id in without]
    settle(differences, config)
    if naming.humans_only(rows).empty:
        raise PipelineError("No mask of the release could be taken.", where=config.release_segs_zip)
    masks_dir = target_folders(config)[1]
    of_masks = {masks_dir / name: md5 for name, md5 in zip(rows["seg_filename"], rows["mask_md5"], strict=True)}
    checksums: dict[Path, str | None] = {**of_masks, **link_images(found, config)}
    files = write_tables(rows, images, config)
    counts = f"{len(rows)} masks of {rows['ISIC_id'].nunique()} images in place, {taken.new} of them new; {len(found)} "
    counts += f"images linked ({config.transfer.value}); {len(differences)} differences"
    files += [config.release_import_differences_path, *target_folders(config)]
    checksums |= settle_folders(checksums, config)
    return Outcome(counts, files, checksums, dataset=identity_of(naming.humans_only(rows), is_demo=False))


if __name__ == "__main__":
    run_stage(main, CreationSettings, KEYS)
