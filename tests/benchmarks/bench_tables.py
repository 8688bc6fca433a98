"""Time the table work of the stages at a million masks, and its peak memory, without any mask being read.

Each part runs in a process of its own. Run it as

    python tests/benchmarks/bench_tables.py [--masks 1000000]
"""

from __future__ import annotations

import argparse
import runpy
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from stage_runs import ROOT, measure, run_stage

sys.path.insert(0, str(ROOT))

from utils import naming
from utils.agreement import aggregate
from utils.quality import mask_issues, quarantine
from utils.tables import read_table, write_table

PARTS = ("subset", "image level", "summary", "QA merge")


def seg_table(masks: int) -> pd.DataFrame:
    """Return metadata of so many masks, two and a half an image on average."""
    rng = np.random.default_rng(0)
    ids = pd.Series(np.sort(rng.integers(0, max(1, masks * 2 // 5), masks))).map("ISIC_{:07d}".format)
    factors = {
        "annotator": pd.Series(rng.integers(0, 16, masks)).map("A{:02d}".format),
        "tool": pd.Series(rng.integers(1, 4, masks)).map("T{}".format),
        "skill_level": pd.Series(rng.integers(1, 3, masks)).map("S{}".format),
        "mskObjectID": pd.Series(range(masks)).map("{:024x}".format),
    }
    name = ids.str.cat(list(factors.values()), sep="_") + ".png"
    table = pd.DataFrame({"ISIC_id": ids, "img_filename": ids + ".JPG", "seg_filename": name, **factors})
    return table.assign(mask_md5=pd.Series(range(masks)).map("{:032x}".format))


def pair_table(masks: int) -> pd.DataFrame:
    """Return agreement of so many pairs of human masks."""
    table = seg_table(masks)
    metrics = (*naming.METRIC_COLUMNS, *naming.BOUNDARY_COLUMNS)
    pairs = pd.DataFrame(np.random.default_rng(1).random((masks, len(metrics))), columns=metrics)
    for number in ("1", "2"):
        for column in ("annotator", "tool", "skill_level"):
            pairs[column + number] = table[column]
        pairs["mask" + number] = table["seg_filename"]
    return pairs.assign(img_id=table["img_filename"])[list(naming.PAIR_COLUMNS)]


def run_part(part: str, masks: int, folder: Path) -> None:
    """Do the table work of one part that is no stage of its own."""
    if part == "draw":
        metadata = folder / "metadata"
        write_table(seg_table(masks), metadata / "IMAplusplus_seg_metadata.csv")
        write_table(pair_table(masks), metadata / "IMAplusplus_multiannotator_subset_IAA_metrics.csv")
    elif part == "summary":
        path = folder / "metadata" / "IMAplusplus_multiannotator_subset_IAA_metrics.csv"
        pairs = read_table(path, numeric=(*naming.METRIC_COLUMNS, *naming.BOUNDARY_COLUMNS))
        write_table(pairs, folder / "pairs.csv")
        write_table(aggregate.summary_of_pairs(pairs), folder / "summary.csv")
    else:
        merge_qa(folder)


def merge_qa(folder: Path) -> None:
    """Do what mask_qa does with its findings: every tenth mask at the border, every thousandth empty."""
    stage = SimpleNamespace(**runpy.run_path(str(ROOT / "dataset_analysis" / "mask_qa.py"), run_name="mask_qa"))
    metadata = read_table(folder / "metadata" / "IMAplusplus_seg_metadata.csv", naming.SEG_COLUMNS)
    found = {name: [] for name in metadata["seg_filename"]}
    found |= dict.fromkeys(metadata["seg_filename"][::10], [mask_issues.BORDER])
    found |= dict.fromkeys(metadata["seg_filename"][::1000], [mask_issues.EMPTY])
    images = pd.DataFrame({"isic_id": metadata["ISIC_id"].unique()})
    config = SimpleNamespace(
        output_dir=folder / "qa",
        output_seg_masks_metadata_qa_results_path=folder / "qa" / "results.csv",
        output_seg_masks_metadata_path=folder / "qa" / "seg.csv",
        output_img_metadata_path=folder / "qa" / "img.csv",
        new_dataset_metadata_output_dir=folder / "qa",
    )
    masks = quarantine.restore_places(metadata, quarantine.read_quarantine(config.output_dir, metadata))
    results, gone = stage.results_table(masks, found), stage.newly_quarantined(masks, found)
    stage.write_tables(metadata, images, gone, results, config)


def main() -> int:
    """Run all parts and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--masks", type=int, default=1_000_000)
    parser.add_argument("--part", nargs=2, metavar=("PART", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        run_part(options.part[0], options.masks, Path(options.part[1]))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        own = [sys.executable, __file__, "--masks", str(options.masks), "--part"]
        measure([*own, "draw", folder])
        print(f"| tables of {options.masks} masks or pairs | s | CPU s | peak MB |\n|---|--:|--:|--:|")
        stages = {"subset": "create_multiannotator_subset", "image level": "compute_image_level_metrics"}
        for part in PARTS:
            run = run_stage(stages[part], Path(folder)) if part in stages else measure([*own, part, folder])
            print(f"| {part} | {run.seconds:.1f} | {run.cpu:.1f} | {run.main_mb:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
