"""Make soft labels of every image with several masks, for training: vote counts and STAPLE's probabilities.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv and the masks of the annotators.
Writes: in soft_labels_dir {ISIC_id}_votes.png, 8-bit grey: how many masks mark each pixel; and {ISIC_id}_staple.png,
        16-bit grey: STAPLE's probability of foreground times 65535; the table of failures. Nothing unless soft_labels
        is true; what an earlier run made stays then.
Rules:  With n masks, majority vote is votes >= n/2, the union votes >= 1, the intersection votes = n. The STAPLE mask
        is staple > 32767.5: probabilities are rounded to the nearest number, and 0.5 down; an undefined one is 0. More
        than 255 masks are a failure of the image. Images whose masks and soft labels are as an earlier run left
        them are taken from the cache.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils import naming
from utils.agreement.failures_table import record_failures
from utils.errors import Failure
from utils.files import require_folder, write_bytes_atomically
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input
from utils.workers.workplace import configured_workplace

if TYPE_CHECKING:
    from utils.agreement.image_tasks import ImageTask
    from utils.agreement.soft_labels import ImageSoftLabels
    from utils.workers.result_cache import ResultCache
    from utils.workers.resume import Resumable

KEYS = (
    "soft_labels",
    "soft_labels_dir",
    "multiannotator_subset_metadata_path",
    "new_dataset_masks_dir",
    "failures_path",
    "staple_max_iterations",
    "audit_fraction",
    "audit_seed",
    "max_failures",
    "cache_dir",
    "num_workers",
    "executor",
    "dask_scheduler",
    "max_image_pixels",
)

STAGE = "create_soft_labels"


def resumable_soft_labels(folder: Path) -> Resumable[ImageTask, ImageSoftLabels]:
    """Return how the soft labels of an image go into the cache: as their checksums."""
    from utils.agreement.soft_labels import ImageSoftLabels, soft_labels_of_image
    from utils.md5 import have_md5s
    from utils.workers.resume import Resumable

    return Resumable(
        function=soft_labels_of_image,
        paths=lambda task: task.mask_paths,
        settings=lambda task: {"max_iterations": task.max_iterations},
        is_kept=lambda result: not result.differences,
        to_json=lambda result: result.png_md5s,
        from_json=lambda kept: ImageSoftLabels(pngs={}, png_md5s=kept),
        is_usable=lambda task, kept: not task.audited and have_md5s(paths_of(task, kept, folder)),
    )


def paths_of(task: ImageTask, md5s: Mapping[str, str], folder: Path) -> dict[Path, str]:
    """Return the files of an image's soft labels, with their checksums."""
    return {folder / naming.soft_label_filename(task.isic_id, kind): md5 for kind, md5 in md5s.items()}


def create_all(
    tasks: Sequence[ImageTask], folder: Path, cache: ResultCache, config: MultiannotatorSettings
) -> tuple[dict[Path, str | None], list[tuple[str, str]]]:
    """Write the soft labels of all images; return the files with their checksums, and what failed and why.

    Raises
    ------
    PipelineError
        If the auditors found differences.
    """
    from utils.agreement.audit import require_no_differences
    from utils.workers.resume import map_resumable

    files: dict[Path, str | None] = {}
    failures, audited = [], []
    results = map_resumable(resumable_soft_labels(folder), tasks, cache, configured_workplace(config), label="soft")
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Failure):
            failures.append((task.img_filename, result.reason))
            continue
        audited += result.differences
        for kind, png in result.pngs.items():
            write_bytes_atomically(folder / naming.soft_label_filename(task.isic_id, kind), png)
        files |= paths_of(task, result.png_md5s, folder)
    require_no_differences(audited)
    return files, failures


def forget_failures(config: MultiannotatorSettings) -> list[Path]:
    """Take what failed in an earlier run out of the table of failures; return the table, where there is one."""
    if not config.failures_path.is_file():
        return []
    record_failures(config.failures_path, STAGE, [], None, config.new_dataset_masks_dir)
    return [config.failures_path]


def main(config: MultiannotatorSettings) -> Outcome:
    """Compute the soft labels of every image and write them."""
    from utils.agreement.image_tasks import image_tasks
    from utils.workers.result_cache import open_cache

    if not config.soft_labels:
        left = len(list(config.soft_labels_dir.glob("*.png")))
        kept = f"; {left} soft labels of an earlier run stay as they were" if left else ""
        return Outcome(f"nothing made, since soft_labels is false{kept}", forget_failures(config), adds=True)
    key = "multiannotator_subset_metadata_path"
    subset = naming.humans_only(read_input(config, key, naming.SEG_COLUMNS, made_by="create_multiannotator_subset"))
    masks_dir = require_folder(config, "new_dataset_masks_dir", made_by="move_dataset")
    tasks = image_tasks(subset, masks_dir, config, max_iterations=config.staple_max_iterations)
    with open_cache(config.cache_dir, STAGE) as cache:
        files, failures = create_all(tasks, config.soft_labels_dir, cache, config)
        note = record_failures(config.failures_path, STAGE, failures, config.max_failures, masks_dir)
        cache.keep_used()
    counts = f"{len(files)} soft labels of {len(tasks) - len(failures)} images{note}{cache.note(len(tasks))}"
    return Outcome(counts, [config.failures_path, config.soft_labels_dir], files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
