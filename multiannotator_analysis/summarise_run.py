"""Print the run in a few lines: what there is, how well annotators agree, and where everything is.

Reads:  the metadata tables, the list of masks in quarantine and the image-level table.
Writes: nothing.
Rules:  Mean Dice is over all pairs of human masks.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils import naming
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input

KEYS = (
    "output_seg_masks_metadata_path",
    "output_img_metadata_path",
    "IAA_metrics_summary_path",
)


def summary_lines(config: MultiannotatorSettings) -> list[tuple[str, str]]:
    """Return labels and values of the closing table."""
    from utils.quality.quarantine import read_quarantine

    metadata = read_input(config, "output_seg_masks_metadata_path", naming.SEG_COLUMNS, made_by="create_dataset")
    images = read_input(config, "output_img_metadata_path", ["isic_id"], made_by="create_dataset")
    humans = naming.humans_only(metadata)
    masks_per_image = humans["ISIC_id"].value_counts()
    summary = read_input(config, "IAA_metrics_summary_path", numeric=["dice_score"], made_by="compute_IAA_metrics")
    return [
        ("images", f"{len(images):,}"),
        ("masks by annotators", f"{len(humans):,}"),
        ("annotators", f"{humans['annotator'].nunique():,}"),
        (
            "masks quarantined",
            f"{len(read_quarantine(config.output_dir / naming.QUARANTINE_FOLDER, metadata)):,}",
        ),
        ("images with several masks", f"{(masks_per_image > 1).sum():,}"),
        ("mean Dice between annotators", f"{summary['dice_score'].iloc[0]:.4f}"),
        ("everything is in", str(config.output_dir)),
    ]


def main(config: MultiannotatorSettings) -> Outcome:
    """Print the table to standard output."""
    lines = summary_lines(config)
    width = max(len(label) for label, _ in lines)
    print("\n".join(f"  {label:<{width}}  {value}" for label, value in lines))
    return Outcome("done")


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
