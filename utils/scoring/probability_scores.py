"""Scores of probabilities against the votes of several annotators.

References
----------
.. [1] Li, H.B. et al. "QUBIQ: Uncertainty Quantification for Biomedical Image Segmentation Challenge." (2024).
   https://doi.org/10.48550/arXiv.2405.18435
.. [2] Brier, G.W. "Verification of forecasts expressed in terms of probability." Monthly Weather Review 78(1), 1-3
   (1950). https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

THRESHOLDS = np.arange(1, 10) / 10
GRACE = 1e-12  # 0.3 as a share of votes may lie a rounding below 0.3 as a threshold


class Forecast(NamedTuple):
    """Predicted probability and votes of pixels that have both in common.

    Attributes
    ----------
    probability : ndarray of float64, shape (K,)
        Of foreground, 0 to 1.
    votes : ndarray of int, shape (K,)
        How many of the annotators' masks mark the pixels.
    pixels : ndarray of int64, shape (K,)
        How many pixels there are of each kind.
    masks : int
        How many annotators' masks there are, at least 1.
    """

    probability: np.ndarray
    votes: np.ndarray
    pixels: np.ndarray
    masks: int


def forecast_of_map(values: np.ndarray, top: int, votes: np.ndarray, masks: int) -> Forecast:
    """Count the pixels of a map by their value and their votes.

    Parameters
    ----------
    values : ndarray of uint8, uint16 or float64, shape (H, W)
        Probability times `top`.
    top : int
        Value of probability 1.
    votes : ndarray of int, shape (H, W)
        How many masks mark each pixel.
    masks : int
        How many there are.
    """
    if values.dtype.kind == "f":
        return Forecast(values.ravel(), votes.ravel(), np.ones(values.size, dtype=np.int64), masks)
    kinds = values.ravel().astype(np.int64) * (masks + 1) + votes.ravel()
    pixels = np.bincount(kinds)
    found = np.flatnonzero(pixels)
    value, of_votes = np.divmod(found, masks + 1)
    return Forecast(value / top, of_votes, pixels[found], masks)


def qubiq_dice(forecast: Forecast) -> float:
    """Mean Dice of prediction and votes over thresholds.

    Returns
    -------
    float
        Mean over t = 0.1, …, 0.9 of the Dice coefficient of {probability >= t} and {share of votes >= t}; 1 at a
        threshold that leaves both empty. 0 to 1 [1]_.
    """
    limits = THRESHOLDS - GRACE
    shares = np.arange(forecast.masks + 1) / forecast.masks
    # Of how many thresholds it is at or above.
    predicted = np.searchsorted(limits, forecast.probability, side="right")
    voted = np.searchsorted(limits, shares, side="right")[forecast.votes]
    size = len(THRESHOLDS) + 1
    table = np.bincount(predicted * size + voted, forecast.pixels, size * size).reshape(size, size)
    above = table[::-1, ::-1].cumsum(axis=0).cumsum(axis=1)[::-1, ::-1]  # pixels at or above both levels
    both, areas = np.diag(above)[1:], above[1:, 0] + above[0, 1:]
    return float(np.divide(2 * both, areas, out=np.ones(len(areas)), where=areas > 0).mean())


def brier_score(forecast: Forecast) -> float:
    """Mean squared difference of probability and share of votes over the pixels of the image: 0 (best) to 1 [2]_."""
    errors = (forecast.probability - forecast.votes / forecast.masks) ** 2
    return float((errors * forecast.pixels).sum() / forecast.pixels.sum())
