"""Small tables of images and masks to be partitioned."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from support.statistics_tables import mask_rows
from utils.tables import write_table

IMAGES, MASKS = "IMAplusplus_img_metadata.csv", "IMAplusplus_seg_metadata.csv"


def image_table(patients: Iterable[str], lesions: Iterable[str] = (), diagnoses: Iterable[str] = ()) -> pd.DataFrame:
    """Return metadata of images I00, I01, ... with these ids of patients and lesions, and these diagnoses."""
    table = pd.DataFrame({"patient_id": list(patients)}, dtype=object)
    table.insert(0, "isic_id", [f"I{number:02d}" for number in range(len(table))])
    for name, values in (("lesion_id", lesions), ("diagnosis_1", diagnoses)):
        table[name] = pd.Series(list(values) or [""] * len(table), dtype=object)
    return table.astype(object)


def masks_of(images: pd.DataFrame, annotators: Iterable[str]) -> pd.DataFrame:
    """Return metadata of masks; the annotators of each image are the letters of a text."""
    pairs = zip(images["isic_id"], annotators, strict=True)
    return mask_rows((isic_id, annotator) for isic_id, letters in pairs for annotator in letters)


def write_dataset(output: Path, images: pd.DataFrame, masks: pd.DataFrame) -> None:
    """Write the two tables to where stages look for them."""
    write_table(images, output / "metadata" / IMAGES)
    write_table(masks, output / "metadata" / MASKS)
