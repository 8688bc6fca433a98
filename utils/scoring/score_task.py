"""The predictions for one image as a unit of work: from the paths of its files to scores.

A prediction becomes one more mask of the image in the vote patterns, so that overlap and distances come from the same
code as the agreement of annotators, and each file is read once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from ..data import load_masks
from ..errors import PipelineError
from ..masks.vote_patterns import VotePatterns, intersections, paint, vote_patterns
from ..metrics import NSD_TOLERANCE, pairwise_agreement
from ..naming import CONSENSUS
from ..pictures.size_text import size_text
from .energy_distance import ged_squared
from .human_level import human_level, pairs_of_people
from .probability_scores import Forecast, brier_score, forecast_of_map, qubiq_dice
from .read_prediction import ProbabilityMap, read_mask, read_probabilities


@dataclass(frozen=True)
class ScoreTask:
    """The masks of one image, who drew each, the predictions for it, what these are; `human_level` if it is known."""

    isic_id: str
    mask_paths: tuple[Path, ...]
    annotators: tuple[str, ...]
    prediction_paths: tuple[Path, ...]
    is_probability: bool
    nsd_tolerance: float = NSD_TOLERANCE
    human: Mapping[str, float] | None = None


@dataclass(frozen=True)
class ImageScores:
    """The scores of one image.

    Attributes
    ----------
    references : list of list of dict
        `METRICS` of each prediction against each mask, in the task's order of both.
    human : dict of str to float
        `METRICS` of the annotators with each other, as `human_level` averages them.
    whole : dict of str to float
        ged_squared, qubiq_dice, brier.
    """

    references: list[list[dict[str, float]]]
    human: dict[str, float]
    whole: dict[str, float]


def score_image(task: ScoreTask) -> ImageScores:
    """Score the predictions for an image.

    Raises
    ------
    PipelineError
        If a file cannot be read, or a prediction has another size than the image's masks.
    """
    masks = load_masks(task.mask_paths, shared=True)
    maps = [read_probabilities(path) for path in task.prediction_paths] if task.is_probability else []
    predicted = [each.foreground() for each in maps] or [read_mask(path) for path in task.prediction_paths]
    _require_size(masks[0].shape, predicted, task.prediction_paths)
    patterns = vote_patterns([*masks, *predicted])
    humans = [place for place, annotator in enumerate(task.annotators) if annotator not in CONSENSUS]
    samples = range(len(masks), len(masks) + len(predicted))
    asked = [*product(samples, range(len(masks))), *(pairs_of_people(task.annotators) if task.human is None else ())]
    rows = dict(zip(asked, pairwise_agreement([*masks, *predicted], task.nsd_tolerance, patterns, asked), strict=True))
    return ImageScores(
        [[dict(rows[sample, mask]) for mask in range(len(masks))] for sample in samples],
        human_level(task.annotators, rows) if task.human is None else dict(task.human),
        {"ged_squared": ged_squared(intersections(patterns), samples, humans)}
        | _scores_of_probability(maps, patterns, samples, humans),
    )


def _require_size(shape: tuple[int, ...], predicted: Sequence[np.ndarray], paths: Sequence[Path]) -> None:
    for mask, path in zip(predicted, paths, strict=True):
        if mask.shape != shape:
            raise PipelineError(
                "A prediction has another size than the masks of its image.",
                where=path,
                expected=size_text(shape),
                found=size_text(mask.shape),
                hint="bring predictions back to the size of the image; here nothing is resampled",
            )


def _scores_of_probability(
    maps: Sequence[ProbabilityMap], patterns: VotePatterns, samples: Sequence[int], humans: Sequence[int]
) -> dict[str, float]:
    """Return the mean scores of the maps; of predicted masks, of the share of them that marks each pixel."""
    votes = patterns.votes[:, humans].sum(axis=1)
    if maps:
        of_pixels = paint(patterns, votes.astype(np.uint16))
        forecasts = [forecast_of_map(each.values, each.top, of_pixels, len(humans)) for each in maps]
    else:
        share = patterns.votes[:, samples].mean(axis=1)
        forecasts = [Forecast(share, votes, patterns.counts, len(humans))]
    return {
        "qubiq_dice": float(np.mean([qubiq_dice(forecast) for forecast in forecasts])),
        "brier": float(np.mean([brier_score(forecast) for forecast in forecasts])),
    }
