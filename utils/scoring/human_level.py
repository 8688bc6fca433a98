"""The level of the annotators on an image, beside which the scores of predictions stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from ..naming import BOUNDARY_COLUMNS, CONSENSUS, METRIC_COLUMNS

METRICS = (*METRIC_COLUMNS, *BOUNDARY_COLUMNS)


def pairs_of_people(annotators: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places i < j of the masks that two annotators drew; those of consensus masks are in no pair."""
    humans = [place for place, annotator in enumerate(annotators) if annotator not in CONSENSUS]
    return [(i, j) for i, j in combinations(humans, 2) if annotators[i] != annotators[j]]


def human_level(annotators: Sequence[str], rows: Mapping[tuple[int, int], Mapping[str, Any]]) -> dict[str, float]:
    """Average the agreement of an image's annotators.

    Parameters
    ----------
    annotators : sequence of str
        Who drew each mask of the image.
    rows : mapping
        `METRICS` of each pair of `pairs_of_people`, by its places; others may be among them.

    Returns
    -------
    dict of str to float
        Mean over masks of the mean over the masks of other annotators, by metric; NaN without two annotators.
    """
    of_masks: dict[int, list[Mapping[str, Any]]] = {}
    for pair in pairs_of_people(annotators):
        for place in pair:
            of_masks.setdefault(place, []).append(rows[pair])
    return {
        metric: mean_of_known(mean_of_known(row[metric] for row in mine) for mine in of_masks.values())
        for metric in METRICS
    }


def mean_of_known(values: Iterable[Any]) -> float:
    """Return the mean of the values that are not NaN; NaN when there is none."""
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan
