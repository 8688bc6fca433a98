"""Agreement of a mask with the vote of the others: drawn fractions, edge cases, loops over pixels, laws."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import blob, noise
from support.pixel_loops import mask_by_loops

from utils.agreement.human_votes import human_votes
from utils.agreement.mask_agreement import mask_agreement
from utils.masks.vote_patterns import vote_patterns
from utils.naming import MASK_AGREEMENT_COLUMNS, SEG_COLUMNS

COMPARED = ("dice_to_others", "sensitivity_to_others", "precision_to_others", "log_area_ratio_to_others")


def row(text: str) -> np.ndarray:
    """Return a mask of one row, X for foreground."""
    return np.array([[letter == "X" for letter in text]])


def agreement(masks, drawn_by) -> list[dict[str, float]]:
    return mask_agreement(human_votes(vote_patterns(masks), drawn_by))


def drawn(seed: int, number: int) -> list[np.ndarray]:
    """Return masks that share a pixel, by a generator of the given seed."""
    rng = np.random.default_rng(seed)
    masks = [noise(rng, (9, 7), 0.4) if i % 3 else blob(rng, (9, 7)) for i in range(number)]
    for mask in masks:
        mask[0, 0] = True
    return masks


def test_each_of_three_against_the_union_of_the_two_others():
    first, second, third = agreement([row("XX.."), row(".XX."), row("..XX")], ("A00", "A01", "A02"))
    assert tuple(first) == MASK_AGREEMENT_COLUMNS[len(SEG_COLUMNS) :]
    assert [first[name] for name in COMPARED] == [2 / 5, 1 / 3, 1 / 2, log(2 / 3)]
    assert [second[name] for name in COMPARED] == [4 / 6, 2 / 4, 2 / 2, log(2 / 4)]
    assert [third[name] for name in COMPARED] == [2 / 5, 1 / 3, 1 / 2, log(2 / 3)]
    assert all(
        (found["area"], found["other_masks"], found["other_annotators"]) == (2, 2, 2) for found in (first, third)
    )


def test_three_others_need_two_votes():
    found = agreement([row("XXXX"), row("XX.."), row("X.X."), row("X...")], ("A00", "A01", "A02", "A03"))[0]
    assert (found["dice_to_others"], found["log_area_ratio_to_others"]) == (2 / 5, log(4))


def test_own_masks_and_consensus_masks_have_no_vote():
    masks = [row("XX.."), row("XXXX"), row("X..."), row("...X"), row("XXX.")]
    first, second, third = agreement(masks, ("A00", "A00", "A01", "ST", "MV"))
    assert [first["dice_to_others"], second["dice_to_others"]] == [2 / 3, 2 / 5]
    assert (third["area"], third["dice_to_others"]) == (1, 2 / 5)
    assert [(found["other_masks"], found["other_annotators"]) for found in (first, second, third)] == [
        (1, 1), (1, 1), (2, 1),
    ]  # fmt: skip


def test_without_another_annotator_only_the_area_is_known():
    for found in agreement([row("XX.."), row("X..."), row("XX..")], ("A00", "A00", "ST")):
        assert np.isnan([found[name] for name in COMPARED]).all()
        assert (found["other_masks"], found["other_annotators"]) == (0, 0)
    assert [found["area"] for found in agreement([row("XX.."), row("X...")], ("A00", "A00"))] == [2, 1]


@pytest.mark.parametrize(
    ("mask", "other", "expected"),
    [
        ("....", "XX..", [0, 0, np.nan, np.nan]),
        ("XX..", "....", [0, np.nan, 0, np.nan]),
        ("....", "....", [1, np.nan, np.nan, np.nan]),
        ("XX..", "..XX", [0, 0, 0, 0]),
    ],
)
def test_empty_masks(mask, other, expected):
    found = agreement([row(mask), row(other)], ("A00", "A01"))[0]
    np.testing.assert_equal([found[name] for name in COMPARED], expected)


def test_images_of_consensus_masks_alone_have_no_row():
    assert agreement([row("XX.."), row("XX..")], ("ST", "MV")) == []


@pytest.mark.parametrize("number", [2, 3, 8, 15, 16, 17, 18, 33])
@pytest.mark.parametrize("persons", [2, 40])
def test_any_number_of_masks_is_as_loops_over_pixels_find_it(number, persons):
    masks = drawn(number, number)
    drawn_by = [f"A{place * place % persons:02}" for place in range(number)]

    found = agreement([*masks, masks[0]], (*drawn_by, "MV"))

    assert len(found) == number
    for place, values in enumerate(found):
        assert values == pytest.approx(mask_by_loops(masks, drawn_by, place), rel=1e-12, abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.permutations(range(5)))
def test_the_order_of_masks_only_permutes_the_rows(seed, order):
    masks, drawn_by = drawn(seed, 5), ("A00", "A01", "A02", "A01", "A03")
    plain = agreement(masks, drawn_by)
    assert agreement([masks[i] for i in order], [drawn_by[i] for i in order]) == [plain[i] for i in order]


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_a_copy_of_ones_own_mask_changes_nothing_for_oneself(seed, place):
    masks, drawn_by = drawn(seed, 4), ["A00", "A01", "A02", "A03"]
    with_copy = agreement([*masks, masks[place]], [*drawn_by, drawn_by[place]])
    assert with_copy[place] == with_copy[-1] == agreement(masks, drawn_by)[place]


@given(st.integers(0, 2**32 - 1))
def test_of_two_masks_each_is_what_the_other_is_not(seed):
    first, second = agreement(drawn(seed, 2), ("A00", "A01"))
    assert first["dice_to_others"] == second["dice_to_others"]
    assert first["sensitivity_to_others"] == second["precision_to_others"]
    assert first["log_area_ratio_to_others"] == pytest.approx(-second["log_area_ratio_to_others"], abs=1e-15)
