"""Draw each model that was scored beside the annotators, image by image, and the models beside each other.

Reads:  scores_by_image.csv of each model in predictions_output_dir, and comparison.csv there.
Writes: predictions/<model>.png, .svg and .pdf in visualizations_dir; predictions/models_compared of several models.
Rules:  A dot an image of several annotators; a model without such images has no figure. Models are compared on all
        images, with 95 % intervals.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import utils.stage_process
from utils.figures.plotting import save_figure
from utils.figures.predictions import METRICS, draw_beside_annotators, draw_comparison
from utils.lazy import logger
from utils.naming import ALL_IMAGES, MODELS_COMPARED, SCORES_BY_IMAGE
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_table

if TYPE_CHECKING:
    from pandas import DataFrame

KEYS = (
    "predictions_output_dir",
    "visualizations_dir",
)


def read_scores(folder: Path) -> dict[str, DataFrame]:
    """Return the scores of each model on the images that have a level of annotators."""
    columns = [name for metric in METRICS for name in (f"{metric.name}_mean", f"human_{metric.name}_mean")]
    tables = {path.parent.name: path for path in sorted(folder.glob(f"*/{SCORES_BY_IMAGE}"))}
    return {name: read_table(path, ["ISIC_id"], columns).dropna(subset=columns) for name, path in tables.items()}


def main(config: MultiannotatorSettings) -> Outcome:
    """Read the tables, draw, write."""
    scores = read_scores(config.predictions_output_dir)
    folder = config.visualizations_dir / "predictions"
    files: list[Path] = []
    for name, table in scores.items():
        if table.empty:
            logger.info("{} has no image of several annotators: it is not drawn beside them", name)
        else:
            files += save_figure(draw_beside_annotators(name, table), folder / name)
    path = config.predictions_output_dir / MODELS_COMPARED
    if len(scores) > 1 and path.is_file():
        table = read_table(path, ["partition", "metric", "model", "less"], ["images", "mean", "low", "high"])
        files += save_figure(draw_comparison(table[table["partition"] == ALL_IMAGES]), folder / "models_compared")
    return Outcome(f"{len(scores)} models" if scores else "no scored predictions", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
