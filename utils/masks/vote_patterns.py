"""Which annotators marked each pixel, as a histogram.

The n masks of an image give every pixel one of 2^n vote patterns; an image has a few dozen of them. Areas, pairwise
intersections, majority vote and STAPLE depend only on how many pixels have each pattern. So the megapixels are read
once, and only where some mask has foreground.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import PipelineError
from ..lazy import cv2
from ..pictures.size_text import size_text
from .bounding_box import Box, bounding_box, union_box

_GROUP = 16  # masks whose votes fit one code
# Pixels at a time, few enough for the cache of a core; OpenCV counts in float32, which is exact below 2^24.
_BLOCK = 1 << 17


@dataclass(frozen=True)
class VotePatterns:
    """The vote patterns of one image.

    Attributes
    ----------
    shape : (int, int)
        Height and width of the masks.
    boxes : tuple of ((slice, slice) or None)
        Rows and columns that the foreground of each mask spans; None for an empty mask.
    box : (slice, slice)
        Their union: outside it nobody voted.
    codes : ndarray of unsigned integers
        One code per pixel of the box; a pixel without votes has code 0.
    lookup : ndarray of intp
        Pattern of each code. Codes that no pixel of the image has lead to pattern 0.
    votes : ndarray of bool, shape (P, n)
        Whether mask i votes foreground in pattern p. A pattern without votes, if there is one, comes first.
    counts : ndarray of int64, shape (P,)
        Pixels of the whole image with each pattern; every count is positive.
    """

    shape: tuple[int, int]
    boxes: tuple[Box | None, ...]
    box: Box
    codes: np.ndarray
    lookup: np.ndarray
    votes: np.ndarray
    counts: np.ndarray


def vote_patterns(masks: Sequence[np.ndarray]) -> VotePatterns:
    """Count the vote patterns of one image's masks.

    Parameters
    ----------
    masks : sequence of ndarray of bool, shape (H, W)
        The image's masks, any number from one on; empty ones may be among them.

    Returns
    -------
    VotePatterns
        With masks that are all empty: an empty box and one pattern, nobody's, that all pixels have.

    Raises
    ------
    ValueError
        No masks.
    PipelineError
        The masks are not 2-D and of one shape.

    Examples
    --------
    >>> patterns = vote_patterns([np.array([[True, True, False]]), np.array([[False, True, False]])])
    >>> patterns.votes.tolist(), patterns.counts.tolist()
    ([[False, False], [True, False], [True, True]], [1, 1, 1])
    """
    masks = [np.ascontiguousarray(mask, dtype=bool) for mask in masks]
    shape = _common_shape(masks)
    boxes = tuple(bounding_box(mask) for mask in masks)
    box = union_box(boxes)
    crops = [mask[box] for mask in masks]
    codes, histogram, votes_of = _few(crops) if len(crops) <= _GROUP else _many(crops)
    histogram[0] += shape[0] * shape[1] - codes.size
    present = np.flatnonzero(histogram)
    lookup = np.zeros(len(histogram), dtype=np.intp)
    lookup[present] = np.arange(len(present))
    return VotePatterns(shape, boxes, box, codes, lookup, votes_of(present), histogram[present])


def areas(patterns: VotePatterns) -> np.ndarray:
    """Foreground pixels of each mask: int64, shape (n,); 0 for an empty mask."""
    return np.array([patterns.counts[votes].sum() for votes in patterns.votes.T], dtype=np.int64)


def intersections(patterns: VotePatterns) -> np.ndarray:
    """Pixels that two masks share: int64, shape (n, n), symmetric, with the areas on the diagonal."""
    by_mask = np.ascontiguousarray(patterns.votes.T)
    shared = np.zeros((len(by_mask), len(by_mask)), dtype=np.int64)
    for i, votes in enumerate(by_mask):
        for j in range(i + 1):
            shared[i, j] = shared[j, i] = patterns.counts[votes & by_mask[j]].sum()
    return shared


def paint(patterns: VotePatterns, values: np.ndarray) -> np.ndarray:
    """Give every pixel the value of its pattern.

    Parameters
    ----------
    patterns : VotePatterns
        The image's vote patterns.
    values : ndarray of bool, uint8 or uint16, shape (P,)
        Value of each pattern: whether it is foreground, for a mask.

    Returns
    -------
    ndarray of the dtype of `values`, shape (H, W)
    """
    of_codes = np.asarray(values)[patterns.lookup]
    image = np.full(patterns.shape, of_codes[0])
    crop, codes = image[patterns.box], patterns.codes
    if codes.dtype == np.uint8:
        table = of_codes.view(np.uint8) if of_codes.dtype == bool else of_codes
        crop[...] = cv2.LUT(codes, table).view(of_codes.dtype) if codes.size else of_codes[0]
    else:
        for rows in _row_blocks(codes.shape):
            crop[rows] = of_codes[codes[rows]]
    return image


def _common_shape(masks: Sequence[np.ndarray]) -> tuple[int, int]:
    if not masks:
        raise ValueError("an image without masks has no vote patterns")
    shapes = [mask.shape for mask in masks]
    if len(set(shapes)) > 1 or len(shapes[0]) != 2:
        raise PipelineError(
            "The masks of one image differ in size.",
            expected="one width x height for all masks",
            found=", ".join(map(size_text, shapes)),
        )
    return shapes[0]


def _row_blocks(shape: tuple[int, int]) -> Iterator[slice]:
    height, width = shape
    step = max(1, _BLOCK // max(width, 1))
    return (slice(start, start + step) for start in range(0, height, step))


def _encode(crops: Sequence[np.ndarray]) -> np.ndarray:
    """Bit i of a pixel's code is its vote in mask i; 16 masks at most."""
    codes = np.zeros(crops[0].shape, dtype=np.uint8 if len(crops) <= 8 else np.uint16)
    for rows in _row_blocks(codes.shape):
        block = codes[rows]
        for crop in reversed(crops):
            block += block  # makes room for a vote, faster than a shift
            block |= crop[rows].view(np.uint8)
    return codes


def _decode(codes: np.ndarray, n: int) -> np.ndarray:
    """Votes of `n` masks in each code, one row a code: the inverse of `_encode`."""
    octets = codes.astype("<u2")[:, None].view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n, bitorder="little").view(bool)


def _few(crops: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Codes, their histogram, and the votes behind given codes, of up to 16 masks."""
    codes = _encode(crops)
    bins = 1 << (8 * codes.itemsize)
    histogram = np.zeros(bins, dtype=np.int64)
    for rows in _row_blocks(codes.shape):
        # In one column before OpenCV 5, flat since.
        histogram += cv2.calcHist([codes[rows]], [0], None, [bins], [0, bins]).ravel().astype(np.int64)
    return codes, histogram, lambda present: _decode(present, len(crops))


def _many(crops: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """As `_few`, for any number of masks: 2^n bins would be too many, so codes number the patterns found."""
    # A pixel without votes goes in front, so that code 0 means the same as with few masks.
    codes: np.ndarray = np.zeros(crops[0].size + 1, dtype=np.uint64)
    votes: np.ndarray = np.zeros((1, 0), dtype=bool)
    for first in range(0, len(crops), _GROUP):
        group = crops[first : first + _GROUP]
        keys = codes << np.uint64(_GROUP)
        keys[1:] |= _encode(group).ravel()
        distinct, codes = _number(keys)
        older, newer = np.divmod(distinct, np.uint64(1 << _GROUP))
        votes = np.hstack([votes[older.astype(np.intp)], _decode(newer, len(group))])
    codes = codes[1:].astype(np.uint32).reshape(crops[0].shape)
    histogram = np.zeros(len(votes), dtype=np.int64)
    for rows in _row_blocks(crops[0].shape):
        histogram += np.bincount(codes[rows].ravel(), minlength=len(votes))
    return codes, histogram, lambda present: votes[present]


def _number(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted distinct keys and each pixel's place among them."""
    # Neighbours mostly agree: to sort one key per run is many times faster than one per pixel.
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    distinct, places = np.unique(keys[starts], return_inverse=True)
    return distinct, np.repeat(places.astype(np.uint64), np.diff(starts, append=len(keys)))
