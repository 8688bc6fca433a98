"""Compute the agreement of every pair of masks of an image, annotators and consensus alike.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv and its masks.
Writes: IMAplusplus_multiannotator_subset_IAA_metrics.csv, its summary over pairs of human masks, and the
        table of failures.
Rules:  Pairs i < j and images in metadata order. Distances in pixels between 4-connected borders, both
        directions pooled; normalised by the image diagonal. One empty mask: overlap 0, distances empty,
        normalised 1; two: overlap 1, distances 0. Images whose masks are as an earlier run found them are
        taken from the cache.

Keys: multiannotator_subset_metadata_path, new_dataset_masks_dir, all_pairwise_IAA_metrics_path,
IAA_metrics_summary_path, failures_path, audit_fraction, audit_seed, max_failures, output_dir, cache_dir,
num_workers, executor, dask_scheduler, verbose.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils import naming
from utils.agreement.failures_table import record_failures
from utils.errors import Failure
from utils.files import remove_leftovers, require_folder
from utils.lazy import logger, pd
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_table

if TYPE_CHECKING:
    from pandas import DataFrame

    from utils.agreement.image_tasks import ImageTask
    from utils.workers.result_cache import ResultCache
    from utils.workers.resume import Resumable


def resumable_agreement() -> Resumable:
    """Return how the agreement on an image goes into the cache: in full."""
    from utils.agreement.image_tasks import ImageAgreement, agreement_of_image
    from utils.workers.resume import Resumable

    return Resumable(
        function=agreement_of_image,
        paths=lambda task: task.mask_paths,
        settings=lambda _: {},
        to_json=lambda result: None if result.differences else result.pairs,
        from_json=ImageAgreement,
        is_usable=lambda task, _: not task.audited,
    )


def compute_pairs(
    subset: DataFrame, tasks: Sequence[ImageTask], cache: ResultCache, config: MultiannotatorSettings
) -> tuple[DataFrame, list[tuple[str, str]]]:
    """Return the table of all pairs, and the images that failed with their reasons."""
    from utils.agreement.audit import require_no_differences
    from utils.workers.resume import map_resumable

    masks = {row["seg_filename"]: row for row in subset.to_dict("records")}
    rows, failures, audited = [], [], []
    results = map_resumable(resumable_agreement(), tasks, cache, config, label="agreement")
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Failure):
            failures.append((task.img_filename, result.reason))
            continue
        audited += result.differences
        labels = naming.pair_labels([masks[path.name] for path in task.mask_paths])
        rows += [label | pair for label, pair in zip(labels, result.pairs, strict=True)]
    require_no_differences(audited)
    return pd.DataFrame(rows, columns=naming.PAIR_COLUMNS), failures


def main(config: MultiannotatorSettings) -> Outcome:
    """Compute all pairs, write the table and its summary."""
    from utils.agreement.aggregate import summary_of_pairs
    from utils.agreement.image_tasks import image_tasks
    from utils.workers.result_cache import open_cache

    subset = read_input(
        config,
        "multiannotator_subset_metadata_path",
        naming.SEG_COLUMNS,
        made_by="create_multiannotator_subset",
    )
    if len(subset) and not subset["annotator"].isin(naming.CONSENSUS).any():
        logger.warning("the subset has no consensus masks: create_consensus_masks adds them")
    masks_dir = require_folder(config, "new_dataset_masks_dir", made_by="move_dataset")
    remove_leftovers(config.metrics_output_dir)
    tasks = image_tasks(subset, masks_dir, config)
    with open_cache(config.cache_dir, "compute_IAA_metrics") as cache:
        pairs, failures = compute_pairs(subset, tasks, cache, config)
        files = [
            write_table(pairs, config.all_pairwise_IAA_metrics_path),
            write_table(summary_of_pairs(pairs), config.IAA_metrics_summary_path),
        ]
        note = record_failures(config.failures_path, "compute_IAA_metrics", failures, config.max_failures, masks_dir)
        cache.keep_used()
    human = len(naming.human_pairs_only(pairs))
    counts = f"{len(pairs)} pairs of {pairs['img_id'].nunique()} images, {human} of them human-human{note}"
    return Outcome(counts + cache.note(len(tasks)), [*files, config.failures_path])


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings)
