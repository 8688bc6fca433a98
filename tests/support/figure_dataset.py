"""Two images with masks and tables that figures are drawn of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from support.drawing import box, write_png
from support.trees import tree
from utils.naming import BOUNDARY_COLUMNS, METRIC_COLUMNS, PAIR_COLUMNS, SEG_COLUMNS


def figures(output) -> set[str]:
    """Return the names of all figures in an output folder."""
    return set(tree(output / "visualizations")) if (output / "visualizations").exists() else set()


def metadata_row(isic_id: str, annotator: str, tool="T1", skill="S1") -> dict:
    """Return one row of the segmentation table."""
    name = f"{isic_id}_{annotator}.png"
    values = (isic_id, f"{isic_id}.JPG", name, annotator, tool, skill, annotator, "")
    return dict(zip(SEG_COLUMNS, values, strict=True))


def pair_row(img_id: str, annotator1: str, annotator2: str, dice: float, hd95: float = 0.5) -> dict:
    """Return one row of the table of pairs; its other metrics are 0.25."""
    row = dict.fromkeys(PAIR_COLUMNS, "T1") | dict.fromkeys((*METRIC_COLUMNS, *BOUNDARY_COLUMNS), 0.25)
    ids = {"img_id": img_id, "annotator1": annotator1, "annotator2": annotator2}
    return row | ids | {"dice_score": dice, "hd95_score": hd95}


@pytest.fixture
def figure_folder(tmp_path) -> Path:
    """Folder of a fresh dataset."""
    return make_figure_dataset(tmp_path)


def make_figure_dataset(folder: Path) -> Path:
    """Draw two images of 24 x 32 pixels, masks of two and three people, and both consensus masks."""
    from PIL import Image

    rows = []
    for isic_id, annotators in (("ISIC_1", ("A00", "A01", "ST", "MV")), ("ISIC_2", ("A00", "A01", "A02", "ST", "MV"))):
        for place, annotator in enumerate(annotators):
            rows.append(metadata_row(isic_id, annotator))
            write_png(folder / "seg_masks" / rows[-1]["seg_filename"], box(4, 4 + place, 14, 20))
        (folder / "images").mkdir(exist_ok=True)
        Image.new("RGB", (32, 24), "tan").save(folder / "images" / f"{isic_id}.JPG", "JPEG")
    pairs = [pair_row("ISIC_1.JPG", "A00", "A01", 0.0), pair_row("ISIC_1.JPG", "A00", "ST", 0.9)]
    pairs += [pair_row("ISIC_2.JPG", *names, 0.5) for names in (("A00", "A01"), ("A00", "A02"), ("A01", "A02"))]
    prefix = folder / "metadata" / "IMAplusplus_multiannotator_subset"
    prefix.parent.mkdir()
    pd.DataFrame(rows).to_csv(prefix.with_name("IMAplusplus_seg_metadata.csv"), index=False)
    pd.DataFrame(rows).to_csv(f"{prefix}_seg_metadata.csv", index=False)
    pd.DataFrame(pairs).to_csv(f"{prefix}_IAA_metrics.csv", index=False)
    return folder


@pytest.fixture
def released_table(reference) -> Callable[[str], pd.DataFrame]:
    """Read a released table, given its name."""
    return lambda name: pd.read_csv(reference / "published" / f"{name}.csv.gz")
