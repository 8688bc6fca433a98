"""Figures of predictions: a model beside the annotators, image by image, and models beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .forest import (
    INTERVAL_NOTE,
    NOTE_POINTS,
    ROW_INCHES,
    Estimate,
    ForestRow,
    Metric,
    draw_forest,
    note_inches,
    written,
)
from .plotting import HIGHLIGHT, PLAIN, figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

_WIDTH_INCHES = 170 / 25.4
_PANEL_INCHES = 3.3
_REST_INCHES = 0.7
_WIDTHS = (3, 2)
_FEW = 200  # dots of more images are drawn smaller


METRICS = (Metric("dice_score", "Dice"), Metric("nsd_score", "NSD"))


def draw_beside_annotators(name: str, scores: DataFrame) -> Figure:
    """Draw a dot for each image of several annotators: what they reach with each other, and the model with them.

    Parameters
    ----------
    name : str
        Of the model.
    scores : DataFrame
        One row an image, at least one: ``{metric}_mean`` and ``human_{metric}_mean`` of `METRICS`, none NaN.
    """
    with figure_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_WIDTH_INCHES, _PANEL_INCHES), layout="constrained")
        for axes, metric in zip(figure.subplots(1, 2), METRICS, strict=True):
            _draw_scatter(axes, scores[f"human_{metric.name}_mean"], scores[f"{metric.name}_mean"], metric.title)
        better = (scores["dice_score_mean"] > scores["human_dice_score_mean"]).sum()
        figure.suptitle(f"{name}: {len(scores):,} images of several annotators", fontsize=9)
        text = (
            f"A dot an image, the cross the means. Above the line {name} agrees better with the annotators than\n"
            f"they do with each other: by Dice on {better:,} of {len(scores):,} images."
        )
        figure.supxlabel(text, x=0.01, ha="left", fontsize=NOTE_POINTS)
    return figure


def _draw_scatter(axes: Axes, human: Series, model: Series, title: str) -> None:
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, zorder=1)
    size = 14 if len(human) <= _FEW else 4
    axes.scatter(human, model, s=size, color=PLAIN, alpha=0.5, linewidths=0, zorder=2)
    axes.plot(human.mean(), model.mean(), "P", color=HIGHLIGHT, markersize=9, markeredgecolor="white", zorder=3)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.set_xlabel(f"annotators with each other, mean {title}")
    axes.set_ylabel(f"model with annotators, mean {title}")
    axes.spines[["top", "right"]].set_visible(False)


def draw_comparison(comparison: DataFrame) -> Figure:
    """Draw the mean of each model with its interval, and the paired difference of each two.

    Parameters
    ----------
    comparison : DataFrame
        `scoring.score_tables.COMPARISON_COLUMNS` of all images, at least one model.
    """
    with figure_style():
        from matplotlib.figure import Figure

        panels = [_panel(comparison[comparison["metric"] == metric.name]) for metric in METRICS]
        text = f"{INTERVAL_NOTE}\nDifferences are paired: the first model less the second, on the images of both."
        # Means and differences have scales of their own.
        rows = [max(len(panel[part]) for panel in panels) for part in (0, 1)]
        heights = [count + 1.5 for count in rows if count]
        height = _REST_INCHES * len(heights) + ROW_INCHES * sum(rows) + note_inches(text)
        figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
        grid = figure.subplots(len(heights), 2, width_ratios=_WIDTHS, height_ratios=heights, squeeze=False)
        for part, row in enumerate(grid):
            for place, (axes, metric) in enumerate(zip(row, METRICS, strict=True)):
                shown = panels[place][part]
                draw_forest(
                    axes,
                    shown if place == 0 else [line._replace(texts=()) for line in shown],
                    ("mean", "images") if place == 0 else (),
                    reference=0 if part else None,
                )
                axes.set_xlabel(f"difference of {metric.title}" if part else f"mean {metric.title} with annotators")
                if place:
                    axes.set_yticklabels([])
        figure.supxlabel(text, x=0.01, ha="left", fontsize=NOTE_POINTS)
    return figure


def _panel(rows: DataFrame) -> tuple[list[ForestRow], list[ForestRow]]:
    """Return the rows of the models, and those of their differences."""
    means: list[ForestRow] = []
    differences: list[ForestRow] = []
    for row in rows.to_dict("records"):
        estimate = Estimate(row["mean"], row["low"], row["high"])
        label = f"{row['model']} less {row['less']}" if row["less"] else row["model"]
        line = ForestRow(label, estimate, texts=(written(estimate, 3), f"{row['images']:,.0f}"))
        (differences if row["less"] else means).append(line)
    return means, differences
