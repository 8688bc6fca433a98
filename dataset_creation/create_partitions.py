"""Partition the images for training, validation and test, so that no patient or lesion is in two partitions.

Reads:  IMAplusplus_img_metadata.csv and IMAplusplus_seg_metadata.csv; where they are there, the id lists of other
        datasets, other_datasets_dir/<Dataset>/*.txt, and ..._image_level_metrics.csv.
Writes: IMAplusplus_partitions.csv, a row an image with its partition and cluster, and whether it is in the list of
        another dataset; IMAplusplus_partition_balance.csv, each label's share in each partition; train.csv, val.csv
        and test.csv in partitions_dir: image, malignancy and mean Dice of the images with several masks.
Rules:  Images that share a patient_id or lesion_id, over others too, stay together. Clusters are assigned one after the
        other, each to where the shares of numbers, diagnoses, annotators, tools and skill levels suffer least, apart
        for images with several masks and with one. The same ids, labels and seed give the same partitions everywhere.
        Images without either id may show one patient all the same: check_partitions also compares files.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.lazy import logger
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_table

if TYPE_CHECKING:
    import numpy as np
    from pandas import Series

    from utils.partitions.dataset_tables import DatasetTables

KEYS = (
    "output_img_metadata_path",
    "output_seg_masks_metadata_path",
    "image_level_metrics_path",
    "other_datasets_dir",
    "partition_shares",
    "partition_seed",
    "partitions_path",
    "partition_balance_path",
    "partitions_dir",
)


def mean_dice(config: CreationSettings) -> dict[str, float]:
    """Return the mean Dice of images by file name; nothing when their metrics are not there."""
    if not config.image_level_metrics_path.is_file():
        logger.warning("dice_score_mean stays empty: there is no {}", config.image_level_metrics_path)
        return {}
    metrics = read_input(config, "image_level_metrics_path", ["img_id"], ["dice_score_mean"], others=False)
    return dict(zip(metrics["img_id"], metrics["dice_score_mean"], strict=True))


def write_training_tables(
    dataset: DatasetTables, several: np.ndarray, parts: Series, names: Sequence[str], config: CreationSettings
) -> list[Path]:
    """Write a table for each partition of its images with several masks."""
    from utils.partitions.tables import training_table

    dice = mean_dice(config)
    file_names = dict(zip(dataset.masks["ISIC_id"], dataset.masks["img_filename"], strict=True))
    return [
        write_table(
            training_table(dataset.images[several & (parts == name).to_numpy()], file_names, dice),
            config.partitions_dir / f"{name}.csv",
        )
        for name in names
    ]


def told(parts: Series, names: Sequence[str], several: np.ndarray, clusters: int) -> str:
    """Return the numbers of images of the partitions, and of those with several masks; warn of empty partitions."""
    sizes = [[int((chosen == name).sum()) for name in names] for chosen in (parts, parts[several])]
    empty = [name for name, size in zip(names, sizes[0], strict=True) if size == 0]
    if empty:
        logger.warning("no images in {}: {} in {} clusters are too few", " and ".join(empty), len(parts), clusters)
    images, of_several = (" / ".join(map(str, counts)) for counts in sizes)
    return f"{images} images in {' / '.join(names)}, {of_several} with several masks; {clusters} clusters"


def main(config: CreationSettings) -> Outcome:
    """Read, partition, write."""
    from utils.partitions.assignment import assign_partitions
    from utils.partitions.balance import balance_table, deviation_in_words
    from utils.partitions.dataset_tables import read_dataset, read_other_lists
    from utils.partitions.labels import image_labels
    from utils.partitions.shares import parse_shares
    from utils.partitions.tables import partition_table
    from utils.statistics.clusters import image_clusters

    shares = parse_shares(config.partition_shares)
    dataset, lists = read_dataset(config), read_other_lists(config)
    clusters, labels = image_clusters(dataset.images), image_labels(*dataset)
    several = labels.num_masks > 1
    parts = assign_partitions(labels, clusters, shares, config.partition_seed)
    balance = balance_table(labels, parts, shares)
    files = [
        write_table(partition_table(parts, clusters, labels.num_masks, lists), config.partitions_path),
        write_table(balance, config.partition_balance_path),
        *write_training_tables(dataset, several, parts, list(shares), config),
    ]
    wanted = [name for name, share in shares.items() if share]
    counts = told(parts, wanted, several, clusters.nunique())
    # Another partition, of another seed for example, may lie elsewhere.
    return Outcome("; ".join([counts, *deviation_in_words(balance)]), files, adds=True)


if __name__ == "__main__":
    run_stage(main, CreationSettings, KEYS)
