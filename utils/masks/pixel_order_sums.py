"""Sums over the pixels of an image that round as a loop over pixels does, without looping over pixels.

Rows in which the sum passes a power of two are taken as runs of equal pixels, and the rows between them as
stretches, of which histograms tell enough; `piecewise_sums` explains why, and adds both up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from .piecewise_sums import DRIFT, Pieces, Stretches, binade, is_halfway, steps, sum_of_pieces
from .vote_patterns import VotePatterns

_ROWS = 128  # of pixels in memory at a time
_ROWS_OF_RUNS = 1024  # as runs they take no more memory, and a tenth of the time or less
_GRID = 2.0**32  # below it, sums of multiples of 2^-20 are exact


def pixel_order_total(patterns: VotePatterns) -> Callable[[np.ndarray], float]:
    """Add pixel by pixel, row by row, as ITK does, so that even the rounding is the same.

    Parameters
    ----------
    patterns : VotePatterns
        Vote patterns of the image.

    Returns
    -------
    callable
        Takes a value per pattern, float64, shape (P,), none of them negative; returns the sum over all pixels
        of the value of their pattern. Where a value is NaN, so is the sum.
    """
    above = cache(lambda: _histograms_above_rows(patterns))

    def total(values: np.ndarray) -> float:
        in_any_order = float(patterns.counts @ values)
        on_grid = (steps(values, _GRID) == values).all() and in_any_order < _GRID
        if on_grid or np.isnan(in_any_order):
            return in_any_order  # not rounded at all, or not a number
        found = None
        number, masks = patterns.votes.shape
        if number * 8 <= masks * patterns.shape[1]:  # else histograms of rows would outgrow the masks
            found = _sum_of_pieces(patterns, above(), values)
        return _sum_of_pixels(patterns, values) if found is None else found

    return total


def _sum_of_pixels(patterns: VotePatterns, values: np.ndarray) -> float:
    running = 0.0
    for start in range(0, patterns.shape[0], _ROWS):
        rows = np.arange(start, min(start + _ROWS, patterns.shape[0]))
        terms = values[patterns.lookup[_codes_of_rows(patterns, rows)]].ravel()
        terms[0] += running
        running = float(np.add.accumulate(terms)[-1])
    return running


def _sum_of_pieces(patterns: VotePatterns, above: np.ndarray, values: np.ndarray) -> float | None:
    """Sum stretches of rows, and runs in the rows where a power of two is passed; None where that goes wrong.

    Sums with another rounding foretell in which rows this is. Whether they were right, the exact sums show.
    """
    rough = above @ values
    passing = binade(rough[1:] * (1 + DRIFT)) != binade(rough[:-1] * (1 - DRIFT))
    rows = np.flatnonzero(passing & (rough[1:] > rough[:-1]))
    stretches, tied_rows = _stretches(above, rough, values, rows)
    if tied_rows.size:
        rows = np.union1d(rows, tied_rows)
        stretches, _ = _stretches(above, rough, values, rows)
    return sum_of_pieces(_pieces(patterns, rows, values, stretches)) if len(rows) <= _ROWS_OF_RUNS else None


def _stretches(
    above: np.ndarray, rough: np.ndarray, values: np.ndarray, rows: np.ndarray
) -> tuple[Stretches, np.ndarray]:
    """Add up the rows between given ones: a stretch before each of these, and one after the last.

    Also returns the rows of those stretches that cannot be added up so, because steps depend on the running sum.
    """
    first, last = np.append(0, rows + 1), np.append(rows, len(above) - 1)
    counts, binades = above[last] - above[first], binade(rough[first])
    moves = (counts > 0) & (values > 0)
    of_pattern = steps(values, binades[:, None])
    tied = np.flatnonzero((moves & is_halfway(values, of_pattern, binades[:, None])).any(axis=1))
    tied_rows = [np.arange(first[i], last[i]) for i in tied]
    stretches = Stretches((counts * of_pattern).sum(axis=1), binades, moves.any(axis=1))
    return stretches, np.concatenate(tied_rows) if tied_rows else tied


def _pieces(patterns: VotePatterns, rows: np.ndarray, values: np.ndarray, stretches: Stretches) -> Pieces:
    """Put the runs of the given rows between the stretches."""
    # A stretch stands as one pixel in the margin before its row, and the last one at the end.
    row_starts = np.arange(len(rows) + 1) * (1 + patterns.shape[1])
    starts, codes = _runs(_codes_of_rows(patterns, rows, margin=1), margin=1)
    starts, codes = np.append(starts, row_starts[-1]), np.append(codes, 0)
    lengths = np.append(starts[1:], starts[-1] + 1) - starts
    places = np.searchsorted(starts, row_starts)
    of_pixel = values[patterns.lookup[codes]]
    of_pixel[places] = 0.0
    return Pieces(lengths, of_pixel, places, stretches)


def _histograms_above_rows(patterns: VotePatterns) -> np.ndarray:
    """Pixels of each pattern above every row, and in the whole image; float64, which is exact below 2^53."""
    (height, width), (rows, columns), codes = patterns.shape, patterns.box, patterns.codes
    size = len(patterns.counts)
    above = np.zeros((height + 1, size))
    counts = above[1:]
    counts[:, patterns.lookup[0]] = width
    counts[rows, patterns.lookup[0]] = width - (columns.stop - columns.start)
    for start in range(0, len(codes), _ROWS):
        block = codes[start : start + _ROWS]
        starts, found = _runs(block)
        cells = starts // block.shape[1] * size + patterns.lookup[found]
        pixels = np.bincount(cells, np.diff(starts, append=block.size), len(block) * size)
        counts[rows][start : start + _ROWS] += pixels.reshape(-1, size)
    return np.cumsum(above, axis=0, out=above)


def _runs(codes: np.ndarray, margin: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Where runs of equal codes start, in row-major order, and their codes; rows and margins start new ones."""
    changes = np.ones(codes.shape, dtype=bool)
    inner = codes[:, margin:]
    np.not_equal(inner[:, 1:], inner[:, :-1], out=changes[:, margin + 1 :])
    starts = np.flatnonzero(changes)
    return starts, codes.ravel()[starts]


def _codes_of_rows(patterns: VotePatterns, rows: np.ndarray, margin: int = 0) -> np.ndarray:
    """Codes of all pixels of some rows, each row after a margin of pixels without votes."""
    box_rows, columns = patterns.box
    codes = np.zeros((len(rows), margin + patterns.shape[1]), dtype=patterns.codes.dtype)
    inside = (rows >= box_rows.start) & (rows < box_rows.stop)
    codes[inside, margin + columns.start : margin + columns.stop] = patterns.codes[rows[inside] - box_rows.start]
    return codes
