"""Vote patterns: which annotators marked a pixel, and how many pixels share each combination.

n masks of an image give every pixel a code with one bit a mask. An image has at most a few dozen distinct codes,
and their histogram is all that areas, intersections, majority vote and STAPLE need: they work on the patterns
instead of on megapixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import lazy_loader as lazy
import numpy as np

from utils.crop import bounding_box
from utils.errors import PipelineError

cv2 = lazy.load("cv2")

# Masks that fit into one code of 16 bits; more are coded in groups of this size.
_GROUP = 16
# OpenCV counts in float32, which is exact below 2**24 pixels a call.
_EXACT_FLOAT32 = 1 << 23


@dataclass(frozen=True)
class VotePatterns:
    """The distinct vote patterns of an image.

    Attributes
    ----------
    shape : tuple of int
        (H, W) of the image.
    box : tuple of slice
        Bounding box of all foreground; outside it no mask has any.
    labels : ndarray of uint, shape of the box
        Which label each pixel of the box has.
    label_of : ndarray of int, shape (P,)
        Label of each pattern.
    votes : ndarray of bool, shape (P, n)
        Whether mask i has the pixels of pattern p as foreground. Only patterns that occur are listed.
    counts : ndarray of int64, shape (P,)
        Pixels of each pattern, those outside the box included.
    """

    shape: tuple[int, int]
    box: tuple[slice, slice]
    labels: np.ndarray
    label_of: np.ndarray
    votes: np.ndarray
    counts: np.ndarray


def vote_patterns(masks: Sequence[np.ndarray]) -> VotePatterns:
    """Count the vote patterns of the masks of one image.

    Parameters
    ----------
    masks : sequence of ndarray of bool, shape (H, W)
        At least one mask; any of them may be empty.

    Returns
    -------
    VotePatterns
        The single pattern "no vote" when all masks are empty.

    Raises
    ------
    ValueError
        If there is no mask.
    PipelineError
        If the masks differ in shape.
    """
    if len(masks) == 0:
        raise ValueError("vote patterns need at least one mask")
    shapes = [mask.shape for mask in masks]
    if len(set(shapes)) > 1:
        raise PipelineError("The masks of one image differ in size.", expected=shapes[0], found=shapes)
    box = _union_box(masks)
    labels, votes_of_label = _label([mask[box] for mask in masks])
    counts = _histogram(labels, len(votes_of_label))
    counts[0] += masks[0].size - labels.size  # label 0 is "no vote"
    present = np.flatnonzero(counts)
    return VotePatterns(shapes[0], box, labels, present, votes_of_label[present], counts[present])


def areas(patterns: VotePatterns) -> np.ndarray:
    """Return the foreground pixels of each mask: int64, shape (n,)."""
    return patterns.counts @ patterns.votes


def intersections(patterns: VotePatterns) -> np.ndarray:
    """Return the pixels common to each pair of masks: int64, shape (n, n); the diagonal holds the areas."""
    votes = patterns.votes.astype(np.int64)
    return (votes * patterns.counts[:, None]).T @ votes


def paint(patterns: VotePatterns, foreground: np.ndarray) -> np.ndarray:
    """Return the mask (bool, (H, W)) whose foreground is the pixels of the chosen patterns (bool, (P,))."""
    background_pattern = np.flatnonzero(patterns.label_of == 0)
    outside = bool(foreground[background_pattern[0]]) if len(background_pattern) else False
    mask = np.full(patterns.shape, outside)
    table = np.zeros(int(patterns.label_of.max()) + 1, dtype=bool)
    table[patterns.label_of] = foreground
    mask[patterns.box] = table[patterns.labels]
    return mask


def pattern_image(patterns: VotePatterns) -> np.ndarray:
    """Return the index of each pixel's pattern: intp, shape (H, W)."""
    indices = np.zeros(int(patterns.label_of.max()) + 1, dtype=np.intp)
    indices[patterns.label_of] = np.arange(len(patterns.label_of))
    image = np.full(patterns.shape, indices[0])
    image[patterns.box] = indices[patterns.labels]
    return image


def _union_box(masks: Sequence[np.ndarray]) -> tuple[slice, slice]:
    boxes = [box for box in map(bounding_box, masks) if box is not None]
    if not boxes:
        return slice(0, 0), slice(0, 0)
    return tuple(
        slice(min(box[axis].start for box in boxes), max(box[axis].stop for box in boxes)) for axis in (0, 1)
    )


def _label(crops: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the label of each pixel, and the votes (bool, (labels, n)) that each label stands for."""
    labels, votes = _codes(crops[:_GROUP])
    for start in range(_GROUP, len(crops), _GROUP):
        codes, more_votes = _codes(crops[start : start + _GROUP])
        # Codes of both groups make one number; numbers that occur are renumbered, "no vote" first as 0.
        combined = labels.astype(np.int64) * len(more_votes) + codes
        present, inverse = np.unique(np.append(combined, 0), return_inverse=True)
        labels = inverse[:-1].reshape(codes.shape)
        earlier, later = np.divmod(present, len(more_votes))
        votes = np.hstack([votes[earlier], more_votes[later]])
    return labels, votes


def _codes(crops: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    dtype = np.uint8 if len(crops) <= 8 else np.uint16
    codes = crops[0].astype(dtype)
    for bit, crop in enumerate(crops[1:], start=1):
        codes |= crop.astype(dtype) << dtype(bit)
    every_code = np.arange(1 << len(crops))
    return codes, (every_code[:, None] >> np.arange(len(crops)) & 1).astype(bool)


def _histogram(labels: np.ndarray, size: int) -> np.ndarray:
    if labels.dtype != np.uint8:
        return np.bincount(labels.ravel(), minlength=size)
    counts = np.zeros(256, dtype=np.int64)
    rows = max(1, _EXACT_FLOAT32 // max(1, labels.shape[1]))
    for start in range(0, labels.shape[0], rows):
        block = labels[start : start + rows]
        counts += cv2.calcHist([block], [0], None, [256], [0, 256])[:, 0].astype(np.int64)
    return counts[:size]
