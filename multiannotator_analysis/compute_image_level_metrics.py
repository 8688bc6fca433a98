"""Average the agreement between annotators for each image.

Reads:  IMAplusplus_multiannotator_subset_IAA_metrics.csv.
Writes: IMAplusplus_multiannotator_subset_image_level_metrics.csv.
Rules:  Pairs of human masks only; mean and sample standard deviation of every metric; rows sorted by img_id.

Keys: all_pairwise_IAA_metrics_path, image_level_metrics_path, output_dir, verbose.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.naming import METRIC_COLUMNS
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_table


def main(config: MultiannotatorSettings) -> Outcome:
    """Read the pairs, average, write."""
    from utils.agreement.aggregate import metrics_per_image

    pairs = read_input(
        config,
        "all_pairwise_IAA_metrics_path",
        columns=["img_id", "annotator1", "annotator2"],
        numeric=METRIC_COLUMNS,
        made_by="compute_IAA_metrics",
    )
    table = metrics_per_image(pairs)
    counts = f"{len(table)} images, {table['num_pairs'].sum()} pairs of human masks"
    return Outcome(counts, [write_table(table, config.image_level_metrics_path)])


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings)
