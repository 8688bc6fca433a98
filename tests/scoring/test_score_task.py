"""Scores of one image: the metrics of the agreement, the level of the annotators, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import box, ragged, write_png

from utils.errors import PipelineError
from utils.metrics import pairwise_agreement
from utils.naming import names_of_masks
from utils.scoring.human_level import METRICS
from utils.scoring.score_tables import row_by_image, rows_by_reference
from utils.scoring.score_task import ScoreTask, score_image


def task_of(tmp_path_factory, masks, annotators, predictions, **options) -> ScoreTask:
    folder = tmp_path_factory.mktemp("image")
    drawn, predicted = (
        tuple(
            write_png(folder / f"{kind}{place}.png", mask) or folder / f"{kind}{place}.png"
            for place, mask in enumerate(some)
        )
        for kind, some in (("mask", masks), ("prediction", predictions))
    )
    return ScoreTask("IMG", drawn, tuple(annotators), predicted, options.pop("is_probability", False), **options)


def test_fractions_that_can_be_seen(tmp_path_factory):
    halves = [box(0, 0, 4, 4), box(0, 0, 4, 8)]  # 16 and 32 pixels
    scores = score_image(task_of(tmp_path_factory, halves, ["A00", "A01"], [box(0, 0, 4, 8)]))
    assert [row["dice_score"] for row in scores.references[0]] == [2 / 3, 1]
    assert scores.human["dice_score"] == 2 / 3
    assert scores.whole["ged_squared"] == 2 * (1 / 4) - 1 / 4
    # Half of the votes lie on 16 pixels, all on 16 others; the prediction is sure of all 32.
    assert scores.whole["brier"] == 16 * 0.25 / (24 * 32)
    assert scores.whole["qubiq_dice"] == pytest.approx((5 * 1 + 4 * 2 / 3) / 9)


def test_the_level_of_annotators_leaves_out_one_annotator_twice(tmp_path_factory):
    masks = [box(0, 0, 4, 4), box(0, 0, 4, 8), box(0, 0, 4, 4)]
    scores = score_image(task_of(tmp_path_factory, masks, ["A00", "A00", "A01"], [masks[0]]))
    # Each of the first two against the third alone: 1, 2/3; the third against both: 5/6.
    assert scores.human["dice_score"] == pytest.approx((1 + 2 / 3 + 5 / 6) / 3, rel=1e-15)
    alone = score_image(task_of(tmp_path_factory, masks[:2], ["A00", "A00"], [masks[0]]))
    assert all(math.isnan(value) for value in alone.human.values())


def test_consensus_masks_are_references_and_no_annotators(tmp_path_factory):
    masks = [box(0, 0, 4, 4), box(0, 0, 4, 8)]
    task = task_of(tmp_path_factory, [*masks, masks[1], masks[1]], ["A00", "A01", "ST", "MV"], [masks[0]])
    scores = score_image(task)
    rows = rows_by_reference(task, ["1"], scores)
    assert [(row["sample"], row["reference"]) for row in rows] == [("1", name) for name in ("A00", "A01", "ST", "MV")]
    row = row_by_image(task, scores)
    assert (row["num_masks"], row["dice_score_mean"], row["dice_score_min"], row["dice_score_max"]) == (
        *(2, (1 + 2 / 3) / 2),
        *(2 / 3, 1),
    )


def test_the_second_mask_by_one_annotator_has_a_name_of_its_own():
    assert names_of_masks(["A00", "A01", "A00", "ST"]) == ["A00", "A01", "A00#2", "ST"]


def test_empty_predictions_follow_the_rule_of_empty_masks(tmp_path_factory):
    masks = [box(0, 0, 4, 4), box(0, 0, 0, 0)]
    task = task_of(tmp_path_factory, masks, ["A00", "A01"], [box(0, 0, 0, 0)])
    scores = score_image(task)
    assert [row["dice_score"] for row in scores.references[0]] == [0, 1]
    assert math.isnan(scores.references[0][0]["hd_score"]) and scores.references[0][1]["hd_score"] == 0
    assert row_by_image(task, scores)["hd_score_mean"] == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 3))
def test_scores_are_those_of_the_agreement(tmp_path_factory, seed, number, samples):
    rng = np.random.default_rng(seed)
    masks, predictions = ([ragged(rng, (24, 30)) for _ in range(count)] for count in (number, samples))
    codes = [f"A{place:02}" for place in range(number)]
    scores = score_image(task_of(tmp_path_factory, masks, codes, predictions))
    for prediction, rows in zip(predictions, scores.references, strict=True):
        for mask, row in zip(masks, rows, strict=True):
            (expected,) = pairwise_agreement([prediction, mask])
            assert {name: row[name] for name in METRICS} == expected


def test_a_map_is_scored_as_its_mask_and_as_probabilities(tmp_path_factory, tmp_path):
    masks = [box(0, 0, 4, 4), box(0, 0, 4, 8)]
    task = task_of(tmp_path_factory, masks, ["A00", "A01"], [])
    np.save(tmp_path / "map.npy", (masks[0].astype(float) + masks[1]) / 2)
    scores = score_image(ScoreTask("IMG", task.mask_paths, task.annotators, (tmp_path / "map.npy",), True))
    assert [row["dice_score"] for row in scores.references[0]] == [2 / 3, 1]
    assert (scores.whole["qubiq_dice"], scores.whole["brier"]) == (1, 0)


def test_another_size_is_refused_and_not_resampled(tmp_path_factory):
    task = task_of(tmp_path_factory, [box(0, 0, 4, 4)], ["A00"], [box(0, 0, 4, 4, shape=(12, 16))])
    with pytest.raises(PipelineError, match="another size") as raised:
        score_image(task)
    assert "32 x 24" in str(raised.value) and "16 x 12" in str(raised.value)
