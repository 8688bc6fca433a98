"""Draw who works with whom, how large each annotator draws, and how each agrees with the others.

Reads:  IMAplusplus_multiannotator_subset_annotator_metrics.csv, ..._annotator_links.csv and ..._area_factors.csv.
Writes: metrics/annotator_network, metrics/annotator_area_factors and metrics/annotator_dice_with_others, each as .png,
        .svg and .pdf, in visualizations_dir.
Rules:  In the network the width of a line tells how many images both outlined, its colour their mean Dice; without a
        dashed one the network falls apart; halves that hardly meet are on the left and the right. Factors and Dice
        have 95 % intervals, hollow points none; cautions are footnotes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import utils.stage_process
from utils.figures.annotators import draw_area_factors, draw_dice_with_others
from utils.figures.network import draw_network
from utils.figures.plotting import save_figure
from utils.lazy import logger
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input

if TYPE_CHECKING:
    from pandas import DataFrame

KEYS = (
    "annotator_metrics_path",
    "annotator_links_path",
    "area_factors_path",
    "visualizations_dir",
)

_DICE = ("mean_dice_with_others", "dice_with_vote_of_others")


def read_tables(config: MultiannotatorSettings) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Return the tables of annotators, of links and of area factors."""
    stage = "compute_annotator_metrics"
    numbers = ["masks", "half", *(f"{name}{end}" for name in _DICE for end in ("", "_low", "_high", "_images"))]
    texts = ["annotator", "partners", "caution"]
    annotators = read_input(config, "annotator_metrics_path", texts, numbers, stage)
    names = ["annotator1", "annotator2", "bridge", "joins_halves", "caution"]
    links = read_input(config, "annotator_links_path", names, ["images", "mean_dice"], stage)
    texts = ["model", "pairs", "term", "caution"]
    factors = read_input(config, "area_factors_path", texts, ["factor", "low", "high", "masks"], stage)
    return annotators, links, factors


def main(config: MultiannotatorSettings) -> Outcome:
    """Read the tables, draw, write."""
    annotators, links, factors = read_tables(config)
    if links.empty:
        logger.warning("no image has masks by two annotators; nothing to draw")
        return Outcome("annotator figures skipped: no pairs by two annotators")
    figures = {
        "annotator_network": draw_network(annotators, links),
        "annotator_dice_with_others": draw_dice_with_others(annotators),
    }
    if factors.empty:
        logger.warning("annotator_area_factors skipped: no annotator has masks enough whose areas are known")
    else:
        figures["annotator_area_factors"] = draw_area_factors(factors)
    files = []
    for name, figure in figures.items():
        files += save_figure(figure, config.visualizations_dir / "metrics" / name)
    return Outcome(f"{len(annotators)} annotators, {len(links)} links", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
