"""Keys of multiannotator_analysis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..configuration.name_patterns import parse_pattern
from ..configuration.pattern_forms import PREDICTIONS
from ..naming import METRIC_COLUMNS
from .choices import OverlaySelection, PredictionKind
from .common import DatasetSettings
from .keys import (
    demo_dir_key,
    image_level_metrics_path_key,
    key,
    metrics_output_dir_key,
    nsd_tolerance_key,
    partition_balance_path_key,
    partitions_path_key,
    subset_table,
    table,
)


@dataclass
class MultiannotatorSettings(DatasetSettings):
    """Keys of multiannotator_analysis/config.yaml."""

    metrics_output_dir: Path = metrics_output_dir_key()
    multiannotator_subset_metadata_path: Path = subset_table(
        "segmentation metadata of images with several masks", "seg_metadata"
    )
    all_pairwise_IAA_metrics_path: Path = subset_table("pairwise agreement table", "IAA_metrics")
    IAA_metrics_summary_path: Path = subset_table("summary of the agreement between annotators", "IAA_metrics_summary")
    image_level_metrics_path: Path = image_level_metrics_path_key()
    staple_performance_path: Path = subset_table("STAPLE's sensitivity and specificity per mask", "staple_performance")
    image_agreement_path: Path = subset_table("agreement of the people who outlined each image", "image_agreement")
    mask_agreement_path: Path = subset_table("agreement of each mask with the other people's", "mask_agreement")
    annotator_metrics_path: Path = subset_table("what is known of each annotator", "annotator_metrics")
    annotator_links_path: Path = subset_table("who outlined the same images as whom", "annotator_links")
    area_factors_path: Path = subset_table(
        "how much larger each annotator draws, and with which tool and skill level", "area_factors"
    )
    agreement_statistics_path: Path = subset_table("agreement of groups of pairs", "agreement_statistics")
    factor_counts_path: Path = subset_table("masks by annotator, tool and skill level", "factor_counts")
    failures_path: Path = subset_table("images that could not be computed", "failures")
    partitions_path: Path = partitions_path_key()
    partition_balance_path: Path = partition_balance_path_key()
    visualizations_dir: Path = key("folder of the figures", "${output_dir}/visualizations")
    output_seg_masks_metadata_qa_results_path: Path = table(
        "table of QA results", "IMAplusplus_seg_metadata_qa_results.csv"
    )
    report_dir: Path = key("folder of the report", "${output_dir}/report")
    report_title: str | None = key("title of the report; null: by the dataset", None)
    report_thumbnail_pixels: int = key("longest side of the report's thumbnails", 640, within=(32, 4096))
    audit_fraction: float = key("share of images (0 to 1) recomputed with SimpleITK and MedPy", 0.0, within=(0, 1))
    audit_seed: int = key("which images that share is", 0)
    nsd_tolerance: float = nsd_tolerance_key()
    staple_max_iterations: int = key("cap on STAPLE's iterations", 10000, within=(1, None))
    soft_labels: bool = key("true: create_soft_labels writes vote counts and STAPLE's probabilities", False)
    soft_labels_dir: Path = key("folder of the soft labels", "${new_dataset_dir}/soft_labels")
    max_failures: int | None = key(
        "more failed images than this end the run with exit code 1; null: no limit", None, within=(0, None)
    )
    annotator_sets_shown: int = key("how many sets of annotators are drawn", 8, within=(1, None))
    bootstrap_resamples: int = key("resamples of each bootstrap interval", 2000, within=(2, None))
    bootstrap_seed: int = key("seed of the bootstrap", 0, within=(0, None))
    demo_dir: Path = demo_dir_key()
    predictions_dir: Path | None = key("score_predictions: folder of predictions to score; null: none", None)
    prediction_pattern: str = key(
        "score_predictions: what their names say: {image}, {n} of several samples, {model} of several models",
        "{image}.*",
        read_by=partial(parse_pattern, form=PREDICTIONS),
    )
    prediction_kind: PredictionKind = key(
        "score_predictions: mask, or probability (8- or 16-bit grey, or numbers from 0 to 1 in .npy)",
        PredictionKind.mask,
    )
    prediction_name: str | None = key(
        "score_predictions: name of the model, where the pattern has no {model}; null: the folder's",
        None,
        matching=(r"(?=.*[^.])[^/]+", "a name that a folder can have"),
    )
    predictions_output_dir: Path = key("folder of the scores, a folder a model in it", "${output_dir}/predictions")
    overlay_selection: OverlaySelection = key(
        "images to overlay: lowest, highest, zero_overlap or ids", OverlaySelection.lowest
    )
    overlay_metric: str = key(
        "metric whose mean per image is lowest or highest",
        "dice_score",
        matching=("|".join(METRIC_COLUMNS), ", ".join(METRIC_COLUMNS)),
    )
    overlay_count: int | None = key("so many of them at most; null: all", 6, within=(1, None))
    overlay_ids: list[str] = key(
        "the ISIC_ids that overlay_selection=ids draws (quoted)",
        [],
        needed_if=("overlay_selection", OverlaySelection.ids),
    )
