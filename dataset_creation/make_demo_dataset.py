"""Draw the embedded demo: dermoscopy-like images, outlines by six invented annotators, raw ISIC tables.

Reads:  nothing.
Writes: images/, segs/, other_datasets/ and the two raw tables in demo_dir.
Rules:  The same seed gives the same bytes. The demo holds one of each defect that the pipeline treats.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.workers.workplace import local_workplace

KEYS = (
    "demo_dir",
    "demo_seed",
    "demo_only_if_used",
    "orig_segs_dir",
    "num_workers",
    "executor",
)


def main(config: CreationSettings) -> Outcome:
    """Draw the demo, or leave it when only_if_used finds that it is not needed."""
    from utils.demo.demo_folder import demo_is_complete, write_demo

    if config.demo_only_if_used:
        if not config.orig_segs_dir.is_relative_to(config.demo_dir):
            return Outcome("the configuration points at other data, so no demo is needed")
        if demo_is_complete(config.demo_dir, config.demo_seed):
            return Outcome("the demo is already there")
    counts = write_demo(config.demo_dir, config.demo_seed, local_workplace(config))
    return Outcome(", ".join(f"{number} {name}" for name, number in counts.items()), [config.demo_dir])


if __name__ == "__main__":
    run_stage(main, CreationSettings, KEYS)
