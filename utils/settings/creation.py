"""Keys of dataset_creation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..configuration.foreground_rule import parse_foreground
from ..configuration.name_patterns import parse_pattern
from ..configuration.pattern_forms import OWN_MASKS
from .choices import Transfer
from .common import CommonSettings
from .keys import (
    demo_dir_key,
    image_level_metrics_path_key,
    key,
    metrics_output_dir_key,
    nsd_tolerance_key,
    other_datasets_dir_key,
    partition_balance_path_key,
    partitions_path_key,
    table,
)


@dataclass
class CreationSettings(CommonSettings):
    """Keys of dataset_creation/config.yaml."""

    demo_dir: Path = demo_dir_key()
    demo_seed: int = key("seed of the embedded demo", 2025, within=(0, None))
    demo_only_if_used: bool = key(
        "make the demo only when the raw paths point into demo_dir and it is not there", False
    )
    # Paths too, but OmegaConf cannot check a map of lists of Path.
    orig_imgs_dirs: dict[str, list[str]] = key("folders of the raw images, by file extension", paths=True)
    orig_segs_dir: Path = key("folder of the raw mask files")
    raw_img_metadata_path: Path = key("raw image table, csv or csv.gz")
    raw_seg_masks_metadata_path: Path = key("raw segmentation table, csv or csv.gz")
    exclude_mskObjectIDs: list[str] = key("masks to leave out, by mskObjectID (quoted)", [])
    target_data_dir: Path = key("folder that receives images and masks", "${output_dir}")
    separate_images_and_masks: bool = key("true: images/ and seg_masks/ below target_data_dir", True)
    transfer: Transfer = key("copy, hardlink or symlink", Transfer.copy)
    keep_embedded_metadata: bool = key("true: leave EXIF, XMP, comments and the like in the shipped files", False)
    creator_mapping_path: Path | None = key(
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
    replace_output: bool = key(
        "true: another dataset in output_dir gives way, its images and masks moved to quarantine/withdrawn", False
    )
    limit_images: int | None = key("a trial run on the first N images; null: all", None, within=(1, None))
    own_masks_dir: Path | None = key(
        "make_raw_tables: folder of masks of your own; images are not looked for in it", None
    )
    own_images_dir: Path | None = key("make_raw_tables: folder of their images", None)
    own_name_pattern: str = key(
        "make_raw_tables: what the masks' file names say",
        "{image}_{annotator}.png",
        read_by=partial(parse_pattern, form=OWN_MASKS),
    )
    own_foreground: str = key(
        'make_raw_tables: which values are foreground: nonzero, zero, ">N", "=N", "=#RRGGBB" or "=#RRRRGGGGBBBB"',
        "nonzero",
        read_by=parse_foreground,
    )
    own_tool: dict[str, str] = key("make_raw_tables: tool that each text of {tool} stands for", {})
    own_skill: dict[str, str] = key("make_raw_tables: skill that each text of {skill} stands for", {})
    own_default_tool: str = key("make_raw_tables: tool where the pattern has no {tool}", "missing")
    own_default_skill: str = key("make_raw_tables: skill where the pattern has no {skill}", "expert")
    own_allow_unmatched: bool = key("make_raw_tables: warn of files of other names rather than refuse them", True)
    cite_file_names: bool = key(
        "make_raw_tables: messages and logs name files, which may name annotators, instead of their place in a listing",
        False,
    )
    own_config: Path | None = key(
        "make_raw_tables: file to write, for overall_script.sh --config, that points at what it made; null: none", None
    )
    own_raw_dir: Path = key(
        "make_raw_tables: folder that receives the raw tables and masks", Path("original_metadata_files/own")
    )
    release_segs_zip: Path | None = key("archive of the released masks, segs.zip", None)
    release_seg_metadata_path: Path | None = key("released segmentation metadata, csv or csv.gz", None)
    release_img_metadata_path: Path | None = key("released image metadata", None)
    release_subset_metadata_path: Path | None = key("released metadata of images with several masks", None)
    release_pairwise_metrics_path: Path | None = key("released pairwise agreement", None)
    release_metrics_summary_path: Path | None = key("released summary of the agreement", None)
    release_image_level_metrics_path: Path | None = key("released agreement per image", None)
    release_allow_incomplete: bool = key("true: leave out masks that are missing or differ, with a warning", False)
    release_verify_imported: bool = key("true: verify the imported masks rather than those in the archive", False)
    release_zip_max_bytes: int = key("most bytes that the archive may unpack to", 20_000_000_000, within=(1, None))
    release_zip_max_ratio: float = key(
        "most bytes that a file above a mebibyte may unpack to, for each packed one", 200.0, within=(1, None)
    )
    release_import_differences_path: Path = table(
        "table of what import_release found missing or differing", "release_import_differences.csv"
    )
    release_verify_differences_path: Path = table(
        "table of what verify_release found differing", "release_verify_differences.csv"
    )
    nsd_tolerance: float = nsd_tolerance_key()
    metrics_output_dir: Path = metrics_output_dir_key()
    image_level_metrics_path: Path = image_level_metrics_path_key()
    other_datasets_dir: Path = other_datasets_dir_key("../dataset_analysis/data_files")
    partition_shares: str = key(
        "shares of train, val and test: three numbers whose ratios count (quoted)",
        "70:10:20",
        matching=(r"(?=.*[1-9])[0-9]+(\.[0-9]+)?(:[0-9]+(\.[0-9]+)?){2}", "three numbers, not all 0, as in 70:10:20"),
    )
    partition_seed: int = key("which of many equally good partitions is made", 0)
    partitions_path: Path = partitions_path_key()
    partition_balance_path: Path = partition_balance_path_key()
    partitions_dir: Path = key(
        "folder of train.csv, val.csv and test.csv", "${new_dataset_metadata_output_dir}/partitions"
    )
    partitions: list[Path] = key(
        "check_partitions: a csv with ids and their parts, or a file of ids for each part; none: partitions_path", []
    )
    near_equal_bits: int | None = key(
        "check_partitions: files whose hashes differ in so many of 256 bits are the same picture; null: compare none",
        24,
        within=(0, 128),
    )
    partition_check_path: Path = table("what check_partitions found", "partition_check.csv")
    partition_check_balance_path: Path = table(
        "share of each label in each part that check_partitions judged", "partition_check_balance.csv"
    )
