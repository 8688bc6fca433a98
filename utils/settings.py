"""The typed keys of the three config.yaml files: types and meaning here, values there."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import MISSING

from .configuration.foreground_rule import parse_foreground
from .configuration.name_patterns import OWN_MASKS, PREDICTIONS, parse_pattern
from .naming import METRIC_COLUMNS


class Transfer(enum.Enum):
    """How move_dataset brings a file to its place."""

    copy = "copy"
    hardlink = "hardlink"
    symlink = "symlink"


class Executor(enum.Enum):
    """Where a stage does its work."""

    serial = "serial"
    processes = "processes"
    dask = "dask"


class EmptyMasks(enum.Enum):
    """What mask_qa does with masks without foreground."""

    quarantine = "quarantine"
    keep = "keep"


class PredictionKind(enum.Enum):
    """What the files of predictions hold."""

    mask = "mask"
    probability = "probability"


class OverlaySelection(enum.Enum):
    """Which images plot_overlaid_segmentations draws."""

    lowest = "lowest"
    highest = "highest"
    zero_overlap = "zero_overlap"
    ids = "ids"


def _key(
    help_text: str,
    default: Any = MISSING,
    paths: bool = False,
    within: tuple | None = None,
    above: float | None = None,
    folder_key: str | None = None,
    matching: tuple[str, str] | None = None,
    read_by: Callable[..., object] | None = None,
    outside: tuple[str, ...] = (),
    needed_if: tuple[str, enum.Enum] | None = None,
) -> Any:
    """Describe a key.

    Numbers lie from the first to the second of `within` (None: no limit), and above `above`. A bare file name is looked
    for in the folder that `folder_key` names. A text matches the regular expression that is the first of `matching`;
    the second says in words what is expected. `read_by` reads a text in a language of its own, and raises a ConfigError
    for what it cannot read. A path lies outside the folders, and those of the tables, that the keys `outside` name.
    There is a value where the key that is the first of `needed_if` has the second.
    """
    metadata = {
        "help": help_text,
        "paths": paths,
        "within": within,
        "above": above,
        "folder_key": folder_key,
        "matching": matching,
        "read_by": read_by,
        "outside": outside,
        "needed_if": needed_if,
    }
    if isinstance(default, list | dict):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def _table(help_text: str, file_name: str, folder_key: str = "new_dataset_metadata_output_dir") -> Any:
    """Describe the key of a table, and say what it is called and where it lies unless a file says otherwise."""
    return _key(help_text, f"${{{folder_key}}}/{file_name}", folder_key=folder_key)


def _subset_table(help_text: str, name: str) -> Any:
    """Describe the key of a table on the images with several masks."""
    return _table(help_text, f"IMAplusplus_multiannotator_subset_{name}.csv", "metrics_output_dir")


def _metrics_output_dir() -> Any:
    return _key("folder of the tables on images with several masks", "${new_dataset_metadata_output_dir}")


def _image_level_metrics_path() -> Any:
    return _subset_table("agreement per image", "image_level_metrics")


def _demo_dir() -> Any:
    return _key("folder of the embedded demo's raw input", "${oc.env:IMAPP_DEMO_DIR,../demo_data}")


def _partitions_path() -> Any:
    return _table("partition and cluster of each image", "IMAplusplus_partitions.csv")


def _partition_balance_path() -> Any:
    return _table("share of each label in each partition", "IMAplusplus_partition_balance.csv")


def _other_datasets_dir(default: str) -> Any:
    return _key("folder with one folder of id lists for each other dataset", default)


def _nsd_tolerance() -> Any:
    help_text = "distance up to which borders agree (nsd_score, bf1_score), as a share of the image diagonal"
    return _key(help_text, 0.01, within=(None, 1), above=0)


@dataclass
class CommonSettings:
    """Keys of every config.yaml."""

    output_dir: Path = _key("folder of everything that is written", "${oc.env:IMAPP_OUTPUT_DIR,../output}")
    num_workers: int | None = _key("processes to use; null: all cores", None, within=(1, None))
    executor: Executor = _key("where the work is done: serial, processes or dask", Executor.processes)
    dask_scheduler: str | None = _key(
        "address of the Dask scheduler, e.g. tcp://192.168.0.1:8786",
        None,
        matching=(r"\w+://.+:\d+", "an address, e.g. tcp://192.168.0.1:8786"),
        needed_if=("executor", Executor.dask),
    )
    max_image_pixels: int = _key("images and masks of more pixels are not decoded", 400_000_000, within=(1, None))
    verbose: bool = _key("show DEBUG lines on the console", False)
    new_dataset_metadata_output_dir: Path = _key("folder of the metadata tables", "${output_dir}/metadata")
    output_seg_masks_metadata_path: Path = _table("segmentation metadata table", "IMAplusplus_seg_metadata.csv")
    output_img_metadata_path: Path = _table("image metadata table", "IMAplusplus_img_metadata.csv")
    # Not keys: the file, set by load_config; and the md5 of each table read, by key, noted by read_input.
    config_file: Path | None = None
    inputs_read: dict[str, str] = dataclasses.field(default_factory=dict)
    # Nor these: warnings of load_config, for the log that starts after it; and what it was called with beside the file.
    notes: list[str] = dataclasses.field(default_factory=list)
    dataset_file: Path | None = None
    overrides: list[str] = dataclasses.field(default_factory=list)
    # Where each key was written last, for messages: "in FILE" or "on the command line".
    key_places: dict[str, str] = dataclasses.field(default_factory=dict, compare=False)

    def output_parts(self) -> dict[str, Path]:
        """Return the paths, by key, that lie in the output folder unless the configuration says otherwise."""
        defaults = {key.name: str(key.default) for key in dataclasses.fields(self)}
        keys = [key for key, default in defaults.items() if default.startswith("${") and "oc.env" not in default]
        return {key: path for key in keys if isinstance(path := getattr(self, key), Path)}


@dataclass
class CreationSettings(CommonSettings):
    """Keys of dataset_creation/config.yaml."""

    demo_dir: Path = _demo_dir()
    demo_seed: int = _key("seed of the embedded demo", 2025, within=(0, None))
    demo_only_if_used: bool = _key(
        "make the demo only when the raw paths point into demo_dir and it is not there", False
    )
    # Paths too, but OmegaConf cannot check a map of lists of Path.
    orig_imgs_dirs: dict[str, list[str]] = _key("folders of the raw images, by file extension", paths=True)
    orig_segs_dir: Path = _key("folder of the raw mask files")
    raw_img_metadata_path: Path = _key("raw image table, csv or csv.gz")
    raw_seg_masks_metadata_path: Path = _key("raw segmentation table, csv or csv.gz")
    exclude_mskObjectIDs: list[str] = _key("masks to leave out, by mskObjectID (quoted)", [])
    target_data_dir: Path = _key("folder that receives images and masks", "${output_dir}")
    separate_images_and_masks: bool = _key("true: images/ and seg_masks/ below target_data_dir", True)
    transfer: Transfer = _key("copy, hardlink or symlink", Transfer.copy)
    keep_embedded_metadata: bool = _key("true: leave EXIF, XMP, comments and the like in the shipped files", False)
    creator_mapping_path: Path | None = _key(
        "file outside the output that says who is A00, A01, …; null: none",
        None,
        outside=(
            "output_dir",
            "target_data_dir",
            "new_dataset_metadata_output_dir",
            "output_seg_masks_metadata_path",
            "output_img_metadata_path",
            "metrics_output_dir",
            "partitions_dir",
        ),
    )
    replace_output: bool = _key(
        "true: another dataset in output_dir gives way, its images and masks moved to quarantine/withdrawn", False
    )
    limit_images: int | None = _key("a trial run on the first N images; null: all", None, within=(1, None))
    own_masks_dir: Path | None = _key("make_raw_tables: folder of masks of your own", None)
    own_images_dir: Path | None = _key("make_raw_tables: folder of their images", None)
    own_name_pattern: str = _key(
        "make_raw_tables: what the masks' file names say",
        "{image}_{annotator}.png",
        read_by=partial(parse_pattern, form=OWN_MASKS),
    )
    own_foreground: str = _key(
        'make_raw_tables: which values are foreground: nonzero, zero, ">N", "=N", "=#RRGGBB" or "=#RRRRGGGGBBBB"',
        "nonzero",
        read_by=parse_foreground,
    )
    own_tool: dict[str, str] = _key("make_raw_tables: tool that each text of {tool} stands for", {})
    own_skill: dict[str, str] = _key("make_raw_tables: skill that each text of {skill} stands for", {})
    own_default_tool: str = _key("make_raw_tables: tool where the pattern has no {tool}", "missing")
    own_default_skill: str = _key("make_raw_tables: skill where the pattern has no {skill}", "expert")
    own_allow_unmatched: bool = _key("make_raw_tables: warn of files of other names rather than refuse them", True)
    cite_file_names: bool = _key(
        "make_raw_tables: messages and logs name files, which may name annotators, instead of their place in a listing",
        False,
    )
    own_config: Path | None = _key(
        "make_raw_tables: file to write, for overall_script.sh --config, that points at what it made; null: none", None
    )
    own_raw_dir: Path = _key(
        "make_raw_tables: folder that receives the raw tables and masks", Path("original_metadata_files/own")
    )
    release_segs_zip: Path | None = _key("archive of the released masks, segs.zip", None)
    release_seg_metadata_path: Path | None = _key("released segmentation metadata, csv or csv.gz", None)
    release_img_metadata_path: Path | None = _key("released image metadata", None)
    release_subset_metadata_path: Path | None = _key("released metadata of images with several masks", None)
    release_pairwise_metrics_path: Path | None = _key("released pairwise agreement", None)
    release_metrics_summary_path: Path | None = _key("released summary of the agreement", None)
    release_image_level_metrics_path: Path | None = _key("released agreement per image", None)
    release_allow_incomplete: bool = _key("true: leave out masks that are missing or differ, with a warning", False)
    release_verify_imported: bool = _key("true: verify the imported masks rather than those in the archive", False)
    release_zip_max_bytes: int = _key("most bytes that the archive may unpack to", 20_000_000_000, within=(1, None))
    release_zip_max_ratio: float = _key(
        "most bytes that a file above a mebibyte may unpack to, for each packed one", 200.0, within=(1, None)
    )
    release_import_differences_path: Path = _table(
        "table of what import_release found missing or differing", "release_import_differences.csv"
    )
    release_verify_differences_path: Path = _table(
        "table of what verify_release found differing", "release_verify_differences.csv"
    )
    nsd_tolerance: float = _nsd_tolerance()
    metrics_output_dir: Path = _metrics_output_dir()
    image_level_metrics_path: Path = _image_level_metrics_path()
    other_datasets_dir: Path = _other_datasets_dir("../dataset_analysis/data_files")
    partition_shares: str = _key(
        "shares of train, val and test: three numbers whose ratios count (quoted)",
        "70:10:20",
        matching=(r"(?=.*[1-9])[0-9]+(\.[0-9]+)?(:[0-9]+(\.[0-9]+)?){2}", "three numbers, not all 0, as in 70:10:20"),
    )
    partition_seed: int = _key("which of many equally good partitions is made", 0)
    partitions_path: Path = _partitions_path()
    partition_balance_path: Path = _partition_balance_path()
    partitions_dir: Path = _key(
        "folder of train.csv, val.csv and test.csv", "${new_dataset_metadata_output_dir}/partitions"
    )
    partitions: list[Path] = _key(
        "check_partitions: a csv with ids and their parts, or a file of ids for each part; none: partitions_path", []
    )
    near_equal_bits: int | None = _key(
        "check_partitions: files whose hashes differ in so many of 256 bits are the same picture; null: compare none",
        24,
        within=(0, 128),
    )
    partition_check_path: Path = _table("what check_partitions found", "partition_check.csv")
    partition_check_balance_path: Path = _table(
        "share of each label in each part that check_partitions judged", "partition_check_balance.csv"
    )


@dataclass
class DatasetSettings(CommonSettings):
    """Keys shared by the two analysis folders: where the made dataset is."""

    new_dataset_dir: Path = _key("folder of the made dataset", "${output_dir}")
    new_dataset_masks_dir: Path = _key("folder of its masks", "${new_dataset_dir}/seg_masks")
    new_dataset_images_dir: Path = _key("folder of its images", "${new_dataset_dir}/images")
    cache_dir: Path | None = _key("folder of results kept for later runs; null: keep none", "${output_dir}/cache")


@dataclass
class AnalysisSettings(DatasetSettings):
    """Keys of dataset_analysis/config.yaml."""

    output_seg_masks_metadata_qa_results_path: Path = _table(
        "table of QA results", "IMAplusplus_seg_metadata_qa_results.csv"
    )
    empty_masks: EmptyMasks = _key(
        "quarantine: masks without foreground leave the dataset; keep: they mean that nothing is there",
        EmptyMasks.quarantine,
    )
    other_datasets_dir: Path = _other_datasets_dir("./data_files")
    upset_plots_dir: Path = _key("folder of the UpSet plots", "${output_dir}/visualizations/upset_plots")
    ids_from: Path | None = _key("list_dataset_ids: a folder of images or masks, or a csv file", None)
    ids_column: str | None = _key("list_dataset_ids: column of the csv file that holds the ids", None)
    ids_strip_suffix: str = _key("list_dataset_ids: text to cut off the end of file names, e.g. _segmentation", "")
    ids_output: Path | None = _key("list_dataset_ids: list to write, e.g. data_files/PH2/segs.txt", None)


@dataclass
class MultiannotatorSettings(DatasetSettings):
    """Keys of multiannotator_analysis/config.yaml."""

    metrics_output_dir: Path = _metrics_output_dir()
    multiannotator_subset_metadata_path: Path = _subset_table(
        "segmentation metadata of images with several masks", "seg_metadata"
    )
    all_pairwise_IAA_metrics_path: Path = _subset_table("pairwise agreement table", "IAA_metrics")
    IAA_metrics_summary_path: Path = _subset_table("summary of the agreement between annotators", "IAA_metrics_summary")
    image_level_metrics_path: Path = _image_level_metrics_path()
    staple_performance_path: Path = _subset_table("STAPLE's sensitivity and specificity per mask", "staple_performance")
    image_agreement_path: Path = _subset_table("agreement of the people who outlined each image", "image_agreement")
    mask_agreement_path: Path = _subset_table("agreement of each mask with the other people's", "mask_agreement")
    annotator_metrics_path: Path = _subset_table("what is known of each annotator", "annotator_metrics")
    annotator_links_path: Path = _subset_table("who outlined the same images as whom", "annotator_links")
    area_factors_path: Path = _subset_table(
        "how much larger each annotator draws, and with which tool and skill level", "area_factors"
    )
    agreement_statistics_path: Path = _subset_table("agreement of groups of pairs", "agreement_statistics")
    factor_counts_path: Path = _subset_table("masks by annotator, tool and skill level", "factor_counts")
    failures_path: Path = _subset_table("images that could not be computed", "failures")
    partitions_path: Path = _partitions_path()
    partition_balance_path: Path = _partition_balance_path()
    visualizations_dir: Path = _key("folder of the figures", "${output_dir}/visualizations")
    output_seg_masks_metadata_qa_results_path: Path = _table(
        "table of QA results", "IMAplusplus_seg_metadata_qa_results.csv"
    )
    report_dir: Path = _key("folder of the report", "${output_dir}/report")
    report_title: str | None = _key("title of the report; null: by the dataset", None)
    report_thumbnail_pixels: int = _key("longest side of the report's thumbnails", 640, within=(32, 4096))
    audit_fraction: float = _key("share of images (0 to 1) recomputed with SimpleITK and MedPy", 0.0, within=(0, 1))
    audit_seed: int = _key("which images that share is", 0)
    nsd_tolerance: float = _nsd_tolerance()
    staple_max_iterations: int = _key("cap on STAPLE's iterations", 10000, within=(1, None))
    soft_labels: bool = _key("true: create_soft_labels writes vote counts and STAPLE's probabilities", False)
    soft_labels_dir: Path = _key("folder of the soft labels", "${new_dataset_dir}/soft_labels")
    max_failures: int | None = _key(
        "more failed images than this end the run with exit code 1; null: no limit", None, within=(0, None)
    )
    annotator_sets_shown: int = _key("how many sets of annotators are drawn", 8, within=(1, None))
    bootstrap_resamples: int = _key("resamples of each bootstrap interval", 2000, within=(2, None))
    bootstrap_seed: int = _key("seed of the bootstrap", 0, within=(0, None))
    demo_dir: Path = _demo_dir()
    predictions_dir: Path | None = _key("score_predictions: folder of predictions to score; null: none", None)
    prediction_pattern: str = _key(
        "score_predictions: what their names say: {image}, {n} of several samples, {model} of several models",
        "{image}.*",
        read_by=partial(parse_pattern, form=PREDICTIONS),
    )
    prediction_kind: PredictionKind = _key(
        "score_predictions: mask, or probability (8- or 16-bit grey, or numbers from 0 to 1 in .npy)",
        PredictionKind.mask,
    )
    prediction_name: str | None = _key(
        "score_predictions: name of the model, where the pattern has no {model}; null: the folder's",
        None,
        matching=(r"(?=.*[^.])[^/]+", "a name that a folder can have"),
    )
    predictions_output_dir: Path = _key("folder of the scores, a folder a model in it", "${output_dir}/predictions")
    overlay_selection: OverlaySelection = _key(
        "images to overlay: lowest, highest, zero_overlap or ids", OverlaySelection.lowest
    )
    overlay_metric: str = _key(
        "metric whose mean per image is lowest or highest",
        "dice_score",
        matching=("|".join(METRIC_COLUMNS), ", ".join(METRIC_COLUMNS)),
    )
    overlay_count: int | None = _key("so many of them at most; null: all", 6, within=(1, None))
    overlay_ids: list[str] = _key("the ISIC_ids that overlay_selection=ids draws (quoted)", [])


# The configuration of each folder of stages.
SCHEMAS: dict[str, type[CommonSettings]] = {
    "dataset_creation": CreationSettings,
    "dataset_analysis": AnalysisSettings,
    "multiannotator_analysis": MultiannotatorSettings,
}
# Keys of the published implementation that are no longer needed, and why.
RETIRED_KEYS = {
    "missing_metrics_ISIC_ids": "pairs with an empty mask are computed with all others",
}
