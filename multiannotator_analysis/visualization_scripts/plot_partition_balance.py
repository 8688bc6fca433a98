"""Draw how evenly the partitions share out images, diagnoses, annotators, tools and skill levels.

Reads:  IMAplusplus_partition_balance.csv.
Writes: metrics/partition_balance.png, .svg and .pdf in visualizations_dir.
Rules:  A point is a partition's share of a label less its target, in percentage points, for images with several masks
        and with one apart. Points of labels with fewer than 100 images or masks are hollow.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import utils.stage_process
from utils.figures.partition_balance import draw_partition_balance
from utils.figures.plotting import save_figure
from utils.lazy import logger
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input

KEYS = (
    "partition_balance_path",
    "visualizations_dir",
)


def main(config: MultiannotatorSettings) -> Outcome:
    """Read the table, draw, write."""
    from utils.partitions.balance import LEAST_TOTAL

    texts, numbers = ["images", "label", "value", "partition"], ["total", "target_percent", "deviation"]
    balance = read_input(config, "partition_balance_path", texts, numbers, made_by="create_partitions")
    if balance.empty:
        logger.warning("no images; nothing to draw")
        return Outcome("partition_balance skipped: no images")
    figure = draw_partition_balance(balance, LEAST_TOTAL)
    files = save_figure(figure, config.visualizations_dir / "metrics" / "partition_balance")
    labels = len(balance.drop_duplicates(["images", "label", "value"]))
    return Outcome(f"{labels} labels, {balance['partition'].nunique()} partitions", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
