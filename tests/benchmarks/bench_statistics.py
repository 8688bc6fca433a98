"""Time the stages of statistics at a million pairs of human masks, and their peak memory. No mask is read.

Each stage runs in a process of its own. Run it as

    python tests/benchmarks/bench_statistics.py [--images 400000]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from stage_runs import ROOT, run_stage

sys.path.insert(0, str(ROOT))

from utils import naming
from utils.tables import write_table

STAGES = ("compute_annotator_metrics", "compute_agreement_statistics", "plot_iaa_by_diagnosis")
MASKS_OF_IMAGE = {2: 0.6, 3: 0.2, 4: 0.15, 5: 0.05}  # 2.6 pairs an image
ANNOTATORS = 16
SUBSET = "IMAplusplus_multiannotator_subset"


def mask_table(images: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return metadata, areas and agreement with others of the masks of so many images."""
    numbers = rng.choice(list(MASKS_OF_IMAGE), images, p=list(MASKS_OF_IMAGE.values()))
    ids = pd.Series(np.repeat(np.arange(images), numbers)).map("ISIC_{:07d}".format)
    masks = len(ids)
    table = pd.DataFrame({"ISIC_id": ids, "img_filename": ids + ".JPG", "seg_filename": ids})
    for name, pattern, levels in (("annotator", "A{:02d}", ANNOTATORS), ("tool", "T{}", 3), ("skill_level", "S{}", 2)):
        table[name] = pd.Series(rng.integers(0, levels, masks)).map(pattern.format)
    table["mskObjectID"] = pd.Series(range(masks)).map("{:024x}".format)
    table["mask_md5"] = table["mskObjectID"]
    table["seg_filename"] = ids + "_" + table["annotator"] + "_" + table["mskObjectID"] + ".png"
    table["area"] = np.exp(rng.normal(12, 0.5, masks)).round()
    table["other_annotators"] = np.repeat(numbers - 1, numbers)
    return table.assign(dice_to_others=rng.random(masks)).reindex(columns=naming.MASK_AGREEMENT_COLUMNS)


def pair_table(masks: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the agreement of all pairs of these masks."""
    first, second = [], []
    starts = np.flatnonzero(~masks["ISIC_id"].duplicated())
    sizes = np.diff([*starts, len(masks)])
    for size in np.unique(sizes):
        chosen = starts[sizes == size]
        for i, j in combinations(range(size), 2):
            first.append(chosen + i)
            second.append(chosen + j)
    places = np.concatenate(first), np.concatenate(second)
    pairs = pd.DataFrame(
        {name: rng.random(len(places[0])) for name in (*naming.METRIC_COLUMNS, *naming.BOUNDARY_COLUMNS)}
    )
    for end, place in enumerate(places, start=1):
        for name, column in (
            ("mask", "seg_filename"),
            *((name, name) for name in ("annotator", "tool", "skill_level")),
        ):
            pairs[f"{name}{end}"] = masks[column].to_numpy()[place]
    return pairs.assign(img_id=masks["img_filename"].to_numpy()[places[0]])[list(naming.PAIR_COLUMNS)]


def draw_tables(images: int, metadata: Path) -> int:
    """Write the tables that the stages read, and return the number of pairs."""
    rng = np.random.default_rng(0)
    masks = mask_table(images, rng)
    pairs = pair_table(masks, rng)
    ids = masks["ISIC_id"].unique()
    known = {
        "isic_id": ids,
        "diagnosis_1": rng.choice(["Benign", "Malignant"], images, p=[0.8, 0.2]),
        "patient_id": pd.Series(rng.integers(0, images, images)).map("IP_{}".format),
    }
    write_table(pd.DataFrame(known), metadata / "IMAplusplus_img_metadata.csv")
    write_table(masks[list(naming.SEG_COLUMNS)], metadata / f"{SUBSET}_seg_metadata.csv")
    write_table(masks, metadata / f"{SUBSET}_mask_agreement.csv")
    write_table(pairs, metadata / f"{SUBSET}_IAA_metrics.csv")
    return len(pairs)


def main() -> int:
    """Draw the tables, run the stages on them and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=400_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pairs = draw_tables(options.images, Path(folder) / "metadata")
        print(f"| {pairs:,} pairs of human masks, {options.images:,} images | s | CPU s | peak MB |\n|---|--:|--:|--:|")
        for stage in STAGES:
            run = run_stage(stage, Path(folder))
            print(f"| {stage} | {run.seconds:.1f} | {run.cpu:.1f} | {run.main_mb:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
