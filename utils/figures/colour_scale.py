"""Colour scales that span a metric widely, so that small differences look small."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple


class ColourScale(NamedTuple):
    """Colours of a metric: bright is good agreement.

    Attributes
    ----------
    colours : str
        A matplotlib colour map; cividis and viridis are told apart with every kind of colour vision.
    low, high : float
        What the scale spans at least.
    """

    colours: str
    low: float
    high: float

    def span(self, values: Iterable[float]) -> tuple[float, float]:
        """Return the ends of the scale: those it has at least, or the tenths beyond the values; NaN is left out."""
        known = [value for value in values if not math.isnan(value)]
        lowest, highest = min([self.low, *known]), max([self.high, *known])
        # Rounded first: 0.7 is the seventh tenth, though ten times it may be a little less.
        return math.floor(round(10 * lowest, 9)) / 10, math.ceil(round(10 * highest, 9)) / 10


def span_text(span: tuple[float, float]) -> str:
    """Say what the colours of a scale span."""
    return f"colours from {span[0]:g} to {span[1]:g}"


DICE = ColourScale("cividis", 0.5, 1.0)
HD95 = ColourScale("cividis_r", 0.0, 0.2)  # share of the image diagonal
