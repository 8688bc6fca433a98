"""Print the run in a few lines: what there is, how well annotators agree, what was left out, and where the report is.

Reads:  the metadata tables, the lists of quarantined, withdrawn and failed files, and the table of pairs.
Writes: nothing.
Rules:  Agreement between annotators is the mean Dice over pairs of masks by two annotators; pairs of masks by one
        annotator are counted apart. What is 0 and should be is not said.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils import naming
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input, read_table

if TYPE_CHECKING:
    from pandas import DataFrame

KEYS = (
    "output_seg_masks_metadata_path",
    "output_img_metadata_path",
    "all_pairwise_IAA_metrics_path",
    "failures_path",
    "report_dir",
)


def agreement_lines(table: DataFrame) -> Iterator[tuple[str, str]]:
    """Yield the mean Dice of pairs by two annotators and, if there are any, of pairs by one annotator."""
    human = naming.human_pairs_only(table)
    same = human["annotator1"] == human["annotator2"]
    labels = {"mean Dice between annotators": human[~same], "one annotator twice": human[same]}
    for label, some in labels.items():
        if len(some):
            pairs = "1 pair" if len(some) == 1 else f"{len(some):,} pairs"
            yield label, f"{some['dice_score'].mean():.4f} over {pairs}"


def left_out_lines(metadata: DataFrame, config: MultiannotatorSettings) -> Iterator[tuple[str, str]]:
    """Yield how many masks are in quarantine, how many files were withdrawn, and how many images failed."""
    from utils.quality.quarantine import read_quarantine
    from utils.running.leftovers import withdrawn_files
    from utils.running.run_manifest import read_manifest

    quarantined = len(read_quarantine(config.output_dir / naming.QUARANTINE_FOLDER, metadata))
    withdrawn = len(withdrawn_files(read_manifest(config.output_dir)))
    failed = read_table(config.failures_path)["img_id"].nunique() if config.failures_path.is_file() else 0
    yield "masks quarantined", f"{quarantined:,}"
    if withdrawn:
        yield "files withdrawn", f"{withdrawn:,} (in {config.output_dir / naming.WITHDRAWN_FOLDER})"
    if failed:
        yield "images failed", f"{failed:,} (listed in {config.failures_path})"


def summary_lines(config: MultiannotatorSettings) -> Iterator[tuple[str, str]]:
    """Yield labels and values of the closing table."""
    from utils.report.this_run import Outdated

    metadata = read_input(config, "output_seg_masks_metadata_path", naming.SEG_COLUMNS, made_by="create_dataset")
    images = read_input(config, "output_img_metadata_path", ["isic_id"], made_by="create_dataset")
    pairs = read_input(
        config,
        "all_pairwise_IAA_metrics_path",
        ["annotator1", "annotator2"],
        numeric=["dice_score"],
        made_by="compute_IAA_metrics",
    )
    humans = naming.humans_only(metadata)
    yield "images", f"{len(images):,}"
    yield "masks by annotators", f"{len(humans):,}"
    yield "annotators", f"{humans['annotator'].nunique():,}"
    yield "images with several masks", f"{(humans['ISIC_id'].value_counts() > 1).sum():,}"
    stage = Outdated(config).stage_of(config.all_pairwise_IAA_metrics_path)
    if stage:
        yield "agreement", f"of an earlier state of the dataset: run {stage} and the stages after it again"
    else:
        yield from agreement_lines(pairs)
    yield from left_out_lines(metadata, config)
    yield "everything is in", str(config.output_dir)
    report = config.report_dir / "index.html"
    if report.is_file():
        yield "report", str(report)


def main(config: MultiannotatorSettings) -> Outcome:
    """Make the table that is printed as the last lines of a run."""
    lines = list(summary_lines(config))
    width = max(len(label) for label, _ in lines)
    return Outcome("", last_lines="\n".join(f"  {label:<{width}}  {value}" for label, value in lines))


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
