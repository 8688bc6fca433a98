"""Draw chosen images with the outlines of all annotators and of both consensus masks.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv, ..._IAA_metrics.csv, images and masks.
Writes: overlaid_segs/{ISIC_id} (.png, .svg, .pdf) below visualizations_dir, for each chosen image.
Rules:  overlay_selection chooses by pairs of human masks; ties go by id. An image that has no table rows,
        or whose files are missing, damaged or of different sizes, is named in a warning and left out.
        Figures of an earlier choice stay.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

import utils.stage_process
from utils.data import load_image, load_masks
from utils.errors import ConfigError, Failure, PipelineError
from utils.figures.plotting import PALETTE, figure_style, save_figure
from utils.lazy import cv2, logger
from utils.masks.outlines import border_pixels
from utils.naming import CONSENSUS, MAJORITY_VOTE, METRIC_COLUMNS, SEG_COLUMNS, STAPLE, human_pairs_only
from utils.pictures.size_text import size_text
from utils.settings import MultiannotatorSettings, OverlaySelection
from utils.stage import Outcome, run_stage
from utils.tables import read_input
from utils.workers.parallel import map_items
from utils.workers.workplace import local_workplace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

KEYS = (
    "multiannotator_subset_metadata_path",
    "all_pairwise_IAA_metrics_path",
    "new_dataset_images_dir",
    "new_dataset_masks_dir",
    "visualizations_dir",
    "overlay_selection",
    "overlay_metric",
    "overlay_count",
    "overlay_ids",
    "num_workers",
    "executor",
    "max_image_pixels",
)

_WIDTH = 3.36  # inches; with the margin of save_figure 88 mm: one column of a paper
_MAX_IMAGE_HEIGHT = 4.5
_TITLE_HEIGHT, _LEGEND_ROW_HEIGHT = 0.22, 0.165
_LONGEST_SIDE = 1200  # pixels of the image in the figure, somewhat finer than 300 dpi

_ANNOTATOR_COLOURS = ("orange", "sky blue", "green", "vermillion", "yellow", "purple", "blue")
# By the annotator's place among all of them; beyond seven, and for another mask of one, with another line.
_STYLES = tuple((PALETTE[name], line) for line in ("-", ":", "-.") for name in _ANNOTATOR_COLOURS)
# Often the same outline: the dashes of one then fall into the gaps of the other.
_CONSENSUS_STYLES = {STAPLE: ("white", (0, (4, 4))), MAJORITY_VOTE: ("black", (4, (4, 4)))}
# Points. Consensus lines with their seam are narrower, so that the annotator's line below shows on both sides.
_ANNOTATOR_WIDTH, _CONSENSUS_WIDTH, _SEAM = 1.4, 0.6, 0.4
_CONSENSUS_NAMES = {STAPLE: "STAPLE consensus", MAJORITY_VOTE: "Majority vote"}


@dataclass(frozen=True)
class Overlay:
    """What one figure needs: its title, image, and the masks with labels and places of lines, consensus masks last."""

    title: str
    image_path: Path
    mask_paths: tuple[Path, ...]
    labels: tuple[str, ...]
    places: tuple[int, ...]
    target: Path


def select_images(
    pairs: DataFrame, selection: OverlaySelection, metric: str = "dice_score", count: int | None = None
) -> list[str]:
    """Choose images by the agreement of their annotators.

    Parameters
    ----------
    pairs : DataFrame
        Pairs of human masks: img_id, dice_score and `metric`, the latter two as numbers.
    selection : OverlaySelection
        ``lowest`` and ``highest`` go by the mean of `metric` over the pairs of an image, NaN left out;
        ``zero_overlap`` takes the images of which a pair has Dice 0.
    metric : str
        A column of `pairs`.
    count : int or None
        So many at most; None: all.

    Returns
    -------
    list of str
        img_id of each: the most extreme first, ties and zero overlaps by id. Images without a number have no
        place.
    """
    if selection is OverlaySelection.zero_overlap:
        return sorted(set(pairs.loc[pairs["dice_score"] == 0, "img_id"]))[:count]
    means = pairs.groupby("img_id", sort=True)[metric].mean().dropna()
    ascending = selection is OverlaySelection.lowest
    return means.sort_values(ascending=ascending, kind="stable").index.tolist()[:count]


def mask_label(row: Mapping[Hashable, str]) -> str:
    """Name a row of the metadata as the legend does: annotator, tool, skill level; or the consensus."""
    return _CONSENSUS_NAMES.get(row["annotator"], f"{row['annotator']}, {row['tool']}, {row['skill_level']}")


def places_of_lines(annotators: Sequence[str], everyone: Sequence[str]) -> tuple[int, ...]:
    """Return the place of each mask's line: an annotator has the same one in all images, as in the report."""
    places: list[int] = []
    for annotator in annotators:
        place = everyone.index(annotator)
        while place in places:
            place += len(_ANNOTATOR_COLOURS)
        places.append(place)
    return tuple(places)


def make_overlay(rows: DataFrame, pairs: DataFrame, everyone: Sequence[str], config: MultiannotatorSettings) -> Overlay:
    """Collect what the figure of one image needs from its rows, its pairs of human masks and all annotators."""
    is_consensus = rows["annotator"].isin(CONSENSUS)
    ordered = rows[~is_consensus].to_dict("records") + rows[is_consensus].to_dict("records")
    isic_id, humans = rows["ISIC_id"].iloc[0], int((~is_consensus).sum())
    return Overlay(
        title=f"{isic_id} · {humans} masks · mean Dice {pairs['dice_score'].mean():.2f}",
        image_path=config.new_dataset_images_dir / rows["img_filename"].iloc[0],
        mask_paths=tuple(config.new_dataset_masks_dir / row["seg_filename"] for row in ordered),
        labels=tuple(mask_label(row) for row in ordered),
        places=places_of_lines([row["annotator"] for row in ordered], everyone),
        target=config.visualizations_dir / "overlaid_segs" / isic_id,
    )


def write_overlay(overlay: Overlay) -> list[Path]:
    """Draw an overlay and write its files.

    Raises
    ------
    PipelineError
        If a file cannot be read, or sizes differ.
    """
    return save_figure(draw(overlay), overlay.target)


def draw(overlay: Overlay) -> Figure:
    """Draw the image, the outlines over it, title and legend."""
    image = load_image(overlay.image_path)
    masks = load_masks(overlay.mask_paths)
    height, width = image.shape[:2]
    if masks[0].shape != (height, width):
        sizes = {"expected": size_text(image.shape), "found": size_text(masks[0].shape)}
        raise PipelineError("The masks differ in size from their image.", where=overlay.image_path, **sizes)
    shrink = max(1.0, max(height, width) / _LONGEST_SIDE)
    size = (round(width / shrink), round(height / shrink))
    with figure_style():
        figure, axes = _page(height / width, len(masks))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if shrink > 1 else image
        axes.imshow(small, extent=(-0.5, width - 0.5, height - 0.5, -0.5), interpolation="antialiased")
        axes.set_title(overlay.title, fontsize=8, pad=4)
        _add_outlines(axes, masks, overlay, shrink / 2)
    return figure


def _page(aspect: float, num_masks: int) -> tuple[Figure, Axes]:
    """Return a figure whose axes have the height that the image takes at the width of a column."""
    from matplotlib.figure import Figure

    image_height = min(_WIDTH * aspect, _MAX_IMAGE_HEIGHT)
    legend_height = _LEGEND_ROW_HEIGHT * ((num_masks + 1) // 2 + 1)
    height = _TITLE_HEIGHT + image_height + legend_height
    figure = Figure(figsize=(_WIDTH, height))
    axes = figure.add_axes((0, legend_height / height, 1, image_height / height))
    axes.set_axis_off()
    return figure, axes


def _add_outlines(axes: Axes, masks: Sequence[np.ndarray], overlay: Overlay, tolerance: float) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    names = {name: label for label, name in _CONSENSUS_NAMES.items()}
    handles = []
    for mask, label, place in zip(masks, overlay.labels, overlay.places, strict=True):
        is_consensus = label in names
        colour, line = _CONSENSUS_STYLES[names[label]] if is_consensus else _STYLES[place % len(_STYLES)]
        # A seam of the opposite lightness keeps every colour visible on skin and lesion.
        line_width = _CONSENSUS_WIDTH if is_consensus else _ANNOTATOR_WIDTH
        seam = withStroke(linewidth=line_width + _SEAM, foreground="white" if colour == "black" else "black")
        look: dict[str, Any] = {"linestyle": line, "linewidth": line_width, "path_effects": [seam]}
        axes.add_collection(LineCollection(border_pixels(mask, tolerance), colors=colour, **look), autolim=False)
        handles.append(Line2D([], [], color=colour, label=label if mask.any() else f"{label}: empty", **look))
    spacing = {"handlelength": 2.4, "borderaxespad": 0.3, "labelspacing": 0.3}
    corner: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0, 0), "ncols": 2}
    axes.legend(handles=handles, fontsize=7, frameon=False, **corner, **spacing)


def chosen_overlays(config: MultiannotatorSettings) -> list[Overlay]:
    """Read both tables and describe the figure of each chosen image; warn of ids without rows."""
    rows = read_input(config, "multiannotator_subset_metadata_path", SEG_COLUMNS)
    pairs = human_pairs_only(
        read_input(
            config,
            "all_pairwise_IAA_metrics_path",
            columns=("img_id", "annotator1", "annotator2"),
            numeric=sorted({"dice_score", config.overlay_metric}),
            made_by="compute_IAA_metrics",
        )
    )
    by_image = dict(list(rows.groupby("img_filename", sort=False)))
    if config.overlay_selection is OverlaySelection.ids:
        names = dict(zip(rows["ISIC_id"], rows["img_filename"], strict=True))
        chosen = [names.get(isic_id, isic_id) for isic_id in config.overlay_ids]
    else:
        chosen = select_images(pairs, config.overlay_selection, config.overlay_metric, config.overlay_count)
    for name in chosen:
        if name not in by_image:
            logger.warning("{} skipped: not in {}", name, config.multiannotator_subset_metadata_path)
    pairs_of = dict(list(pairs.groupby("img_id")))
    found = (name for name in chosen if name in by_image)
    everyone = [*sorted(set(rows["annotator"]) - set(CONSENSUS)), *CONSENSUS]
    return [make_overlay(by_image[name], pairs_of.get(name, pairs.iloc[:0]), everyone, config) for name in found]


def main(config: MultiannotatorSettings) -> Outcome:
    """Choose images, draw each, name those that cannot be drawn."""
    if config.overlay_metric not in METRIC_COLUMNS:
        raise ConfigError(
            "overlay_metric does not name a metric.", expected=", ".join(METRIC_COLUMNS), found=config.overlay_metric
        )
    if not config.new_dataset_images_dir.is_dir():
        logger.warning("overlaid_segs skipped: no folder of images at {}", config.new_dataset_images_dir)
        return Outcome("no figures")
    overlays = chosen_overlays(config)
    files = []
    results = map_items(write_overlay, overlays, local_workplace(config), label="overlays")
    for overlay, result in zip(overlays, results, strict=True):
        if isinstance(result, Failure):
            logger.warning("{} skipped: {}", overlay.target.name, result.reason)
        else:
            files += result
    return Outcome(f"{len(files) // 3} of {len(overlays)} chosen images overlaid", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
