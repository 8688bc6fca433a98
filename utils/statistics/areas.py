"""Areas of masks, and ratios of the areas that two annotators drew on one image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd
from ..naming import MAJORITY_VOTE, humans_only
from .pair_kinds import looked_up

if TYPE_CHECKING:
    from pandas import DataFrame, Series


def log_areas(mask_agreement: DataFrame) -> Series:
    """Return the natural logarithm of each mask's area in pixels.

    Parameters
    ----------
    mask_agreement : DataFrame
        seg_filename and area (float64, pixels).

    Returns
    -------
    Series of float64
        Index seg_filename; NaN for an empty mask.
    """
    area = mask_agreement.set_index("seg_filename")["area"]
    return area.where(area > 0).transform(np.log)


def log_areas_in_union(pairs: DataFrame, subset: DataFrame) -> Series:
    """Find the areas of masks from their Dice with the majority vote, on images with two masks.

    There the vote is the union of both masks A and B, so d = Dice(A, MV) = 2|A| / (|A| + |A or B|), and
    |A| / |A or B| = d / (2 - d), exactly.

    Parameters
    ----------
    pairs : DataFrame
        All pairs, consensus included: mask1, annotator1, mask2, annotator2, dice_score (float64).
    subset : DataFrame
        Metadata of the masks: ISIC_id, seg_filename, annotator.

    Returns
    -------
    Series of float64
        Index seg_filename of the masks of images with two: log(|A| / |A or B|), which compares masks of one image
        only. NaN for an empty mask. Masks of other images are not in it.
    """
    human = humans_only(subset)
    of_two = human[human.groupby("ISIC_id")["annotator"].transform("size") == 2]
    parts = []
    for mask, vote in (("1", "2"), ("2", "1")):
        with_vote = pairs[pairs[f"annotator{vote}"] == MAJORITY_VOTE]
        parts.append(pd.Series(with_vote["dice_score"].to_numpy(), index=with_vote[f"mask{mask}"]))
    dice = pd.concat(parts)
    dice = dice[dice.index.isin(of_two["seg_filename"])]
    return (dice / (2 - dice)).where(dice > 0).transform(np.log)


def log_area_ratios(pairs: DataFrame, log_areas: Series) -> DataFrame:
    """Return the pairs by two annotators whose areas are known, with log(area of mask1 / area of mask2).

    Parameters
    ----------
    pairs : DataFrame
        Of human masks, as `pair_kinds.classified_pairs` returns them.
    log_areas : Series of float64
        By seg_filename, in any unit that is the same within an image.

    Returns
    -------
    DataFrame
        These pairs in their order, with the column log_ratio (float64, finite): > 0 where mask1 is larger.
    """
    inter = pairs[pairs["inter"]]
    ratio = looked_up(inter["mask1"], log_areas) - looked_up(inter["mask2"], log_areas)
    return inter.assign(log_ratio=ratio).dropna(subset="log_ratio")
