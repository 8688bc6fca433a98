"""Agreement of an image and of its masks by plain loops over pixels and pairs: slow, and nothing of the project's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from math import log, log2

import numpy as np


def _iou(a: np.ndarray, b: np.ndarray) -> Fraction:
    either = int((a | b).sum())
    return Fraction(int((a & b).sum()), either) if either else Fraction(1)


def image_by_loops(humans: Sequence[np.ndarray], drawn_by: Sequence[str], consensus: np.ndarray) -> dict[str, float]:
    """Return the agreement of an image whose masks are neither all empty nor all full nor by one person."""
    masks_of = {name: drawn_by.count(name) for name in drawn_by}
    common, both, either, coincide, weights = Fraction(0), Fraction(0), Fraction(0), Fraction(0), Fraction(0)
    for (a, first), (b, second) in combinations(zip(humans, drawn_by, strict=True), 2):
        if first != second:
            weight = Fraction(1, masks_of[first] * masks_of[second])
            common += weight * int((a & b).sum())
            both += weight * int(a.sum() + b.sum())
            either += weight * int((a | b).sum())
            coincide += weight * Fraction(int((a == b).sum()), a.size)
            weights += weight
    share = sum(
        Fraction(int(mask.sum()), mask.size * masks_of[name]) for mask, name in zip(humans, drawn_by, strict=True)
    ) / len(masks_of)
    # Fleiss' kappa as it is defined: observed coincidence of two raters in a pixel beyond that of marks by chance.
    by_chance = share**2 + (1 - share) ** 2
    distances = [1 - _iou(a, b) for a, b in combinations(humans, 2)]
    within = 2 * sum(distances) / len(humans) ** 2
    to_consensus = sum(1 - _iou(consensus, mask) for mask in humans) / len(humans)
    disputed, entropies = [], []
    for votes in _votes(humans):
        if votes:
            q = votes / len(humans)
            disputed.append(q < 1)
            entropies.append(-q * log2(q) - (1 - q) * log2(1 - q) if q < 1 else 0)
    return {
        "num_masks": len(humans),
        "num_annotators": len(masks_of),
        "foreground_share": float(share),
        "dice_pooled": float(2 * common / both),
        "generalised_conformity_index": float(common / either),
        "kappa": float((coincide / weights - by_chance) / (1 - by_chance)),
        "disputed_share": sum(disputed) / len(disputed),
        "mean_vote_entropy": sum(entropies) / len(entropies),
        "diversity": float(sum(distances) / len(distances)),
        "ged2_ST": float(2 * to_consensus - within),
        "area_mean": float(np.mean([mask.sum() for mask in humans])),
        "area_cv": float(np.std([mask.sum() for mask in humans], ddof=1) / np.mean([mask.sum() for mask in humans])),
    }


def _votes(masks: Sequence[np.ndarray]) -> Iterator[int]:
    height, width = masks[0].shape
    for row in range(height):
        for column in range(width):
            yield sum(bool(mask[row, column]) for mask in masks)


def mask_by_loops(humans: Sequence[np.ndarray], drawn_by: Sequence[str], place: int) -> dict[str, float]:
    """Return the agreement of a mask that is not empty with others whose vote is not empty."""
    others = [mask for mask, name in zip(humans, drawn_by, strict=True) if name != drawn_by[place]]
    area = marked = common = 0
    for in_mask, votes in zip(humans[place].ravel(), _votes(others), strict=True):
        in_vote = votes >= len(others) / 2
        area, marked, common = area + bool(in_mask), marked + in_vote, common + (in_mask and in_vote)
    return {
        "area": area,
        "dice_to_others": 2 * common / (area + marked),
        "sensitivity_to_others": common / marked,
        "precision_to_others": common / area,
        "log_area_ratio_to_others": log(area) - log(marked),
        "other_masks": len(others),
        "other_annotators": len(set(drawn_by)) - 1,
    }
