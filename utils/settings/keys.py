"""How a key is described: its help, its default, and what its values may be; and keys of several files."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import Any

from omegaconf import MISSING


def key(
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


def table(help_text: str, file_name: str, folder_key: str = "new_dataset_metadata_output_dir") -> Any:
    """Describe the key of a table, and say what it is called and where it lies unless a file says otherwise."""
    return key(help_text, f"${{{folder_key}}}/{file_name}", folder_key=folder_key)


def subset_table(help_text: str, name: str) -> Any:
    """Describe the key of a table on the images with several masks."""
    return table(help_text, f"IMAplusplus_multiannotator_subset_{name}.csv", "metrics_output_dir")


def metrics_output_dir_key() -> Any:
    """Describe where tables of the subset lie."""
    return key("folder of the tables on images with several masks", "${new_dataset_metadata_output_dir}")


def image_level_metrics_path_key() -> Any:
    """Describe the table of images."""
    return subset_table("agreement per image", "image_level_metrics")


def demo_dir_key() -> Any:
    """Describe where the demo lies."""
    return key("folder of the embedded demo's raw input", "${oc.env:IMAPP_DEMO_DIR,../demo_data}")


def partitions_path_key() -> Any:
    """Describe the table of partitions."""
    return table("partition and cluster of each image", "IMAplusplus_partitions.csv")


def partition_balance_path_key() -> Any:
    """Describe the table of how alike partitions are."""
    return table("share of each label in each partition", "IMAplusplus_partition_balance.csv")


def other_datasets_dir_key(default: str) -> Any:
    """Describe where lists of other datasets lie."""
    return key("folder with one folder of id lists for each other dataset", default)


def nsd_tolerance_key() -> Any:
    """Describe how near borders are that agree."""
    help_text = "distance up to which borders agree (nsd_score, bf1_score), as a share of the image diagonal"
    return key(help_text, 0.01, within=(None, 1), above=0)
