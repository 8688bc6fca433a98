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
        If the file cannot be read, or holds more than two values, as a map of probabilities does.
    """
    values = _values(path)
    # Before they become bool, which happens in place.
    if not is_plain_mask(values) and has_more_than_two_levels(values):
        raise PipelineError(
            "A predicted mask has more than two values.",
            where=path,
            expected="0, and one value for foreground",
            found=f"{number_of_levels(values)} values",
            hint="probabilities are scored with prediction_kind=probability",
        )
    return mask_of_values(values)


def read_probabilities(path: Path) -> ProbabilityMap:
    """Read a map of probabilities: 8- or 16-bit grey, where the largest value is 1, or numbers from 0 to 1.

    Raises
    ------
    PipelineError
        If the file cannot be read, or holds anything else.
    """
    values = _values(path)
    if values.ndim == 2 and values.dtype in (np.uint8, np.uint16):
        return ProbabilityMap(values, int(np.iinfo(values.dtype).max))
    if values.ndim == 2 and values.dtype.kind in "fb":
        numbers = values.astype(np.float64)
        if not numbers.size or (numbers.min() >= 0 and numbers.max() <= 1):  # NaN is in no range
            return ProbabilityMap(numbers, 1)
    ends = f", {values.min()} to {values.max()}" if values.size and values.dtype.kind in "fiub" else ""
    raise PipelineError(
        "A map of probabilities cannot be used.",
        where=path,
        expected="8- or 16-bit grey, or numbers from 0 to 1, of shape (height, width)",
        found=f"{values.dtype} of shape {values.shape}{ends}",
    )


def _values(path: Path) -> np.ndarray:
    try:
        return _numpy_values(path) if path.suffix.lower() == ".npy" else decode_values(path.read_bytes(), path)
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
