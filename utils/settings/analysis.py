"""Keys of dataset_analysis."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .choices import EmptyMasks
from .common import DatasetSettings
from .keys import key, other_datasets_dir_key, table


@dataclass
class AnalysisSettings(DatasetSettings):
    """Keys of dataset_analysis/config.yaml."""

    output_seg_masks_metadata_qa_results_path: Path = table(
        "table of QA results", "IMAplusplus_seg_metadata_qa_results.csv"
    )
    empty_masks: EmptyMasks = key(
        "quarantine: masks without foreground leave the dataset; keep: they mean that nothing is there",
        EmptyMasks.quarantine,
    )
    other_datasets_dir: Path = other_datasets_dir_key("./data_files")
    upset_plots_dir: Path = key("folder of the UpSet plots", "${output_dir}/visualizations/upset_plots")
    ids_from: Path | None = key("list_dataset_ids: a folder of images or masks, or a csv file", None)
    ids_column: str | None = key("list_dataset_ids: column of the csv file that holds the ids", None)
    ids_strip_suffix: str = key("list_dataset_ids: text to cut off the end of file names, e.g. _segmentation", "")
    ids_output: Path | None = key("list_dataset_ids: list to write, e.g. data_files/PH2/segs.txt", None)
