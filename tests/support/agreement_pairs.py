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
).assign(skill_level1="S1", skill_level2="S1")
