"""Consensus of an image's masks: majority vote and STAPLE, on its vote patterns.

STAPLE follows the ITK implementation in its start, prior, stopping rule and order of operations, because the
released consensus masks were made with it. Only the sums differ: ITK adds up pixels one by one, while a
histogram needs one product per pattern. The difference is rounding, and where rounding would decide (masks
that are exactly undecided are not rare: a mask and its complement, an empty one beside another), the
estimate is made again with sums over pixels in ITK's order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from utils.vote_patterns import VotePatterns

DEFAULT_MAX_ITERATIONS = 10_000

_CONVERGED = 1e-14  # ITK's bound on the square of a parameter's change
# What another order of sums may shift a parameter by. Measured: below 3e-12 after hundreds of iterations on small
# images, and below a fifth of the number of pixels times the machine epsilon on large ones.
_ROUNDING = 1e-10
_ROWS = 256  # of which histograms are made at a time
_STRETCH = 1 << 12  # pixels added one by one before the search for whole rows goes on

Total = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class StapleEstimate:
    """What STAPLE estimates for P vote patterns of n masks.

    Attributes
    ----------
    foreground : ndarray of bool, shape (P,)
        Patterns whose probability exceeds 0.5; an undefined probability does not.
    probability : ndarray of float64, shape (P,)
        Posterior probability that a pixel with the pattern is foreground.
    sensitivity, specificity : ndarray of float64, shape (n,)
        Performance of each mask's annotator; NaN where it is undefined.
    iterations : int
        As ITK counts them: the index, from 0, of the iteration that met the stopping rule.
    degenerate : str
        '' or the first of these that holds: 'NaN' (a probability or parameter is undefined, as when all
        masks are empty or all full), 'empty result from non-empty masks', 'iteration cap'.
    """

    foreground: np.ndarray
    probability: np.ndarray
    sensitivity: np.ndarray
    specificity: np.ndarray
    iterations: int
    degenerate: str


def majority_vote(patterns: VotePatterns) -> np.ndarray:
    """Ties are foreground: a pattern is when at least half of the masks vote for it; bool, shape (P,).

    Two masks give their union. Empty masks count as votes against.
    """
    return 2 * patterns.votes.sum(axis=1) >= patterns.votes.shape[1]


def staple(patterns: VotePatterns, max_iterations: int = DEFAULT_MAX_ITERATIONS) -> StapleEstimate:
    """Estimate the hidden true mask and each annotator's performance by expectation maximisation.

    Parameters
    ----------
    patterns : VotePatterns
        The image's vote patterns; degenerate ones (all empty, all full, disjoint masks) give what ITK gives.
    max_iterations : int
        The estimate stands as it is after so many iterations.

    Returns
    -------
    StapleEstimate

    Raises
    ------
    ValueError
        `max_iterations` is not positive.

    References
    ----------
    S. K. Warfield, K. H. Zou, W. M. Wells, "Simultaneous truth and performance level estimation (STAPLE): an
    algorithm for the validation of image segmentation", IEEE Transactions on Medical Imaging 23(7), 2004,
    doi:10.1109/TMI.2004.828354. Start, prior and stopping rule: ITK 5.4, STAPLEImageFilter.
    """
    if max_iterations < 1:
        raise ValueError(f"max_iterations must be positive, not {max_iterations}")
    # 0/0 is an answer here: performance against a consensus without foreground (or background) is NaN.
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, delicate = _maximise(patterns, _histogram_total(patterns), max_iterations)
        if delicate:
            estimate, _ = _maximise(patterns, _pixel_order_total(patterns), max_iterations)
    return estimate


def m_step(votes: np.ndarray, weights: np.ndarray, total: Total) -> tuple[np.ndarray, np.ndarray]:
    """Sensitivity and specificity of each annotator, given the probability that each pattern is foreground.

    Parameters
    ----------
    votes : ndarray of bool, shape (P, n)
        Votes of each pattern.
    weights : ndarray of float64, shape (P,)
        Probability of each pattern.
    total : callable
        Sum over all pixels of a value that depends on their pattern.

    Returns
    -------
    sensitivity, specificity : ndarray of float64, shape (n,)
        NaN where there is no foreground, or no background, to be sensitive to.
    """
    against = 1.0 - weights
    sensitivity = np.array([total(np.where(votes_i, weights, 0.0)) for votes_i in votes.T])
    specificity = np.array([total(np.where(votes_i, 0.0, against)) for votes_i in votes.T])
    return sensitivity / total(weights), specificity / total(against)


def e_step(
    votes: np.ndarray, sensitivity: np.ndarray, specificity: np.ndarray, prior: float, slack: float = 0.0
) -> np.ndarray:
    """Probability that each pattern is foreground, given the annotators' performance.

    Parameters
    ----------
    votes : ndarray of bool, shape (P, n)
        Votes of each pattern.
    sensitivity, specificity : ndarray of float64, shape (n,)
        Performance of each annotator.
    prior : float
        Share of foreground before anything is known of the votes.
    slack : float
        Shift every likelihood by this much in favour of foreground (against it when negative): a bound on
        the probability when the performance is known up to this error.

    Returns
    -------
    ndarray of float64, shape (P,)
        NaN where the votes are impossible, whatever the truth.
    """
    if_foreground, if_background = np.ones(len(votes)), np.ones(len(votes))
    # Annotator after annotator, as ITK multiplies: a product in another order rounds otherwise.
    for votes_i, p, q in zip(votes.T, sensitivity, specificity, strict=True):
        if_foreground *= np.maximum(np.where(votes_i, p, 1.0 - p) + slack, 0.0)
        if_background *= np.maximum(np.where(votes_i, 1.0 - q, q) - slack, 0.0)
    return prior * if_foreground / (prior * if_foreground + (1.0 - prior) * if_background)


def _maximise(patterns: VotePatterns, total: Total, cap: int) -> tuple[StapleEstimate, bool]:
    """Alternate the two steps until the parameters rest; also tell whether rounding may decide the result."""
    votes, pixels = patterns.votes, int(patterns.counts.sum())
    rounding = _ROUNDING + pixels / 4 * np.finfo(float).eps
    weights = votes.sum(axis=1) / votes.shape[1]
    prior = total(weights) / pixels if pixels else np.nan
    last = np.full(2 * votes.shape[1], -10.0)
    close_stop, converged = False, False
    for iteration in range(cap):
        p, q = m_step(votes, weights, total)
        weights = e_step(votes, p, q, prior)
        parameters = np.concatenate([p, q])
        change, last = np.abs(parameters - last), parameters
        close_stop |= bool(abs(change.max() - np.sqrt(_CONVERGED)) < rounding)
        # A NaN is never greater: undefined parameters stop, as in ITK, which tests from the second time on.
        converged = iteration > 0 and not (change * change > _CONVERGED).any()
        if converged:
            break
    bounds = [e_step(votes, p, q, prior, slack) > 0.5 for slack in (-rounding, rounding)]
    # Where the cap ends it, nothing has been decided that another order of sums could make right.
    delicate = converged and (close_stop or bool((bounds[0] != bounds[1]).any()))
    iterations = iteration if converged else cap
    return _estimate(votes, weights, p, q, iterations, converged), delicate


def _estimate(votes, weights, p, q, iterations, converged) -> StapleEstimate:
    foreground = weights > 0.5
    degenerate = ""
    if np.isnan(np.concatenate([weights, p, q])).any():
        degenerate = "NaN"
    elif votes.any() and not foreground.any():
        degenerate = "empty result from non-empty masks"
    elif not converged:
        degenerate = "iteration cap"
    return StapleEstimate(foreground, weights, p, q, iterations, degenerate)


def _histogram_total(patterns: VotePatterns) -> Total:
    return lambda values: float((patterns.counts * values).sum())


def _pixel_order_total(patterns: VotePatterns) -> Total:
    """Add pixel by pixel, row by row, as ITK does, so that even the rounding is the same.

    While a running sum stays between two powers of two, adding a value moves it by that value rounded to the
    spacing of floats there, whatever the sum is: such steps add up exactly and in any order, so whole rows
    are taken at once. Only where the sum passes a power of two, some rows are added pixel by pixel.
    """
    row_sums = _row_sums(patterns)
    height, width = patterns.shape
    stretch = _STRETCH // width + 1

    def total(values: np.ndarray) -> float:
        running, row = 0.0, 0
        while row < height:
            step, end = _step(values, running)
            sums = running + np.cumsum(row_sums(step)[row:])
            whole = int(np.searchsorted(sums, end))
            if whole:
                running, row = float(sums[whole - 1]), row + whole
            if row < height:
                terms = values[_patterns_of_rows(patterns, row, row + stretch)]
                terms[0] += running
                running, row = float(np.add.accumulate(terms)[-1]), row + stretch
        return running

    return total


def _step(values: np.ndarray, running: float) -> tuple[np.ndarray, float]:
    """How far adding each value moves the running sum, as long as the sum stays below the second result."""
    if running == 0.0:
        return values, np.finfo(float).tiny
    spacing = np.spacing(running)
    quanta = values / spacing
    if (quanta - np.floor(quanta) == 0.5).any():
        return values, running  # a tie rounds to even: the step depends on the sum, so no row is whole
    return np.rint(quanta) * spacing, float(np.ldexp(1.0, np.frexp(running)[1]))


def _row_sums(patterns: VotePatterns) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that sums a value per pattern over each row, without regard to rounding."""
    from scipy import sparse  # only here: most images never need it

    (height, width), (rows, columns), outside = patterns.shape, patterns.box, patterns.lookup[0]
    blocks = [patterns.codes[start : start + _ROWS] for start in range(0, len(patterns.codes), _ROWS)]
    size = len(patterns.counts)
    inside = sparse.vstack([_row_histograms(block, patterns.lookup, size) for block in blocks]) if blocks else 0

    def row_sums(values: np.ndarray) -> np.ndarray:
        sums = np.full(height, width * values[outside])
        sums[rows] = inside @ values + (width - (columns.stop - columns.start)) * values[outside]
        return sums

    return row_sums


def _row_histograms(codes: np.ndarray, lookup: np.ndarray, size: int):
    from scipy import sparse

    changes = np.ones(codes.shape, dtype=bool)
    np.not_equal(codes[:, 1:], codes[:, :-1], out=changes[:, 1:])
    starts = np.flatnonzero(changes)
    lengths = np.diff(starts, append=codes.size).astype(float)
    place = starts // codes.shape[1], lookup[codes.ravel()[starts]]
    return sparse.csr_array((lengths, place), shape=(len(codes), size))


def _patterns_of_rows(patterns: VotePatterns, start: int, stop: int) -> np.ndarray:
    """Patterns of the pixels of some rows, in row-major order."""
    (height, width), (rows, columns) = patterns.shape, patterns.box
    stretch = np.full((min(stop, height) - start, width), patterns.lookup[0])
    first, last = max(start, rows.start), min(stop, rows.stop)
    if first < last:
        crop = patterns.codes[first - rows.start : last - rows.start]
        stretch[first - start : last - start, columns] = patterns.lookup[crop]
    return stretch.ravel()
