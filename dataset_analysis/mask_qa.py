"""Judge every human mask, and take unusable ones out of the dataset.

Reads:  the metadata tables, ISIC_ids.txt and the masks.
Writes: IMAplusplus_seg_metadata_qa_results.csv (image, mask, issue, severity); the metadata tables and
        ISIC_ids.txt without unusable masks and without images that have no mask left; quarantine/.
Rules:  Issues are, in this order: unreadable, empty, full (high); several regions, when the second largest
        exceeds 5% of the largest (medium); touching the image border (low). Unreadable and empty masks
        move to quarantine/ after the tables are written. Consensus masks pass through untouched.

Keys: output_seg_masks_metadata_path, output_img_metadata_path, new_dataset_metadata_output_dir,
new_dataset_masks_dir, new_dataset_images_dir, output_seg_masks_metadata_qa_results_path, output_dir,
num_workers, verbose.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import naming
from utils.errors import PipelineError
from utils.files import require_folder
from utils.lazy import pd
from utils.mask_quality import Issue, judge_mask_file
from utils.parallel import Failure, map_items
from utils.quarantine import move_to_quarantine, read_quarantine, restore_places, write_quarantine
from utils.settings import AnalysisSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_lines, write_table

if TYPE_CHECKING:
    from pandas import DataFrame


def results_table(masks: DataFrame, found: dict[str, Sequence[Issue]]) -> DataFrame:
    """Return the QA results of all masks, in order; masks in quarantine bring the issue they went for."""
    rows = []
    for image, mask, issue, severity in masks[["img_filename", "seg_filename", "issue", "severity"]].itertuples(
        index=False
    ):
        issues = [(item.issue, item.severity) for item in found[mask]] if mask in found else [(issue, severity)]
        rows += [(image, mask, *item) for item in issues]
    return pd.DataFrame(rows, columns=naming.QA_COLUMNS)


def newly_quarantined(masks: DataFrame, found: dict[str, Sequence[Issue]]) -> DataFrame:
    """Return the rows of masks that were just found unusable, with the issue they go for."""
    reasons = {mask: item for mask, issues in found.items() for item in issues if item.unusable}
    rows = masks[masks["seg_filename"].isin(list(reasons))]
    return rows.assign(
        issue=[reasons[mask].issue for mask in rows["seg_filename"]],
        severity=[reasons[mask].severity for mask in rows["seg_filename"]],
    )


def judge_all(humans: DataFrame, config: AnalysisSettings) -> dict[str, list[Issue]]:
    """Return the issues of each human mask, by file name."""
    folder = require_folder(config, "new_dataset_masks_dir", made_by="move_dataset")
    paths = [folder / name for name in humans["seg_filename"]]
    issues = map_items(judge_mask_file, paths, num_workers=config.num_workers, label="mask QA", unit="mask")
    found = dict(zip(humans["seg_filename"], issues, strict=True))
    failed = [f"{mask}: {result.reason}" for mask, result in found.items() if isinstance(result, Failure)]
    if failed:
        raise PipelineError("Masks could not be judged.", where=folder, offenders=failed)
    return found


def write_tables(
    metadata: DataFrame,
    images: DataFrame,
    quarantined: DataFrame,
    results: DataFrame,
    config: AnalysisSettings,
) -> list[Path]:
    """Write every table; in this order a run that was killed half-way is completed by the next."""
    remaining = metadata[~metadata["seg_filename"].isin(quarantined["seg_filename"])]
    with_masks = naming.humans_only(remaining)["ISIC_id"]
    images = images[images["isic_id"].isin(with_masks)]
    return [
        write_quarantine(quarantined, config.output_dir / naming.QUARANTINE_FOLDER),
        write_table(results, config.output_seg_masks_metadata_qa_results_path),
        write_table(remaining[remaining["ISIC_id"].isin(with_masks)], config.output_seg_masks_metadata_path),
        write_table(images, config.output_img_metadata_path),
        write_lines(images["isic_id"], config.new_dataset_metadata_output_dir / naming.ID_LIST),
    ]


def move_files(metadata: DataFrame, quarantined: DataFrame, config: AnalysisSettings) -> list[Path]:
    """Move the files of quarantined masks, and of images that have no human mask left."""
    folder = config.output_dir / naming.QUARANTINE_FOLDER
    humans = naming.humans_only(metadata)
    left = humans[~humans["seg_filename"].isin(quarantined["seg_filename"])]["ISIC_id"]
    gone = quarantined[~quarantined["ISIC_id"].isin(left)]
    orphaned = metadata[metadata["ISIC_id"].isin(gone["ISIC_id"])]["seg_filename"]
    masks = dict.fromkeys([*quarantined["seg_filename"], *orphaned])
    moved = move_to_quarantine(masks, config.new_dataset_masks_dir, folder)
    return moved + move_to_quarantine(gone["img_filename"].unique(), config.new_dataset_images_dir, folder)


def main(config: AnalysisSettings) -> Outcome:
    """Judge all masks, write the tables, move what is unusable."""
    from loguru import logger

    metadata = read_input(config, "output_seg_masks_metadata_path", naming.SEG_COLUMNS, made_by="create_dataset")
    images = read_input(config, "output_img_metadata_path", ["isic_id"], made_by="create_dataset")
    humans = naming.humans_only(metadata)
    earlier = read_quarantine(config.output_dir / naming.QUARANTINE_FOLDER, metadata)
    masks = restore_places(humans, earlier)
    found = judge_all(humans, config)
    results = results_table(masks, found)
    new = newly_quarantined(masks, found)
    quarantined = pd.concat([earlier, new]) if len(earlier) else new
    files = write_tables(metadata, images, quarantined, results, config)
    for path in move_files(metadata, quarantined, config):
        logger.warning("moved to quarantine: {}", path.name)
    by_severity = results["severity"].value_counts()
    issues = ", ".join(f"{by_severity.get(name, 0)} {name}" for name in ("high", "medium", "low"))
    return Outcome(f"{len(humans)} masks judged; issues: {issues}; {len(quarantined)} masks in quarantine", files)


if __name__ == "__main__":
    run_stage(main, AnalysisSettings)
