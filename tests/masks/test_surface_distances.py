"""Borders and their distances: drawn answers, laws, and bit parity with MedPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from medpy.metric import binary as medpy
from pykdtree.kdtree import KDTree
from scipy.ndimage import binary_erosion
from support.drawing import disc, noise
from support.mask_kinds import KINDS, random_mask

from utils.masks import surface_distances as module
from utils.masks.bounding_box import bounding_box
from utils.masks.surface_distances import Border, SurfaceDistances, mask_border

ALWAYS_TREE, ALWAYS_TRANSFORM = 0, 10**9
BOTH_WAYS = pytest.mark.parametrize("query_cost", [ALWAYS_TREE, ALWAYS_TRANSFORM], ids=["tree", "transform"])


def drawn(*lines: str) -> np.ndarray:
    """Mask from lines of text, '#' being foreground."""
    return np.array([[letter == "#" for letter in line] for line in lines])


def pooled(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return SurfaceDistances([mask_border(a), mask_border(b)]).pooled(0, 1)


def places(border: Border) -> list[list[int]]:
    """Row and column of every border pixel."""
    return np.stack(np.divmod(border.index, border.shape[1]), axis=1).tolist()


def test_border_of_a_square_is_its_outline():
    border = mask_border(drawn(".....", ".###.", ".###.", ".###."))
    assert places(border) == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 3], [3, 1], [3, 2], [3, 3]]
    assert border.box == (1, 4, 1, 4)
    assert border.shape == (4, 5)


def test_a_diagonal_gap_leaves_the_pixel_inside():
    # The centre has its four neighbours; that a corner is missing does not make it border.
    border = mask_border(drawn(".##", "###", "###"))
    assert [1, 1] not in places(border)
    assert border.index.size == 7


def test_foreground_on_the_image_edge_is_border():
    assert mask_border(np.ones((3, 4), dtype=bool)).index.size == 10


def test_empty_mask_has_an_empty_border():
    border = mask_border(np.zeros((4, 6), dtype=bool))
    assert border.index.size == 0
    assert border.box == (0, 0, 0, 0)
    assert border.shape == (4, 6)


@pytest.mark.parametrize("kind", KINDS)
def test_border_equals_mask_without_its_erosion(kind):
    rng = np.random.default_rng(1)
    for shape in [(1, 1), (1, 9), (9, 1), (17, 23), (40, 31)]:
        mask = random_mask(rng, kind, shape)
        for view in (mask, mask[::-1], mask[:, ::-1], mask.T, np.asfortranarray(mask)):
            expected = np.argwhere(view ^ binary_erosion(view))
            assert places(mask_border(view)) == expected.tolist()
            assert places(mask_border(view, bounding_box(view))) == expected.tolist()


def test_a_pixel_of_several_borders_is_looked_up_once_and_one_of_the_other_border_not_at_all(monkeypatch):
    asked = []

    class Counting:
        def __init__(self, pixels):
            self._tree = KDTree(pixels)

        def query(self, pixels):
            asked.append(len(pixels))
            return self._tree.query(pixels)

    monkeypatch.setattr("pykdtree.kdtree.KDTree", Counting)
    a, b = disc((40, 50), (18, 22), 12), disc((40, 50), (20, 26), 12)
    borders = [mask_border(mask) for mask in (a, b, a | b)]
    together = SurfaceDistances(borders)
    a_index, b_index, union_index = (border.index for border in borders)
    assert asked[2] == np.setdiff1d(np.union1d(a_index, b_index), union_index).size
    assert asked[0] == np.setdiff1d(np.union1d(b_index, union_index), a_index).size
    for i, j in ((0, 1), (0, 2), (1, 2)):
        np.testing.assert_array_equal(together.pooled(i, j), SurfaceDistances([borders[i], borders[j]]).pooled(0, 1))


def test_equal_masks_are_looked_up_once(monkeypatch):
    built = []

    def counting(pixels):
        built.append(len(pixels))
        return KDTree(pixels)

    monkeypatch.setattr("pykdtree.kdtree.KDTree", counting)
    a, b = disc((40, 50), (18, 22), 12), disc((40, 50), (20, 26), 12)
    borders = [mask_border(mask) for mask in (a, b, b, a)]
    together = SurfaceDistances(borders)
    assert built == [borders[0].index.size, borders[1].index.size]
    assert together.pooled(0, 3).tolist() == [0.0] * 2 * borders[0].index.size
    for i, j in ((0, 2), (2, 3), (1, 3)):
        np.testing.assert_array_equal(together.pooled(i, j), SurfaceDistances([borders[i], borders[j]]).pooled(0, 1))


def test_queries_are_made_in_parts(monkeypatch):
    a, b = disc((60, 70), (28, 32), 22), disc((60, 70), (30, 36), 20)
    expected = pooled(a, b)
    monkeypatch.setattr(module, "_QUERIES", 7)
    assert pooled(a, b).tolist() == expected.tolist()


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
    distances = SurfaceDistances(borders[:: 1 if empty_first else -1])
    with pytest.raises(ValueError, match="empty mask"):
        distances.pooled(0, 1)


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
    """Names of the functions that measure a pair's distances."""
    taken = []
    for name in ("_nearest_distances", "_pooled_by_distance_transform"):
        function = getattr(module, name)

        def noted(*given, name=name, function=function):
            found = function(*given)
            taken.extend([name] if len(found) else [])
            return found

        monkeypatch.setattr(module, name, noted)
    pooled(a, b)
    return taken


def test_smooth_borders_are_queried_and_noise_is_transformed(monkeypatch):
    rng, shape = np.random.default_rng(0), (200, 300)
    smooth = disc(shape, (100, 150), 60), disc(shape, (95, 155), 65)
    assert ways_taken(monkeypatch, *smooth) == ["_nearest_distances"] * 2
    noisy = noise(rng, shape, 0.5), noise(rng, shape, 0.5)
    assert ways_taken(monkeypatch, *noisy) == ["_pooled_by_distance_transform"]
    monkeypatch.setattr(module, "MOST_QUERIES", 100)  # for the sake of memory
    assert ways_taken(monkeypatch, *smooth) == ["_pooled_by_distance_transform"]


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
    by_tree = np.concatenate([module._nearest_distances(a.index, b), module._nearest_distances(b.index, a)])
    np.testing.assert_array_equal(by_tree, module._pooled_by_distance_transform(a, b))


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
