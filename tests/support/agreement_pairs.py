"""A small table of pairs of masks: annotators in either order, consensus masks, and a distance that is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd

PAIR_NAMES = ["img_id", "annotator1", "annotator2", "tool1", "tool2", "dice_score", "hd95_score_normalized"]
PAIRS = pd.DataFrame(
    [
        ("I1.JPG", "A00", "A01", "T1", "T2", 0.50, 0.10),
        ("I1.JPG", "A00", "ST", "T1", "ST", 0.90, 0.01),
        ("I1.JPG", "MV", "ST", "MV", "ST", 0.80, 0.02),
        ("I2.JPG", "A01", "A00", "T2", "T1", 0.75, 0.30),
        ("I2.JPG", "A01", "A00", "T2", "T1", 0.25, np.nan),
        ("I3.JPG", "A02", "A02", "T1", "T1", 1.00, 0.00),
    ],
    columns=PAIR_NAMES,
).assign(
    skill_level1="S1",
    skill_level2="S1",
    mask1=["I1_A00", "I1_A00", "I1_MV", "I2_A01", "I2_A01", "I3_A02"],
    mask2=["I1_A01", "I1_ST", "I1_ST", "I2_A00", "I2_A00b", "I3_A02b"],
)


def subset_of(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the metadata of the masks that pairs are of."""
    names = {"img_id": "img_filename", "mask": "seg_filename"}
    ends = [
        pairs[["img_id", *(f"{name}{end}" for name in ("mask", "annotator", "tool", "skill_level"))]].rename(
            columns=lambda name: names.get(name.rstrip("12"), name.rstrip("12"))
        )
        for end in (1, 2)
    ]
    masks = pd.concat(ends, ignore_index=True).drop_duplicates("seg_filename")
    return masks.assign(ISIC_id=masks["img_filename"].str.removesuffix(".JPG"), mskObjectID="", mask_md5="")
