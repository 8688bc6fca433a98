"""Vote patterns: histograms of who marked what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawing import blob, noise

from utils.errors import PipelineError
from utils.masks.vote_patterns import areas, intersections, paint, vote_patterns

A = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]], dtype=bool)
B = np.array([[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]], dtype=bool)


def test_two_overlapping_masks_have_four_patterns():
    patterns = vote_patterns([A, B])
    counted = {tuple(votes): count for votes, count in zip(patterns.votes.tolist(), patterns.counts, strict=True)}
    assert counted == {(False, False): 6, (True, False): 2, (False, True): 2, (True, True): 2}
    assert areas(patterns).tolist() == [4, 4]
    assert intersections(patterns).tolist() == [[4, 2], [2, 4]]
    assert (patterns.shape, patterns.box) == ((3, 4), (slice(0, 2), slice(0, 3)))
    assert patterns.boxes == ((slice(0, 2), slice(0, 2)), (slice(0, 2), slice(1, 3)))


def test_the_box_holds_all_masks_and_empty_masks_have_none():
    empty = np.zeros_like(A)
    patterns = vote_patterns([empty, A[::-1, ::-1], B])
    assert patterns.boxes == (None, (slice(1, 3), slice(2, 4)), (slice(0, 2), slice(1, 3)))
    assert patterns.box == (slice(0, 3), slice(1, 4))
    assert vote_patterns([empty]).box == (slice(0, 0), slice(0, 0))


def test_patterns_that_do_not_occur_are_not_listed():
    assert vote_patterns([A, A]).votes.tolist() == [[False, False], [True, True]]
    assert vote_patterns([A, ~A]).votes.sum(axis=1).tolist() == [1, 1]


@pytest.mark.parametrize("number", [1, 2, 17])
def test_empty_and_full_masks_have_one_pattern(number):
    for value in (False, True):
        patterns = vote_patterns([np.full((3, 5), value)] * number)
        assert (patterns.votes.tolist(), patterns.counts.tolist()) == ([[value] * number], [15])
        assert (paint(patterns, np.array([True])).all(), paint(patterns, np.array([False])).any()) == (True, False)


@pytest.mark.parametrize("number", [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40])
def test_any_number_of_masks_counts_as_a_plain_loop_does(number):
    rng = np.random.default_rng(number)
    masks = [noise(rng, (13, 11), 0.3) if i % 3 else blob(rng, (13, 11)) for i in range(number)]
    patterns = vote_patterns(masks)
    assert areas(patterns).tolist() == [mask.sum() for mask in masks]
    assert intersections(patterns).tolist() == [[(a & b).sum() for b in masks] for a in masks]
    assert patterns.counts.sum() == 13 * 11 and (patterns.counts > 0).all()
    for i, mask in enumerate(masks):
        assert np.array_equal(paint(patterns, patterns.votes[:, i]), mask)


@pytest.mark.parametrize("number", [2, 8, 9, 17])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_values_of_patterns_are_painted(number, dtype):
    rng = np.random.default_rng(number)
    masks = [blob(rng, (13, 11)) for _ in range(number)]
    patterns = vote_patterns(masks)
    painted = paint(patterns, (7 + 100 * patterns.votes.sum(axis=1)).astype(dtype))
    assert painted.dtype == dtype
    assert np.array_equal(painted, (7 + 100 * np.sum(masks, axis=0)).astype(dtype))


def test_counts_are_exact_beyond_the_integers_of_float32():
    # 2**24 + 1 pixels of one code: float32 would lose the last.
    mask = np.ones((4097, 4097), dtype=bool)
    mask[0, 0] = False
    assert areas(vote_patterns([mask])).tolist() == [4097 * 4097 - 1]


@given(st.integers(0, 2**32 - 1), st.permutations(range(4)))
def test_the_order_of_masks_only_permutes_the_results(seed, order):
    rng = np.random.default_rng(seed)
    masks = [noise(rng, (6, 7), 0.4) for _ in range(4)]
    plain, permuted = vote_patterns(masks), vote_patterns([masks[i] for i in order])
    assert areas(permuted).tolist() == areas(plain)[list(order)].tolist()
    assert intersections(permuted).tolist() == intersections(plain)[np.ix_(order, order)].tolist()


def test_masks_must_be_there_and_of_one_size():
    with pytest.raises(ValueError, match="without masks"):
        vote_patterns([])
    with pytest.raises(PipelineError, match="differ in size"):
        vote_patterns([A, A[:2]])
