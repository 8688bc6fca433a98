"""Sums over the pixels of an image that round as a loop over pixels does, without looping over pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from utils.vote_patterns import VotePatterns

_ROWS = 256  # of which histograms are made at a time
_STRETCH = 1 << 12  # pixels added one by one before the search for whole rows goes on


def pixel_order_total(patterns: VotePatterns) -> Callable[[np.ndarray], float]:
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
    starts = range(0, max(len(patterns.codes), 1), _ROWS)  # an empty box is one block without rows
    blocks = [patterns.codes[start : start + _ROWS] for start in starts]
    size = len(patterns.counts)
    inside = sparse.vstack([_row_histograms(block, patterns.lookup, size) for block in blocks])

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
