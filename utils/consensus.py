"""Consensus of several annotators' masks: majority vote and STAPLE, on vote patterns.

References
----------
Warfield SK, Zou KH, Wells WM. Simultaneous truth and performance level estimation (STAPLE): an algorithm for the
validation of image segmentation. IEEE Trans Med Imaging 23(7), 903-921 (2004).
https://doi.org/10.1109/TMI.2004.828354
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from utils.vote_patterns import VotePatterns, pattern_image

# ITK stops when no squared change of a sensitivity or specificity exceeds this.
_SQUARED_CHANGE = 1e-14
# A probability this close to 1/2 is decided by rounding, so the sums must round as ITK's do.
_TIE = 1e-6
_BLOCK = 1 << 20

# Sums per-pattern values over the pixels that mask i marks (i, True), does not mark (i, False), or all (None).
_Sum = Callable[[np.ndarray, "tuple[int, bool] | None"], float]


@dataclass(frozen=True)
class StapleEstimate:
    """What STAPLE estimates.

    Attributes
    ----------
    foreground : ndarray of bool, shape (P,)
        Patterns whose probability of being lesion exceeds 0.5; an exact tie is background.
    probability : ndarray of float64, shape (P,)
        That probability.
    sensitivity, specificity : ndarray of float64, shape (n,)
        Performance of each annotator; NaN where the consensus has no foreground or no background at all.
    iterations : int
        As ITK counts them: from 0.
    degenerate : str
        Empty, or why the result says little: NaN, an empty result from non-empty masks, the iteration cap.
    """

    foreground: np.ndarray
    probability: np.ndarray
    sensitivity: np.ndarray
    specificity: np.ndarray
    iterations: int
    degenerate: str


def majority_vote(patterns: VotePatterns) -> np.ndarray:
    """Return the patterns that are foreground by vote: bool, (P,).

    Ties are foreground: a pixel needs the votes of at least half of the masks, with two masks of one.
    """
    return 2 * patterns.votes.sum(axis=1) >= patterns.votes.shape[1]


def staple(patterns: VotePatterns, max_iterations: int = 10000) -> StapleEstimate:
    """Estimate the true segmentation and the annotators' performance by expectation maximisation.

    Parameters
    ----------
    patterns : VotePatterns
        Vote patterns of the masks of one image.
    max_iterations : int
        The iteration cap; ITK has none in effect.

    Returns
    -------
    StapleEstimate
        The same mask and iterations as ITK's STAPLEImageFilter, whose initialisation (mean vote), prior (mean
        of that) and stopping rule are used. All masks empty: nothing is foreground.

    Notes
    -----
    Sums over a pattern's pixels are products here and sequences of additions in ITK; they differ in the last
    bits. That matters only to a probability of 1/2, to which exact symmetry leads (two masks whose overlap is
    as large as their common background, for example). Then the sums are repeated in ITK's order, over pixels.
    """
    # Degenerate masks divide 0 by 0; NaN then ends the iteration, as it does in ITK.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        estimate = _expectation_maximisation(patterns, _sum_by_counts(patterns), max_iterations)
        if (np.abs(estimate.probability - 0.5) < _TIE).any():
            estimate = _expectation_maximisation(patterns, _sum_by_pixels(patterns), max_iterations)
    return estimate


def e_step(votes: np.ndarray, sensitivity: np.ndarray, specificity: np.ndarray, prior: float) -> np.ndarray:
    """Return the probability (P,) that a pattern's pixels are lesion, given the annotators' performance (n,)."""
    lesion = np.ones(len(votes))
    background = np.ones(len(votes))
    # One annotator after the other: the order of the products decides the last bit.
    for marked, p, q in zip(votes.T, sensitivity, specificity, strict=True):
        lesion *= np.where(marked, p, 1.0 - p)
        background *= np.where(marked, 1.0 - q, q)
    return prior * lesion / (prior * lesion + (1.0 - prior) * background)


def m_step(probability: np.ndarray, annotators: int, total: _Sum) -> tuple[np.ndarray, np.ndarray]:
    """Return sensitivity and specificity (n,) of the annotators, given the lesion probability (P,)."""
    background = 1.0 - probability
    lesion_total, background_total = np.float64(total(probability, None)), np.float64(total(background, None))
    hits = np.array([total(probability, (i, True)) for i in range(annotators)])
    correct_rejections = np.array([total(background, (i, False)) for i in range(annotators)])
    return hits / lesion_total, correct_rejections / background_total


def _expectation_maximisation(patterns: VotePatterns, total: _Sum, max_iterations: int) -> StapleEstimate:
    annotators = patterns.votes.shape[1]
    probability = patterns.votes.sum(axis=1) / annotators
    prior = total(probability, None) / patterns.counts.sum()
    last = None
    converged = False
    iterations = 0
    for iterations in range(max_iterations):
        performance = np.stack(m_step(probability, annotators, total))
        probability = e_step(patterns.votes, *performance, prior)
        # NaN compares false, so it counts as converged.
        converged = last is not None and not ((performance - last) ** 2 > _SQUARED_CHANGE).any()
        if converged:
            break
        last = performance
    if not converged:
        iterations = max_iterations
    foreground = probability > 0.5
    reason = _degeneration(patterns, foreground, performance, converged)
    return StapleEstimate(foreground, probability, *performance, iterations, reason)


def _degeneration(patterns: VotePatterns, foreground: np.ndarray, performance: np.ndarray, converged: bool) -> str:
    if np.isnan(performance).any():
        return "NaN"
    if not foreground.any() and patterns.votes.any():
        return "empty result from non-empty masks"
    return "" if converged else "iteration cap"


def _sum_by_counts(patterns: VotePatterns) -> _Sum:
    counts = patterns.counts.astype(np.float64)

    def total(values: np.ndarray, selection: tuple[int, bool] | None) -> float:
        if selection is None:
            return (counts * values).sum()
        annotator, marked = selection
        return (counts * values)[patterns.votes[:, annotator] == marked].sum()

    return total


def _sum_by_pixels(patterns: VotePatterns) -> _Sum:
    """Sum pixel after pixel in row-major order, as ITK does; slow, and needed for ties alone."""
    pixels = pattern_image(patterns).ravel().astype(np.min_scalar_type(len(patterns.counts)))

    def total(values: np.ndarray, selection: tuple[int, bool] | None) -> float:
        running = 0.0
        for start in range(0, len(pixels), _BLOCK):
            block = pixels[start : start + _BLOCK]
            if selection is not None:
                annotator, marked = selection
                block = block[patterns.votes[block, annotator] == marked]
            # A cumulative sum adds strictly from left to right, where sum() adds in pairs.
            running = np.cumsum(np.append(running, values[block]))[-1]
        return running

    return total
