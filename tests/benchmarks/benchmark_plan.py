"""What the benchmark set consists of: images, their sizes, and who outlined them with what.

Where the released tables of the reference data are there, ids, sizes, annotators, tools and skills are the
real ones. Elsewhere they are drawn from the statistics below, which were taken from those tables.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT, ROOT / "tests", ROOT / "dataset_creation"):
    sys.path.insert(0, str(folder))

from dataset_creation.constants import SKILL_TO_LEVEL, SOURCE_TO_TOOL
from utils.naming import humans_only
from utils.tables import read_table

LEVEL_TO_SKILL = {level: skill for skill, level in SKILL_TO_LEVEL.items()}
TOOL_TO_SOURCE = {tool: source for source, tool in SOURCE_TO_TOOL.items()}

# Width, height, images with one mask, images with several. The rows of 0.7 and 29.6 megapixels stand for many sizes.
SIZES = (
    (3024, 2016, 7161, 539),
    (4288, 2848, 1821, 350),
    (1024, 768, 1302, 304),
    (3008, 2000, 370, 126),
    (3072, 2304, 302, 201),
    (640, 480, 259, 74),
    (3872, 2592, 156, 68),
    (2048, 1536, 85, 34),
    (2592, 1936, 84, 20),
    (767, 576, 36, 44),
    (919, 802, 270, 145),
    (6668, 4439, 725, 489),
    (7360, 4912, 2, 0),
)
MASKS_PER_IMAGE = {1: 12573, 2: 2130, 3: 209, 4: 51, 5: 4}
ANNOTATORS = (3437, 3043, 2719, 2646, 2626, 1903, 675, 378, 137, 93, 10, 9, 4, 2, 1, 1)
TOOLS = {"T1": 7415, "T2": 3437, "T3": 6832}
SKILLS = {"S1": 12454, "S2": 5230}

# Gigapixels that the stages read (encode: of consensus masks) for the full dataset.
FULL_GIGAPIXELS = {"mask_qa": 149.3, "create_consensus_masks": 53.5, "compute_IAA_metrics": 104.6, "encode": 51.1}
FULL_IMAGES, FULL_MASKS = 14_967, 17_684


class Plan(NamedTuple):
    """The two raw tables; the image table has the columns pixels_x and pixels_y."""

    images: pd.DataFrame
    masks: pd.DataFrame


def plan_from_tables(published: Path, number: int | None, seed: int, subset_only: bool) -> Plan:
    """Take `number` images (None: all) of the released tables; beyond the last one, ids repeat with a suffix."""
    images = read_table(published / "IMAplusplus_img_metadata.csv.gz", ["isic_id", "pixels_x", "pixels_y"])
    masks = humans_only(read_table(published / "IMAplusplus_seg_metadata.csv.gz"))
    if subset_only:
        images = images[images["isic_id"].isin(masks["ISIC_id"][masks["ISIC_id"].duplicated()])]
    images = _take(images, number, seed)
    rows = images[["isic_id", "copy"]].assign(ISIC_id=images["original"]).merge(masks, on="ISIC_id")
    factors = (rows[name] for name in ("annotator", "tool", "skill_level"))
    return Plan(
        images.drop(columns=["original", "copy"]),
        _raw_masks(rows["isic_id"], *factors, rows["mskObjectID"] + rows["copy"]),
    )


def plan_from_statistics(
    number: int, seed: int, subset_only: bool = False, per_image: int | None = None, megapixels: float | None = None
) -> Plan:
    """Draw a plan; `per_image` and `megapixels` fix the masks of an image and its size (4:3)."""
    rng = np.random.default_rng([seed, 1])
    counts = np.array(list(MASKS_PER_IMAGE)), np.array(list(MASKS_PER_IMAGE.values()), dtype=float)
    if subset_only:
        counts[1][0] = 0
    per = np.full(number, per_image) if per_image else rng.choice(counts[0], number, p=counts[1] / counts[1].sum())
    table = np.array(SIZES)
    shares = table[:, 2:] / table[:, 2:].sum(axis=0)
    sizes = [table[rng.choice(len(table), p=shares[:, int(masks > 1)]), :2] for masks in per]
    if megapixels:
        height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
        sizes = [(round(height * 4 / 3), height)] * number
    ids = [f"BENCH_{place:07d}" for place in range(number)]
    images = pd.DataFrame(sizes, columns=["pixels_x", "pixels_y"]).assign(
        isic_id=ids, diagnosis_1=rng.choice(["Benign", "Malignant"], number, p=[0.8, 0.2])
    )
    # More masks than annotators are no fault: one person may outline an image twice.
    weights = np.array(ANNOTATORS) / sum(ANNOTATORS)
    who = [np.resize(rng.permutation(rng.choice(16, 16, replace=False, p=weights)), masks) for masks in per]
    annotators = pd.Series(np.concatenate([*who, np.empty(0, int)]).astype(int)).map("A{:02d}".format)
    total = len(annotators)
    return Plan(
        images[["isic_id", "diagnosis_1", "pixels_x", "pixels_y"]].astype(str),
        _raw_masks(
            pd.Series(np.repeat(ids, per)),
            annotators,
            pd.Series(_weighted(rng, TOOLS, total)),
            pd.Series(_weighted(rng, SKILLS, total)),
            pd.Series(range(total)).map("{:024x}".format),
        ),
    )


def _weighted(rng: np.random.Generator, weights: dict[str, int], number: int) -> np.ndarray:
    shares = np.array(list(weights.values())) / sum(weights.values())
    return rng.choice(list(weights), number, p=shares)


def _take(images: pd.DataFrame, number: int | None, seed: int) -> pd.DataFrame:
    order = np.random.default_rng([seed, 0]).permutation(len(images))
    number = len(images) if number is None else number
    parts = []
    for turn in range(-(-number // len(images))):
        part = images.iloc[np.sort(order[: number - turn * len(images)])]
        copy = f"-{turn + 1}" if turn else ""
        parts.append(part.assign(original=part["isic_id"], copy=copy, isic_id=part["isic_id"] + copy))
    return pd.concat(parts, ignore_index=True)


def _raw_masks(ids, annotators, tools, skills, object_ids) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ISIC_id": ids,
            "creator": "benchmark " + annotators,
            "mskObjectID": object_ids,
            "filename": object_ids + ".png",
            "source": tools.map(TOOL_TO_SOURCE),
            "skill": skills.map(LEVEL_TO_SKILL),
        }
    )
