"""Soft labels of one image: exact numbers, and both consensus masks from them by one comparison."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.drawing import box, disc, noise, write_png

from utils.agreement import soft_labels
from utils.agreement.image_tasks import ImageTask, consensus_of_image
from utils.agreement.soft_labels import POSTERIOR, SCALE, VOTES, quantised, soft_labels_of_image
from utils.data import decode_mask
from utils.errors import PipelineError

SHAPE = (24, 32)
A, B, C = box(2, 2, 12, 20), box(4, 6, 16, 24), box(3, 5, 14, 18)
EMPTY, FULL = np.zeros(SHAPE, dtype=bool), np.ones(SHAPE, dtype=bool)
RNG = np.random.default_rng(0)


def two_masks(both: int, first: int, second: int, neither: int) -> list[np.ndarray]:
    """Return two masks of one row, with so many pixels that both, one or none of them mark."""
    return [
        np.repeat(votes, (both, first, second, neither))[None]
        for votes in ([True, True, False, False], [True, False, True, False])
    ]


SETS = {
    "two": [A, B],
    "three": [A, B, C],
    "seventeen": [noise(RNG, SHAPE, 0.3) | C for _ in range(17)],
    "complements, where STAPLE is at one half": [A, ~A],
    "a mask and an empty one": [A, EMPTY],
    "disjoint": [box(0, 0, 8, 8), box(12, 16, 20, 24)],
    "all empty": [EMPTY, EMPTY],
    "all full": [FULL, FULL, FULL],
    "full and empty": [FULL, EMPTY],
    "identical": [C, C],
    "by symmetry at one half": two_masks(0, 5, 5, 0),
    "within rounding of one half": two_masks(2, 2, 5, 2),
    "within rounding on many pixels": two_masks(53, 23, 1, 53),
    "nested": [disc(SHAPE, (12, 16), 3), disc(SHAPE, (12, 16), 8)],
}


def task(folder, masks, audited: bool = False) -> ImageTask:
    paths = [folder / f"{number:03d}.png" for number in range(len(masks))]
    for path, mask in zip(paths, masks, strict=True):
        write_png(path, mask)
    return ImageTask("I", "I.JPG", tuple(paths), tuple("abc"), audited)


def pixels(png: bytes) -> np.ndarray:
    """Decode with another library than the one that encodes."""
    with Image.open(io.BytesIO(png)) as image:
        assert image.mode in ("L", "I;16")
        return np.asarray(image).astype(np.int64)


@pytest.mark.parametrize("masks", SETS.values(), ids=SETS)
def test_both_consensus_masks_follow_by_one_comparison(tmp_path, masks):
    work = task(tmp_path, masks)

    soft, hard = soft_labels_of_image(work), consensus_of_image(work)

    votes, posterior = pixels(soft.pngs[VOTES]), pixels(soft.pngs[POSTERIOR])
    assert np.array_equal(votes, np.sum(masks, axis=0))
    assert np.array_equal(2 * votes >= len(masks), decode_mask(hard.pngs["MV"], "MV"))
    assert np.array_equal(posterior > SCALE / 2, decode_mask(hard.pngs["ST"], "ST"))
    assert np.array_equal(votes >= 1, np.any(masks, axis=0))
    assert np.array_equal(votes == len(masks), np.all(masks, axis=0))


@pytest.mark.parametrize(
    ("counts", "numbers"),
    [
        # Probabilities 0.5 and 0.5; then 0.49999935, 0.5000000000000002, 0.4999999999999999 and 0.50000065.
        ((0, 5, 5, 0), [32767]),
        ((2, 2, 5, 2), [32767, 32768]),
    ],
)
def test_probabilities_at_one_half_and_beside_it_are_told_apart(tmp_path, counts, numbers):
    posterior = pixels(soft_labels_of_image(task(tmp_path, two_masks(*counts))).pngs[POSTERIOR])
    assert np.unique(posterior).tolist() == numbers


@pytest.mark.parametrize(
    ("probability", "number"),
    [
        (0.0, 0),
        (1.0, 65535),
        (0.5, 32767),
        (math.nextafter(0.5, 1), 32768),
        (math.nextafter(0.5, 0), 32767),
        (math.nan, 0),
        (0.4 / 65535, 0),
        (0.6 / 65535, 1),
        (5e-324, 0),
        (math.nextafter(1, 0), 65535),
    ],
)
def test_probabilities_become_these_numbers(probability, number):
    assert quantised(np.array([probability])).tolist() == [number]
    assert quantised(np.array([probability])).dtype == np.uint16


@given(st.floats(0, 1) | st.floats(0.5 - 1e-9, 0.5 + 1e-9))
def test_a_number_exceeds_one_half_exactly_where_its_probability_does(probability):
    number = int(quantised(np.array([probability]))[0])
    assert (number > SCALE / 2) == (probability > 0.5)
    assert abs(number - probability * SCALE) <= 0.5


def test_255_masks_are_counted_and_256_refused(tmp_path):
    masks = [box(0, 0, 2, 3, shape=(4, 5))] * 256
    votes = pixels(soft_labels_of_image(task(tmp_path, masks[:255])).pngs[VOTES])
    assert sorted(np.unique(votes)) == [0, 255]
    with pytest.raises(PipelineError, match=r"(?s)more masks than 8 bits can count.*at most 255.*256"):
        soft_labels_of_image(task(tmp_path, masks))


@pytest.mark.parametrize("masks", SETS.values(), ids=SETS)
def test_auditors_find_no_difference(tmp_path, masks):
    assert soft_labels_of_image(task(tmp_path, masks, audited=True)).differences == []


def test_auditors_find_numbers_that_are_rounded_otherwise(tmp_path, monkeypatch):
    monkeypatch.setattr(soft_labels, "quantised", lambda values: np.full(values.shape, SCALE, np.uint16))
    assert soft_labels_of_image(task(tmp_path, [A, B], audited=True)).differences != []
