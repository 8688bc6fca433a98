"""Agreement of each human mask of an image with the vote of the other people who outlined it."""

from __future__ import annotations

import math

from ..metrics import dice
from .human_votes import HumanVotes

_COMPARED = ("dice_to_others", "sensitivity_to_others", "precision_to_others", "log_area_ratio_to_others")


def mask_agreement(human: HumanVotes) -> list[dict[str, float]]:
    """Compare each human mask A with the vote V of the masks by other annotators.

    A pixel belongs to V when at least half of these masks mark it. Further masks by A's own annotator have no vote,
    so they do not change the comparison.

    Parameters
    ----------
    human : HumanVotes
        The image's human votes.

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
    rows = {}
    for masks in human.persons:
        other_masks = len(human.votes) - len(masks)
        is_marked = 2 * (human.totals - human.votes[masks].sum(axis=0)) >= other_masks
        area_of_others = int(human.counts[is_marked].sum())
        for mask in masks:
            area, common = int(human.areas[mask]), int(human.counts[is_marked & human.votes[mask]].sum())
            rows[mask] = {
                "area": area,
                **(_comparison(common, area, area_of_others) if other_masks else dict.fromkeys(_COMPARED, math.nan)),
                "other_masks": other_masks,
                "other_annotators": len(human.persons) - 1,
            }
    return [rows[mask] for mask in sorted(rows)]


def _comparison(common: int, area: int, area_of_others: int) -> dict[str, float]:
    values = (
        dice(common, area, area_of_others),
        common / area_of_others if area_of_others else math.nan,
        common / area if area else math.nan,
        math.log(area / area_of_others) if area and area_of_others else math.nan,
    )
    return dict(zip(_COMPARED, values, strict=True))
