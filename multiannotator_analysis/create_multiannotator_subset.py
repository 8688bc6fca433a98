"""Select the masks of images that several people outlined.

Reads:  IMAplusplus_seg_metadata.csv.
Writes: IMAplusplus_multiannotator_subset_seg_metadata.csv.
Rules:  All human masks of images with more than one human mask, in metadata order.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils import naming
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_table

if TYPE_CHECKING:
    from pandas import DataFrame

KEYS = (
    "output_seg_masks_metadata_path",
    "multiannotator_subset_metadata_path",
)


def multiannotator_subset(metadata: DataFrame) -> DataFrame:
    """Return the human masks of images that have more than one, in their order."""
    humans = naming.humans_only(metadata)
    return humans[humans["ISIC_id"].duplicated(keep=False)]


def main(config: MultiannotatorSettings) -> Outcome:
    """Read the metadata, select, write."""
    metadata = read_input(config, "output_seg_masks_metadata_path", naming.SEG_COLUMNS, made_by="create_dataset")
    subset = multiannotator_subset(metadata)
    per_image = subset["ISIC_id"].value_counts()
    counts = f"{len(subset)} masks of {len(per_image)} images by {subset['annotator'].nunique()} annotators"
    if len(per_image):
        counts += f", {per_image.min()} to {per_image.max()} an image"
    return Outcome(counts, [write_table(subset, config.multiannotator_subset_metadata_path)])


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
