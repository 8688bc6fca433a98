"""Draw which images the dataset shares with other datasets, as an UpSet plot.

Reads: lists of image ids, other_datasets_dir/<Dataset>/*.txt, one id a line; segmentation metadata.
Writes: other_datasets_overlap.png, .svg and .pdf in upset_plots_dir.
Rules: a dataset without a list, or with empty lists only, is left out and named in a warning. A folder
    that is not there is warned of too: without other datasets there is nothing to draw.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from utils.errors import PipelineError
from utils.figures.plotting import save_figure
from utils.figures.upset import upset_figure
from utils.id_lists import read_datasets
from utils.lazy import logger
from utils.naming import dataset_name
from utils.settings import AnalysisSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input

KEYS = (
    "other_datasets_dir",
    "output_seg_masks_metadata_path",
    "upset_plots_dir",
)


def is_demo_beside_other_data(config: AnalysisSettings) -> bool:
    """Tell whether the lists are those of the embedded demo, and the dataset is another."""
    from utils.demo.demo_folder import MARKER
    from utils.running.run_manifest import read_manifest

    dataset = read_manifest(config.output_dir)["dataset"]
    return (config.other_datasets_dir.parent / MARKER).is_file() and dataset.get("is_demo") is False


def _read_other_datasets(config: AnalysisSettings, own_name: str) -> dict[str, set[str]]:
    if not config.other_datasets_dir.is_dir():
        logger.warning("other_datasets_dir names no folder: {}", config.other_datasets_dir)
        return {}
    if is_demo_beside_other_data(config):
        logger.info("not compared with the invented datasets of the demo; other_datasets_dir may name real ones")
        return {}
    others, without_ids = read_datasets(config.other_datasets_dir)
    if own_name in others:
        raise PipelineError(
            f"A folder of another dataset has the name of this one, {own_name}.",
            where=config.other_datasets_dir / own_name,
            hint="rename the folder; this dataset's own ids come from the segmentation metadata",
        )
    if without_ids:
        logger.warning("left out, no ids in a *.txt list: {}", ", ".join(without_ids))
    return others


def main(config: AnalysisSettings) -> Outcome:
    """Draw the overlap of this dataset with the datasets of other_datasets_dir."""
    table = read_input(config, "output_seg_masks_metadata_path", ["ISIC_id"], made_by="create_dataset.py")
    ours, name = set(table["ISIC_id"]), dataset_name(table["ISIC_id"])
    others = _read_other_datasets(config, name)
    if not others or not ours:
        logger.warning("nothing to draw: {} images of {}, {} other datasets", len(ours), name, len(others))
        return Outcome("no figure drawn")
    figure = upset_figure(
        {name: ours, **others},
        title=f"Images shared by {name} and other datasets",
        set_name="dataset",
        highlight={"present": name},
        legend=(f"in {name}", f"not in {name}"),
    )
    shared = len(ours & set().union(*others.values()))
    counts = f"{shared} of {len(ours)} images of {name} are in at least one of {len(others)} other datasets"
    return Outcome(counts, save_figure(figure, config.upset_plots_dir / "other_datasets_overlap"))


if __name__ == "__main__":
    run_stage(main, AnalysisSettings, KEYS)
