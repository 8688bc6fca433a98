"""Figures: one look, three reproducible file formats, and UpSet plots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# matplotlib and upsetplot take long to import, and --help needs neither: functions import them.

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

_STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "text.parse_math": False,  # names of datasets are not formulas, whatever they contain
    "savefig.dpi": 300,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.05,
    "pdf.fonttype": 42,  # journals refuse the default, Type 3
    "svg.hashsalt": "IMA++",
}
# What would differ between two runs is left out.
_METADATA = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw in the project's style: matplotlib's defaults and ours, whatever the user's matplotlibrc says."""
    import matplotlib
    from matplotlib import style

    matplotlib.use("Agg")
    with style.context(_STYLE, after_reset=True):
        yield


def paths_of_figure(path_without_suffix: Path) -> list[Path]:
    """Return the files that `save_figure` writes."""
    return [path_without_suffix.with_name(path_without_suffix.name + suffix) for suffix in _METADATA]


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
    paths = paths_of_figure(path_without_suffix)
    # matplotlib fits the page to everything but axis labels that are longer than their axis.
    labels = [axis.label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) if axis.get_visible()]
    drawn = [*figure.get_default_bbox_extra_artists(), *labels]
    with figure_style():
        for path in paths:
            with atomic_path(path) as temporary:
                figure.savefig(temporary, metadata=_METADATA[path.suffix], bbox_extra_artists=drawn)
    return paths
