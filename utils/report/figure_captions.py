"""Captions of the figures, on which page each stands, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

OVERVIEW, ANNOTATORS, PREDICTIONS = "overview", "annotators", "predictions"
_OVERLAYS = "overlaid_segs"  # folders of figures
_COMPARED = "models_compared"
# Caption and alternative text, by file name, in the order of the page.
_CAPTIONS = {
    "distribution": (
        "Images by number of masks, and masks by annotator, tool and skill level",
        "Bar charts of how many images have how many masks, and of masks by annotator, tool and skill level",
    ),
    "imaplusplus_annotator_overlap": (
        "Images by the annotators who segmented them",
        "UpSet plot of the sets of annotators who segmented the same images",
    ),
    "other_datasets_overlap": (
        "Images shared with other datasets",
        "UpSet plot of the images that the dataset shares with other datasets",
    ),
    "agreement_statistics": (
        "Agreement of groups of pairs, with intervals",
        "Forest plot of mean Dice and normalised HD95 by kind of pair, tools, skill levels, masks and diagnosis",
    ),
    "individual_metrics": (
        "Distributions of the agreement metrics over pairs of masks by two annotators",
        "Histograms of Dice, Jaccard and the normalised distances over pairs of masks by two annotators",
    ),
    "inter_intra_annotator_agreement": (
        "Agreement within and between annotators",
        "Heatmaps of mean Dice and mean normalised HD95 by pair of annotators; one annotator twice is framed",
    ),
    "inter_intra_tool_agreement": (
        "Agreement within and between tools",
        "Heatmaps of mean Dice and mean normalised HD95 by pair of tools",
    ),
    "inter_intra_skill_agreement": (
        "Agreement within and between skill levels",
        "Heatmaps of mean Dice and mean normalised HD95 by pair of skill levels",
    ),
    "all_annotator_intersections": (
        "Agreement in the most frequent sets of annotators",
        "Box and strip plots of Dice and HD95 for the most frequent sets of annotators",
    ),
    "iaa_cdfs": (
        "Agreement on malignant and on benign images",
        "Cumulative distributions of the mean Dice per image, and differences as it stands and by sets of annotators",
    ),
    "partition_balance": (
        "Shares of the partitions for training, validation and test",
        "Dot plot of how far the share of each label in each partition is from its target",
    ),
    "annotator_network": (
        "Who outlined the same images as whom",
        "Network of annotators, joined by the images that both outlined",
    ),
    "annotator_area_factors": (
        "How large each annotator draws, and with which tool and skill level",
        "Forest plot of area factors of annotators, tools and skill levels",
    ),
    "annotator_dice_with_others": (
        "Agreement of each annotator with the others",
        "Forest plot of the mean Dice of each annotator with the others, who are named",
    ),
}
_PAGES = dict.fromkeys(("annotator_network", "annotator_area_factors", "annotator_dice_with_others"), ANNOTATORS)


class Caption(NamedTuple):
    """What a page says of a figure: the page, its caption, and its text for those who do not see it."""

    page: str
    text: str
    alternative: str


def caption_of(path: Path) -> Caption:
    """Return what is said of a figure, by its folder and name; one that is not known is called by its name."""
    name, words = path.stem, path.stem.replace("_", " ")
    if is_overlay(path):
        text = f"Image {name} with the outlines of its annotators and consensus masks"
        return Caption(OVERVIEW, f"Outlines on {name}", text)
    if is_of_models(path):
        return Caption(PREDICTIONS, *_of_predictions(name))
    return Caption(_PAGES.get(name, OVERVIEW), *_CAPTIONS.get(name, (words, f"Figure: {words}")))


def _of_predictions(name: str) -> tuple[str, str]:
    if name == _COMPARED:
        return (
            "Models beside each other, and their differences image by image",
            "Forest plot of the mean Dice and NSD of each model with the annotators, and of the differences of models",
        )
    return (
        f"{name} with the annotators, beside the annotators with each other, an image a dot",
        f"Scatter plots of Dice and NSD of {name} with the annotators against the annotators with each other",
    )


def place_of(path: Path) -> tuple[bool, int, str]:
    """Return what figures are sorted by: known ones in the order of the page, then others, overlays last."""
    names = [*_CAPTIONS, _COMPARED]
    known = names.index(path.stem) if path.stem in names else len(names)
    return is_overlay(path), known, path.as_posix()


def is_overlay(path: Path) -> bool:
    """Tell whether a figure shows the outlines on one image."""
    return path.parent.name == _OVERLAYS


def is_of_models(path: Path) -> bool:
    """Tell whether a figure is of scored predictions, whatever its model is called."""
    return path.parent.name == PREDICTIONS
