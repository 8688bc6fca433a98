"""Compute the agreement of every pair of masks of an image, annotators and consensus alike, and of each image and mask.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv and its masks; for clusters IMAplusplus_img_metadata.csv.
Writes: IMAplusplus_multiannotator_subset_IAA_metrics.csv, its summary over pairs of human masks,
        IMAplusplus_multiannotator_subset_image_agreement.csv, IMAplusplus_multiannotator_subset_mask_agreement.csv,
        and the table of failures.
Rules:  Pairs i < j, images and masks in metadata order. Distances in pixels between 4-connected borders, both
        directions pooled; normalised by the image diagonal; borders agree (NSD, BF1) up to nsd_tolerance. One empty
        mask: overlap 0, distances empty, normalised 1, NSD and BF1 0; two: overlap 1, distances 0, NSD and BF1 1. The
        agreement of an image counts each person once; a mask is compared with the vote of the other people. Images
        whose masks are as an earlier run found them are taken from the cache.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils import naming
from utils.agreement.failures_table import record_failures
from utils.errors import Failure
from utils.files import require_folder
from utils.lazy import logger
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import GatheredRows, read_input, write_table
from utils.workers.workplace import configured_workplace

if TYPE_CHECKING:
    from pandas import DataFrame

    from utils.agreement.image_tasks import ImageTask
    from utils.workers.result_cache import ResultCache

KEYS = (
    "multiannotator_subset_metadata_path",
    "output_img_metadata_path",
    "new_dataset_masks_dir",
    "all_pairwise_IAA_metrics_path",
    "IAA_metrics_summary_path",
    "image_agreement_path",
    "mask_agreement_path",
    "failures_path",
    "nsd_tolerance",
    "audit_fraction",
    "audit_seed",
    "max_failures",
    "cache_dir",
    "num_workers",
    "executor",
    "dask_scheduler",
    "max_image_pixels",
)


class AgreementTables(NamedTuple):
    """Agreement of all pairs, images and human masks, and the images that failed with their reasons."""

    pairs: DataFrame
    images: DataFrame
    masks: DataFrame
    failures: list[tuple[str, str]]


def clusters_of_images(subset: DataFrame, config: MultiannotatorSettings) -> dict[str, str]:
    """Return the cluster of each image of the subset by ISIC_id; nothing when the image metadata are not there."""
    from utils.statistics.clusters import image_clusters

    key = "output_img_metadata_path"
    if not getattr(config, key).is_file():
        logger.warning("clusters stay empty: there is no {}", getattr(config, key))
        return {}
    clusters = image_clusters(read_input(config, key, ["isic_id"])).to_dict()
    return {isic_id: clusters.get(isic_id, isic_id) for isic_id in subset["ISIC_id"]}


def rows_by_image(subset: DataFrame) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of each image, in order of first appearance, with their place in the table."""
    columns = {"place": range(len(subset)), **{name: subset[name].tolist() for name in naming.SEG_COLUMNS}}
    places: dict[str, list[int]] = {}
    for place, isic_id in enumerate(columns["ISIC_id"]):
        places.setdefault(isic_id, []).append(place)
    for of_image in places.values():
        yield [{name: column[place] for name, column in columns.items()} for place in of_image]


def compute_agreement(
    subset: DataFrame,
    clusters: Mapping[str, str],
    tasks: Sequence[ImageTask],
    cache: ResultCache,
    config: MultiannotatorSettings,
) -> AgreementTables:
    """Return all rows that the tasks give, in metadata order."""
    from utils.agreement.audit import require_no_differences
    from utils.agreement.kept_agreement import resumable_agreement
    from utils.workers.resume import map_resumable

    pairs, images = GatheredRows(naming.PAIR_COLUMNS), GatheredRows(naming.IMAGE_AGREEMENT_COLUMNS)
    masks, failures, audited = GatheredRows(("place", *naming.MASK_AGREEMENT_COLUMNS)), [], []
    results = map_resumable(resumable_agreement(), tasks, cache, configured_workplace(config), label="agreement")
    for task, rows, result in zip(tasks, rows_by_image(subset), results, strict=True):
        if isinstance(result, Failure):
            failures.append((task.img_filename, result.reason))
            continue
        audited += result.differences
        for label, pair in zip(naming.pair_labels(rows), result.pairs, strict=True):
            pairs.add(label | pair)
        names = {"ISIC_id": task.isic_id, "img_filename": task.img_filename, "cluster": clusters.get(task.isic_id, "")}
        images.add(names | result.image)
        humans = (row for row in rows if row["annotator"] not in naming.CONSENSUS)
        for row, numbers in zip(humans, result.masks, strict=True):
            masks.add(row | numbers)
    require_no_differences(audited)
    in_order = masks.table().sort_values("place", ignore_index=True).drop(columns="place")
    return AgreementTables(pairs.table(), images.table(), in_order, failures)


def main(config: MultiannotatorSettings) -> Outcome:
    """Compute all pairs, images and masks, write their tables and the summary."""
    from utils.agreement.aggregate import summary_of_pairs
    from utils.agreement.image_tasks import image_tasks
    from utils.agreement.kept_agreement import CACHE
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
    clusters = clusters_of_images(subset, config)
    tasks = image_tasks(subset, masks_dir, config, nsd_tolerance=config.nsd_tolerance)
    with open_cache(config.cache_dir, CACHE) as cache:
        pairs, images, masks, failures = compute_agreement(subset, clusters, tasks, cache, config)
        files = [
            write_table(pairs, config.all_pairwise_IAA_metrics_path),
            write_table(summary_of_pairs(pairs), config.IAA_metrics_summary_path),
            write_table(images, config.image_agreement_path),
            write_table(masks, config.mask_agreement_path),
        ]
        note = record_failures(config.failures_path, "compute_IAA_metrics", failures, config.max_failures, masks_dir)
        cache.keep_used()
    human = len(naming.human_pairs_only(pairs))
    counts = f"{len(pairs)} pairs of {pairs['img_id'].nunique()} images, {human} of them human-human{note}"
    return Outcome(counts + cache.note(len(tasks)), [*files, config.failures_path])


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
