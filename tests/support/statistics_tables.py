"""Small tables of masks and pairs that statistics are made of, and the released ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from utils.naming import METRIC_COLUMNS, SEG_COLUMNS, humans_only, pair_labels
from utils.statistics.clusters import image_clusters
from utils.statistics.pair_kinds import classified_pairs


class Tables(NamedTuple):
    """Image metadata, metadata of masks, all pairs, and those of human masks with what they are."""

    images: pd.DataFrame
    subset: pd.DataFrame
    all_pairs: pd.DataFrame
    pairs: pd.DataFrame


def mask_rows(rows: Iterable[tuple]) -> pd.DataFrame:
    """Return metadata of masks: (image, annotator), and tool and skill level where they are not T1 and S1."""
    table = []
    for number, (image, annotator, *levels) in enumerate(rows):
        tool, skill = [*levels, *("T1", "S1")[len(levels) :]]
        name = f"{image}_{annotator}_{number}.png"
        table.append((image, f"{image}.JPG", name, annotator, tool, skill, f"{number:024x}", ""))
    return pd.DataFrame(table, columns=SEG_COLUMNS)


def all_pairs_of(subset: pd.DataFrame, dice: Callable[[str, str], float]) -> pd.DataFrame:
    """Return all pairs of masks of each image, every metric computed of both file names."""
    rows = []
    for _, masks in subset.groupby("ISIC_id", sort=False):
        records = masks.to_dict("records")
        for labels, (first, second) in zip(pair_labels(records), combinations(records, 2), strict=True):
            value = dice(first["seg_filename"], second["seg_filename"])
            rows.append(labels | dict.fromkeys(METRIC_COLUMNS, value))
    return pd.DataFrame(rows)


def images_of(*sets: tuple[str, int]) -> list[tuple[str, str]]:
    """Return masks of so many images by each set of annotators, one letter each."""
    rows, number = [], 0
    for people, images in sets:
        for _ in range(images):
            rows += [(f"I{number:03d}", person) for person in people]
            number += 1
    return rows


def tables_of(rows: Iterable[tuple], dice: Iterable[float] | None = None, **links: dict[str, str]) -> Tables:
    """Return tables of masks, the Dice of their pairs in order, and patient_id or lesion_id by image."""
    subset = mask_rows(rows)
    values = iter(dice) if dice is not None else None
    pairs = all_pairs_of(subset, lambda *_: 0.5 if values is None else next(values))
    images = pd.DataFrame({"isic_id": subset["ISIC_id"].unique()})
    for column, ids in links.items():
        images[column] = images["isic_id"].map(ids).fillna("")
    return Tables(images, subset, pairs, classified_pairs(pairs, subset, image_clusters(images)))


@pytest.fixture(scope="session")
def released_statistics(reference) -> Tables:
    """The released tables, read as the stages read them."""
    folder, texts = reference / "published", {"dtype": str, "keep_default_na": False}
    images = pd.read_csv(folder / "IMAplusplus_img_metadata.csv.gz", **texts)
    subset = pd.read_csv(folder / "IMAplusplus_multiannotator_subset_seg_metadata.csv.gz", **texts)
    pairs = pd.read_csv(folder / "IMAplusplus_multiannotator_subset_IAA_metrics.csv.gz", float_precision="round_trip")
    return Tables(images, subset, pairs, classified_pairs(pairs, subset, image_clusters(images)))


def renamed(subset: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Return metadata with other names of annotators."""
    return subset.assign(annotator=subset["annotator"].replace(names))


def human_masks(tables: Tables) -> pd.DataFrame:
    """Return the metadata of human masks."""
    return humans_only(tables.subset)


def drawn_log_areas(subset: pd.DataFrame, bias: dict[str, float], seed: int = 0, noise: float = 0.0) -> pd.Series:
    """Return the logarithm of each mask's area: of its lesion, times the annotator's factor."""
    generator = np.random.default_rng(seed)
    lesions = {image: generator.normal(10, 1) for image in subset["ISIC_id"].unique()}
    values = subset["ISIC_id"].map(lesions) + subset["annotator"].map(bias) + generator.normal(0, noise, len(subset))
    return values.set_axis(subset["seg_filename"])


def annotator_rows(*names: str, **more) -> pd.DataFrame:
    """Return rows of the table of annotators as figures read it; `more` in place of what is drawn here."""
    columns = {
        "masks": 5.0, "half": np.nan, "partners": "A01 (3), A02 (2), A03 (2), A04 (1), A05 (1)", "tools": "T1 (5)",
        "skill_levels": "S1 (5)", "caution": "", "mean_dice_with_others": 0.8, "mean_dice_with_others_low": np.nan,
        "mean_dice_with_others_high": np.nan, "mean_dice_with_others_images": 3.0, "dice_with_vote_of_others": np.nan,
        "dice_with_vote_of_others_low": np.nan, "dice_with_vote_of_others_high": np.nan,
    }  # fmt: skip
    return pd.DataFrame({"annotator": names}).assign(**{**columns, **more})
