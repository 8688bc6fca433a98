"""Sums of many values that round as a loop over them does, added up piece by piece.

A binade is the range from one power of two to the next, in which all floats have the same spacing. While a running
sum stays in one binade, adding a value moves it by the value rounded to that spacing: a step, the same whatever the
sum is. Steps add up exactly and in any order, so a run of equal values needs no more than its length, and a stretch
of different ones no more than its histogram. Only the values with which the sum passes a power of two are added
one by one.

Six pixels of 0.3, for example, have the sum 1.8 when a loop adds them, while 6 * 0.3 is 1.7999999999999998:

    pixel    running sum           how it is added
    1        0.3                   by itself: the sum passes 1/4
    2        0.6                   by itself: it passes 1/2
    3        0.8999999999999999    a run of one
    4        1.2                   by itself: it passes 1
    5, 6     1.8                   a run of two steps of 0.30000000000000004 each: the sum stays between 1 and 2
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

DRIFT = 2.0**-29  # relative: how far rounding may move a sum before its values must be added one by one
_HALF_SPACING = 2.0**-53  # of the floats from 1 to 2
_EXPONENT = np.int64(0x7FF0_0000_0000_0000)  # its bits in a float64


class Stretches(NamedTuple):
    """S stretches of values, added up, as each of them leaves the sum in its binade.

    Attributes
    ----------
    steps : ndarray of float64, shape (S,)
        How far all values of a stretch together move the sum.
    binades : ndarray of float64, shape (S,)
        For which binade of the sum the steps are right.
    moves : ndarray of bool, shape (S,)
        Whether a stretch has values above 0.
    """

    steps: np.ndarray
    binades: np.ndarray
    moves: np.ndarray


class Pieces(NamedTuple):
    """Values in their order, as N pieces, each added up as a whole: runs of equal values, and stretches.

    Attributes
    ----------
    lengths : ndarray of int64, shape (N,)
        Values in a run; 1 for a stretch, which stands as one value.
    values : ndarray of float64, shape (N,)
        Each value of a run, not negative; 0 for a stretch.
    places : ndarray of intp, shape (S,)
        Which pieces are the stretches.
    stretches : Stretches
        What these add.
    """

    lengths: np.ndarray
    values: np.ndarray
    places: np.ndarray
    stretches: Stretches

    def rough_ends(self) -> np.ndarray:
        """Return the sum after each piece, but with another rounding: float64, shape (N,)."""
        amounts = self.lengths * self.values
        amounts[self.places] = self.stretches.steps
        return np.cumsum(amounts)


def sum_of_pieces(pieces: Pieces) -> float | None:
    """Add up pieces with the rounding of a loop over all values.

    Parameters
    ----------
    pieces : Pieces
        At least one.

    Returns
    -------
    float or None
        None where a piece leaves the binade that it was expected to stay in.

    Examples
    --------
    >>> no_stretches = Stretches(np.empty(0), np.empty(0), np.empty(0, bool))
    >>> six = Pieces(np.array([6]), np.array([0.3]), np.empty(0, int), no_stretches)
    >>> cut_at_powers(six).lengths.tolist()
    [1, 1, 1, 1, 2]
    >>> sum_of_pieces(six)
    1.8
    """
    return _add_exactly(cut_at_powers(pieces))


def cut_at_powers(pieces: Pieces) -> Pieces:
    """Cut runs so that each value with which the sum may pass a power of two is a piece of its own."""
    stops = np.cumsum(pieces.lengths)
    starts = stops - pieces.lengths
    passing = np.minimum(_passing_values(pieces, starts), stops[-1] - 1)
    cuts = np.sort(np.concatenate([starts, passing, passing + 1, stops[-1:]]))
    cuts = cuts[np.append(True, cuts[1:] > cuts[:-1])]
    values = pieces.values[np.searchsorted(starts, cuts[:-1], side="right") - 1]
    places = np.searchsorted(cuts, starts[pieces.places])
    return Pieces(cuts[1:] - cuts[:-1], values, places, pieces.stretches)


def _passing_values(pieces: Pieces, starts: np.ndarray) -> np.ndarray:
    """Foretell with which values of runs the sum passes a power of two, and would with another rounding.

    Values are told by their number, from 0; `starts` are the numbers of the first value of each piece.
    """
    ends = pieces.rough_ends()
    first_positive = pieces.values[np.argmax(pieces.values > 0)]
    lowest, highest = np.frexp([first_positive, ends[-1]])[1]
    powers = np.ldexp(1.0, np.arange(lowest - 1, highest + 1))
    levels = np.concatenate([powers * (1 - DRIFT), powers, powers * (1 + DRIFT)])
    reached_in = np.searchsorted(ends, levels)
    is_in_run = np.append(pieces.values, 0.0)[reached_in] > 0
    levels, run = levels[is_in_run], reached_in[is_in_run]
    needed = np.ceil((levels - _before(ends)[run]) / pieces.values[run]).astype(np.int64)
    return starts[run] + np.maximum(needed - 1, 0)


def _add_exactly(pieces: Pieces) -> float | None:
    """Add the first value of each run as it is and its others as steps; None where a piece leaves its binade."""
    places, stretches = pieces.places, pieces.stretches
    binades = binade(_before(pieces.rough_ends()))
    binades[places] = stretches.binades
    # Where steps are halfway between two floats, the first value makes the sum even: the others follow alike.
    terms = np.empty((len(binades), 2))
    terms[:, 0] = pieces.values
    terms[:, 1] = (pieces.lengths - 1) * steps(pieces.values, binades)
    terms[places, 1] = stretches.steps
    ends = np.add.accumulate(terms.ravel())[1::2].copy()
    moves_by_steps = (pieces.lengths > 1) & (pieces.values > 0)
    moves_by_steps[places] = stretches.moves
    reached = binade(ends)
    stays = (_before(reached) == binades) & (reached == binades)
    return float(ends[-1]) if stays[moves_by_steps].all() else None


def binade(sums: np.ndarray) -> np.ndarray:
    """Return the greatest power of two up to each sum (float64, not negative); 0 for 0 and for subnormal numbers."""
    return (sums.view(np.int64) & _EXPONENT).view(np.float64)


def steps(values: np.ndarray, binades: np.ndarray | float) -> np.ndarray:
    """Return how far adding each value moves a sum that stays in its binade: the value, rounded as the sum is."""
    return (values + binades) - binades


def is_halfway(values: np.ndarray, rounded: np.ndarray, binades: np.ndarray) -> np.ndarray:
    """Tell where a value lies halfway between two steps: it is the one or the other, so that the sum becomes even."""
    return (np.abs(values - rounded) == binades * _HALF_SPACING) & (rounded != values)


def _before(ends: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], ends[:-1]])
