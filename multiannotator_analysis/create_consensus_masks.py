"""Make the STAPLE and majority-vote masks of every image with several masks.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv, IMAplusplus_seg_metadata.csv and the masks.
Writes: {ISIC_id}_ST_ST_ST_ST.png and {ISIC_id}_MV_MV_MV_MV.png beside the masks; their rows after the human
        rows of both tables; the tables of STAPLE's performance estimates and of failures.
Rules:  STAPLE is foreground where its probability exceeds 0.5; majority vote where at least half of the masks
        are. Earlier consensus rows are replaced. A degenerate STAPLE result is kept and warned of.

Keys: multiannotator_subset_metadata_path, output_seg_masks_metadata_path, new_dataset_masks_dir,
staple_performance_path, failures_path, staple_max_iterations, audit_fraction, audit_seed, max_failures,
output_dir, num_workers, verbose.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import naming
from utils.failures import record_failures
from utils.files import require_folder, write_bytes_atomically
from utils.lazy import pd
from utils.md5 import md5_of_bytes
from utils.parallel import Failure, map_items
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_table

if TYPE_CHECKING:
    from pandas import DataFrame

    from utils.image_tasks import ImageConsensus, ImageTask


def write_consensus_masks(task: ImageTask, result: ImageConsensus, masks_dir: Path) -> list[dict[str, str]]:
    """Write an image's two consensus masks and return their metadata rows."""
    rows = []
    for label in naming.CONSENSUS:
        png = result.pngs[label]
        rows.append(naming.consensus_row(task.isic_id, task.img_filename, label, md5_of_bytes(png)))
        write_bytes_atomically(masks_dir / rows[-1]["seg_filename"], png)
    return rows


def performance_rows(task: ImageTask, result: ImageConsensus) -> list[dict]:
    """Return STAPLE's estimates for each mask of an image."""
    return [
        {
            "ISIC_id": task.isic_id,
            "img_filename": task.img_filename,
            "seg_filename": path.name,
            "sensitivity": sensitivity,
            "specificity": specificity,
            "iterations": result.iterations,
            "degenerate": result.degenerate,
        }
        for path, sensitivity, specificity in zip(task.mask_paths, result.sensitivity, result.specificity, strict=True)
    ]


def write_tables(
    metadata: DataFrame, subset: DataFrame, consensus: Sequence[dict], performance: Sequence[dict], config
) -> list[Path]:
    """Write both metadata tables with the consensus rows after the human ones, and STAPLE's performance."""
    rows = pd.DataFrame(consensus, columns=naming.SEG_COLUMNS)
    columns = (
        "ISIC_id",
        "img_filename",
        "seg_filename",
        "sensitivity",
        "specificity",
        "iterations",
        "degenerate",
    )
    return [
        write_table(pd.concat([naming.humans_only(metadata), rows]), config.output_seg_masks_metadata_path),
        write_table(pd.concat([subset, rows]), config.multiannotator_subset_metadata_path),
        write_table(pd.DataFrame(performance, columns=columns), config.staple_performance_path),
    ]


def main(config: MultiannotatorSettings) -> Outcome:
    """Compute the consensus of every image, write masks and tables."""
    from utils.audit import require_no_differences
    from utils.image_tasks import consensus_of_image, image_tasks

    columns = naming.SEG_COLUMNS
    metadata = read_input(config, "output_seg_masks_metadata_path", columns, made_by="create_dataset")
    subset = naming.humans_only(
        read_input(config, "multiannotator_subset_metadata_path", columns, made_by="create_multiannotator_subset")
    )
    masks_dir = require_folder(config, "new_dataset_masks_dir", made_by="move_dataset")
    tasks = image_tasks(subset, masks_dir, config)
    consensus, performance, failures, audited = [], [], [], []
    results = map_items(consensus_of_image, tasks, num_workers=config.num_workers, label="consensus")
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Failure):
            failures.append((task.img_filename, result.reason))
            continue
        warn_if_degenerate(task, result)
        audited += result.differences
        consensus += write_consensus_masks(task, result, masks_dir)
        performance += performance_rows(task, result)
    require_no_differences(audited)
    files = write_tables(metadata, subset, consensus, performance, config)
    failed = record_failures(config.failures_path, "create_consensus_masks", failures, config.max_failures)
    counts = f"{len(consensus)} consensus masks of {len(tasks) - len(failures)} images{failed}"
    return Outcome(counts, [*files, config.failures_path, masks_dir])


def warn_if_degenerate(task: ImageTask, result: ImageConsensus) -> None:
    """Log a warning for a STAPLE result that says little about the lesion."""
    from loguru import logger

    if result.degenerate:
        logger.warning("{}: degenerate STAPLE result: {}", task.img_filename, result.degenerate)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings)
