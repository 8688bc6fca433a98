"""Time create_partitions on tables of 15,000 and of 1,000,000 images, four in five of them clusters of their own.

Prints a Markdown table: wall and CPU seconds and peak memory of the whole stage.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from stage_runs import run_stage

from utils import naming
from utils.tables import write_table

ANNOTATORS = 16
MASKS_OF_IMAGE = {1: 0.84, 2: 0.14, 3: 0.02}


def draw_tables(images: int, metadata: Path) -> None:
    """Write metadata of so many images and of their masks; a fifth of the images has patients, of two on average."""
    rng = np.random.default_rng(0)
    ids = pd.Series(range(images)).map("ISIC_{:07d}".format)
    has_patient = rng.random(images) < 0.2
    patients = pd.Series(rng.integers(0, max(images // 10, 1), images)).map("IP_{}".format).where(has_patient, "")
    known = {"isic_id": ids, "diagnosis_1": rng.choice(["Benign", "Malignant", ""], images, p=[0.89, 0.1, 0.01])}
    write_table(pd.DataFrame({**known, "patient_id": patients}), metadata / "IMAplusplus_img_metadata.csv")
    numbers = rng.choice(list(MASKS_OF_IMAGE), images, p=list(MASKS_OF_IMAGE.values()))
    of_mask = ids.repeat(numbers).reset_index(drop=True)
    masks = pd.DataFrame({"ISIC_id": of_mask, "img_filename": of_mask + ".JPG"})
    for name, pattern, levels in (("annotator", "A{:02d}", ANNOTATORS), ("tool", "T{}", 3), ("skill_level", "S{}", 2)):
        masks[name] = pd.Series(rng.integers(0, levels, len(masks))).map(pattern.format)
    masks = masks.assign(seg_filename=masks.index.map("{}.png".format), mskObjectID="", mask_md5="")
    write_table(masks[list(naming.SEG_COLUMNS)], metadata / "IMAplusplus_seg_metadata.csv")


def main() -> int:
    """Draw the tables, run the stage on them and print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, nargs="+", default=[15_000, 1_000_000])
    options = parser.parse_args()
    print("| images | s | CPU s | peak MB |\n|--:|--:|--:|--:|")
    for images in options.images:
        with tempfile.TemporaryDirectory() as folder:
            draw_tables(images, Path(folder) / "metadata")
            run = run_stage("create_partitions", Path(folder))
            print(f"| {images:,} | {run.seconds:.1f} | {run.cpu:.1f} | {run.main_mb:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
