"""Agreement of pairs: drawn fractions, the empty-mask rule, laws, and bit parity with MedPy."""

from __future__ import annotations

from itertools import combinations
from math import hypot, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from medpy.metric import binary as medpy
from support.drawing import blob, disc, noise, ragged

from utils import metrics
from utils.masks.vote_patterns import vote_patterns
from utils.metrics import boundary_f1, dice, jaccard, normalised_surface_distance, pairwise_agreement
from utils.naming import BOUNDARY_COLUMNS, METRIC_COLUMNS

COLUMNS = (*METRIC_COLUMNS, *BOUNDARY_COLUMNS)
DISTANCES = ("hd_score", "hd95_score", "assd_score")
MEDPY = {
    "dice_score": medpy.dc,
    "jaccard_score": medpy.jc,
    "hd_score": medpy.hd,
    "hd95_score": medpy.hd95,
    "assd_score": medpy.assd,
}


def square(rows: slice, columns: slice, shape: tuple[int, int] = (6, 8)) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[rows, columns] = True
    return mask


EMPTY, TWO_BY_TWO = square(slice(0), slice(0)), square(slice(1, 3), slice(1, 3))


def agreement(a: np.ndarray, b: np.ndarray, nsd_tolerance: float = 0.01) -> dict[str, float]:
    (row,) = pairwise_agreement([a, b], nsd_tolerance)
    return row


def scores(*arguments) -> tuple[float, float]:
    row = agreement(*arguments)
    return row["nsd_score"], row["bf1_score"]


def test_columns_are_the_released_ones():
    assert METRIC_COLUMNS == (
        "dice_score",
        "jaccard_score",
        "hd_score",
        "hd95_score",
        "assd_score",
        "hd_score_normalized",
        "hd95_score_normalized",
        "assd_score_normalized",
    )
    assert BOUNDARY_COLUMNS == ("nsd_score", "bf1_score")


def test_overlap_of_drawn_counts():
    assert dice(1, 2, 4) == 2 / 6
    assert jaccard(1, 2, 4) == 1 / 5
    assert dice(0, 0, 3) == jaccard(0, 0, 3) == 0
    assert dice(0, 0, 0) == jaccard(0, 0, 0) == 1


def test_a_square_moved_by_one_column():
    # 2x2 squares sharing one column: 2 of 6 pixels in common; half of the 8 border pixels are one pixel away.
    row = agreement(TWO_BY_TWO, square(slice(1, 3), slice(2, 4)))
    assert tuple(row) == COLUMNS
    assert row["dice_score"] == 4 / 8
    assert row["jaccard_score"] == 2 / 6
    assert row["hd_score"] == row["hd95_score"] == 1
    assert row["assd_score"] == 4 / 8
    # The image is 6 x 8 pixels, so its diagonal is 10.
    assert row["hd_score_normalized"] == row["hd95_score_normalized"] == 1 / 10
    assert row["assd_score_normalized"] == 1 / 20


def test_single_pixels_three_down_and_four_across():
    row = agreement(square(slice(0, 1), slice(0, 1)), square(slice(3, 4), slice(4, 5)))
    assert row["dice_score"] == row["jaccard_score"] == 0
    assert row["hd_score"] == row["hd95_score"] == row["assd_score"] == 5
    assert row["hd_score_normalized"] == 5 / 10


def test_hd95_leaves_out_the_farthest_pixels():
    # A one-row line and the same line with one pixel 40 rows above it: 1 distance of 81 is not 0.
    line = square(slice(50, 51), slice(0, 40), (60, 40))
    row = agreement(line, line | square(slice(10, 11), slice(0, 1), (60, 40)))
    assert (row["hd_score"], row["hd95_score"], row["assd_score"]) == (40, 0, 40 / 81)


def test_the_mean_of_long_borders_has_the_same_bits_with_every_numpy():
    number = np.arange(300)
    masks = (
        (number[:, None] * number) % 29 < 2,
        (number[:, None] ** 2 + 3 * number) % 33 < 3,
    )
    # What numpy 2.2 gives for the mean of these 17,563 distances; 2.5 gives a last digit of 7.
    assert agreement(*masks)["assd_score"] == 1.7031095322428225


def test_borders_agree_up_to_the_tolerance_and_at_it():
    # Squares moved by one column: 4 of 8 border pixels coincide, 4 are one pixel away, a tenth of the diagonal.
    moved = square(slice(1, 3), slice(2, 4))
    assert scores(TWO_BY_TWO, moved, 0.01) == scores(TWO_BY_TWO, moved, 0.099) == (4 / 8, 4 / 8)
    assert scores(TWO_BY_TWO, moved, 0.1) == (1, 1)
    # Single pixels 5 apart: half the diagonal.
    corners = square(slice(0, 1), slice(0, 1)), square(slice(3, 4), slice(4, 5))
    assert scores(*corners, 0.49) == (0, 0)
    assert scores(*corners, 0.5) == (1, 1)


def test_borders_of_unequal_length():
    # A line of four pixels and one at its end: they are 0, 1, 2 and 3 pixels from it, it is 0 from them.
    line, end = square(slice(2, 3), slice(0, 4)), square(slice(2, 3), slice(0, 1))
    assert scores(line, end, 0.1) == scores(end, line, 0.1) == ((2 + 1) / (4 + 1), 2 * 1 * (2 / 4) / (1 + 2 / 4))


def test_scores_of_drawn_counts():
    assert normalised_surface_distance(3, 1, 4, 2) == 4 / 6
    assert boundary_f1(3, 1, 4, 2) == 2 * (3 / 4) * (1 / 2) / (3 / 4 + 1 / 2)
    assert boundary_f1(3, 0, 4, 2) == boundary_f1(0, 0, 4, 2) == normalised_surface_distance(0, 0, 4, 2) == 0


@pytest.mark.parametrize("pair", [(EMPTY, TWO_BY_TWO), (TWO_BY_TWO, EMPTY)], ids=["first", "second"])
def test_one_empty_mask(pair):
    expected = {"dice_score": 0, "jaccard_score": 0, "nsd_score": 0, "bf1_score": 0}
    expected |= dict.fromkeys(DISTANCES, nan)
    expected |= {f"{column}_normalized": 1 for column in DISTANCES}
    row = agreement(*pair)
    assert tuple(row) == COLUMNS
    np.testing.assert_equal(row, expected)


def test_two_empty_masks():
    expected = dict.fromkeys(COLUMNS, 0)
    expected |= {"dice_score": 1, "jaccard_score": 1, "nsd_score": 1, "bf1_score": 1}
    row = agreement(EMPTY, EMPTY)
    assert tuple(row) == COLUMNS
    assert row == expected


def test_one_empty_mask_leaves_the_other_pairs_alone():
    rows = pairwise_agreement([TWO_BY_TWO, EMPTY, TWO_BY_TWO])
    assert [row["dice_score"] for row in rows] == [0, 1, 0]
    assert [row["hd_score_normalized"] for row in rows] == [1, 0, 1]


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_masks_have_no_pair(count):
    assert pairwise_agreement([TWO_BY_TWO] * count) == []


def test_values_are_plain_floats():
    for row in pairwise_agreement([TWO_BY_TWO, EMPTY, EMPTY]):
        assert {type(value) for value in row.values()} == {float}


@pytest.mark.parametrize("seed", range(12))
def test_medpy_to_the_last_bit(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(int(side) for side in rng.integers(20, 90, size=2))
    first, second = blob(rng, shape), blob(rng, shape)
    masks = [first, second, first | second, ragged(rng, shape), disc(shape, (0, 9), 6)]
    masks += [noise(rng, shape, 0.05), noise(rng, shape, 0.5)]
    pairs = list(combinations(masks, 2))
    rows = pairwise_agreement(masks)
    assert len(rows) == len(pairs) == 21
    for row, (a, b) in zip(rows, pairs, strict=True):
        expected = {column: metric(a, b) for column, metric in MEDPY.items()}
        expected |= {f"{column}_normalized": expected[column] / hypot(*shape) for column in DISTANCES}
        assert {column: row[column] for column in METRIC_COLUMNS} == expected


def test_patterns_that_are_known_change_nothing():
    masks = [TWO_BY_TWO, EMPTY, square(slice(1, 4), slice(2, 5))]
    np.testing.assert_equal(pairwise_agreement(masks, 0.1, vote_patterns(masks)), pairwise_agreement(masks, 0.1))


@st.composite
def mask_pairs(draw) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    density = st.sampled_from([0, 0.02, 0.5, 1])
    return ragged(rng, shape), noise(rng, shape, draw(density))


@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_the_percentile_is_numpys_to_the_last_bit(seed, number):
    rng = np.random.default_rng(seed)
    for values in (np.sqrt(rng.integers(0, 50, number)), rng.random(number) * 1e3):
        assert metrics._percentile_95(values) == np.percentile(values, 95)


@given(mask_pairs())
def test_agreement_is_symmetric(pair):
    forward, backward = agreement(*pair), agreement(*pair[::-1])
    # The mean adds the same numbers in another order, so its last bits may differ.
    for column in COLUMNS:
        assert forward[column] == pytest.approx(backward[column], rel=1e-12, nan_ok=True)


@given(mask_pairs())
def test_dice_follows_from_jaccard(pair):
    row = agreement(*pair)
    expected = 2 * row["jaccard_score"] / (1 + row["jaccard_score"])
    assert row["dice_score"] == pytest.approx(expected, rel=1e-12)


@given(mask_pairs())
def test_the_distances_are_ordered(pair):
    row = agreement(*pair)
    if not np.isnan(row["hd_score"]):
        assert row["hd_score"] >= row["hd95_score"] >= 0
        # The mean of equal numbers may be rounded away from them.
        assert row["hd_score"] * (1 + 1e-12) >= row["assd_score"] >= 0
        assert row["hd_score_normalized"] <= 1


@given(mask_pairs(), st.floats(0.001, 1))
def test_scores_of_borders_grow_with_the_tolerance_up_to_1(pair, tolerance):
    low, high = scores(*pair, tolerance / 2), scores(*pair, tolerance)
    assert all(0 <= below <= above <= 1 for below, above in zip(low, high, strict=True))
    if pair[0].any() and pair[1].any():
        assert scores(*pair, 1.0) == (1, 1)


@given(mask_pairs())
def test_flips_keep_overlap_and_hausdorff_distances(pair):
    a, b = pair
    row, flipped = agreement(a, b), agreement(a[::-1], b[::-1])
    for column in COLUMNS:
        assert flipped[column] == pytest.approx(row[column], rel=1e-12, nan_ok=True)


@given(mask_pairs(), st.integers(1, 9), st.integers(1, 9))
def test_translation_keeps_everything(pair, down, right):
    a, b = (np.pad(mask, ((1, 10), (1, 10))) for mask in pair)
    moved = (np.roll(mask, (down, right), axis=(0, 1)) for mask in (a, b))
    np.testing.assert_equal(agreement(*moved), agreement(a, b))
