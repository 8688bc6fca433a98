"""Describe each annotator: agreement with others and with whom, repeats, and how large they draw.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv, IMAplusplus_img_metadata.csv and
        IMAplusplus_multiannotator_subset_IAA_metrics.csv; where they are there,
        IMAplusplus_multiannotator_subset_mask_agreement.csv and ..._staple_performance.csv.
Writes: IMAplusplus_multiannotator_subset_annotator_metrics.csv, ..._annotator_links.csv and ..._area_factors.csv.
Rules:  Pairs by two annotators are told apart from one annotator twice. Intervals are 95 %, by drawing clusters of
        images (of one patient or lesion); none below 10 clusters. Area factors compare masks of one image alone;
        where areas of masks are not known, of images with two masks, from Dice with their majority vote. STAPLE's
        estimates count on images with three annotators or more.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import CERTAIN_DIGITS, write_table

if TYPE_CHECKING:
    from pandas import DataFrame

    from utils.statistics.pair_tables import PairTables

KEYS = (
    "multiannotator_subset_metadata_path",
    "output_img_metadata_path",
    "all_pairwise_IAA_metrics_path",
    "mask_agreement_path",
    "staple_performance_path",
    "annotator_metrics_path",
    "annotator_links_path",
    "area_factors_path",
    "bootstrap_resamples",
    "bootstrap_seed",
)


def area_ratios(tables: PairTables, agreement: DataFrame | None) -> DataFrame:
    """Return the pairs by two annotators whose areas are known, with the logarithm of their ratio."""
    from utils.statistics.areas import log_area_ratios, log_areas, log_areas_in_union

    known = log_areas_in_union(tables.all_pairs, tables.subset) if agreement is None else log_areas(agreement)
    return log_area_ratios(tables.pairs, known)


def main(config: MultiannotatorSettings) -> Outcome:
    """Read, compute the three tables, write them."""
    from utils.statistics.annotator_links import annotator_links
    from utils.statistics.annotators import annotator_table, image_values
    from utils.statistics.area_factors import area_factors
    from utils.statistics.bootstrap import group_means
    from utils.statistics.pair_tables import read_if_there, read_pair_tables

    tables = read_pair_tables(config, ["dice_score"])
    agreement = read_if_there(
        config,
        "mask_agreement_path",
        ["seg_filename", "ISIC_id", "annotator"],
        ["area", "dice_to_others", "other_annotators"],
        "areas are known of images with two masks alone; dice_with_vote_of_others stays empty",
    )
    staple = read_if_there(
        config,
        "staple_performance_path",
        ["seg_filename"],
        ["sensitivity", "specificity"],
        "staple_sensitivity and staple_specificity stay empty",
    )
    ratios = area_ratios(tables, agreement)
    links, factors = annotator_links(tables.pairs, ratios), area_factors(ratios)
    values = image_values(tables.pairs, tables.subset, agreement, staple)
    averages = group_means(values, ["average", "annotator"], config.bootstrap_resamples, config.bootstrap_seed)
    table = annotator_table(tables.subset, tables.pairs, links, factors, averages)
    files = [
        write_table(table, config.annotator_metrics_path, CERTAIN_DIGITS),
        write_table(links, config.annotator_links_path),
        write_table(factors, config.area_factors_path, CERTAIN_DIGITS),
    ]
    return Outcome(f"{len(table)} annotators, {len(links)} links, {len(ratios)} ratios of areas", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
