"""Consensus of an image's masks: majority vote and STAPLE, on its vote patterns.

STAPLE follows the ITK implementation in its start, prior, stopping rule and order of operations, because the
released consensus masks were made with it. Only the sums differ: ITK adds up pixels one by one, while a
histogram needs one product per pattern. They differ by rounding alone. Where rounding could decide, the estimate
is made again with sums over pixels in ITK's order. Such images are not rare: a mask and its complement, or a mask and
an empty one, leave STAPLE exactly undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from .pixel_order_sums import pixel_order_total
from .vote_patterns import VotePatterns

DEFAULT_MAX_ITERATIONS = 10_000

_CONVERGED = 1e-14  # ITK's bound on the square of a parameter's change
# What another order of sums may shift a parameter by. Measured: below 3e-12 after hundreds of iterations on small
# images, and below a fifth of the number of pixels times the machine epsilon on large ones.
_ROUNDING = 1e-10
_SLOW = 50  # iterations, of which errors then add up; measured: 1.4e-9 after some 1,500 on a small image

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
    """Tell which patterns are foreground by majority vote: bool, shape (P,).

    These are the patterns that at least half of the masks vote for. So ties are foreground, and two masks give their
    union. Empty masks count as votes against.
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
        run = _run(patterns, _histogram_total(patterns), max_iterations)
        # Where the cap ends it, nothing has been decided that another order of sums could make right.
        if run.has_converged and not _rounding_cannot_decide(run, patterns):
            run = _run(patterns, pixel_order_total(patterns), max_iterations)
    return _estimate(run, patterns)


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


class _State(NamedTuple):
    """What an iteration estimates, and by how much each of its 2n parameters differs from that before."""

    weights: np.ndarray
    sensitivity: np.ndarray
    specificity: np.ndarray
    changes: np.ndarray


class _Run(NamedTuple):
    """The last state of an expectation maximisation, and the largest change of each of its iterations."""

    prior: float
    last: _State
    largest_changes: Sequence[float]
    has_converged: bool


def _states(votes: np.ndarray, weights: np.ndarray, prior: float, total: Total) -> Iterator[_State]:
    """Alternate the two steps from given weights on, without end."""
    before = np.full(2 * votes.shape[1], -10.0)
    while True:
        sensitivity, specificity = m_step(votes, weights, total)
        weights = e_step(votes, sensitivity, specificity, prior)
        parameters = np.concatenate([sensitivity, specificity])
        yield _State(weights, sensitivity, specificity, np.abs(parameters - before))
        before = parameters


def _run(patterns: VotePatterns, total: Total, cap: int) -> _Run:
    """Iterate until the parameters rest, or the cap is met."""
    shares = patterns.votes.sum(axis=1) / patterns.votes.shape[1]
    pixels = int(patterns.counts.sum())
    prior = total(shares) / pixels if pixels else np.nan
    largest_changes = []
    for state in islice(_states(patterns.votes, shares, prior, total), cap):
        largest_changes.append(state.changes.max())
        # A NaN is never greater: undefined parameters stop, as in ITK, which tests from the second time on.
        if len(largest_changes) > 1 and not (state.changes * state.changes > _CONVERGED).any():
            return _Run(prior, state, largest_changes, has_converged=True)
    return _Run(prior, state, largest_changes, has_converged=False)


def _rounding_cannot_decide(run: _Run, patterns: VotePatterns) -> bool:
    """Certify that no other order of sums would have stopped elsewhere or decided a pattern in another way."""
    rounding_of_a_sum = _ROUNDING + int(patterns.counts.sum()) / 4 * np.finfo(float).eps
    # Where convergence is slow, the errors of many iterations add up.
    rounding = rounding_of_a_sum * np.maximum(1.0, np.arange(len(run.largest_changes)) / _SLOW)
    distance_from_stop = np.abs(np.array(run.largest_changes) - np.sqrt(_CONVERGED))
    if (distance_from_stop < rounding).any():
        return False
    _, sensitivity, specificity, _ = run.last
    least, greatest = (
        e_step(patterns.votes, sensitivity, specificity, run.prior, slack) for slack in (-rounding[-1], rounding[-1])
    )
    return bool(((least > 0.5) == (greatest > 0.5)).all())


def _estimate(run: _Run, patterns: VotePatterns) -> StapleEstimate:
    weights, sensitivity, specificity, _ = run.last
    foreground = weights > 0.5
    degenerate = ""
    if np.isnan(np.concatenate([weights, sensitivity, specificity])).any():
        degenerate = "NaN"
    elif patterns.votes.any() and not foreground.any():
        degenerate = "empty result from non-empty masks"
    elif not run.has_converged:
        degenerate = "iteration cap"
    # ITK counts from 0 to the iteration that met the stopping rule.
    iterations = len(run.largest_changes) - run.has_converged
    return StapleEstimate(foreground, weights, sensitivity, specificity, iterations, degenerate)


def _histogram_total(patterns: VotePatterns) -> Total:
    return lambda values: float((patterns.counts * values).sum())
