"""Make the report: a folder whose index.html shows the dataset, its quality and every disagreement.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv; and as far as they are there: the other metadata, QA,
        agreement, STAPLE, failures and quarantine tables, statistics of pairs and annotators, scores of predictions,
        images, masks, and the PNG figures; what the run manifest says of the stages before.
Writes: index.html, assets/, data/, details/, tables/, thumbs/ and votes/ in report_dir. It opens by double click.
Rules:  What is missing is left out, and named in the report and in the log. Outlines are within half a pixel of
        the thumbnail. Photos are not turned by their EXIF orientation, since masks are drawn on the rows as stored.
        Images whose photo, masks and table rows are as an earlier run found them are taken from the cache, as long
        as their files are still in the report. Files of images that left the dataset are removed. index.html is
        removed before other files change and written last: an interrupted run leaves no page that does not fit them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.errors import Failure, some_of
from utils.lazy import logger
from utils.report import pages, report_folder
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.workers.workplace import configured_workplace

if TYPE_CHECKING:
    from utils.report.image_files import ImageResult
    from utils.report.image_task import ReportTask
    from utils.report.read_tables import ReportTables
    from utils.workers.result_cache import ResultCache
    from utils.workers.resume import Resumable

KEYS = (
    "multiannotator_subset_metadata_path",
    "output_seg_masks_metadata_path",
    "output_img_metadata_path",
    "output_seg_masks_metadata_qa_results_path",
    "all_pairwise_IAA_metrics_path",
    "image_level_metrics_path",
    "image_agreement_path",
    "mask_agreement_path",
    "agreement_statistics_path",
    "annotator_metrics_path",
    "annotator_links_path",
    "area_factors_path",
    "predictions_output_dir",
    "IAA_metrics_summary_path",
    "staple_performance_path",
    "failures_path",
    "new_dataset_images_dir",
    "new_dataset_masks_dir",
    "visualizations_dir",
    "report_dir",
    "report_title",
    "report_thumbnail_pixels",
    "cache_dir",
    "num_workers",
    "executor",
    "dask_scheduler",
    "max_image_pixels",
)

_NAMED = 5  # files that the report names for each reason; the log names all


def resumable_images(report_dir: Path) -> Resumable[ReportTask, ImageResult]:
    """Return how the files of an image go into the cache: as their checksums, with what the pages need."""
    from utils.report.image_files import ImageResult, report_image
    from utils.workers.resume import Resumable

    fields = ("md5s", "judged", "unused")
    return Resumable(
        function=report_image,
        paths=lambda task: task.files_there(),
        settings=lambda task: task.settings(),
        is_kept=lambda _: True,
        to_json=lambda result: {name: getattr(result, name) for name in fields},
        from_json=lambda kept: ImageResult(**kept),
        is_usable=lambda task, kept: report_folder.has_keyed_files(report_dir, task.key, kept["md5s"]),
    )


def make_images(
    tasks: Mapping[str, ReportTask], cache: ResultCache, config: MultiannotatorSettings
) -> dict[str, ImageResult]:
    """Write the files of every image, and return what the pages need of each; tasks and results by ISIC_id.

    An image that fails is named in the report, and has no files.
    """
    from utils.report.image_files import ImageResult
    from utils.workers.resume import map_resumable

    results = {}
    work = resumable_images(config.report_dir)
    made = map_resumable(work, list(tasks.values()), cache, configured_workplace(config), label="report")
    for (isic_id, task), result in zip(tasks.items(), made, strict=True):
        if isinstance(result, Failure):
            logger.warning("{}: its files could not be made: {}", isic_id, result.reason)
            result = ImageResult(unused={isic_id: "image whose files could not be made"})
        if result.contents:
            pages.withdraw_page(config.report_dir)
            report_folder.write_keyed_files(config.report_dir, task.key, result.contents)
        results[isic_id] = replace(result, contents={})
    return results


def files_not_shown(results: Iterable[ImageResult]) -> list[str]:
    """Say which files are not shown, by reason; only the first few of many are named."""
    by_reason: dict[str, list[str]] = {}
    for result in results:
        for name, reason in result.unused.items():
            logger.debug("{} is not shown: {}", name, reason)
            by_reason.setdefault(reason, []).append(name)
    return [f"{reason} ({len(names):,}): {some_of(names, _NAMED)}" for reason, names in by_reason.items()]


def keys_by_folder(tasks: Mapping[str, ReportTask], results: Mapping[str, ImageResult]) -> dict[str, set[str]]:
    """Return, for each folder of files of images, the keys of the images that have one there."""
    return {
        folder: {task.key for isic_id, task in tasks.items() if folder in results[isic_id].md5s}
        for folder in report_folder.KEYED_FOLDERS
    }


def write_pages(tables: ReportTables, results: dict[str, ImageResult], config: MultiannotatorSettings) -> list[Path]:
    """Write the data, copy assets, tables and figures, render the page; warn of what is missing; return the files."""
    from utils.report.annotators import annotators_page
    from utils.report.csv_files import copy_csv_files
    from utils.report.data_rows import index_rows, quality_data
    from utils.report.overview import overview
    from utils.report.predictions import predictions_page, read_scores
    from utils.report.run_facts import run_facts
    from utils.report.this_run import figures_of_run

    folder, scores = config.report_dir, read_scores(config)
    images, quality = index_rows(tables, results), quality_data(tables, results)
    page = {**overview(tables), **run_facts(config, tables.metadata["ISIC_id"])}
    page["annotators"] = annotators_page(tables, page["varying"], page["levels"])
    page["predictions"] = predictions_page(scores)
    page["csv"] = copy_csv_files(tables.files | scores.files, folder)
    assets = pages.copy_assets(folder)
    figures, others = figures_of_run(config)
    page["figures"], left_out = pages.copy_figures(figures, config.visualizations_dir, folder)
    page["missing"] = [*tables.missing, *scores.missing, *files_not_shown(results.values()), *others, *left_out]
    page["pages"] = {
        "annotators": bool(page["annotators"]["tables"] or page["figures"].get("annotators")),
        "predictions": bool(page["predictions"]["models"]),
    }
    for text in page["missing"]:
        logger.warning("not in the report: {}", text)
    content = report_folder.script_json([images, quality, page, [result.md5s for result in results.values()]])
    page["stamp"] = pages.digest(content.encode(), *assets.values())[:16]
    known = {"csv": page["csv"], "factors": page["varying"], "levels": page["levels"]}
    data = pages.write_data(folder, images, quality, known, page["stamp"])
    urls = [*page["csv"].values(), *(url for shown in page["figures"].values() for url, _, _ in shown)]
    return [pages.write_page(folder, page), *data, *assets, *(folder / unquote(url) for url in urls)]


def checksums_of_images(
    tasks: Mapping[str, ReportTask], results: Mapping[str, ImageResult], report_dir: Path
) -> dict[Path, str | None]:
    """Return the files of images, with their md5."""
    return {
        report_folder.keyed_file(report_dir, folder, task.key): md5
        for isic_id, task in tasks.items()
        for folder, md5 in results[isic_id].md5s.items()
    }


def main(config: MultiannotatorSettings) -> Outcome:
    """Read the tables, make the files of every image, write the pages."""
    from utils.report.read_tables import read_report_tables
    from utils.report.tasks import report_tasks
    from utils.workers.result_cache import open_cache

    tables = read_report_tables(config)
    tasks = report_tasks(tables, config)
    with open_cache(config.cache_dir, "make_report") as cache:
        results = make_images(tasks, cache, config)
        pages.withdraw_page(config.report_dir)
        removed = report_folder.remove_stale(config.report_dir, keys_by_folder(tasks, results))
        files = write_pages(tables, results, config)
        cache.keep_used()
    counts = f"{len(results)} images" + (f", stale files removed: {removed}" if removed else "")
    return Outcome(counts + cache.note(len(tasks)), files, checksums_of_images(tasks, results, config.report_dir))


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
