"""Draw the agreement between and within tools, skill levels and annotators as lower-triangle heatmaps.

Reads:  IMAplusplus_multiannotator_subset_IAA_metrics.csv.
Writes: metrics/inter_intra_{tool,skill,annotator}_agreement.png, .svg and .pdf in visualizations_dir, and their numbers
        as .csv.
Rules:  A cell is the mean over the pairs by two annotators of its two levels; where there are none, over those by
        one annotator twice, which are framed. MV and ST are levels of their own, marked, since they were made of the
        masks that they are compared with. Levels are found in the table; of a single tool or skill level there is no
        figure. Pairs without a value (a distance to an empty mask) are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import utils.stage_process
from utils.figures.heatmap import METRICS, draw_heatmaps
from utils.figures.plotting import save_figure
from utils.lazy import logger
from utils.naming import levels_explained
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.statistics.annotator_links import halves_that_hardly_meet
from utils.statistics.level_pairs import (
    agreement_of_levels,
    as_statistics_take_them,
    cautions_of_levels,
    masks_of_pairs,
    sorted_levels,
)
from utils.tables import read_input, write_table

if TYPE_CHECKING:
    from pandas import DataFrame

KEYS = (
    "all_pairwise_IAA_metrics_path",
    "visualizations_dir",
)

FACTORS = {"tool": "tool", "skill": "skill_level", "annotator": "annotator"}  # figure -> column of the pairs


def further_notes(pairs: DataFrame, factor: str, levels: list[str]) -> list[str]:
    """Return what the codes of tools and skill levels mean, or which halves of the annotators hardly meet."""
    if factor != "annotator":
        codes = levels_explained(levels)
        return [f"{codes}."] if codes else []
    halves = halves_that_hardly_meet(as_statistics_take_them(pairs))
    return [] if halves is None else [f"{halves.sentence()}."]


def write_factor(pairs: DataFrame, masks: DataFrame, factor: str, base: Path) -> list[Path]:
    """Draw the heatmaps of one factor, and write them with their numbers."""
    said = cautions_of_levels(masks, factor)
    table = agreement_of_levels(pairs, factor, [metric.name for metric in METRICS], said)
    levels = sorted_levels(pairs[[f"{factor}1", f"{factor}2"]].to_numpy().ravel())
    figure = draw_heatmaps(table, levels, said, further_notes(pairs, factor, levels))
    return [*save_figure(figure, base), write_table(table, base.with_name(f"{base.name}.csv"))]


def main(config: MultiannotatorSettings) -> Outcome:
    """Average, draw and write factor by factor."""
    pairs = read_input(
        config,
        "all_pairwise_IAA_metrics_path",
        columns=["img_id", *(f"{column}{end}" for column in FACTORS.values() for end in (1, 2))],
        numeric=[metric.name for metric in METRICS],
        made_by="compute_IAA_metrics",
    )
    if pairs.empty:
        logger.warning("no pairs of masks; nothing to draw")
        return Outcome("inter- and intra-factor agreement skipped: no pairs")
    masks = masks_of_pairs(pairs)
    files = []
    for name, factor in FACTORS.items():
        if factor != "annotator" and masks[factor].nunique() < 2:
            logger.info("inter_intra_{}_agreement skipped: all masks have the same {}", name, factor.replace("_", " "))
            continue
        base = config.visualizations_dir / "metrics" / f"inter_intra_{name}_agreement"
        files += write_factor(pairs, masks, factor, base)
    return Outcome(f"{len(pairs):,} pairs of masks", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
