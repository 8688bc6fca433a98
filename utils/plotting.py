"""Figures: one look, three reproducible file formats, and UpSet plots."""

from __future__ import annotations

import textwrap
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import lazy_loader as lazy

from utils.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from upsetplot import UpSet

pd = lazy.load("pandas")
# matplotlib and upsetplot are imported where they are used: they take half a second, and --help needs neither.

# Okabe and Ito, Color Universal Design (2008), https://jfly.uni-koeln.de/color/: distinct for every kind of
# colour vision.
PALETTE = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky blue": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}
HIGHLIGHT = PALETTE["vermillion"]
PLAIN = "#333333"  # much darker than HIGHLIGHT, so that the two differ in a grey print as well

MAX_INTERSECTIONS = 30

_STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "text.parse_math": False,  # names of datasets are no formulas, whatever they contain
    "pdf.fonttype": 42,  # journals refuse the default, Type 3
    "svg.hashsalt": "IMA++",
}
# What would differ between two runs is left out.
_METADATA = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
_PNG_DPI = 300

_ELEMENT_POINTS = 14  # width of a bar with its gap, and height of a row: room for a line of 8-point text
_TOTALS_ELEMENTS = 6
_BAR_ELEMENTS = 11
_HEADROOM = 1.22  # above the tallest bar, for its upright count


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw in the project's style: matplotlib's defaults and ours, whatever the user's matplotlibrc says."""
    import matplotlib
    from matplotlib import style

    matplotlib.use("Agg")
    with style.context(_STYLE, after_reset=True):
        yield


def save_figure(figure: Figure, path_without_suffix: Path) -> list[Path]:
    """Write a figure as PNG (300 dpi), SVG and PDF; the same figure gives the same bytes on every run.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn within `figure_style`. The page grows or shrinks to what is drawn, so that nothing is clipped.
    path_without_suffix : Path
        ``.png``, ``.svg`` and ``.pdf`` are appended. Parents are created.

    Returns
    -------
    list of Path
        The files, in that order.
    """
    paths = [path_without_suffix.with_name(path_without_suffix.name + suffix) for suffix in _METADATA]
    with figure_style():
        for path in paths:
            with atomic_path(path) as temporary:
                figure.savefig(
                    temporary, dpi=_PNG_DPI, metadata=_METADATA[path.suffix], bbox_inches="tight", pad_inches=0.05
                )
    return paths


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
    total_label: str,
    highlight: Mapping[str, object],
    plain_label: str,
    unit: str = "images",
    max_intersections: int = MAX_INTERSECTIONS,
) -> Figure:
    """Draw an UpSet plot: a bar with its count for each exclusive intersection, largest first.

    Parameters
    ----------
    sets : mapping of str to set of str
        At least two named sets, not all of them empty. Drawn from the largest, on top, to the smallest.
    title : str
        Stands above the plot, and below it how many intersections are shown if they are not all.
    total_label : str
        Label of the bars of whole sets, e.g. "Images per dataset".
    highlight : mapping
        What to colour, as ``UpSet.style_subsets`` takes it: ``{"present": name, "label": text}`` for one set,
        whose whole bar is coloured too, or ``{"min_degree": 2, "label": text}``.
    plain_label : str
        Legend of all that is not coloured.
    unit : str
        What is counted.
    max_intersections : int
        Of more, only so many of the largest are drawn, ties by name; the bars of whole sets count all.

    Returns
    -------
    matplotlib.figure.Figure
        About 190 mm wide with 30 intersections, text of 8 points; for `save_figure`.

    References
    ----------
    Lex et al. (2014), UpSet: Visualization of Intersecting Sets, doi:10.1109/TVCG.2014.2346248.
    """
    counts = count_intersections(sets)
    with figure_style(), _without_upsetplot_warnings():
        from matplotlib.figure import Figure

        plot = _make_upset(sets, counts)
        # upsetplot's own limits would drop or keep all of a tie, and show counts in an unstable order.
        plot.intersections = plot.intersections.iloc[:max_intersections]
        plot.style_subsets(facecolor=HIGHLIGHT, **highlight)
        if "present" in highlight:
            plot.style_categories(highlight["present"], bar_facecolor=HIGHLIGHT)
        figure = Figure()
        axes = plot.plot(figure)
        caption = _caption(title, counts, max_intersections, unit, figure)
        _label_bars(axes["intersections"], f"{unit.capitalize()} in exactly these sets")
        _label_totals(axes["totals"], total_label)
        _add_legend(axes["intersections"], caption, {str(highlight["label"]): HIGHLIGHT, plain_label: PLAIN})
    return figure


@contextmanager
def _without_upsetplot_warnings() -> Iterator[None]:
    # upsetplot 0.9.0 fills columns through chained indexing, which works up to pandas 2.
    with warnings.catch_warnings():
        for message in ("A value is trying to be set on a copy of a DataFrame", "Downcasting object dtype arrays"):
            warnings.filterwarnings("ignore", message, FutureWarning, "upsetplot")
        yield


def _make_upset(sets: Mapping[str, Set[str]], counts: Mapping[tuple[str, ...], int]) -> UpSet:
    from upsetplot import UpSet

    from_bottom = sorted(sets, key=lambda name: (len(sets[name]), name), reverse=True)[::-1]
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
        show_counts="{:,.0f}",
    )


def _caption(title: str, counts: Mapping, shown: int, unit: str, figure: Figure) -> str:
    hidden = list(counts.values())[shown:]
    if hidden:
        title += f"; the {shown} largest of {len(counts)} intersections, the others hold {sum(hidden):,} {unit}"
    characters = int(figure.get_figwidth() * 13)  # of 8-point text in an inch
    return textwrap.fill(title, characters)


def _label_bars(axes, label: str) -> None:
    axes.set_ylabel(label)
    axes.set_ylim(0, axes.get_ylim()[1] * _HEADROOM)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    for count in axes.texts:
        count.set(rotation=90, fontsize=8)


def _label_totals(axes, label: str) -> None:
    # Each bar shows its count: an axis would repeat them.
    axes.set_xlabel(label)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _add_legend(axes, caption: str, colours: Mapping[str, str]) -> None:
    from matplotlib.patches import Patch

    if axes.get_legend():
        axes.get_legend().remove()
    axes.legend(
        handles=[Patch(facecolor=colour, label=label) for label, colour in colours.items()],
        title=caption,
        alignment="left",
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(colours),
        frameon=False,
        borderaxespad=0,
    )
