"""A prediction as an array: a mask, or a map of probabilities at the depth of its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data import decode_values, mask_of_values
from ..errors import PipelineError
from ..pictures.pixel_limit import check_pixels
from ..pictures.pixel_values import has_more_than_two_levels, is_plain_mask, number_of_levels
from .probability_scores import GRACE

NUMPY = ".npy"
FOREGROUND = 0.5  # a probability from here on is foreground, as half of the votes are in the majority vote


@dataclass(frozen=True, eq=False)
class ProbabilityMap:
    """Probabilities of foreground.

    Attributes
    ----------
    values : ndarray of shape (H, W)
        uint8 or uint16 as the file holds them, or float64.
    top : int
        The value that stands for probability 1; 1 of float64.
    """

    values: np.ndarray
    top: int

    def foreground(self) -> np.ndarray:
        """Return the mask of probabilities from one half on: bool, (H, W)."""
        return self.values >= (FOREGROUND - GRACE) * self.top


def read_mask(path: Path) -> np.ndarray:
    """Read a predicted mask.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True where a value is above 0.

    Raises
    ------
    PipelineError
        If the file cannot be read, or holds anything but 0 and one value above it: a map of probabilities, for example,
        or labels of which none is 0.
    """
    values = _values(path)
    # Before they become bool, which happens in place.
    if not is_plain_mask(values) and (found := _unlike_a_mask(values)):
        raise PipelineError(
            "A prediction is not a mask.",
            where=path,
            expected="0, and one value above it for foreground",
            found=found,
            hint="probabilities are scored with prediction_kind=probability",
        )
    return mask_of_values(values)


def _unlike_a_mask(values: np.ndarray) -> str:
    """Say what keeps values from being a mask; nothing of 0 and one value above it, or of one of both alone."""
    if values.dtype.kind == "f" and np.isnan(values).any():
        return "NaN"
    if has_more_than_two_levels(values):
        return f"{number_of_levels(values)} values"
    if values.size and values.min() < 0:
        return "a value below 0"
    of_pixels = values.max(axis=2) if values.ndim == 3 else values
    if of_pixels.all() and (values != values[:1, :1]).any():
        return "two values, neither of them 0"
    return ""


def read_probabilities(path: Path) -> ProbabilityMap:
    """Read a map of probabilities: 8- or 16-bit grey, where the largest value is 1, or numbers from 0 to 1.

    Whole numbers of an array of numpy that are all 0 or 1 are such numbers, not the two darkest shades of grey.

    Raises
    ------
    PipelineError
        If the file cannot be read, or holds anything else, a picture of the shades 0 and 1 for example.
    """
    values = _values(path)
    is_grey = values.dtype.kind == "u" and values.dtype.itemsize <= 2
    within_one = not values.size or bool(values.min() >= 0 and values.max() <= 1)  # NaN is in no range
    is_picture = path.suffix.lower() != NUMPY
    if values.ndim == 2 and is_grey and (not within_one or (is_picture and not values.any())):
        return ProbabilityMap(values.astype(values.dtype.newbyteorder("="), copy=False), np.iinfo(values.dtype).max)
    if values.ndim == 2 and within_one and not (is_grey and is_picture):
        return ProbabilityMap(values.astype(np.float64), 1)
    ends = f", {values.min()} to {values.max()}" if values.size else ""
    raise PipelineError(
        "A map of probabilities cannot be used.",
        where=path,
        expected="8- or 16-bit grey up to 255 or 65,535, or numbers from 0 to 1, of shape (height, width)",
        found=f"{values.dtype} of shape {values.shape}{ends}",
        hint="masks of 0 and 1 are scored with prediction_kind=mask" if within_one else None,
    )


def _values(path: Path) -> np.ndarray:
    try:
        return _numpy_values(path) if path.suffix.lower() == NUMPY else decode_values(path.read_bytes(), path)
    except (OSError, ValueError, EOFError) as error:
        expected = "an undamaged file of one array of numbers"
        raise PipelineError("A prediction cannot be read.", where=path, expected=expected, found=error) from error


def _numpy_values(path: Path) -> np.ndarray:
    # Mapped first, so that the size is known before memory is taken; pickled objects could run code.
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    if mapped.ndim != 2 or mapped.dtype.kind not in "fiub":
        raise ValueError(f"{mapped.dtype} of shape {mapped.shape}, which is not (height, width)")
    check_pixels(mapped.shape[1], mapped.shape[0])
    return np.array(mapped)
