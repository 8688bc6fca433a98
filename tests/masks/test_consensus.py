"""STAPLE and majority vote, against SimpleITK and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from support.drawing import blob, disc, noise, ragged

from utils.masks import consensus
from utils.masks.consensus import e_step, m_step, majority_vote, staple
from utils.masks.pixel_order_sums import pixel_order_total
from utils.masks.vote_patterns import paint, vote_patterns

SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
CAP = 2000
EMPTY, FULL = np.zeros((9, 11), dtype=bool), np.ones((9, 11), dtype=bool)
LEFT, RIGHT = EMPTY.copy(), EMPTY.copy()
LEFT[2:5, 1:4] = True
RIGHT[2:5, 6:9] = True
INNER, OUTER = disc((9, 11), (4, 5), 1.5), disc((9, 11), (4, 5), 3.5)

DEGENERATE = {
    "disjoint, of equal size": [LEFT, RIGHT],
    "disjoint": [LEFT, np.roll(RIGHT, 1, axis=0) & RIGHT],
    "three disjoint": [LEFT, RIGHT, np.roll(LEFT, 4, axis=0)],
    "one empty of two": [LEFT, EMPTY],
    "one non-empty of three": [EMPTY, LEFT, EMPTY],
    "all empty": [EMPTY, EMPTY],
    "all full": [FULL, FULL, FULL],
    "identical": [OUTER, OUTER, OUTER],
    "nested": [INNER, OUTER],
    "nested, with full": [INNER, OUTER, FULL],
    "full and small": [FULL, INNER],
    "full and empty": [FULL, EMPTY],
    "complements": [OUTER, ~OUTER],
    "two pairs": [LEFT, LEFT, RIGHT, RIGHT],
    "a single mask": [OUTER],
}
# The overlap is as large as the common background: by symmetry the rest has probability 1/2 exactly, and the
# rounding of sums in pixel order decides.
TIES = [
    ((11, 1), (2, 2, 5, 2)),
    ((26, 5), (53, 23, 1, 53)),
    ((6, 20), (35, 28, 22, 35)),
    ((8, 13), (39, 8, 18, 39)),
    ((40, 50), (700, 280, 320, 700)),
]


def by_simpleitk(masks):
    """Return SimpleITK's STAPLE probability, sensitivity, specificity and iterations, and its majority vote."""
    images = [SimpleITK.GetImageFromArray(mask.astype(np.uint8)) for mask in masks]
    filter_ = SimpleITK.STAPLEImageFilter()
    filter_.SetForegroundValue(1)
    filter_.SetMaximumIterations(CAP)
    probability = SimpleITK.GetArrayFromImage(filter_.Execute(images))
    voting = SimpleITK.LabelVotingImageFilter()
    voting.SetLabelForUndecidedPixels(1)
    votes = SimpleITK.GetArrayFromImage(voting.Execute(images)) == 1
    estimate = (filter_.GetSensitivity(), filter_.GetSpecificity(), filter_.GetElapsedIterations())
    return probability, *estimate, votes


def assert_as_simpleitk(masks):
    patterns = vote_patterns(masks)
    estimate = staple(patterns, max_iterations=CAP)
    probability, sensitivity, specificity, iterations, votes = by_simpleitk(masks)
    assert np.array_equal(paint(patterns, estimate.foreground), probability > 0.5)
    assert np.array_equal(paint(patterns, majority_vote(patterns)), votes)
    assert estimate.iterations == iterations
    # ITK stops where a step changes nothing by more than 1e-7: so far, and no further, the parameters are known.
    tolerance = 1e-7
    np.testing.assert_allclose(estimate.sensitivity, sensitivity, rtol=0, atol=tolerance)
    np.testing.assert_allclose(estimate.specificity, specificity, rtol=0, atol=tolerance)


@pytest.mark.parametrize("masks", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_masks_give_what_simpleitk_gives(masks):
    assert_as_simpleitk(masks)


@pytest.mark.parametrize(("shape", "counts"), TIES)
@pytest.mark.parametrize("shuffled", [False, True])
def test_probabilities_of_one_half_are_decided_as_in_simpleitk(shape, counts, shuffled):
    codes = np.repeat(np.arange(4), [counts[0], counts[1], counts[2], counts[3]])
    codes = np.append(codes, np.zeros(np.prod(shape) - len(codes), dtype=int))
    for seed in range(6):
        mixed = np.random.default_rng(seed).permutation(codes) if shuffled else np.roll(codes, seed)
        assert_as_simpleitk([(mixed & bit > 0).reshape(shape) for bit in (1, 2)])


@pytest.mark.parametrize("number", [2, 3, 4, 5, 8, 9, 16, 17, 20])
def test_random_masks_give_what_simpleitk_gives(number, full):
    rng = np.random.default_rng(number)
    for _ in range(120 if full else 10):
        shape = tuple(rng.integers(1, (41, 61)))
        draw = rng.choice(4)
        masks = [
            (blob(rng, shape), ragged(rng, shape), noise(rng, shape, 0.5), blob(rng, shape) & (i > 0))[draw]
            for i in range(number)
        ]
        assert_as_simpleitk(masks)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_two_random_blobs_give_what_simpleitk_gives(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 30, 2))
    assert_as_simpleitk([blob(rng, shape), blob(rng, shape)])


@pytest.mark.parametrize("number", [2, 3])
def test_sums_in_pixel_order_alone_give_what_simpleitk_gives(number, full, monkeypatch):
    monkeypatch.setattr(consensus, "_histogram_total", pixel_order_total)
    rng = np.random.default_rng(number)
    for _ in range(200 if full else 8):
        shape = tuple(rng.integers((30, 40), (600, 800) if full else (80, 120)))
        lesion = blob(rng, shape)
        draw = rng.choice(5)
        masks = [
            (blob(rng, shape), ragged(rng, shape), blob(rng, shape) & lesion, lesion ^ (i == 1), lesion & (i > 0))[draw]
            for i in range(number)
        ]
        assert_as_simpleitk(masks)


def test_votes_of_half_of_the_masks_are_a_majority():
    column = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]], dtype=bool)
    for masks, expected in ((4, [0, 0, 1, 1]), (3, [0, 0, 1, 1]), (2, [0, 1, 1, 1]), (1, [0, 1, 1, 1])):
        patterns = vote_patterns([column[:, i : i + 1] for i in range(masks)])
        assert paint(patterns, majority_vote(patterns)).ravel().tolist() == expected


@given(st.integers(0, 2**32 - 1), st.permutations(range(5)))
def test_the_order_of_annotators_does_not_matter_to_the_vote(seed, order):
    rng = np.random.default_rng(seed)
    masks = [noise(rng, (5, 6), 0.5) for _ in range(5)]
    painted = []
    for some in (masks, [masks[i] for i in order]):
        patterns = vote_patterns(some)
        painted.append(paint(patterns, majority_vote(patterns)))
    assert np.array_equal(*painted)


def test_the_two_steps_by_hand():
    votes = np.array([[False, False], [True, False], [True, True]])
    probability = e_step(votes, np.array([1 / 2, 3 / 4]), np.array([3 / 4, 1 / 2]), 1 / 4)
    # lesion: 1/4 times 1/8, 1/8, 3/8; background: 3/4 times 3/8, 1/8, 1/8
    assert probability.tolist() == [1 / 10, 1 / 4, 1 / 2]
    counts = np.array([6, 2, 2])

    weights = np.array([0.0, 0.5, 1.0])
    sensitivity, specificity = m_step(votes, weights, lambda values: (counts * values).sum())
    assert sensitivity.tolist() == [3 / 3, 2 / 3]
    assert specificity.tolist() == [6 / 7, 7 / 7]


@pytest.mark.parametrize(
    ("masks", "cap", "reason"),
    [
        ([OUTER, OUTER], 100, ""),
        ([EMPTY, EMPTY], 100, "NaN"),
        ([FULL, FULL], 100, "NaN"),
        ([LEFT, RIGHT], 100, "empty result from non-empty masks"),
        ([INNER, OUTER, LEFT], 2, "iteration cap"),
    ],
)
def test_degenerate_results_say_why(masks, cap, reason):
    estimate = staple(vote_patterns(masks), max_iterations=cap)
    assert estimate.degenerate == reason
    assert estimate.iterations <= cap


def test_the_cap_ends_what_would_go_on():
    masks = [INNER, OUTER, LEFT]
    endless, capped = (staple(vote_patterns(masks), max_iterations=cap) for cap in (CAP, 3))
    assert capped.iterations == 3 < endless.iterations < CAP
