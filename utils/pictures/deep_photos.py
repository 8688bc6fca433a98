"""Photos of more than 8 bits a channel, made visible."""

from __future__ import annotations

import numpy as np


def stretched(values: np.ndarray) -> np.ndarray:
    """Bring values of any depth to 0 to 255 for the eye: the least becomes black, the greatest white.

    Parameters
    ----------
    values : ndarray of numbers, any shape
        Whatever part of its depth a photo uses; infinite values and NaN count as the least.

    Returns
    -------
    ndarray of uint8
        All 0 where all values are equal.
    """
    finite = np.isfinite(values)
    known = values[finite] if finite.any() else np.zeros(1)
    least, greatest = float(known.min()), float(known.max())
    if greatest == least:
        return np.zeros(values.shape, np.uint8)
    shares = (np.where(finite, values, least).astype(np.float32) - least) / (greatest - least)
    return np.rint(shares * 255).astype(np.uint8)
