"""Average the agreement of the masks that people drew of each image.

Reads:  IMAplusplus_multiannotator_subset_IAA_metrics.csv; for the ISIC_ids the metadata of the subset.
Writes: IMAplusplus_multiannotator_subset_image_level_metrics.csv.
Rules:  Pairs of human masks only; mean and sample standard deviation of every metric; then means over the pairs by
        two annotators, without those by one annotator twice; rows sorted by img_id. What a table of the release
        does not have stays empty.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.lazy import logger
from utils.naming import BOUNDARY_COLUMNS, METRIC_COLUMNS
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, write_table

KEYS = (
    "all_pairwise_IAA_metrics_path",
    "multiannotator_subset_metadata_path",
    "image_level_metrics_path",
)


def isic_ids(config: MultiannotatorSettings) -> dict[str, str]:
    """Return the ISIC_id of each image of the subset; none when its metadata are not there."""
    key = "multiannotator_subset_metadata_path"
    if not getattr(config, key).is_file():
        logger.warning("ISIC_id stays empty: there is no {}", getattr(config, key))
        return {}
    subset = read_input(config, key, ["ISIC_id", "img_filename"])
    return dict(zip(subset["img_filename"], subset["ISIC_id"], strict=True))


def main(config: MultiannotatorSettings) -> Outcome:
    """Read the pairs, average, write."""
    from utils.agreement.aggregate import metrics_per_image

    pairs = read_input(
        config,
        "all_pairwise_IAA_metrics_path",
        columns=["img_id", "annotator1", "annotator2"],
        numeric=METRIC_COLUMNS,
        numeric_if_there=BOUNDARY_COLUMNS,
        made_by="compute_IAA_metrics",
    )
    missing = [name for name in BOUNDARY_COLUMNS if name not in pairs]
    if missing:
        logger.warning("{} stay empty: {} lacks them", ", ".join(missing), config.all_pairwise_IAA_metrics_path)
    table = metrics_per_image(pairs, isic_ids(config))
    counts = f"{len(table)} images, {table['num_pairs'].sum()} pairs of human masks"
    return Outcome(counts, [write_table(table, config.image_level_metrics_path)])


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
