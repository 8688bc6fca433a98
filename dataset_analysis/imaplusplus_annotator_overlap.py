"""Draw which annotators segmented the same images, as an UpSet plot.

Reads: segmentation metadata.
Writes: imaplusplus_annotator_overlap.png, .svg and .pdf in upset_plots_dir.
Rules: consensus masks do not count; several masks by one annotator of one image count once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.figures.plotting import save_figure
from utils.figures.upset import upset_figure
from utils.lazy import logger
from utils.naming import humans_only
from utils.settings import AnalysisSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input

if TYPE_CHECKING:
    from pandas import DataFrame

KEYS = (
    "output_seg_masks_metadata_path",
    "upset_plots_dir",
)


def images_by_annotator(table: DataFrame) -> dict[str, set[str]]:
    """Return the ids of the images that each annotator, of people only, segmented; in order of name."""
    return {str(annotator): set(ids) for annotator, ids in humans_only(table).groupby("annotator")["ISIC_id"]}


def main(config: AnalysisSettings) -> Outcome:
    """Draw which annotators share images."""
    columns = ["ISIC_id", "annotator"]
    table = read_input(config, "output_seg_masks_metadata_path", columns, made_by="create_dataset.py")
    images = images_by_annotator(table)
    if len(images) < 2:
        logger.warning("fewer than two annotators; nothing to draw")
        return Outcome("no figure drawn")
    figure = upset_figure(
        images,
        title="Images by the annotators who segmented them",
        set_name="annotator",
        highlight={"min_degree": 2},
        legend=("several annotators", "one annotator"),
    )
    counts = f"{len(images)} annotators, {len(set().union(*images.values()))} images"
    return Outcome(counts, save_figure(figure, config.upset_plots_dir / "imaplusplus_annotator_overlap"))


if __name__ == "__main__":
    run_stage(main, AnalysisSettings, KEYS)
