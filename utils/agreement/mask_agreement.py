"""Agreement of each human mask of an image with the vote of the other people who outlined it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..masks.vote_patterns import VotePatterns
from ..metrics import dice
from .human_votes import human_votes

_COMPARED = ("dice_to_others", "sensitivity_to_others", "precision_to_others", "log_area_ratio_to_others")


def mask_agreement(patterns: VotePatterns, annotators: Sequence[str]) -> list[dict[str, float]]:
    """Compare each human mask A with the vote V of the masks by other annotators.

    A pixel belongs to V when at least half of these masks mark it. Further masks by A's own annotator have no vote,
    so they do not change the comparison.

    Parameters
    ----------
    patterns : VotePatterns
        Of all masks of the image, human and consensus.
    annotators : sequence of str
        Who drew each of these masks; `naming.CONSENSUS` for a consensus mask, which has no vote and no row.

    Returns
    -------
    list of dict of str to float
        Of each human mask, in order:

        ``area``
            Its foreground pixels.
        ``dice_to_others``
            2 |A and V| / (|A| + |V|), 0 to 1; 1 when both are empty.
        ``sensitivity_to_others``, ``precision_to_others``
            |A and V| / |V| and |A and V| / |A|, 0 to 1; NaN when the divisor is 0.
        ``log_area_ratio_to_others``
            log(|A| / |V|); above 0 the mask is larger than the others see it. NaN when either is empty.
        ``other_masks``, ``other_annotators``
            How many masks have a vote in V, and how many people drew them.

        Without another annotator these two are 0, and the others but the area are NaN.

    References
    ----------
    Dice (1945), Measures of the amount of ecologic association between species, doi:10.2307/1932409.
    """
    human = human_votes(patterns, annotators)
    other_masks = human.areas.size - human.masks_of
    other_votes = human.votes_of.sum(axis=1, keepdims=True) - human.votes_of
    is_marked = (2 * other_votes >= other_masks).astype(np.int64)
    areas_of_others = human.counts @ is_marked
    common = human.counts @ (is_marked[:, human.persons] & human.votes)
    return [
        {
            "area": area,
            **_comparison(shared, area, int(areas_of_others[person]), others=bool(other_masks[person])),
            "other_masks": int(other_masks[person]),
            "other_annotators": human.masks_of.size - 1,
        }
        for area, shared, person in zip(human.areas.tolist(), common.tolist(), human.persons, strict=True)
    ]


def _comparison(common: int, area: int, area_of_others: int, others: bool) -> dict[str, float]:
    values = (math.nan,) * 4
    if others:
        values = (
            dice(common, area, area_of_others),
            common / area_of_others if area_of_others else math.nan,
            common / area if area else math.nan,
            math.log(area / area_of_others) if area and area_of_others else math.nan,
        )
    return dict(zip(_COMPARED, values, strict=True))
