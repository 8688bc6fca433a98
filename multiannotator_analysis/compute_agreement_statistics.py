"""Average the agreement of the dataset by kind of pair, tools, skill levels, number of masks and diagnosis.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv, IMAplusplus_img_metadata.csv and
        IMAplusplus_multiannotator_subset_IAA_metrics.csv.
Writes: IMAplusplus_multiannotator_subset_agreement_statistics.csv and ..._factor_counts.csv.
Rules:  An image counts once, with the mean over its pairs of the group. Intervals are 95 %, by drawing clusters of
        images (of one patient or lesion), for these annotators; none below 10 clusters. caution says what keeps a
        number from meaning what it seems to.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils import naming
from utils.lazy import logger
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import write_table

KEYS = (
    "multiannotator_subset_metadata_path",
    "output_img_metadata_path",
    "all_pairwise_IAA_metrics_path",
    "agreement_statistics_path",
    "factor_counts_path",
    "bootstrap_resamples",
    "bootstrap_seed",
)


def main(config: MultiannotatorSettings) -> Outcome:
    """Read, average, count, write."""
    from utils.statistics.groups import GROUP_METRICS, agreement_of_groups, factor_counts
    from utils.statistics.pair_tables import read_pair_tables

    released = [name for name in GROUP_METRICS if name in naming.METRIC_COLUMNS]
    tables = read_pair_tables(config, released, if_there=naming.BOUNDARY_COLUMNS)
    column = naming.diagnosis_column(tables.images)
    if column is None:
        logger.warning("no groups by diagnosis: {} has none", config.output_img_metadata_path)
    diagnoses = None if column is None else tables.images.set_index("isic_id")[column]
    masks = naming.humans_only(tables.subset)
    resampling = (config.bootstrap_resamples, config.bootstrap_seed)
    statistics = agreement_of_groups(tables.pairs, masks, diagnoses, *resampling)
    files = [
        write_table(statistics, config.agreement_statistics_path),
        write_table(factor_counts(masks), config.factor_counts_path),
    ]
    inter = int(tables.pairs["inter"].sum())
    counts = f"{inter} pairs by two annotators, {len(tables.pairs) - inter} by one annotator twice"
    return Outcome(f"{counts}; {statistics['group'].nunique()} groups", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
