"""Sums over the pixels of an image that round as a loop over pixels does, without looping over pixels.

While a running sum stays between two powers of two, adding a value moves it by that value rounded to the spacing
of floats there, whatever the sum is. Such steps add up exactly and in any order, so a stretch of rows needs no
more than its histogram, and a run of equal pixels no more than its length. Only around the pixels where the sum
passes a power of two it takes single ones.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from .vote_patterns import VotePatterns

_ROWS = 128  # of pixels in memory at a time
_EXPONENT = np.int64(0x7FF0_0000_0000_0000)  # its bits in a float64
_HALF_SPACING = 2.0**-53  # of the floats from 1 to 2
_GRID = 2.0**32  # below it, sums of multiples of 2^-20 are exact
_DRIFT = 2.0**-29  # relative: how far rounding may move a sum before its pixels must be added one by one


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
        on_grid = (_steps(values, _GRID) == values).all() and in_any_order < _GRID
        if on_grid or np.isnan(in_any_order):
            return in_any_order  # not rounded at all, or not a number
        found = None
        number, masks = patterns.votes.shape
        if number * 8 <= masks * patterns.shape[1]:  # else histograms of rows would outgrow the masks
            found = _sum_of_stretches(patterns, above(), values)
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


def _sum_of_stretches(patterns: VotePatterns, above: np.ndarray, values: np.ndarray) -> float | None:
    """Sum whole rows, and runs in those rows where a power of two is passed; None where that goes wrong.

    Sums that round otherwise foretell where powers of two are passed. Whether they are, the exact sums show.
    """
    reach = above @ values
    passing = _binade(reach[1:] * (1 + _DRIFT)) != _binade(reach[:-1] * (1 - _DRIFT))
    rows = np.flatnonzero(passing & (reach[1:] > reach[:-1]))
    stretches = _stretches(above, reach, values, rows)
    if stretches.tied_rows.size:
        rows = np.union1d(rows, stretches.tied_rows)
        stretches = _stretches(above, reach, values, rows)
    if len(rows) > _ROWS:
        return None
    # Each stretch stands before its row, as a pixel that has no value, and the last stretch at the end.
    places = np.arange(len(rows) + 1) * (patterns.shape[1] + 1)
    starts, codes = _runs(_codes_of_rows(patterns, rows, margin=1), margin=1)
    starts, codes = np.append(starts, places[-1]), np.append(codes, 0)
    of_pixel = values[patterns.lookup[codes]]
    of_pixel[np.searchsorted(starts, places)] = 0.0
    return _add_exactly(*_cut(starts, of_pixel, places, stretches.sums), stretches)


class _Stretches(NamedTuple):
    """Rows between those that are taken run by run, added up: one sum before each of these, and one after the last."""

    sums: np.ndarray  # of the steps in a stretch
    binades: np.ndarray  # that the steps hold for
    move: np.ndarray  # whether a stretch has pixels with a value
    tied_rows: np.ndarray  # with steps that depend on the running sum: the stretches they are in are not valid


def _stretches(above: np.ndarray, reach: np.ndarray, values: np.ndarray, rows: np.ndarray) -> _Stretches:
    first, last = np.append(0, rows + 1), np.append(rows, len(above) - 1)
    counts, binades = above[last] - above[first], _binade(reach[first])
    steps = _steps(values, binades[:, None])
    adds = (counts > 0) & (values > 0)
    # Halfway between two floats a step goes to the even one, up or down.
    halfway = (np.abs(values - steps) == binades[:, None] * _HALF_SPACING) & (steps != values)
    tied = np.flatnonzero((halfway & adds).any(axis=1))
    tied_rows = [np.arange(first[i], last[i]) for i in tied]
    sums = (counts * steps).sum(axis=1)
    return _Stretches(sums, binades, adds.any(axis=1), np.concatenate(tied_rows) if tied_rows else tied)


def _cut(starts: np.ndarray, values: np.ndarray, places: np.ndarray, sums: np.ndarray):
    """Cut runs where the sum may pass a power of two, so that these pixels are single.

    Returns the pieces: where they start, how long they are, their values, and which ones are the stretches.
    """
    ends = _rough_sums(_lengths(starts), values, np.searchsorted(starts, places), sums)
    least, greatest = np.frexp([values[np.argmax(values > 0)], ends[-1]])[1]
    powers = np.ldexp(1.0, np.arange(least - 1, greatest + 1))
    levels = np.concatenate([powers * (1 - _DRIFT), powers, powers * (1 + _DRIFT)])
    runs = np.searchsorted(ends, levels)
    by_run = np.append(values, 0.0)[runs] > 0
    levels, runs = levels[by_run], runs[by_run]
    pixels = np.ceil((levels - _before(ends)[runs]) / values[runs]).astype(np.int64)
    pixels = starts[runs] + np.maximum(pixels - 1, 0)
    pieces = np.sort(np.concatenate([starts, np.minimum(np.concatenate([pixels, pixels + 1]), starts[-1])]))
    pieces = pieces[np.append(True, pieces[1:] > pieces[:-1])]
    of_pixel = values[np.searchsorted(starts, pieces, side="right") - 1]
    return _lengths(pieces), of_pixel, np.searchsorted(pieces, places)


def _add_exactly(lengths, values, places, stretches: _Stretches) -> float | None:
    """Add first pixels as they are and the others of a piece as steps; None where a piece leaves its binade."""
    binades = _binade(_before(_rough_sums(lengths, values, places, stretches.sums)))
    binades[places] = stretches.binades
    # Where steps are halfway between two floats, the first pixel makes the sum even: the others follow alike.
    terms = np.empty((len(lengths), 2))
    terms[:, 0] = values
    terms[:, 1] = (lengths - 1) * _steps(values, binades)
    terms[places, 1] = stretches.sums
    ends = np.add.accumulate(terms.ravel())[1::2].copy()
    reached = _binade(ends)
    by_steps = (lengths > 1) & (values > 0)
    by_steps[places] = stretches.move
    stays = (_before(reached) == binades) & (reached == binades)
    return float(ends[-1]) if stays[by_steps].all() else None


def _lengths(starts: np.ndarray) -> np.ndarray:
    """Lengths of the pieces that start there; the last one is a stretch, and so a pixel."""
    return np.append(starts[1:], starts[-1] + 1) - starts


def _rough_sums(lengths, values, places, sums) -> np.ndarray:
    """Add the pieces up, but with another rounding."""
    amounts = lengths * values
    amounts[places] = sums
    return np.cumsum(amounts)


def _before(ends: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], ends[:-1]])


def _binade(sums: np.ndarray) -> np.ndarray:
    """Greatest power of two up to each sum; 0 for 0 and for subnormal numbers."""
    return (sums.view(np.int64) & _EXPONENT).view(np.float64)


def _steps(values: np.ndarray, binades: np.ndarray) -> np.ndarray:
    """How far adding each value moves a sum that stays in its binade: the value, rounded as the sum is."""
    return (values + binades) - binades


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
