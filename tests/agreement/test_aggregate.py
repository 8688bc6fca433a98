"""Pairs averaged by image: all pairs, those by two annotators, and what a released table cannot say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from utils.agreement.aggregate import metrics_per_image, summary_of_pairs
from utils.naming import BOUNDARY_COLUMNS, METRIC_COLUMNS

# img_id, annotators, dice_score, hd95_score_normalized, nsd_score.
ROWS = [
    ("I2.JPG", "A00", "A01", 0.5, 0.10, 0.25),
    ("I2.JPG", "A00", "A00", 0.9, 0.02, 0.75),
    ("I2.JPG", "A01", "A00", 0.7, np.nan, 1.0),
    ("I2.JPG", "A00", "ST", 0.1, 0.9, 0.0),
    ("I1.JPG", "A03", "A03", 0.8, 0.05, 0.5),
]


@pytest.fixture
def pairs() -> pd.DataFrame:
    names = ["img_id", "annotator1", "annotator2", "dice_score", "hd95_score_normalized", "nsd_score"]
    table = pd.DataFrame(ROWS, columns=names)
    return table.assign(**{name: 0.0 for name in (*METRIC_COLUMNS, *BOUNDARY_COLUMNS) if name not in table})


def test_means_over_the_pairs_by_two_annotators_stand_apart(pairs):
    one, two = metrics_per_image(pairs, {"I2.JPG": "I2"}).to_dict("records")
    assert (two["num_pairs"], two["num_inter_pairs"], two["ISIC_id"]) == (3, 2, "I2")
    assert two["dice_score_mean"] == pytest.approx(0.7) and two["dice_inter_mean"] == pytest.approx(0.6)
    assert two["hd95_score_normalized_mean"] == pytest.approx(0.06) and two["hd95_normalized_inter_mean"] == 0.1
    assert two["nsd_score_mean"] == pytest.approx(2 / 3) and two["bf1_score_std"] == 0
    # One annotator twice, and nobody else.
    assert (one["img_id"], one["num_pairs"], one["num_inter_pairs"], one["ISIC_id"]) == ("I1.JPG", 1, 0, "")
    assert one["dice_score_mean"] == 0.8
    assert np.isnan([one["dice_inter_mean"], one["hd95_normalized_inter_mean"], one["nsd_score_std"]]).all()


def test_columns_of_the_release_stand_first_and_ids_last(pairs):
    columns = list(metrics_per_image(pairs, {}).columns)
    inter = ["dice_inter_mean", "hd95_normalized_inter_mean", "num_inter_pairs"]
    added = ["nsd_score_mean", "nsd_score_std", "bf1_score_mean", "bf1_score_std", *inter]
    assert columns[:1] == ["img_id"] and columns[17:] == ["num_pairs", *added, "ISIC_id"]
    assert columns[1::2][:8] == [f"{name}_mean" for name in METRIC_COLUMNS]
    assert list(metrics_per_image(pairs).columns) == columns[:-1]


def test_released_pairs_leave_empty_what_they_do_not_say(pairs):
    released = pairs.drop(columns=list(BOUNDARY_COLUMNS))
    whole, known = metrics_per_image(pairs), metrics_per_image(released)
    unknown = [name for name in whole if name.startswith(("nsd_", "bf1_"))]
    pd.testing.assert_frame_equal(known.drop(columns=unknown), whole.drop(columns=unknown))
    assert list(known.columns) == list(whole.columns) and known[unknown].isna().all(axis=None)
    assert summary_of_pairs(released)[list(BOUNDARY_COLUMNS)].isna().all(axis=None)
    assert list(summary_of_pairs(released).columns) == ["", *METRIC_COLUMNS, *BOUNDARY_COLUMNS]
    assert summary_of_pairs(pairs)["nsd_score"].iloc[0] == 2.5 / 4


def test_no_pairs(pairs):
    table = metrics_per_image(pairs.iloc[:0], {})
    assert len(table) == 0 and "num_inter_pairs" in table
    assert summary_of_pairs(pairs.iloc[:0])["bf1_score"].isna().all()
