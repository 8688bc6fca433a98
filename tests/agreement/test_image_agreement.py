"""Agreement of an image: drawn fractions, edge cases, loops over pixels, laws."""

from __future__ import annotations

from itertools import combinations
from math import log2, nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import blob, noise
from support.pixel_loops import image_by_loops

from utils.agreement.human_votes import human_votes
from utils.agreement.image_agreement import agreement_of_persons, image_agreement
from utils.masks.vote_patterns import vote_patterns
from utils.naming import CONSENSUS, IMAGE_AGREEMENT_COLUMNS

OF_PAIRS = ("dice_pooled", "generalised_conformity_index", "kappa")
EMPTY, FULL = np.zeros((2, 4), dtype=bool), np.ones((2, 4), dtype=bool)


def row(text: str) -> np.ndarray:
    """Return a mask of one row, X for foreground."""
    return np.array([[letter == "X" for letter in text]])


def agreement(masks, drawn_by) -> dict[str, float]:
    jaccards = [(a & b).sum() / (a | b).sum() if (a | b).any() else 1 for a, b in combinations(masks, 2)]
    return image_agreement(human_votes(vote_patterns(masks), drawn_by), drawn_by, jaccards)


def drawn(seed: int, number: int, shape=(9, 7)) -> list[np.ndarray]:
    """Return masks that are neither empty nor full, by a generator of the given seed."""
    rng = np.random.default_rng(seed)
    masks = [noise(rng, shape, 0.4) if i % 3 else blob(rng, shape) for i in range(number)]
    for mask in masks:
        mask[0, :2] = True, False
    return masks


def test_two_people_who_share_one_of_three_pixels():
    found = agreement([row("XX.."), row(".XX."), row("XX.."), row(".XX.")], ("A00", "A01", "ST", "MV"))
    assert tuple(found) == IMAGE_AGREEMENT_COLUMNS[3:]
    assert (found["num_masks"], found["num_annotators"], found["area_mean"], found["area_cv"]) == (2, 2, 2, 0)
    assert (found["foreground_share"], found["dice_pooled"], found["kappa"]) == (1 / 2, 1 / 2, 0)
    assert found["generalised_conformity_index"] == 1 / 3
    assert found["disputed_share"] == found["mean_vote_entropy"] == 2 / 3
    assert found["diversity"] == pytest.approx(2 / 3)
    # ST is the first mask: 2 (0 + 2/3) / 2 - (0 + 2/3 + 2/3 + 0) / 4.
    assert found["ged2_ST"] == pytest.approx(1 / 3) == found["ged2_MV"]


def test_a_person_with_two_masks_counts_once():
    found = agreement([row("XX.."), row("X..."), row(".XX.")], ("A00", "A00", "A01"))
    # Both pairs of persons weigh 1/2: (1 + 0) / 2 shared of (4 + 3) / 2, and (3 + 3) / 2 marked by either.
    dice, share = 2 / 7, (3 / 8 + 1 / 2) / 2
    assert found["dice_pooled"] == pytest.approx(dice)
    assert found["generalised_conformity_index"] == pytest.approx(1 / 6)
    assert found["foreground_share"] == share
    assert found["kappa"] == pytest.approx((dice - share) / (1 - share))
    # Among masks all count: nobody shares a pixel with both others, and each is marked by 1 or 2 of 3.
    assert (found["num_masks"], found["num_annotators"], found["disputed_share"]) == (3, 2, 1)
    assert found["mean_vote_entropy"] == pytest.approx(log2(3) - 2 / 3)
    assert found["diversity"] == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert found["area_mean"] == 5 / 3
    assert found["area_cv"] == pytest.approx(sqrt(3) / 5)
    assert np.isnan([found["ged2_ST"], found["ged2_MV"]]).all()


def test_all_empty():
    found = agreement([EMPTY] * 4, ("A00", "A01", "ST", "MV"))
    assert (found["dice_pooled"], found["generalised_conformity_index"], found["foreground_share"]) == (1, 1, 0)
    assert np.isnan([found["kappa"], found["area_cv"]]).all()
    rest = ("disputed_share", "mean_vote_entropy", "diversity", "ged2_ST", "ged2_MV", "area_mean")
    assert [found[name] for name in rest] == [0] * 6


def test_all_full():
    found = agreement([FULL] * 3, ("A00", "A00", "A01"))
    assert [found[name] for name in OF_PAIRS[:2]] == [1, 1]
    assert np.isnan(found["kappa"])
    assert (found["foreground_share"], found["disputed_share"], found["diversity"]) == (1, 0, 0)


def test_one_of_two_empty():
    found = agreement([EMPTY, FULL], ("A00", "A01"))
    assert [found[name] for name in ("foreground_share", *OF_PAIRS)] == [1 / 2, 0, 0, -1]
    assert (found["disputed_share"], found["mean_vote_entropy"], found["diversity"]) == (1, 1, 1)


@pytest.mark.parametrize("mask", [row("XX.."), row("....")])
def test_one_person_has_no_agreement_with_others(mask):
    found = agreement([mask, row("X..."), mask], ("A00", "A00", "ST"))
    assert np.isnan([found[name] for name in OF_PAIRS]).all()
    rest = ("foreground_share", "disputed_share", "mean_vote_entropy", "diversity", "ged2_ST", "area_mean", "area_cv")
    assert np.isfinite([found[name] for name in rest]).all()
    assert found["foreground_share"] == (mask.sum() + 1) / 8


def test_a_single_mask_and_none():
    found = agreement([row("XX.."), row("XX..")], ("A00", "ST"))
    assert (found["num_masks"], found["foreground_share"], found["disputed_share"], found["ged2_ST"]) == (1, 0.5, 0, 0)
    assert np.isnan([found[name] for name in (*OF_PAIRS, "diversity", "area_cv")]).all()
    nobody = agreement([row("XX.."), row("XX..")], CONSENSUS)
    expected = dict.fromkeys(IMAGE_AGREEMENT_COLUMNS[3:], nan) | {"num_masks": 0, "num_annotators": 0}
    np.testing.assert_equal(nobody, expected)


def test_annotators_must_be_as_many_as_masks():
    with pytest.raises(ValueError, match="1 annotators of 2 masks"):
        human_votes(vote_patterns([EMPTY, FULL]), ("A00",))


@pytest.mark.parametrize("number", [2, 3, 5, 8, 15, 16, 17, 18, 33, 40])
@pytest.mark.parametrize("persons", [2, 40])
def test_any_number_of_masks_is_as_loops_over_pixels_find_it(number, persons):
    humans = drawn(number, number)
    drawn_by = [f"A{place * place % persons:02}" for place in range(number)]
    consensus = drawn(99, 1)[0]

    found = agreement([*humans, consensus], (*drawn_by, "ST"))

    expected = image_by_loops(humans, drawn_by, consensus)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.permutations(range(6)), st.permutations("PQRS"))
def test_neither_the_order_of_masks_nor_names_matter(seed, order, names):
    masks, drawn_by = drawn(seed, 6), "PQRRSS"
    renamed = dict(zip("PQRS", names, strict=True))
    permuted = agreement([masks[i] for i in order], [renamed[drawn_by[i]] for i in order])
    np.testing.assert_allclose(
        list(permuted.values()), list(agreement(masks, list(drawn_by)).values()), rtol=1e-12, atol=1e-13
    )


@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.floats(0.02, 0.98))
def test_kappa_is_at_most_the_pooled_dice(seed, number, density):
    rng = np.random.default_rng(seed)
    found = agreement([noise(rng, (5, 6), density) for _ in range(number)], [f"A{i % 3}" for i in range(number)])
    assert not found["kappa"] > found["dice_pooled"]
    assert found["generalised_conformity_index"] <= found["dice_pooled"] + 1e-12


@given(st.integers(0, 2**32 - 1), st.integers(2, 20))
def test_identical_masks_agree_in_full(seed, number):
    masks = drawn(seed, 1) * (number + 1)
    found = agreement(masks, (*(f"A{i % 7}" for i in range(number)), "ST"))
    assert [found[name] for name in OF_PAIRS] == pytest.approx([1, 1, 1], abs=1e-12)
    if number <= 7:
        assert found["generalised_conformity_index"] == 1
    assert [found[name] for name in ("disputed_share", "mean_vote_entropy", "diversity", "ged2_ST")] == [0] * 4


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.floats(0.1, 0.9))
def test_kappa_of_random_votes_is_near_0(seed, number, density):
    rng = np.random.default_rng(seed)
    patterns = vote_patterns([noise(rng, (120, 120), density) for _ in range(number)])
    # Its standard error is at most 1 / sqrt(14,400), so this is six of them.
    assert abs(agreement_of_persons(human_votes(patterns, [f"A{i}" for i in range(number)]))["kappa"]) < 0.05


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_a_copy_of_ones_own_mask_changes_no_agreement_of_persons(seed, place):
    masks, drawn_by = drawn(seed, 4), ["A00", "A01", "A02", "A03"]
    with_copy = agreement([*masks, masks[place]], [*drawn_by, drawn_by[place]])
    without = agreement(masks, drawn_by)
    names = ("num_annotators", "foreground_share", *OF_PAIRS)
    assert [with_copy[name] for name in names] == pytest.approx([without[name] for name in names], rel=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_the_energy_distance_is_not_negative(seed, number):
    masks = drawn(seed, number + 2)
    found = agreement(masks, (*(f"A{i}" for i in range(number)), *CONSENSUS))
    assert found["ged2_ST"] >= -1e-12 and found["ged2_MV"] >= -1e-12


def test_two_masks_are_disputed_as_they_are_diverse():
    for first, second in combinations(drawn(5, 4), 2):
        found = agreement([first, second], ("A00", "A01"))
        assert found["disputed_share"] == pytest.approx(found["diversity"], rel=1e-12)
        assert found["mean_vote_entropy"] == found["disputed_share"]
