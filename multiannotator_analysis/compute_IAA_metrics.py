"""Compute the agreement of every pair of masks of an image, annotators and consensus alike.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv and its masks.
Writes: IMAplusplus_multiannotator_subset_IAA_metrics.csv, its summary over pairs of human masks, and the
        table of failures.
Rules:  Pairs i < j and images in metadata order. Distances in pixels between 4-connected borders, both
        directions pooled; normalised by the image diagonal. One empty mask: overlap 0, distances empty,
        normalised 1; two: overlap 1, distances 0.

Keys: multiannotator_subset_metadata_path, new_dataset_masks_dir, all_pairwise_IAA_metrics_path,
IAA_metrics_summary_path, failures_path, audit_fraction, audit_seed, max_failures, output_dir, num_workers,
verbose.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import naming
from utils.failures import record_failures
from utils.files import require_folder
from utils.lazy import pd
from utils.parallel import Failure, map_items
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_table

if TYPE_CHECKING:
    from pandas import DataFrame


def pair_labels(masks: DataFrame) -> list[dict[str, str]]:
    """Return the columns that say which masks a pair is of, for all pairs i < j of one image's masks."""
    records = masks.to_dict("records")
    return [
        {
            "img_id": first["img_filename"],
            "mask1": first["seg_filename"],
            "mask2": second["seg_filename"],
            **{f"{name}1": first[name] for name in ("annotator", "tool", "skill_level")},
            **{f"{name}2": second[name] for name in ("annotator", "tool", "skill_level")},
        }
        for first, second in combinations(records, 2)
    ]


def compute_pairs(subset: DataFrame, config: MultiannotatorSettings) -> tuple[DataFrame, list[tuple[str, str]]]:
    """Return the table of all pairs, and the images that failed with their reasons."""
    from utils.audit import require_no_differences
    from utils.image_tasks import agreement_of_image, image_tasks

    masks_dir = require_folder(config, "new_dataset_masks_dir", made_by="move_dataset")
    tasks = image_tasks(subset, masks_dir, config)
    groups = subset.groupby("ISIC_id", sort=False)
    rows, failures, audited = [], [], []
    results = map_items(agreement_of_image, tasks, num_workers=config.num_workers, label="agreement")
    for task, (_, masks), result in zip(tasks, groups, results, strict=True):
        if isinstance(result, Failure):
            failures.append((task.img_filename, result.reason))
            continue
        audited += result.differences
        rows += [label | pair for label, pair in zip(pair_labels(masks), result.pairs, strict=True)]
    require_no_differences(audited)
    return pd.DataFrame(rows, columns=naming.PAIR_COLUMNS), failures


def main(config: MultiannotatorSettings) -> Outcome:
    """Compute all pairs, write the table and its summary."""
    from loguru import logger

    from utils.aggregate import summary_of_pairs

    subset = read_input(
        config,
        "multiannotator_subset_metadata_path",
        naming.SEG_COLUMNS,
        made_by="create_multiannotator_subset",
    )
    if len(subset) and not subset["annotator"].isin(naming.CONSENSUS).any():
        logger.warning("the subset has no consensus masks: create_consensus_masks adds them")
    pairs, failures = compute_pairs(subset, config)
    files = [
        write_table(pairs, config.all_pairwise_IAA_metrics_path),
        write_table(summary_of_pairs(pairs), config.IAA_metrics_summary_path),
    ]
    failed = record_failures(config.failures_path, "compute_IAA_metrics", failures, config.max_failures)
    human = len(naming.human_pairs_only(pairs))
    counts = f"{len(pairs)} pairs of {pairs['img_id'].nunique()} images, {human} of them human-human{failed}"
    return Outcome(counts, [*files, config.failures_path])


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings)
