"""UpSet plots: how many elements each combination of sets shares."""

from __future__ import annotations

import textwrap
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd
from .plotting import HIGHLIGHT, PLAIN, figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure
    from upsetplot import UpSet

MAX_INTERSECTIONS = 30

# upsetplot 0.9.0 fills columns through chained indexing, which works up to pandas 2.
_UPSETPLOT_WARNING = "A value is trying to be set on a copy of a DataFrame"

_ELEMENT_POINTS = 12  # width of a bar with its gap, and height of a row: room for a line of 8-point text
_TOTALS_ELEMENTS = 8
_BAR_ELEMENTS = 11
_CHARACTER_POINTS = 5.1  # width of a digit of 8-point text; letters take less on average
_PADDING = 3  # points between a bar and its count
_MIN_CAPTION_CHARACTERS = 45


def count_intersections(sets: Mapping[str, Set[str]]) -> dict[tuple[str, ...], int]:
    """Count the elements of each exclusive intersection.

    Parameters
    ----------
    sets : mapping of str to set of str
        Named sets of ids.

    Returns
    -------
    dict of tuple of str to int
        For each combination of sets that has elements, in all of those and in no other set, how many: largest
        first, ties by name. Within a combination, names keep the order of `sets`. Empty if all sets are.
    """
    memberships: dict[str, list[str]] = {}
    for name, elements in sets.items():
        for element in elements:
            memberships.setdefault(element, []).append(name)
    counts = Counter(map(tuple, memberships.values()))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def upset_figure(
    sets: Mapping[str, Set[str]],
    title: str,
    set_name: str,
    highlight: Mapping[str, object],
    legend: tuple[str, str],
    unit: str = "images",
    max_intersections: int = MAX_INTERSECTIONS,
) -> Figure:
    """Draw an UpSet plot: a bar with its count for each exclusive intersection, largest first.

    Parameters
    ----------
    sets : mapping of str to set of str
        Two or more named sets, none empty. Drawn from the largest, on top, to the smallest.
    title : str
        Stands above the plot; a second line says how many intersections are drawn if not all are.
    set_name : str
        What a set is, e.g. "dataset", for the labels of the axes.
    highlight : mapping
        What to colour, as ``UpSet.style_subsets`` takes it: ``{"present": name}`` for one set, whose total
        is coloured too, or e.g. ``{"min_degree": 2}``.
    legend : tuple of two str
        What is coloured, and what is not.
    unit : str
        What is counted.
    max_intersections : int
        Of more, only so many of the largest are drawn, ties by name; the bars of whole sets count all.

    Returns
    -------
    matplotlib.figure.Figure
        About 180 mm wide with 30 intersections, text of 8 points; for `save_figure`.

    References
    ----------
    Lex et al. (2014), UpSet: Visualization of Intersecting Sets, doi:10.1109/TVCG.2014.2346248.
    """
    counts = count_intersections(sets)
    with figure_style(), _without_upsetplot_warning():
        from matplotlib.figure import Figure

        plot = _make_upset(sets, counts)
        # upsetplot's own limits would drop or keep all of a tie, and show counts in an unstable order.
        plot.intersections = plot.intersections.iloc[:max_intersections]
        plot.style_subsets(facecolor=HIGHLIGHT, **highlight)
        if "present" in highlight:
            plot.style_categories(highlight["present"], bar_facecolor=HIGHLIGHT)
        figure = Figure()
        figure.subplots_adjust(left=0, right=1, bottom=0, top=1)  # upsetplot reckons without margins
        axes = plot.plot(figure)
        axes["matrix"].set_ylim(-0.5, len(sets) - 0.5)
        axes["matrix"].collections[-1].set_zorder(11)  # lines above the dots of sets they pass by
        _label_bars(axes["intersections"], f"{unit.capitalize()} of exactly\nthese {set_name}s")
        _label_totals(axes["totals"], f"{unit.capitalize()} per {set_name}")
        caption = _caption(title, counts, max_intersections, unit)
        _add_legend(axes["intersections"], caption, dict(zip(legend, (HIGHLIGHT, PLAIN), strict=True)))
    return figure


@contextmanager
def _without_upsetplot_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", _UPSETPLOT_WARNING, FutureWarning, "upsetplot")
        yield


def _make_upset(sets: Mapping[str, Set[str]], counts: Mapping[tuple[str, ...], int]) -> UpSet:
    from upsetplot import UpSet

    from_bottom = sorted(sets, key=lambda name: (-len(sets[name]), name))[::-1]
    rows = [[name in combination for name in from_bottom] for combination in counts]
    index = pd.MultiIndex.from_arrays([list(column) for column in zip(*rows, strict=True)], names=from_bottom)
    return UpSet(
        pd.Series(list(counts.values()), index=index),
        sort_by="input",
        sort_categories_by="input",
        subset_size="sum",
        facecolor=PLAIN,
        element_size=_ELEMENT_POINTS,
        totals_plot_elements=_TOTALS_ELEMENTS,
        intersection_plot_elements=_BAR_ELEMENTS,
    )


def _caption(title: str, counts: Mapping, shown: int, unit: str) -> list[str]:
    hidden = list(counts.values())[shown:]
    if not hidden:
        return [title]
    rest = f"the other {len(hidden):,} hold {sum(hidden):,} {unit}"
    return [title, f"The {shown} largest of {len(counts):,} intersections; {rest}"]


def _label_bars(axes: Axes, label: str) -> None:
    from matplotlib.ticker import MaxNLocator

    # Each bar has its count, so a grid would only cross the text.
    axes.grid(False)
    axes.set_ylabel(label)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins="auto"))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    bars, largest = _bars(axes)
    axes.set_ylim(0, largest / _bar_share(largest, _size_in_points(axes)[1]))
    axes.bar_label(bars, fmt="{:,.0f}", padding=_PADDING, rotation=90)


def _label_totals(axes: Axes, label: str) -> None:
    bars, largest = _bars(axes)
    axes.set_xlim(largest / _bar_share(largest, _size_in_points(axes)[0]), 0)
    axes.bar_label(bars, fmt="{:,.0f}", padding=_PADDING)
    axes.set_xlabel(label, labelpad=2)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _bars(axes: Axes) -> tuple[BarContainer, float]:
    """Return the bars that upsetplot drew first, and the value of the largest."""
    from matplotlib.container import BarContainer

    bars = next(container for container in axes.containers if isinstance(container, BarContainer))
    return bars, float(np.asarray(bars.datavalues, float).max())


def _bar_share(largest: float, length: float) -> float:
    """Return the share of an axis that the largest bar may take, so that its count fits beyond its end."""
    return 1 - (len(f"{largest:,.0f}") * _CHARACTER_POINTS + 2 * _PADDING) / length


def _size_in_points(axes: Axes) -> tuple[float, float]:
    figure = axes.get_figure(root=True)
    assert figure is not None  # upsetplot has put the axes into one
    share = axes.get_position()
    return share.width * figure.get_figwidth() * 72, share.height * figure.get_figheight() * 72


def _add_legend(axes: Axes, caption: Sequence[str], colours: Mapping[str, str]) -> None:
    from matplotlib.patches import Patch

    characters = max(_MIN_CAPTION_CHARACTERS, int(_size_in_points(axes)[0] / _CHARACTER_POINTS))
    axes.legend(
        handles=[Patch(facecolor=colour, label=label) for label, colour in colours.items()],
        title="\n".join(textwrap.fill(line, characters) for line in caption),
        alignment="left",
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(colours),
        frameon=False,
        borderaxespad=0,
    )
