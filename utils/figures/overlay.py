"""One image with the outlines of its masks, cropped to them, and where in the image that is."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..lazy import cv2
from ..masks.bounding_box import bounding_box, union_box
from ..masks.outlines import border_pixels
from ..naming import levels_explained
from .outline_lines import Line, fraying
from .plotting import PALETTE, figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 3.36  # inches; with the margin of save_figure 88 mm: one column of a paper
_MAX_IMAGE_HEIGHT = 4.5
_TITLE_HEIGHT, _ROW_HEIGHT = 0.32, 0.142
_LOCATOR = 0.75  # inches, the longer side
_LOCATOR_GAP = 0.06
_LONGEST_SIDE = 1200  # pixels of the image in the figure, somewhat finer than 300 dpi
_LOCATOR_PIXELS = 240
_MARGIN = 0.2  # of the longer side of what is outlined, on each side of it
_NARROWEST = 0.5  # of the longer side, the shorter side of what is shown
_WHOLE = 0.85  # of the image's width and height, from which all of it is shown
_SMALL = 0.5  # of the image's area, below which the locator shows where it is
_LONGEST_LABEL = 17  # characters, of which two columns have room beside the locator
_NOTE_CHARACTERS = 62


class Drawn(NamedTuple):
    """A mask (ndarray of bool, shape (H, W)), its name in the legend, and its line."""

    mask: np.ndarray
    label: str
    line: Line


class Crop(NamedTuple):
    """Rows and columns of an image, the last of each not included."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        """Return the height and width."""
        return self.bottom - self.top, self.right - self.left


def crop_of(masks: Sequence[np.ndarray]) -> Crop:
    """Return the part of an image that holds all masks with a margin.

    Parameters
    ----------
    masks : sequence of ndarray of bool, shape (H, W)
        One at least.

    Returns
    -------
    Crop
        All of the image when the masks are empty, or take most of its width and of its height. The shorter side is
        half of the longer one at least, where the image has room.
    """
    height, width = masks[0].shape
    whole = Crop(0, height, 0, width)
    box = union_box([bounding_box(mask) for mask in masks])
    longest = max(side.stop - side.start for side in box)
    if not longest:
        return whole
    spans = []
    for side, length in zip(box, (height, width), strict=True):
        size = side.stop - side.start
        margin = round(max(_MARGIN * longest, (_NARROWEST * (1 + 2 * _MARGIN) * longest - size) / 2))
        spans += [max(0, side.start - margin), min(length, side.stop + margin)]
    crop = Crop(*spans)
    shares = np.divide(crop.shape, whole.shape)
    return whole if (shares > _WHOLE).all() else crop


def draw_overlay(image: np.ndarray, drawn: Sequence[Drawn], title: str) -> Figure:
    """Draw the part of an image that is outlined, the outlines over it, title and legend.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    drawn : sequence of Drawn
        Masks of the image's size, one at least; later ones lie above earlier ones.
    title : str

    Returns
    -------
    Figure
        Where the outlines take a small part of the image, a locator beside the legend shows which.
    """
    whole = image.shape[:2]
    crop = crop_of([one.mask for one in drawn])
    is_small = np.prod(crop.shape) < _SMALL * np.prod(whole)
    note = textwrap.fill(levels_explained([one.label for one in drawn]), _NOTE_CHARACTERS)
    columns = 1 if is_small and max(len(one.label) for one in drawn) > _LONGEST_LABEL else 2
    rows = -(-len(drawn) // columns)
    below = max(_ROW_HEIGHT * (rows + 1), is_small * (_LOCATOR + 2 * _LOCATOR_GAP))
    below += _ROW_HEIGHT * (note.count("\n") + 1) if note else 0
    with figure_style():
        figure, axes = _page(crop.shape[0] / crop.shape[1], below)
        shrink = _show(axes, image, crop, _LONGEST_SIDE)
        axes.set_title(title, fontsize=8, pad=4)
        axes.legend(
            handles=_add_outlines(axes, drawn, shrink / 2),
            # At the left of the page, wherever a narrow picture ends.
            **{"loc": "upper left", "bbox_to_anchor": (0, below / figure.get_figheight())},
            **{"bbox_transform": figure.transFigure, "ncols": columns, "fontsize": 7, "frameon": False},
            **{"handlelength": 2.8, "borderaxespad": 0.3, "labelspacing": 0.3, "columnspacing": 1.2},
        )
        if is_small:
            _add_locator(figure, image, crop, below)
        if note:
            figure.text(0.01, 0, note, fontsize=7, va="bottom")
    return figure


def _page(aspect: float, below: float) -> tuple[Figure, Axes]:
    """Return a figure whose axes have the height that the picture takes at the width of a column."""
    from matplotlib.figure import Figure

    picture = min(_WIDTH * aspect, _MAX_IMAGE_HEIGHT)
    height = _TITLE_HEIGHT + picture + below
    figure = Figure(figsize=(_WIDTH, height))
    axes = figure.add_axes((0, below / height, 1, picture / height))
    axes.set_axis_off()
    return figure, axes


def _show(axes: Axes, image: np.ndarray, crop: Crop, longest_side: int) -> float:
    """Show a part of an image in the image's coordinates; return how many of its pixels one of the figure is wide."""
    part = image[crop.top : crop.bottom, crop.left : crop.right]
    shrink = max(1.0, max(crop.shape) / longest_side)
    if shrink > 1:
        size = [max(1, round(side / shrink)) for side in crop.shape[::-1]]
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    extent = (crop.left - 0.5, crop.right - 0.5, crop.bottom - 0.5, crop.top - 0.5)
    axes.imshow(part, extent=extent, interpolation="antialiased")
    axes.set(xlim=extent[:2], ylim=extent[2:])
    return shrink


def _add_outlines(axes: Axes, drawn: Sequence[Drawn], tolerance: float) -> list:
    """Draw the outlines, and return what the legend shows of each."""
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    handles = []
    for mask, label, full in drawn:
        outlines = border_pixels(mask, tolerance)
        for line, is_legend in ((full.thinned(fraying(outlines, int(mask.sum()))), False), (full, True)):
            casing = withStroke(linewidth=line.width + line.casing, foreground=line.casing_colour)
            look: dict[str, Any] = {"linestyle": line.dash, "linewidth": line.width, "path_effects": [casing]}
            if is_legend:
                text = label if mask.any() else f"{label}: empty"
                handles.append(Line2D([], [], color=line.colour, label=text, **look))
            else:
                axes.add_collection(LineCollection(outlines, colors=line.colour, **look), autolim=False)
    return handles


def _add_locator(figure: Figure, image: np.ndarray, crop: Crop, below: float) -> None:
    """Show the whole image in small at the right of the legend, with a frame around the part above."""
    from matplotlib.patches import Rectangle

    height, width = image.shape[:2]
    inches = np.array([width, height]) * _LOCATOR / max(width, height)
    page = figure.get_size_inches()
    corner = np.array([_WIDTH - inches[0], below - _LOCATOR_GAP - inches[1]])
    axes = figure.add_axes((*(corner / page), *(inches / page)), label="locator")
    _show(axes, image, Crop(0, height, 0, width), _LOCATOR_PIXELS)
    axes.set_axis_off()
    for colour, points in (("white", 1.6), (PALETTE["black"], 0.8)):
        frame = Rectangle((crop.left, crop.top), *crop.shape[::-1], fill=False, edgecolor=colour, linewidth=points)
        axes.add_patch(frame)
