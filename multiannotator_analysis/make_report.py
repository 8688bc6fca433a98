"""Make the report: a folder whose index.html shows the dataset, its quality and every disagreement.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv; and as far as they are there: the other metadata, QA,
        agreement, STAPLE, failures and quarantine tables, images, masks, and the PNG figures.
Writes: index.html, assets/, data/, details/, thumbs/, votes/ and records/ in report_dir. It opens by double click.
Rules:  What is not there is named in the report and in the log, and left out. Outlines are within half a pixel of
        the thumbnail. Photos are not turned by their EXIF orientation, since masks are drawn on the rows as stored.
        Of an image whose files and table rows have not changed nothing is decoded or written again. Files of
        images that are no longer there are removed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.errors import Failure
from utils.lazy import logger
from utils.report import report_folder
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.workers.parallel import map_items
from utils.workers.workplace import Workplace, local_workplace

if TYPE_CHECKING:
    from utils.report.image_files import ImageResult, ReportTask
    from utils.report.read_tables import ReportTables

KEYS = (
    "multiannotator_subset_metadata_path",
    "output_seg_masks_metadata_path",
    "output_img_metadata_path",
    "output_seg_masks_metadata_qa_results_path",
    "all_pairwise_IAA_metrics_path",
    "image_level_metrics_path",
    "IAA_metrics_summary_path",
    "staple_performance_path",
    "failures_path",
    "new_dataset_images_dir",
    "new_dataset_masks_dir",
    "visualizations_dir",
    "report_dir",
    "report_thumbnail_pixels",
    "num_workers",
    "executor",
    "max_image_pixels",
)

_NAMED = 5  # files that are named of each kind that is missing; the log has all


def make_images(tasks: Mapping[str, ReportTask], workplace: Workplace) -> dict[str, ImageResult]:
    """Make the files of every image; one whose files could not be made has none. Both by ISIC_id."""
    from utils.report.image_files import ImageResult, report_image

    results = {}
    made = map_items(report_image, list(tasks.values()), workplace, label="report")
    for isic_id, result in zip(tasks, made, strict=True):
        if isinstance(result, Failure):
            logger.warning("{}: its files could not be made: {}", isic_id, result.reason)
            result = ImageResult(unused={isic_id: "image whose files could not be made"})
        results[isic_id] = result
    return results


def files_not_shown(results: Iterable[ImageResult]) -> list[str]:
    """Name the files that are not shown, by reason; of many the first few."""
    by_reason: dict[str, list[str]] = {}
    for result in results:
        for name, reason in result.unused.items():
            logger.debug("{} is not shown: {}", name, reason)
            by_reason.setdefault(reason, []).append(name)
    texts = []
    for reason, names in by_reason.items():
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        texts.append(f"{len(names):,} x {reason}: {', '.join(names[:_NAMED])}{more}")
    return texts


def remove_files_of_others(tasks: Iterable[ReportTask], results: Iterable[ImageResult], report_dir: Path) -> int:
    """Delete the files of images that the report no longer has; return how many."""
    keys: dict[str, set[str]] = {folder: set() for folder in report_folder.KEYED_FOLDERS}
    for task, result in zip(tasks, results, strict=True):
        made = bool(result.stamp)
        written = {
            report_folder.DETAILS: made and task.details is not None,
            report_folder.THUMBNAILS: result.thumb,
            report_folder.VOTES: result.votes,
            report_folder.RECORDS: made,
        }
        for folder, there in written.items():
            keys[folder].update([task.key] * there)
    return report_folder.remove_stale(report_dir, keys)


def write_pages(tables: ReportTables, results: dict[str, ImageResult], config: MultiannotatorSettings) -> list[Path]:
    """Write the data, copy assets and figures, render the page; log what is missing."""
    from utils.report.data_rows import index_rows, quality_data
    from utils.report.overview import overview

    folder = config.report_dir
    images, quality, page = index_rows(tables, results), quality_data(tables, results), overview(tables)
    assets = report_folder.copy_assets(folder)
    page["figures"], left_out = report_folder.copy_figures(config.visualizations_dir, folder)
    page["missing"] = [*tables.missing, *files_not_shown(results.values()), *left_out]
    for text in page["missing"]:
        logger.warning("not in the report: {}", text)
    content = report_folder.script_json([images, quality, page, [result.stamp for result in results.values()]])
    page["stamp"] = report_folder.digest(content.encode(), assets)[:16]
    data = report_folder.write_data(folder, images, quality, page["stamp"])
    return [report_folder.write_page(folder, page), *data]


def main(config: MultiannotatorSettings) -> Outcome:
    """Read the tables, make the files of every image, write the pages."""
    from utils.report.read_tables import read_report_tables
    from utils.report.tasks import report_tasks

    tables = read_report_tables(config)
    tasks = report_tasks(tables, config)
    results = make_images(tasks, local_workplace(config))
    files = write_pages(tables, results, config)
    removed = remove_files_of_others(tasks.values(), results.values(), config.report_dir)
    all_files = {path: None for path in config.report_dir.rglob("*") if path.is_file()}
    made = sum(result.made for result in results.values())
    counts = f"{len(results)} images, of {made} the files were made, {len(results) - made} had not changed"
    return Outcome(counts + (f"; {removed} files of others removed" if removed else ""), files, all_files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
