"""Lines of outlines: an annotator has the same colour everywhere, another mask by one hand another dash."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..naming import CONSENSUS, MAJORITY_VOTE, STAPLE
from .plotting import PALETTE

_COLOURS = ("orange", "sky blue", "green", "vermillion", "yellow", "purple", "blue")
# Dashes, in line widths: a row for seven annotators, in it one for each further mask by the same hand.
_DASHES: tuple[tuple[Any, ...], ...] = (
    ("solid", (0, (4, 1.5)), (0, (1.5, 1))),
    ((0, (6, 1.5, 1, 1.5)), (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (3, 1.5, 1, 1.5))),
    ((0, (1, 1)), (0, (1, 2)), (0, (1, 3))),
)
# Often the same outline: the dashes of one then fall into the gaps of the other.
_OF_CONSENSUS: dict[str, tuple[str, Any]] = {STAPLE: ("white", (0, (3, 3))), MAJORITY_VOTE: ("black", (3, (3, 3)))}
# Points. Consensus lines are narrower, so that the annotator's line below shows on both sides.
_WIDTH, _CONSENSUS_WIDTH = 1.6, 0.7
_CASING, _CONSENSUS_CASING = 0.4, 0.7
_SMOOTH = 2.0  # outlines up to so many times the circle of their area are drawn at full width
_THINNEST = 0.35  # of the full width


class Line(NamedTuple):
    """How an outline is drawn: colour and dash as matplotlib takes them; width and casing in points.

    The casing is a rim of the opposite lightness, so that every colour is visible on skin, on lesion and on white.
    """

    colour: str
    dash: Any
    width: float
    casing: float

    @property
    def casing_colour(self) -> str:
        """Return black, and white around black."""
        return "white" if self.colour == "black" else "black"

    def thinned(self, fraying: float) -> Line:
        """Return the line of an outline that is frayed: as much thinner as keeps its windings apart."""
        share = max(_THINNEST, min(1.0, math.sqrt(_SMOOTH / fraying))) if fraying > 0 else 1.0
        return self._replace(width=self.width * share, casing=self.casing * share)


def lines_of(annotators: Sequence[str], everyone: Sequence[str]) -> list[Line]:
    """Return the line of each mask of an image.

    Parameters
    ----------
    annotators : sequence of str
        Who drew each mask, or ST or MV.
    everyone : sequence of str
        All people of the dataset in order: the place decides on the colour, in all images alike.
    """
    lines = []
    for number, name in enumerate(annotators):
        if name in CONSENSUS:
            colour, dash = _OF_CONSENSUS[name]
            lines.append(Line(colour, dash, _CONSENSUS_WIDTH, _CONSENSUS_CASING))
            continue
        place, earlier = everyone.index(name), list(annotators[:number]).count(name)
        row = _DASHES[place // len(_COLOURS) % len(_DASHES)]
        colour = PALETTE[_COLOURS[place % len(_COLOURS)]]
        lines.append(Line(colour, row[earlier % len(row)], _WIDTH, _CASING))
    return lines


def fraying(outlines: Sequence[np.ndarray], area: int) -> float:
    """Tell how frayed a mask is: the length of its outlines / that of a circle of its area.

    Parameters
    ----------
    outlines : sequence of ndarray, shape (N, 2)
        Closed outlines, in pixels; those of holes count too.
    area : int
        Pixels of the mask.

    Returns
    -------
    float
        L / (2 sqrt(pi A)), without unit. About 1 for a disc and 1.1 for a square; 0 for an empty mask.
    """
    length = math.fsum(float(np.hypot(*np.diff(points, axis=0).T).sum()) for points in outlines)
    return length / (2 * math.sqrt(math.pi * area)) if area else 0.0
