"""Plot how many masks images have, and how many masks each annotator, tool and skill level has.

Reads:  IMAplusplus_seg_metadata.csv.
Writes: dataset_statistics/distribution (.png, .svg, .pdf) below visualizations_dir.
Rules:  Human masks only. The axis of images is logarithmic, since images with many masks are rare; those of
        masks start at 0. Tools and skill levels are drawn where there are several. Without the columns, or without
        masks, there is a warning and no figure.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import utils.stage_process
from utils.figures.plotting import PALETTE, figure_style, save_figure
from utils.lazy import logger
from utils.naming import humans_only, levels_explained, varying_factors
from utils.settings import MultiannotatorSettings
from utils.stage import Outcome, run_stage
from utils.tables import read_input

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.gridspec import GridSpec
    from pandas import DataFrame, Series

KEYS = (
    "output_seg_masks_metadata_path",
    "visualizations_dir",
)

COLUMNS = ("ISIC_id", "annotator", "tool", "skill_level")
_INCHES = (3.36, 5.6)  # with the margin of save_figure 88 mm wide: one column of a paper
_FACTOR_LABELS = {"tool": "Tool", "skill_level": "Skill level"}
_FEW_BARS = 8  # so many have room for a count written level


def images_by_number_of_masks(table: DataFrame) -> Series:
    """Count the images that have 1, 2, 3, ... masks.

    Parameters
    ----------
    table : DataFrame
        One row a mask, with column ISIC_id.

    Returns
    -------
    Series
        Images (int) by number of masks, from 1 to the largest without gaps; empty for no masks.
    """
    per_image = table["ISIC_id"].value_counts()
    largest = int(per_image.max()) if len(per_image) else 0
    return per_image.value_counts().reindex(range(1, largest + 1), fill_value=0)


def masks_by(table: DataFrame, column: str) -> Series:
    """Count the masks of each level of a factor, sorted by its name."""
    return table[column].value_counts().sort_index()


def draw(table: DataFrame) -> Figure:
    """Draw the panels from a table of one or more human masks, as `main` reads it."""
    with figure_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=_INCHES)
        caption = f"{len(table):,} masks of {table['ISIC_id'].nunique():,} images"
        figure.text(0.5, 1, caption, ha="center", va="top", fontsize=8)
        grid = figure.add_gridspec(3, 5, left=0.17, right=1, bottom=0.07, top=0.96, hspace=0.5, wspace=0.8)
        images = figure.add_subplot(grid[0, :])
        per_number = images_by_number_of_masks(table)
        _draw_bars(images, per_number, "{:,}".format)
        images.set(xlabel="Masks of an image", ylabel="Images (log scale)")
        _use_log_axis(images, per_number.max())
        annotators = figure.add_subplot(grid[1, :])
        _draw_bars(annotators, masks_by(table, "annotator"), "{:,}".format)
        annotators.set(xlabel="Annotator", ylabel="Masks")
        _draw_factors(figure, grid, table)
        for axes in (images, annotators):  # at the edge of the page, so that it is as wide whatever the counts
            axes.yaxis.set_label_coords(-0.185, 0.5)
    return figure


def _draw_factors(figure: Figure, grid: GridSpec, table: DataFrame) -> None:
    """Draw the masks by tool and by skill level, as far as the dataset has several; say what the codes mean."""
    first = None
    for factor in varying_factors(table):
        counts = masks_by(table, factor)
        where = grid[2, 3:] if first or factor == "skill_level" else grid[2, :3]
        axes = figure.add_subplot(where, sharey=first)
        _draw_bars(axes, counts, lambda n: f"{n:,}\n{n / len(table):.0%}")
        axes.set(xlabel=_FACTOR_LABELS[factor], ylabel="" if first else "Masks")
        axes.tick_params(labelleft=first is None)
        first = first or axes
    if first:
        codes = [levels_explained(table[factor]) for factor in varying_factors(table)]
        figure.text(0.5, -0.005, "\n".join(filter(None, codes)), ha="center", va="top", fontsize=7)


def _draw_bars(axes: Axes, counts: Series, label: Callable[[int], str]) -> None:
    many = len(counts) > _FEW_BARS
    names = [str(name) for name in counts.index]
    bars = axes.bar(range(len(counts)), counts.to_numpy(), width=0.75, color=PALETTE["blue"])
    axes.bar_label(bars, [label(count) for count in counts], padding=2, rotation=90 * many, fontsize=7)
    axes.set_xticks(range(len(counts)), names, rotation=90 * many)
    axes.set_xlim(-0.6, len(counts) - 0.4)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.margins(y=0.4)
    axes.spines[["top", "right"]].set_visible(False)


def _use_log_axis(axes: Axes, largest: int) -> None:
    from matplotlib.ticker import NullLocator

    # A bar of one image must be visible, and the count of the largest needs room above it.
    axes.set_yscale("log", nonpositive="clip")
    axes.set_ylim(0.5, 5 * largest)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter("{x:,.0f}")


def main(config: MultiannotatorSettings) -> Outcome:
    """Read the metadata, draw, write."""
    table = read_input(config, "output_seg_masks_metadata_path", made_by="create_dataset")
    target = config.visualizations_dir / "dataset_statistics" / "distribution"
    missing = [name for name in COLUMNS if name not in table.columns]
    table = table if missing else humans_only(table)
    if missing or table.empty:
        reason = f"columns {', '.join(missing)}" if missing else "human masks"
        logger.warning("{} skipped: {} lacks {}", target.name, config.output_seg_masks_metadata_path, reason)
        return Outcome("no figure")
    return Outcome(f"distribution of {len(table)} masks", save_figure(draw(table), target))


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
