"""Judge a partition of the images: what is in two of its parts that should be in one, and how even it is.

Reads:  the partition: partitions=splits.csv with a column of ids and one of their parts, or a file of ids for each
        part, partitions=[train.csv,val.csv,test.csv]; by default partitions_path. IMAplusplus_img_metadata.csv and
        IMAplusplus_seg_metadata.csv, of a release too; where they are there, the images, and the id lists of other
        datasets.
Writes: partition_check.csv, what was found; partition_check_balance.csv, each label's share in each part.
Rules:  Errors (exit code 1) are: an id that no image has; an image in two parts; images of one patient or lesion, over
        others too, in two parts; files in two parts that are equal, or whose perceptual hashes differ in at most
        near_equal_bits of 256. The hash finds copies in another size, compression or brightness; it misses turned,
        mirrored and cropped ones, and other photos of a lesion. Warned of are images in no part, and images of other
        datasets' test lists in the parts for training: those called train, else the largest. The part that each label
        should have is the part of all images.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.errors import Failure
from utils.lazy import logger
from utils.raw.raw_files import target_folders
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.tables import write_table
from utils.workers.parallel import map_items
from utils.workers.workplace import local_workplace

if TYPE_CHECKING:
    from utils.partitions.dataset_tables import DatasetTables
    from utils.partitions.findings import Finding
    from utils.partitions.fingerprints import Fingerprint

KEYS = (
    "partitions",
    "partitions_path",
    "output_img_metadata_path",
    "output_seg_masks_metadata_path",
    "target_data_dir",
    "separate_images_and_masks",
    "other_datasets_dir",
    "near_equal_bits",
    "partition_check_path",
    "partition_check_balance_path",
    "num_workers",
    "executor",
    "max_image_pixels",
)


def fingerprints_of(
    isic_ids: Collection[str], dataset: DatasetTables, config: CreationSettings
) -> dict[str, Fingerprint]:
    """Return the fingerprints of the image files that are there, by isic_id; a log line tells which are not."""
    from utils.partitions.fingerprints import fingerprint

    folder = target_folders(config)[0]
    names = dict(zip(dataset.masks["ISIC_id"], dataset.masks["img_filename"], strict=True))
    paths = {isic_id: folder / names[isic_id] for isic_id in isic_ids if isic_id in names}
    paths = {isic_id: path for isic_id, path in paths.items() if path.is_file()}
    results = map_items(fingerprint, list(paths.values()), local_workplace(config), label="files", batched=True)
    found = dict(zip(paths, results, strict=True))
    unreadable = [isic_id for isic_id, result in found.items() if isinstance(result, Failure)]
    if unreadable:
        logger.warning("files that cannot be read are not compared: {}", ", ".join(unreadable))
    usable = {isic_id: result for isic_id, result in found.items() if not isinstance(result, Failure)}
    if len(usable) < len(isic_ids):
        logger.info("files of {} of {} images compared, as far as they are in {}", len(usable), len(isic_ids), folder)
    return usable


def test_lists(lists: Mapping[str, Mapping[str, set[str]]]) -> dict[str, set[str]]:
    """Return the lists of other datasets that are called test, or whose dataset is, by dataset and list."""
    from utils.partitions.findings import is_called

    named = {f"{dataset}/{name}": ids for dataset, of_dataset in lists.items() for name, ids in of_dataset.items()}
    return {name: ids for name, ids in named.items() if is_called("test", name)}


def warn_of(findings: list[Finding]) -> None:
    """Log what is no error: images in no part, and how many of each test list are in the part for training."""
    from utils.partitions.findings import NO_PART, TEST_IMAGE

    without = sum(finding.finding == NO_PART for finding in findings)
    if without:
        logger.warning("{} images of the dataset are in no part", without)
    tests = [(finding.detail, finding.part) for finding in findings if finding.finding == TEST_IMAGE]
    for name, part in dict.fromkeys(tests):
        note = "{} images of the list {} are in {}: a model trained on them cannot be tested on that list"
        logger.warning(note, tests.count((name, part)), name, part)


def sizes_of(part_of: Mapping[str, str]) -> dict[str, int]:
    """Return the number of images of each part, in order of first appearance."""
    parts = list(part_of.values())
    return {name: parts.count(name) for name in dict.fromkeys(parts)}


def main(config: CreationSettings) -> Outcome:
    """Read the partition, look for leaks, write what was found."""
    from utils.partitions import findings as find
    from utils.partitions.balance import balance_table, deviation_in_words
    from utils.partitions.dataset_tables import read_dataset, read_other_lists
    from utils.partitions.given import KnownIds, read_partition
    from utils.partitions.labels import image_labels
    from utils.statistics.clusters import image_clusters

    dataset = read_dataset(config)
    ids = dataset.images["isic_id"]
    given = read_partition(config.partitions or [config.partitions_path], KnownIds(ids))
    part_of = {isic_id: parts[0] for isic_id, parts in given.parts.items()}
    sizes, clusters = sizes_of(part_of), image_clusters(dataset.images)
    findings = [*find.of_ids(given, ids), *find.of_clusters(given.parts, dict(zip(ids, clusters, strict=True)))]
    if config.near_equal_bits is not None:
        fingerprints = fingerprints_of(given.parts, dataset, config)
        findings += find.of_files(given.parts, fingerprints, config.near_equal_bits)
    findings += find.of_test_lists(given.parts, find.training_parts(sizes), test_lists(read_other_lists(config)))
    shares = {name: size / len(part_of) for name, size in sizes.items()}
    balance = balance_table(image_labels(*dataset), ids.map(part_of).fillna(""), shares)
    files = [
        find.write_findings(findings, config.partition_check_path),
        write_table(balance, config.partition_check_balance_path),
    ]
    warn_of(findings)
    find.require_no_leaks(findings, config.partition_check_path)
    numbers = ", ".join(f"{size} {name}" for name, size in sizes.items())
    return Outcome("; ".join([f"no leak found: {numbers}", *deviation_in_words(balance)]), files)


if __name__ == "__main__":
    run_stage(main, CreationSettings, KEYS)
