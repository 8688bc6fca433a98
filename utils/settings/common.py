"""Keys of several config.yaml files."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from .choices import Executor
from .keys import key, table


@dataclass
class CommonSettings:
    """Keys of every config.yaml."""

    output_dir: Path = key("folder of everything that is written", "${oc.env:IMAPP_OUTPUT_DIR,../output}")
    num_workers: int | None = key("processes to use; null: all cores", None, within=(1, None))
    executor: Executor = key("where the work is done: serial, processes or dask", Executor.processes)
    dask_scheduler: str | None = key(
        "address of the Dask scheduler, e.g. tcp://192.168.0.1:8786",
        None,
        matching=(r"\w+://.+:\d+", "an address, e.g. tcp://192.168.0.1:8786"),
        needed_if=("executor", Executor.dask),
    )
    max_image_pixels: int = key("images and masks of more pixels are not decoded", 400_000_000, within=(1, None))
    verbose: bool = key("show DEBUG lines on the console", False)
    new_dataset_metadata_output_dir: Path = key("folder of the metadata tables", "${output_dir}/metadata")
    output_seg_masks_metadata_path: Path = table("segmentation metadata table", "IMAplusplus_seg_metadata.csv")
    output_img_metadata_path: Path = table("image metadata table", "IMAplusplus_img_metadata.csv")
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
class DatasetSettings(CommonSettings):
    """Keys shared by the two analysis folders: where the made dataset is."""

    new_dataset_dir: Path = key("folder of the made dataset", "${output_dir}")
    new_dataset_masks_dir: Path = key("folder of its masks", "${new_dataset_dir}/seg_masks")
    new_dataset_images_dir: Path = key("folder of its images", "${new_dataset_dir}/images")
    cache_dir: Path | None = key("folder of results kept for later runs; null: keep none", "${output_dir}/cache")
