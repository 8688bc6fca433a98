"""A dot plot of the shares of partitions, as differences from their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming import levels_explained
from .plotting import PALETTE, figure_style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

_WIDTH_INCHES = 170 / 25.4
_ROW_INCHES = 0.17
_REST_INCHES = 0.95
_MARKERS = ("o", "^", "s", "D")
_COLOURS = tuple(PALETTE[name] for name in ("black", "vermillion", "blue", "green"))
_APART = 0.22  # rows between the points of two partitions
_ALL = "all"


def draw_partition_balance(balance: DataFrame, least_total: int) -> Figure:
    """Draw each partition's share of each label less its target, a panel for each group of images.

    Parameters
    ----------
    balance : DataFrame
        As `partitions.balance.balance_table` returns it; one row at least.
    least_total : int
        Points of labels with a smaller total are hollow: one image more or less is more than they say.
    """
    groups = [group for group in balance["images"].unique() if group != _ALL]
    keys, names = _keys(balance[balance["images"] != _ALL]), list(balance["partition"].unique())
    limit = max(1.0, 1.1 * balance["deviation"].abs().max())
    with figure_style():
        from matplotlib.figure import Figure

        height = _REST_INCHES + _ROW_INCHES * len(keys)
        figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
        panels = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
        for axes, group in zip(panels, groups, strict=True):
            _draw_panel(axes, balance[balance["images"] == group], keys, names, least_total)
            axes.set_xlim(-limit, limit)
            axes.set_title(f"images with {group}", fontsize=8, fontweight="bold")
            axes.set_xlabel("share less target, percentage points")
        rows = [f"{label.replace('_', ' ')} {value}".rstrip() for label, value in keys]
        panels[0].set_yticks(range(len(keys)), rows)
        panels[0].set_ylim(len(keys) - 0.4, -0.6)
        _legend(figure, balance, names, least_total)
    return figure


def _keys(rows: DataFrame) -> list[tuple[str, str]]:
    """Return labels and values, labels in order of first appearance, the values of each sorted."""
    pairs = rows[["label", "value"]].drop_duplicates()
    return [
        (label, value) for label in pairs["label"].unique() for value in sorted(pairs["value"][pairs["label"] == label])
    ]


def _draw_panel(
    axes: Axes, rows: DataFrame, keys: Sequence[tuple[str, str]], names: Sequence[str], least_total: int
) -> None:
    axes.axvline(0, color="0.6", linewidth=0.8, zorder=1)
    middle = (len(names) - 1) / 2
    for number, name in enumerate(names):
        colour, marker = _COLOURS[number % len(_COLOURS)], _MARKERS[number % len(_MARKERS)]
        of_partition = rows[rows["partition"] == name]
        for row in of_partition.to_dict("records"):
            place = keys.index((row["label"], row["value"])) + (number - middle) * _APART
            face = colour if row["total"] >= least_total else "white"
            axes.plot(row["deviation"], place, marker, color=colour, markerfacecolor=face, markersize=3.2, zorder=3)
    for row in rows.drop_duplicates(["label", "value"]).to_dict("records"):
        place = keys.index((row["label"], row["value"]))
        axes.annotate(
            f"{row['total']:,.0f}",
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            annotation_clip=False,
        )
    axes.tick_params(axis="y", length=0)
    axes.grid(color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _legend(figure: Figure, balance: DataFrame, names: Sequence[str], least_total: int) -> None:
    from matplotlib.lines import Line2D

    targets = balance.drop_duplicates("partition").set_index("partition")["target_percent"]
    handles = [
        Line2D([], [], linestyle="", color=_COLOURS[place % 4], marker=_MARKERS[place % 4], markersize=4)
        for place in range(len(names))
    ]
    labels = [f"{name} (target {targets[name]:.3g} %)" for name in names]
    figure.legend(handles, labels, loc="outside upper center", ncols=len(names), frameon=False)
    explained = levels_explained(balance["value"])
    notes = f"Number of images or masks to the right; hollow: fewer than {least_total}. {explained}"
    figure.supxlabel(notes.rstrip(), x=0.01, ha="left", fontsize=7)
