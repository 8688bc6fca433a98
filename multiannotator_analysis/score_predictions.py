"""Score predictions of models against every annotator and both consensus masks, beside the level of the annotators.

Reads:  the files in predictions_dir; IMAplusplus_seg_metadata.csv, IMAplusplus_img_metadata.csv and the masks;
        IMAplusplus_partitions.csv where it is there.
Writes: in predictions_output_dir a folder a model, with scores_by_reference.csv, scores_by_image.csv,
        scores_summary.csv, failures.csv and scored_with.csv; comparison.csv of all models that were scored with the
        same masks and nsd_tolerance.
Rules:  Without predictions_dir there is nothing to do. A prediction is scored as a mask of an annotator is: Dice,
        Jaccard, HD, HD95, ASSD, NSD, BF1; probabilities from one half on are foreground. The annotators' own level is
        each one's score against the others, on the same image. Intervals are 95 %, by drawing clusters of images.
        Images without a prediction, files of unknown images and predictions of another size are listed in failures.csv,
        and count towards max_failures; nothing is resampled. A model without any score is an error.
        Predictions never enter the consensus.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils import naming
from utils.errors import Failure
from utils.files import require_folder
from utils.lazy import pd
from utils.settings import MultiannotatorSettings, PredictionKind
from utils.stage import Outcome, run_stage
from utils.tables import GatheredRows, read_input, read_table, write_table
from utils.workers.workplace import configured_workplace

if TYPE_CHECKING:
    from pandas import DataFrame

    from utils.scoring.prediction_files import ModelFiles
    from utils.scoring.score_task import ImageScores, ScoreTask
    from utils.workers.resume import Resumable

KEYS = (
    "predictions_dir",
    "demo_dir",
    "prediction_pattern",
    "prediction_kind",
    "prediction_name",
    "predictions_output_dir",
    "output_seg_masks_metadata_path",
    "output_img_metadata_path",
    "partitions_path",
    "new_dataset_masks_dir",
    "nsd_tolerance",
    "bootstrap_resamples",
    "bootstrap_seed",
    "max_failures",
    "cache_dir",
    "num_workers",
    "executor",
    "dask_scheduler",
    "max_image_pixels",
)


class Images(NamedTuple):
    """What is known of the dataset's images by ISIC_id: rows of masks, cluster, partition."""

    masks: Mapping[str, list[dict[str, str]]]
    clusters: Mapping[str, str]
    partitions: Mapping[str, str]


class Scored(NamedTuple):
    """Scores of one model; what could not be scored, as (image or file, reason); how many came from the cache."""

    by_reference: DataFrame
    by_image: DataFrame
    failures: list[tuple[str, str]]
    note: str


def read_images(config: MultiannotatorSettings) -> Images:
    """Read the metadata of masks and images, and the partitions where there are any."""
    from utils.statistics.clusters import image_clusters

    table = read_input(config, "output_seg_masks_metadata_path", naming.SEG_COLUMNS, made_by="create_dataset")
    masks: dict[str, list[dict[str, str]]] = {}
    for row in table.to_dict("records"):
        masks.setdefault(row["ISIC_id"], []).append({str(name): text for name, text in row.items()})
    images = read_input(config, "output_img_metadata_path", ["isic_id"], made_by="create_dataset")
    clusters = {str(isic_id): cluster for isic_id, cluster in image_clusters(images).items()}
    partitions: dict[str, str] = {}
    if config.partitions_path.is_file():
        parted = read_input(config, "partitions_path", ["ISIC_id", "partition"])
        partitions = dict(zip(parted["ISIC_id"], parted["partition"], strict=True))
    return Images(masks, clusters, partitions)


def resumable_scores() -> Resumable[ScoreTask, ImageScores]:
    """Return how the scores of an image go into the cache: in full."""
    from utils.agreement.human_votes import drawn_by
    from utils.scoring.score_task import ImageScores, score_image
    from utils.workers.resume import Resumable

    return Resumable(
        function=score_image,
        paths=lambda task: (*task.mask_paths, *task.prediction_paths),
        settings=lambda task: {
            "drawn_by": drawn_by(task.annotators),
            "predictions": len(task.prediction_paths),
            "is_probability": task.is_probability,
            "nsd_tolerance": task.nsd_tolerance,
        },
        is_kept=lambda _: True,
        to_json=asdict,
        from_json=lambda kept: ImageScores(**kept),
        is_usable=lambda *_: True,
    )


def score_tasks(found: ModelFiles, images: Images, masks_dir: Path, config: MultiannotatorSettings) -> list[ScoreTask]:
    """Return one task for each image that has a prediction, in the order of the metadata."""
    from utils.scoring.score_task import ScoreTask

    return [
        ScoreTask(
            isic_id,
            tuple(masks_dir / row["seg_filename"] for row in rows),
            tuple(row["annotator"] for row in rows),
            tuple(found.samples[isic_id].values()),
            config.prediction_kind is PredictionKind.probability,
            config.nsd_tolerance,
        )
        for isic_id, rows in images.masks.items()
        if isic_id in found.samples
    ]


def score_model(name: str, found: ModelFiles, images: Images, config: MultiannotatorSettings) -> Scored:
    """Score all images of one model."""
    from utils.scoring.known_levels import with_known_levels
    from utils.scoring.score_tables import BY_IMAGE_COLUMNS, BY_REFERENCE_COLUMNS, row_by_image, rows_by_reference
    from utils.workers.result_cache import open_cache
    from utils.workers.resume import map_resumable

    masks_dir, workplace = require_folder(config, "new_dataset_masks_dir", "move_dataset"), configured_workplace(config)
    tasks = with_known_levels(score_tasks(found, images, masks_dir, config), config.cache_dir, workplace)
    references, by_image, failures = GatheredRows(BY_REFERENCE_COLUMNS), GatheredRows(BY_IMAGE_COLUMNS), []
    with open_cache(config.cache_dir, f"score_predictions_{name}") as cache:
        results = map_resumable(resumable_scores(), tasks, cache, workplace, label=f"scores of {name}")
        for task, result in zip(tasks, results, strict=True):
            if isinstance(result, Failure):
                failures.append((task.isic_id, result.reason))
            else:
                for row in rows_by_reference(task, list(found.samples[task.isic_id]), result):
                    references.add(row)
                by_image.add(row_by_image(task, result))
        cache.keep_used()
    failures += [(isic_id, "no prediction") for isic_id in images.masks if isic_id not in found.samples]
    return Scored(references.table(), by_image.table(), [*failures, *found.unknown], cache.note(len(tasks)))


def write_scores(name: str, scored: Scored, images: Images, config: MultiannotatorSettings) -> list[Path]:
    """Write the tables of one model, and warn of what was not scored."""
    from utils.scoring.not_scored import warn_of_failures
    from utils.scoring.score_tables import score_summary
    from utils.scoring.scored_with import write_scored_with

    folder = config.predictions_output_dir / name
    stage = Path(__file__).stem
    rows = [(stage, what, " ".join(reason.split())) for what, reason in scored.failures]
    failures = write_table(pd.DataFrame(rows, columns=list(naming.FAILURE_COLUMNS)), folder / naming.SCORES_FAILURES)
    warn_of_failures(name, scored.failures, failures)
    bootstrap = (config.bootstrap_resamples, config.bootstrap_seed)
    summary = score_summary(scored.by_image, scored.by_reference, images.clusters, images.partitions, bootstrap)
    tables = {
        naming.SCORES_BY_REFERENCE: scored.by_reference,
        naming.SCORES_BY_IMAGE: scored.by_image,
        naming.SCORES_SUMMARY: summary,
    }
    written = [write_table(table, folder / file) for file, table in tables.items()]
    return [failures, *written, write_scored_with(basis_of_scores(images, config), folder)]


def basis_of_scores(images: Images, config: MultiannotatorSettings) -> DataFrame:
    """Return what the scores of this run depend on beside the predictions."""
    from utils.scoring.scored_with import scored_with

    return scored_with((row for rows in images.masks.values() for row in rows), config.nsd_tolerance)


def compared_models(images: Images, config: MultiannotatorSettings) -> DataFrame:
    """Compare all models whose scores are there, those of earlier runs too."""
    from utils.scoring.score_tables import BY_IMAGE_COLUMNS, compare_models
    from utils.scoring.scored_with import comparable_models

    paths = comparable_models(config.predictions_output_dir, basis_of_scores(images, config))
    models = {name: read_table(path, ["ISIC_id"], BY_IMAGE_COLUMNS[1:]) for name, path in paths.items()}
    bootstrap = (config.bootstrap_resamples, config.bootstrap_seed)
    return compare_models(models, images.clusters, images.partitions, bootstrap)


def closing_lines(by_model: Mapping[str, Scored]) -> Iterator[str]:
    """Yield the mean Dice of each model, beside that of the annotators on the images of several."""
    for name, scored in by_model.items():
        table = scored.by_image
        several = table.dropna(subset="human_dice_score_mean")
        beside = "no image has several annotators"
        if len(several):
            means = several[["dice_score_mean", "human_dice_score_mean"]].mean()
            beside = f"{means.iloc[0]:.4f} beside {means.iloc[1]:.4f} of the annotators on {len(several):,} of them"
        missed = f", {len(scored.failures):,} not scored" if scored.failures else ""
        mean = f"mean Dice {table['dice_score_mean'].mean():.4f} on {len(table):,} images"
        yield f"{name}: {mean}, {beside}{missed}{scored.note}"


def found_predictions(images: Images, config: MultiannotatorSettings) -> dict[str, ModelFiles]:
    """Return the files of each model; none where only the demo has predictions, and the dataset is another."""
    from utils.scoring.prediction_files import find_predictions

    of_demo = config.predictions_dir is not None and config.predictions_dir.is_relative_to(config.demo_dir)
    if config.predictions_dir is None or (of_demo and not config.predictions_dir.is_dir()):
        return {}
    folder = require_folder(config, "predictions_dir")
    name = config.prediction_name or folder.resolve().name
    models = find_predictions(folder, config.prediction_pattern, images.masks, name)
    return {} if of_demo and not any(found.samples for found in models.values()) else models


def main(config: MultiannotatorSettings) -> Outcome:
    """Score each model, write its tables, and compare the models."""
    from utils.scoring.not_scored import require_scores

    images = read_images(config)
    models = found_predictions(images, config)
    if not models:
        return Outcome("no predictions to score (predictions_dir)", adds=True)
    scored = {name: score_model(name, found, images, config) for name, found in models.items()}
    files = [path for name in models for path in write_scores(name, scored[name], images, config)]
    files.append(write_table(compared_models(images, config), config.predictions_output_dir / naming.MODELS_COMPARED))
    numbers = {name: (len(model.by_image), len(model.failures)) for name, model in scored.items()}
    require_scores(numbers, config.max_failures, config.predictions_output_dir)
    return Outcome("; ".join(closing_lines(scored)), files, adds=True)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
