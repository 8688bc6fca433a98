"""Averages of scores with their intervals, by partition, beside the annotators, and models compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from utils.naming import HUMAN_LEVEL, MODEL, MODEL_BESIDE, MODEL_LESS_HUMAN
from utils.scoring.score_tables import (
    BY_IMAGE_COLUMNS,
    BY_REFERENCE_COLUMNS,
    COMPARISON_COLUMNS,
    SUMMARY_COLUMNS,
    compare_models,
    score_summary,
)

BOOTSTRAP = (200, 0)


def by_image(dice, human=None) -> pd.DataFrame:
    table = pd.DataFrame(np.nan, range(len(dice)), list(BY_IMAGE_COLUMNS)).astype({"ISIC_id": object})
    return table.assign(
        ISIC_id=[f"I{number:03}" for number in range(len(dice))],
        dice_score_mean=dice,
        human_dice_score_mean=np.nan if human is None else human,
        brier=0.25,
    )


def summary_of(table, clusters=None, partitions=None, references=()) -> pd.DataFrame:
    by_reference = pd.DataFrame(references, columns=list(BY_REFERENCE_COLUMNS))
    summary = score_summary(table, by_reference, clusters or {}, partitions or {}, BOOTSTRAP)
    assert list(summary) == list(SUMMARY_COLUMNS)
    return summary.set_index(["partition", "metric", "compared"])


def test_the_model_stands_beside_the_annotators_on_the_same_images():
    found = summary_of(by_image([0.9, 0.7, 0.2], [0.8, 0.8, np.nan])).xs("dice_score", level="metric").loc["all"]
    assert found["mean"].to_dict() == pytest.approx(
        {MODEL: 0.6, MODEL_BESIDE: 0.8, HUMAN_LEVEL: 0.8, MODEL_LESS_HUMAN: 0.0}
    )
    assert found["images"].to_dict() == {MODEL: 3, MODEL_BESIDE: 2, HUMAN_LEVEL: 2, MODEL_LESS_HUMAN: 2}
    assert found["low"].isna().all(), "no interval of fewer than ten clusters"


def test_intervals_draw_clusters():
    values = np.random.default_rng(4).random(40)
    alone = summary_of(by_image(values)).loc[("all", "dice_score", MODEL)]
    pairs = summary_of(by_image(values), {f"I{number:03}": f"I{number // 2:03}" for number in range(40)})
    assert (alone["clusters"], pairs.loc[("all", "dice_score", MODEL), "clusters"]) == (40, 20)
    assert alone["low"] < alone["mean"] < alone["high"]


def test_each_partition_has_its_rows():
    found = summary_of(by_image([0.2, 0.4, 0.9]), partitions={"I000": "train", "I001": "train", "I002": "test"})
    means = found.xs(("dice_score", MODEL), level=("metric", "compared"))["mean"]
    assert means.to_dict() == pytest.approx({"all": 0.5, "test": 0.9, "train": 0.3})
    assert list(means.index)[0] == "all"


def test_consensus_masks_have_rows_of_their_own():
    row = dict.fromkeys(BY_REFERENCE_COLUMNS, np.nan) | {"ISIC_id": "I000", "reference": "ST"}
    rows = [{**row, "sample": "0", "dice_score": 0.5}, {**row, "sample": "1", "dice_score": 1.0}]
    found = summary_of(by_image([0.2]), references=rows)
    assert found.loc[("all", "dice_score", "model with ST"), "mean"] == 0.75


def test_models_are_compared_on_the_images_of_both():
    models = {"a": by_image([0.9, 0.5, 0.1]), "b": by_image([0.7, 0.5])}
    found = compare_models(models, {}, {}, BOOTSTRAP)
    assert list(found) == list(COMPARISON_COLUMNS)
    dice = found[found["metric"] == "dice_score"].set_index(["model", "less"])
    assert dice["mean"].to_dict() == pytest.approx({("a", ""): 0.5, ("b", ""): 0.6, ("a", "b"): 0.1})
    assert dice.loc[("a", "b"), "images"] == 2
    assert found.loc[(found["metric"] == "brier") & (found["less"] == "b"), "mean"].tolist() == [0]


def test_no_models_have_no_comparison():
    assert compare_models({}, {}, {}, BOOTSTRAP).empty


def test_no_scored_image_gives_an_empty_summary():
    assert summary_of(by_image([])).empty
