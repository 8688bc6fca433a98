"""Borders and their distances: drawn answers, laws, and bit parity with MedPy."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from drawing import blob, disc, noise, ragged
from hypothesis import given, settings
from hypothesis import strategies as st
from medpy.metric import binary as medpy
from scipy.ndimage import binary_erosion

from utils import surface_distances as module
from utils.surface_distances import mask_border, surface_distances

ALWAYS_TREE, ALWAYS_TRANSFORM = 0, 10**9
BOTH_WAYS = pytest.mark.parametrize("query_cost", [ALWAYS_TREE, ALWAYS_TRANSFORM], ids=["tree", "transform"])


def drawn(*lines: str) -> np.ndarray:
    """Mask from lines of text, '#' being foreground."""
    return np.array([[letter == "#" for letter in line] for line in lines])


def pooled(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return surface_distances(mask_border(a), mask_border(b))


def single_pixel(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[rng.integers(shape[0]), rng.integers(shape[1])] = True
    return mask


def several_components(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    centres = rng.uniform((0, 0), shape, size=(5, 2))
    return np.any([disc(shape, tuple(centre), rng.uniform(1, 6)) for centre in centres], axis=0)


def on_the_edge(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    height, width = shape
    return disc(shape, (0, rng.uniform(0, width)), 9) | disc(shape, (rng.uniform(0, height), width), 7)


KINDS = {
    "blob": blob,
    "ragged": ragged,
    "several components": several_components,
    "image edge": on_the_edge,
    "single pixel": single_pixel,
    "noise 2%": lambda rng, shape: noise(rng, shape, 0.02),
    "noise 50%": lambda rng, shape: noise(rng, shape, 0.5),
    "full": lambda rng, shape: np.ones(shape, dtype=bool),
}


def random_mask(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    """Mask of that kind with at least one foreground pixel."""
    mask = KINDS[kind](rng, shape)
    return mask if mask.any() else single_pixel(rng, shape)


def test_border_of_a_square_is_its_outline():
    border = mask_border(drawn(".....", ".###.", ".###.", ".###."))
    assert border.coordinates.tolist() == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 3], [3, 1], [3, 2], [3, 3]]
    assert border.box == (1, 4, 1, 4)
    assert border.shape == (4, 5)


def test_a_diagonal_gap_leaves_the_pixel_inside():
    # The centre has its four neighbours; that a corner is missing does not make it border.
    border = mask_border(drawn(".##", "###", "###"))
    assert [1, 1] not in border.coordinates.tolist()
    assert len(border.coordinates) == 7


def test_foreground_on_the_image_edge_is_border():
    assert len(mask_border(np.ones((3, 4), dtype=bool)).coordinates) == 10


def test_empty_mask_has_an_empty_border():
    border = mask_border(np.zeros((4, 6), dtype=bool))
    assert border.coordinates.shape == (0, 2)
    assert border.box == (0, 0, 0, 0)
    assert border.shape == (4, 6)


@pytest.mark.parametrize("kind", KINDS)
def test_border_equals_mask_without_its_erosion(kind):
    rng = np.random.default_rng(1)
    for shape in [(1, 1), (1, 9), (9, 1), (17, 23), (40, 31)]:
        mask = random_mask(rng, kind, shape)
        for view in (mask, mask[::-1], mask[:, ::-1], mask.T, np.asfortranarray(mask)):
            expected = np.argwhere(view ^ binary_erosion(view))
            np.testing.assert_array_equal(mask_border(view).coordinates, expected)


def test_tree_is_built_once():
    border = mask_border(disc((20, 20), (9, 9), 5))
    assert border.tree is border.tree


@BOTH_WAYS
def test_distances_come_in_the_order_of_the_borders(monkeypatch, query_cost):
    monkeypatch.setattr(module, "QUERY_COST_IN_PIXELS", query_cost)
    a, b = drawn("#....", ".....", ".....", "....#"), drawn(".....", ".....", ".....", "#....")
    assert pooled(a, b).tolist() == [3, 4, 3]
    assert pooled(b, a).tolist() == [3, 3, 4]


@BOTH_WAYS
def test_diagonal_of_a_three_four_five_triangle(monkeypatch, query_cost):
    monkeypatch.setattr(module, "QUERY_COST_IN_PIXELS", query_cost)
    a, b = drawn("#....", ".....", ".....", "....."), drawn(".....", ".....", ".....", "....#")
    assert pooled(a, b).tolist() == [5, 5]


@pytest.mark.parametrize("empty_first", [True, False])
def test_an_empty_mask_has_no_distance(empty_first):
    borders = [mask_border(np.zeros((5, 5), dtype=bool)), mask_border(np.ones((5, 5), dtype=bool))]
    with pytest.raises(ValueError, match="empty mask"):
        surface_distances(*borders[:: 1 if empty_first else -1])


def test_images_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(5, 5\) and \(5, 6\)"):
        pooled(np.ones((5, 5), dtype=bool), np.ones((5, 6), dtype=bool))


@BOTH_WAYS
@pytest.mark.parametrize("kind", KINDS)
def test_medpy_to_the_last_bit(monkeypatch, kind, query_cost):
    monkeypatch.setattr(module, "QUERY_COST_IN_PIXELS", query_cost)
    rng = np.random.default_rng(sorted(KINDS).index(kind))
    for other in KINDS:
        for _ in range(4):
            shape = tuple(int(side) for side in rng.integers(8, 60, size=2))
            a, b = random_mask(rng, kind, shape), random_mask(rng, other, shape)
            distances = pooled(a, b)
            assert distances.max() == medpy.hd(a, b)
            assert np.percentile(distances, 95) == medpy.hd95(a, b)
            assert distances.mean() == medpy.assd(a, b)


def ways_taken(monkeypatch, a, b):
    """Names of the ways that `surface_distances` takes for a pair."""
    taken = []
    for name in ("_pooled_by_tree", "_pooled_by_distance_transform"):
        monkeypatch.setattr(module, name, lambda a, b, name=name: taken.append(name))
    pooled(a, b)
    return taken


def test_smooth_borders_are_queried_and_noise_is_transformed(monkeypatch):
    rng, shape = np.random.default_rng(0), (200, 300)
    smooth = disc(shape, (100, 150), 60), disc(shape, (95, 155), 65)
    assert ways_taken(monkeypatch, *smooth) == ["_pooled_by_tree"]
    noisy = noise(rng, shape, 0.5), noise(rng, shape, 0.5)
    assert ways_taken(monkeypatch, *noisy) == ["_pooled_by_distance_transform"]


def test_distance_transform_takes_at_most_40_bytes_a_pixel():
    rng, shape = np.random.default_rng(0), (500, 600)
    a, b = (mask_border(noise(rng, shape, 0.5)) for _ in range(2))
    surface_distances(a, b)  # imports are not what is measured
    tracemalloc.start()
    try:
        surface_distances(a, b)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 40 * shape[0] * shape[1]


@st.composite
def mask_pairs(draw) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    kinds = st.sampled_from(sorted(KINDS))
    return random_mask(rng, draw(kinds), shape), random_mask(rng, draw(kinds), shape)


@given(mask_pairs())
def test_distances_are_symmetric(pair):
    a, b = pair
    np.testing.assert_array_equal(np.sort(pooled(a, b)), np.sort(pooled(b, a)))


@given(mask_pairs())
def test_a_mask_is_at_distance_zero_of_itself(pair):
    assert not pooled(pair[0], pair[0]).any()


@given(mask_pairs())
@settings(max_examples=50)
def test_both_ways_agree(pair):
    a, b = (mask_border(mask) for mask in pair)
    by_tree, by_transform = module._pooled_by_tree(a, b), module._pooled_by_distance_transform(a, b)
    np.testing.assert_array_equal(by_tree, by_transform)


@given(mask_pairs())
def test_flips_keep_the_distances(pair):
    a, b = pair
    expected = np.sort(pooled(a, b))
    for axis in (0, 1):
        np.testing.assert_array_equal(np.sort(pooled(np.flip(a, axis), np.flip(b, axis))), expected)


@given(mask_pairs(), st.integers(1, 9), st.integers(1, 9))
def test_translation_keeps_the_distances(pair, down, right):
    a, b = (np.pad(mask, ((1, 10), (1, 10))) for mask in pair)
    moved = (np.roll(mask, (down, right), axis=(0, 1)) for mask in (a, b))
    np.testing.assert_array_equal(pooled(*moved), pooled(a, b))
