"""Draw chosen images with the outlines of all annotators and of both consensus masks.

Reads:  IMAplusplus_multiannotator_subset_seg_metadata.csv, ..._IAA_metrics.csv, images and masks.
Writes: overlaid_segs/{ISIC_id} (.png, .svg, .pdf) below visualizations_dir, for each chosen image.
Rules:  overlay_selection chooses by pairs of human masks; ties go by id. The picture is cropped to the outlines; a
        locator shows where that is in the image. Further masks by one annotator have other dashes, frayed outlines
        thinner lines. Tools and skill levels are named where the dataset has several. An image that has no table rows,
        or whose files are missing, damaged or of different sizes, is named in a warning and left out.
        Figures of an earlier choice stay.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import utils.stage_process
from utils.data import load_image, load_masks
from utils.errors import Failure, PipelineError
from utils.figures.outline_lines import Line, lines_of
from utils.figures.overlay import Drawn, draw_overlay
from utils.figures.plotting import paths_of_figure, save_figure
from utils.lazy import logger
from utils.naming import (
    CONSENSUS,
    MAJORITY_VOTE,
    SEG_COLUMNS,
    STAPLE,
    human_pairs_only,
    varying_factors,
)
from utils.pictures.size_text import size_text
from utils.running.strangers import are_unknown
from utils.settings import MultiannotatorSettings, OverlaySelection
from utils.stage import Outcome, run_stage
from utils.tables import read_input
from utils.workers.parallel import map_items
from utils.workers.workplace import IN_THIS_PROCESS, local_workplace

if TYPE_CHECKING:
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

_CONSENSUS_NAMES = {STAPLE: "STAPLE consensus", MAJORITY_VOTE: "Majority vote"}


@dataclass(frozen=True)
class Overlay:
    """What one figure needs: its title, image, and the masks with their labels and lines, consensus masks last."""

    title: str
    image_path: Path
    mask_paths: tuple[Path, ...]
    labels: tuple[str, ...]
    lines: tuple[Line, ...]
    target: Path


@dataclass(frozen=True)
class Shared:
    """What all figures share: all people in order, and which of tool and skill_level tell masks apart."""

    annotators: tuple[str, ...]
    factors: tuple[str, ...]


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


def mask_labels(rows: Sequence[Mapping[Hashable, str]], factors: Sequence[str]) -> list[str]:
    """Name the masks of an image as the legend does: annotator and what else tells masks apart, or the consensus.

    Another mask with the same name has its number in brackets.
    """
    labels: list[str] = []
    for row in rows:
        name = ", ".join([row["annotator"], *(row[factor] for factor in factors)])
        label = _CONSENSUS_NAMES.get(row["annotator"], name)
        earlier = sum(other == label or other.startswith(f"{label} (") for other in labels)
        labels.append(f"{label} ({earlier + 1})" if earlier else label)
    return labels


def title_of(isic_id: str, annotators: Sequence[str], pairs: DataFrame) -> str:
    """Name an image, its masks, and how well annotators agree; one annotator twice is told apart."""
    inter = pairs["annotator1"] != pairs["annotator2"]
    labels = {"between annotators": pairs[inter], "of one annotator twice": pairs[~inter]}
    told = [f"{some['dice_score'].mean():.2f} {label}" for label, some in labels.items() if len(some)]
    people = len(set(annotators))
    by = f"{len(annotators)} masks by {people} annotator{'s' if people > 1 else ''}"
    return f"{isic_id} · {by}" + (f"\nMean Dice {', '.join(told)}" if told else "")


def make_overlay(rows: DataFrame, pairs: DataFrame, shared: Shared, config: MultiannotatorSettings) -> Overlay:
    """Collect what the figure of one image needs from its rows and its pairs of human masks."""
    is_consensus = rows["annotator"].isin(CONSENSUS)
    ordered = rows[~is_consensus].to_dict("records") + rows[is_consensus].to_dict("records")
    isic_id, annotators = rows["ISIC_id"].iloc[0], [row["annotator"] for row in ordered]
    return Overlay(
        title=title_of(isic_id, rows.loc[~is_consensus, "annotator"].tolist(), pairs),
        image_path=config.new_dataset_images_dir / rows["img_filename"].iloc[0],
        mask_paths=tuple(config.new_dataset_masks_dir / row["seg_filename"] for row in ordered),
        labels=tuple(mask_labels(ordered, shared.factors)),
        lines=tuple(lines_of(annotators, shared.annotators)),
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
    """Read the image and its masks, and draw the outlines over it."""
    image = load_image(overlay.image_path)
    masks = load_masks(overlay.mask_paths)
    if masks[0].shape != image.shape[:2]:
        sizes = {"expected": size_text(image.shape), "found": size_text(masks[0].shape)}
        raise PipelineError("The masks differ in size from their image.", where=overlay.image_path, **sizes)
    drawn = [Drawn(*one) for one in zip(masks, overlay.labels, overlay.lines, strict=True)]
    return draw_overlay(image, drawn, overlay.title)


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
    shared = Shared(tuple(sorted(set(rows["annotator"]) - set(CONSENSUS))), varying_factors(rows))
    return [make_overlay(by_image[name], pairs_of.get(name, pairs.iloc[:0]), shared, config) for name in found]


def main(config: MultiannotatorSettings) -> Outcome:
    """Choose images, draw each, name those that cannot be drawn."""
    if not config.new_dataset_images_dir.is_dir():
        logger.warning("overlaid_segs skipped: no folder of images at {}", config.new_dataset_images_dir)
        return Outcome("no figures")
    overlays = chosen_overlays(config)
    files = []
    targets = (path for overlay in overlays for path in paths_of_figure(overlay.target))
    workplace = IN_THIS_PROCESS if are_unknown(targets) else local_workplace(config)
    results = map_items(write_overlay, overlays, workplace, label="overlays")
    for overlay, result in zip(overlays, results, strict=True):
        if isinstance(result, Failure):
            logger.warning("{} skipped: {}", overlay.target.name, result.reason)
        else:
            files += result
    return Outcome(f"{len(files) // 3} of {len(overlays)} chosen images overlaid", files)


if __name__ == "__main__":
    run_stage(main, MultiannotatorSettings, KEYS)
