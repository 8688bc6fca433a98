"""Who works with whom, drawn as a network: annotators on a circle, joined by the images that both outlined."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .colour_scale import DICE, span_text
from .plotting import PALETTE, figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

_LEAST_INCHES, _BESIDE_INCHES, _BELOW_INCHES = 2.7, 2.8, 0.6  # of the circle; for names, legend, colour bar; for notes
_NODE_INCHES = 0.17  # of the circle's circumference, for a name
_MOST = 60
_MOST_LEVEL = 20  # annotators whose names are written level; those of more are turned outwards
_COLOURS = {1: PALETTE["blue"], 2: PALETTE["orange"]}
_NEITHER = "0.55"
_WIDEST, _THINNEST = 7.0, 0.5  # points
_LARGEST, _SMALLEST = 12.0, 4.0
_GAP = 0.2  # radians between the halves and the vertical
_COLOURS_OF_DICE = "viridis"  # every kind of colour vision tells its steps apart


def draw_network(annotators: DataFrame, links: DataFrame) -> Figure:
    """Draw the network.

    Parameters
    ----------
    annotators : DataFrame
        annotator, masks, half (1, 2 or NaN).
    links : DataFrame
        annotator1, annotator2, images, mean_dice, bridge, joins_halves (text, empty: no); one row at least.

    Returns
    -------
    Figure
        Of annotators who share no image, and beyond the sixty with most masks, there is only a note of the number.
    """
    names = sorted({*links["annotator1"], *links["annotator2"]})
    rows = {row["annotator"]: row for row in annotators.to_dict("records") if row["annotator"] in names}
    shown = sorted(sorted(rows, key=lambda name: (-rows[name]["masks"], name))[:_MOST])
    links = links[links["annotator1"].isin(shown) & links["annotator2"].isin(shown)]
    places = places_around({name: rows[name]["half"] for name in shown}, links)
    with figure_style():
        from matplotlib.figure import Figure

        diameter = max(_LEAST_INCHES, len(places) * _NODE_INCHES / math.pi)
        figure = Figure(figsize=(diameter + _BESIDE_INCHES, diameter + _BELOW_INCHES), layout="constrained")
        axes = figure.subplots()
        _draw_links(figure, axes, links, places)
        _draw_annotators(axes, rows, places)
        axes.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal")
        axes.set_axis_off()
        figure.supxlabel(_note(rows, places, len(annotators), links), x=0.01, ha="left", fontsize=7)
    return figure


def places_around(halves: Mapping[str, float], links: DataFrame) -> dict[str, tuple[float, float]]:
    """Place annotators on a circle of radius 1, clockwise from the top in order of their names.

    Parameters
    ----------
    halves : mapping of str to float
        Annotator -> 1, 2, or NaN. With halves the first is on the left and the second on the right; who is in neither
        stands with the one that they share more images with.
    links : DataFrame
        annotator1, annotator2, images.

    Returns
    -------
    dict of str to tuple of float
        x to the right, y upwards.
    """
    names = sorted(halves)
    side = {name: int(half) for name, half in halves.items() if half in _COLOURS}
    if not side:
        return _arc(names, 0, 2 * math.pi)
    shared = {name: {1: 0.0, 2: 0.0} for name in names}
    for row in links.to_dict("records"):
        for one, other in (("annotator1", "annotator2"), ("annotator2", "annotator1")):
            if row[other] in side:
                shared[row[one]][side[row[other]]] += row["images"]
    nearer = {name: side.get(name, 1 if shared[name][1] > shared[name][2] else 2) for name in names}
    right, left = ([name for name in names if nearer[name] == half] for half in (2, 1))
    # The half with more annotators has more of the circle, up to two thirds.
    half = math.pi * float(np.clip(len(right) / len(names), 1 / 3, 2 / 3))
    middle = math.pi / 2
    return _arc(right, middle - half + _GAP, middle + half - _GAP) | _arc(
        left[::-1], middle + half + _GAP, middle + 2 * math.pi - half - _GAP
    )


def _arc(names: Sequence[str], start: float, end: float) -> dict[str, tuple[float, float]]:
    angles = start + (np.arange(len(names)) + 0.5) * (end - start) / max(1, len(names))
    return {name: (math.sin(angle), math.cos(angle)) for name, angle in zip(names, angles, strict=True)}


def _draw_annotators(axes: Axes, rows: Mapping[str, Mapping], places: Mapping[str, tuple[float, float]]) -> None:
    most = max(rows[name]["masks"] for name in places)
    for name, (x, y) in places.items():
        size = _SMALLEST + (_LARGEST - _SMALLEST) * math.sqrt(rows[name]["masks"] / most)
        colour = _COLOURS.get(rows[name]["half"], _NEITHER)
        axes.plot(x, y, "o", color=colour, markersize=size, markeredgecolor="white", zorder=3)
        across = "left" if x > 0.02 else "right" if x < -0.02 else "center"
        up = "center" if abs(y) < 0.9 else "bottom" if y > 0 else "top"
        how: dict[str, Any] = {"ha": across, "va": up}
        if len(places) > _MOST_LEVEL:
            angle = math.degrees(math.atan2(y, x))
            how |= {"rotation": angle if x >= 0 else angle - 180, "rotation_mode": "anchor", "va": "center"}
        label = f"{name} ({rows[name]['masks']:,.0f})"
        axes.text(1.1 * x, 1.07 * y, label, **how)


def _draw_links(figure: Figure, axes: Axes, links: DataFrame, places: Mapping[str, tuple[float, float]]) -> None:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize
    from matplotlib.lines import Line2D

    # Without the last sixth, which is too light for thin lines on white.
    colours = ListedColormap(colormaps[_COLOURS_OF_DICE](np.linspace(0, 0.85, 256)))
    span = DICE.span(links["mean_dice"])
    scale = ScalarMappable(Normalize(*span), colours)
    most = links["images"].max()
    for row in links.sort_values("images", ascending=False).to_dict("records"):
        (x1, y1), (x2, y2) = places[row["annotator1"]], places[row["annotator2"]]
        width = link_width(row["images"], most)
        look: dict[str, Any] = {"linestyle": "--" if row["bridge"] else "-", "solid_capstyle": "butt"}
        axes.plot([x1, x2], [y1, y2], color=scale.to_rgba(row["mean_dice"]), linewidth=width, **look)
    bar = figure.colorbar(scale, ax=axes, shrink=0.6, aspect=25, pad=0.02)
    bar.set_label(f"Mean Dice on the images of both,\n{span_text(span)}")
    steps = sorted({1, max(1, round(most / 10)), int(most)})
    lines = [Line2D([], [], color="0.3", linewidth=link_width(step, most)) for step in steps]
    where = {"loc": "upper right", "bbox_to_anchor": (-0.12, 1.0)}
    axes.legend(lines, [f"{step:,}" for step in steps], title="images of both", frameon=False, **where)


def link_width(images: float, most: float) -> float:
    """Return the width in points of a line for so many images, of `most` at the widest."""
    return _THINNEST + (_WIDEST - _THINNEST) * math.sqrt(images / most)


def _note(rows: Mapping[str, Mapping], names: Iterable[str], annotators: int, links: DataFrame) -> str:
    names = list(names)
    lines = ["In brackets: masks of the annotator, on images with several masks."]
    if any(rows[name]["half"] in _COLOURS for name in names):
        lines.append("Blue and orange: two halves that few images join. Grey: too few images to say.")
        joining = links[links["joins_halves"] != ""]
        lines.append(
            f"The halves are joined by {len(joining)} of {len(links)} links, with {joining['images'].sum():,.0f} of "
            f"{links['images'].sum():,.0f} images (each counts with every link)."
        )
    if (links["bridge"] != "").any():
        lines.append("Dashed: without this link the network falls apart.")
    if annotators > len(names):
        lines.append(f"Not drawn: {annotators - len(names)} of {annotators} annotators.")
    return "\n".join(lines)
