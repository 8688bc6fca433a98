"""Make the STAPLE and majority-vote masks of every image with several masks.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv, IMAplusplus_seg_metadata.csv and the masks.
Writes: {ISIC_id}_ST_ST_ST_ST.png and {ISIC_id}_MV_MV_MV_MV.png beside the masks; their rows after the human
        rows of both tables; the tables of STAPLE's performance estimates and of failures.
Rules:  STAPLE is foreground where its probability exceeds 0.5; majority vote where at least half of the masks
        are. Earlier consensus rows are replaced, and files that no row has any longer are removed. A
        degenerate STAPLE result is kept and warned of. Images whose masks and consensus files are as an
        earlier run left them are taken from the cache.
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
from utils.lazy import logger, pd
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_table
from utils.workers.workplace import configured_workplace

if TYPE_CHECKING:
    from pandas import DataFrame

    from utils.agreement.image_tasks import ImageConsensus, ImageTask
    from utils.workers.result_cache import ResultCache
    from utils.workers.resume import Resumable

KEYS = (
    "multiannotator_subset_metadata_path",
    "output_seg_masks_metadata_path",
    "new_dataset_masks_dir",
    "staple_performance_path",
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


def resumable_consensus(masks_dir: Path) -> Resumable[ImageTask, ImageConsensus]:
    """Return how the consensus of an image goes into the cache: the masks as their checksums, the rest in full."""
    from utils.agreement.image_tasks import ImageConsensus, consensus_of_image
    from utils.workers.resume import Resumable

    fields = ("png_md5s", "sensitivity", "specificity", "iterations", "degenerate")
    return Resumable(
        function=consensus_of_image,
        paths=lambda task: task.mask_paths,
        settings=lambda task: {"max_iterations": task.max_iterations},
        is_kept=lambda result: not result.differences,
        to_json=lambda result: {name: getattr(result, name) for name in fields},
        from_json=lambda kept: ImageConsensus(pngs={}, **kept),
        is_usable=lambda task, kept: not task.audited and masks_are_there(task, kept["png_md5s"], masks_dir),
    )


def masks_are_there(task: ImageTask, md5s: Mapping[str, str], masks_dir: Path) -> bool:
    """Tell whether both consensus masks of an image lie in `masks_dir` with the given checksums."""
    from utils.md5 import have_md5s

    return have_md5s({masks_dir / row["seg_filename"]: row["mask_md5"] for row in consensus_rows(task, md5s)})


def consensus_rows(task: ImageTask, md5s: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the metadata rows of an image's two consensus masks."""
    return [naming.consensus_row(task.isic_id, task.img_filename, label, md5s[label]) for label in naming.CONSENSUS]


def write_consensus_masks(task: ImageTask, result: ImageConsensus, masks_dir: Path) -> list[dict[str, str]]:
    """Write an image's two consensus masks, unless they are there already, and return their metadata rows."""
    rows = consensus_rows(task, result.png_md5s)
    for row in rows:
        if result.pngs:
            write_bytes_atomically(masks_dir / row["seg_filename"], result.pngs[row["annotator"]])
    return rows


def remove_stale_masks(
    metadata: DataFrame, failed: Sequence[ImageTask], consensus: Sequence[dict], masks_dir: Path
) -> list[Path]:
    """Remove the consensus masks of earlier runs that have no row any more; return where they were."""
    earlier = metadata["seg_filename"][metadata["annotator"].isin(naming.CONSENSUS)]
    unnamed = dict.fromkeys(naming.CONSENSUS, "")
    names = {*earlier, *(row["seg_filename"] for task in failed for row in consensus_rows(task, unnamed))}
    stale = [masks_dir / name for name in sorted(names - {row["seg_filename"] for row in consensus})]
    for path in stale:
        path.unlink(missing_ok=True)
    return stale


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
    metadata: DataFrame,
    subset: DataFrame,
    consensus: Sequence[dict],
    performance: Sequence[dict],
    config: MultiannotatorSettings,
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


def compute_all(
    tasks: Sequence[ImageTask], masks_dir: Path, cache: ResultCache, config: MultiannotatorSettings
) -> tuple[list[dict], list[dict], list[tuple[ImageTask, str]]]:
    """Write the consensus masks of all images; return their rows, STAPLE's estimates and what failed and why.

    Raises
    ------
    PipelineError
        If the auditors found differences.
    """
    from utils.agreement.audit import require_no_differences
    from utils.workers.resume import map_resumable

    consensus, performance, failed, audited = [], [], [], []
    work, workplace = resumable_consensus(masks_dir), configured_workplace(config)
    results = map_resumable(work, tasks, cache, workplace, label="consensus")
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Failure):
            failed.append((task, result.reason))
            continue
        warn_if_degenerate(task, result)
        audited += result.differences
        consensus += write_consensus_masks(task, result, masks_dir)
        performance += performance_rows(task, result)
    require_no_differences(audited)
    return consensus, performance, failed


def main(config: MultiannotatorSettings) -> Outcome:
    """Compute the consensus of every image, write masks and tables."""
    from utils.agreement.image_tasks import image_tasks
    from utils.workers.result_cache import open_cache

    columns = naming.SEG_COLUMNS
    metadata = read_input(config, "output_seg_masks_metadata_path", columns, made_by="create_dataset")
    subset = naming.humans_only(
        read_input(config, "multiannotator_subset_metadata_path", columns, made_by="create_multiannotator_subset")
    )
    masks_dir = require_folder(config, "new_dataset_masks_dir", made_by="move_dataset")
    tasks = image_tasks(subset, masks_dir, config, max_iterations=config.staple_max_iterations)
    with open_cache(config.cache_dir, "create_consensus_masks") as cache:
        consensus, performance, failed = compute_all(tasks, masks_dir, cache, config)
        files = write_tables(metadata, subset, consensus, performance, config)
        stale = remove_stale_masks(metadata, [task for task, _ in failed], consensus, masks_dir)
        failures = [(task.img_filename, reason) for task, reason in failed]
        note = record_failures(config.failures_path, "create_consensus_masks", failures, config.max_failures, masks_dir)
        cache.keep_used()
    counts = f"{len(consensus)} consensus masks of {len(tasks) - len(failed)} images{note}{cache.note(len(tasks))}"
    checksums = {masks_dir / row["seg_filename"]: row["mask_md5"] for row in consensus}
    return Outcome(counts, [*files, config.failures_path, masks_dir], checksums | dict.fromkeys(stale))


def warn_if_degenerate(task: ImageTask, result: ImageConsensus) -> None:
    """Log a warning for a STAPLE result that says little about the lesion."""
    if result.degenerate:
        logger.warning("{}: degenerate STAPLE result: {}", task.img_filename, result.degenerate)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
