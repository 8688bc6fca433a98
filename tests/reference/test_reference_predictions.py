"""Scores of predictions on the golden sets, beside values by two independent implementations."""

from __future__ import annotations

import json

import numpy as np
import pytest

from utils.scoring.score_task import ScoreTask, score_image

WHOLE = ("ged_squared", "qubiq_dice", "brier")


@pytest.fixture(scope="module", params=["isic_1718", "bubil"])
def golden(request, reference):
    """Expected values of a golden set's images, and its masks by the stem of their names."""
    name = request.param
    expected = json.loads((reference / "reference_statistics" / f"{name}_predictions.json").read_text())
    masks = {path.stem: path for path in (reference / "golden" / name / "raw" / "segs").iterdir()}
    return expected, masks


def paths_of(names, masks):
    return tuple(next(path for stem, path in masks.items() if name in stem) for name in names)


def test_scores_of_samples_equal_the_reference(golden):
    expected, masks = golden
    for image in expected:
        drawn = paths_of(image["annotator_masks"], masks)
        samples = paths_of(image["prediction_samples"], masks)
        codes = tuple(f"A{number:02}" for number in range(len(drawn)))
        scores = score_image(ScoreTask(image["ISIC_id"], drawn, codes, samples, is_probability=False))
        found = scores.whole | {"dice_of_first_mean": np.mean([row["dice_score"] for row in scores.references[0]])}
        for name in (*WHOLE, "dice_of_first_mean"):
            assert found[name] == pytest.approx(image[name], rel=1e-12, abs=1e-12), (image["ISIC_id"], name)
