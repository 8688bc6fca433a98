"""A small raw set in raw ISIC form, with one of each thing that the stages treat."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from support.drawing import box, encoded, png_of
from support.files import write_file

# ISIC_id, creator, mskObjectID, source, skill, mask. One of each thing that the stages treat.
SMALL_ROWS = (
    ("IMG_01", "Nora Zeta", "5841e138", "manual pointlist", "expert", box(4, 4, 14, 20)),
    ("IMG_01", "Ola Psi", "001", "autofill", "novice", box(6, 4, 16, 20)),
    ("IMG_01", "Pia Chi", "NA", "", "expert", box(4, 6, 14, 24)),
    ("IMG 02 ü", "Ola Psi", "b2", "autofill", "novice", box(0, 0, 8, 8)),
    ("IMG 02 ü", "Nora Zeta", "b1", "manual pointlist", "expert", box(12, 16, 20, 30)),
    ("no_metadata", "Quin Phi", "c1", "", "expert", box(1, 1, 3, 3)),
    ("IMG_03", "Nora Zeta", "d1", "manual pointlist", "expert", box(0, 0, 24, 32)),
    ("IMG_04", "Ola Psi", "e1", "autofill", "novice", box(0, 0, 0, 0)),
    ("IMG_05", "Nora Zeta", "f1", "autofill", "expert", box(0, 0, 0, 0)),
    ("IMG_05", "Pia Chi", "f2", "", "expert", box(2, 2, 8, 8) | box(14, 14, 20, 20)),
    ("IMG_05", "Ola Psi", "f3", "autofill", "novice", box(2, 2, 9, 9)),
)
SMALL_CREATORS = ("Nora Zeta", "Ola Psi", "Pia Chi", "Quin Phi")


def make_small_raw_set(folder: Path) -> Path:
    """Draw a raw set of five images in raw ISIC form, and return its folder."""
    return make_raw_set(folder, SMALL_ROWS)


def rows_of_image(isic_id: str, prefix: str, *masks: np.ndarray | bytes) -> list[tuple]:
    """Return a row like those above for each of up to three masks of an image, by different people."""
    return [
        (isic_id, creator, f"{prefix}{letter}", "autofill", "novice", mask)
        for creator, letter, mask in zip(SMALL_CREATORS, "abc", masks, strict=False)
    ]


def make_raw_set(folder: Path, rows: Sequence[tuple], size: tuple[int, int] = (32, 24)) -> Path:
    """Write a raw set of such rows, in which a mask may be the bytes of a file, with images of one size."""
    folder.mkdir(exist_ok=True)
    table = [("ISIC_id", "creator", "mskObjectID", "filename", "source", "skill", "comment")]
    for isic_id, creator, object_id, source, skill, mask in rows:
        name = f"raw_{object_id}.png"
        write_file(folder / "segs" / name, mask if isinstance(mask, bytes) else png_of(mask))
        table.append((isic_id, creator, object_id, name, source, skill, "extra"))
    _write_table(folder / "raw_ISIC_segmasks_metadata.csv", table)
    images = [("isic_id", "diagnosis_1", "note")]
    for number, isic_id in enumerate(dict.fromkeys(row[0] for row in rows if row[0] != "no_metadata")):
        image = Image.new("RGB", size, (200, 150 + number, 120))
        write_file(folder / "images" / f"{isic_id}.jpg", encoded(image, "JPEG"))
        images.append((isic_id, "Malignant" if number % 2 else "Benign", 'a, "b" NA'))
    _write_table(folder / "raw_ISIC_images_metadata.csv", [*images, ("IMG_without_mask", "Benign", "")])
    return folder


def _write_table(path: Path, rows: Sequence[tuple]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def other_raw(raw: Path, folder: Path) -> Path:
    """Return a copy of the raw set whose images have other ids."""
    other = shutil.copytree(raw, folder / "other raw")
    for name in ("raw_ISIC_segmasks_metadata.csv", "raw_ISIC_images_metadata.csv"):
        text = (other / name).read_text(encoding="utf-8")
        (other / name).write_text(text.replace("\nIMG", "\nOTHER"), encoding="utf-8")
    for image in list((other / "images").iterdir()):
        image.rename(image.with_name(image.name.replace("IMG", "OTHER")))
    return other
