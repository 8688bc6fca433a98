"""Outlines along the edges of pixels: exact, and simplified to within a tolerance that is measured another way."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from scipy.spatial import cKDTree
from support.drawing import blob, box, disc, noise, ragged

from utils.data import load_mask
from utils.masks import outlines
from utils.masks.outlines import edge_outline, simplify, svg_path
from utils.report.thumbnails import view_of_mask
from utils.tables import read_table

SAMPLES_PER_PIXEL = 8


def polygons_of(path: str) -> list[np.ndarray]:
    """Read path data of closed subpaths with relative lines: corners, the first repeated at the end."""
    subpaths = re.findall(r"M(\d+) (\d+)l([-\d ]+)z", path)
    assert "".join(f"M{x} {y}l{steps}z" for x, y, steps in subpaths) == path
    found = []
    for x, y, steps in subpaths:
        moves = np.array([int(number) for number in re.findall(r"-?\d+", steps)]).reshape(-1, 2)
        corners = np.cumsum([(int(x), int(y)), *moves], axis=0)
        found.append(np.concatenate([corners, corners[:1]]))
    return found


def filled(polygons: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Fill polygons of horizontal and vertical parts by the even-odd rule."""
    crossings = np.zeros((shape[0], shape[1] + 1), dtype=int)
    for corners in polygons:
        for (x1, y1), (x2, y2) in zip(corners[:-1], corners[1:], strict=True):
            assert (x1 == x2) != (y1 == y2)
            if x1 == x2:
                crossings[min(y1, y2) : max(y1, y2), x1] += 1
    return np.cumsum(crossings, axis=1)[:, :-1] % 2 == 1


def border_samples(mask: np.ndarray) -> np.ndarray:
    """Points on every pixel edge between foreground and background, straight from the pixels."""
    padded = np.pad(mask, 1)
    steps = np.linspace(0, 1, SAMPLES_PER_PIXEL + 1)
    y, x = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])
    horizontal = [np.column_stack([x + step, y]) for step in steps]
    y, x = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
    vertical = [np.column_stack([x, y + step]) for step in steps]
    return np.concatenate(horizontal + vertical)


def line_samples(polygons: list[np.ndarray]) -> np.ndarray:
    """Points on the lines of polygons, as close to each other as those of `border_samples`."""
    parts = []
    for corners in polygons:
        for start, end in zip(corners[:-1], corners[1:], strict=True):
            number = int(np.ceil(np.hypot(*(end - start)) * SAMPLES_PER_PIXEL))
            parts.append(start + (end - start) * np.linspace(0, 1, number + 1)[:, None])
    return np.concatenate(parts)


def hausdorff(mask: np.ndarray, path: str) -> float:
    """Distance, in pixels, between the border of a mask and path data, both ways; never less than the true one."""
    true, drawn = border_samples(mask), line_samples(polygons_of(path))
    return max(cKDTree(true).query(drawn)[0].max(), cKDTree(drawn).query(true)[0].max())


@pytest.mark.parametrize(
    "mask",
    [
        box(2, 3, 12, 15) & ~box(5, 6, 8, 10) | box(20, 20, 21, 21),
        box(0, 0, 24, 32),
        box(0, 0, 1, 1) | box(1, 1, 2, 2) | box(23, 31, 24, 32),
        box(0, 1, 1, 2) | box(1, 0, 2, 1) | box(1, 2, 3, 4),
        np.ones((1, 1), dtype=bool),
    ],
    ids=["hole and speck", "full", "diagonal", "other diagonal", "one pixel"],
)
def test_the_outline_filled_is_the_mask(mask):
    assert (filled(polygons_of(svg_path(edge_outline(mask))), mask.shape) == mask).all()


def test_outlines_of_random_masks_filled_are_the_masks():
    rng = np.random.default_rng(7)
    for number in range(120):
        shape = tuple(rng.integers(1, 30, 2))
        mask = noise(rng, shape, rng.random()) if number % 2 else ragged(rng, shape)
        assert (filled(polygons_of(svg_path(edge_outline(mask))), shape) == mask).all()


def test_masks_taller_than_a_block_of_rows_are_traced_whole():
    mask = disc((1100, 40), (500, 20), 470) & ~disc((1100, 40), (512, 20), 9)
    assert (filled(polygons_of(svg_path(edge_outline(mask))), mask.shape) == mask).all()


def test_a_hole_and_a_region_are_polygons_of_their_own():
    polygons = edge_outline(box(2, 3, 12, 15) & ~box(5, 6, 8, 10) | box(20, 20, 21, 21)).polygons()
    assert [sorted(map(tuple, corners.tolist())) for corners in polygons] == [
        [(3, 2), (3, 12), (15, 2), (15, 12)],
        [(6, 5), (6, 8), (10, 5), (10, 8)],
        [(20, 20), (20, 21), (21, 20), (21, 21)],
    ]


def test_an_empty_mask_has_no_outline():
    empty = edge_outline(np.zeros((4, 5), dtype=bool))
    assert (len(empty.points), empty.polygons(), svg_path(simplify(empty, 1.0))) == (0, [], "")


def test_a_straight_stair_becomes_a_line_and_a_speck_stays():
    mask = np.tri(60, dtype=bool)
    mask[2, 50] = True
    path = svg_path(simplify(edge_outline(mask), 2.0))
    assert sorted(len(corners) - 1 for corners in polygons_of(path)) == [2, 3]


def comb(teeth: int) -> np.ndarray:
    mask = np.zeros((12, 4 * teeth), dtype=bool)
    mask[-1] = mask[2:, ::4] = True
    return mask


def test_outlines_that_are_simplified_in_parts_stay_within_the_tolerance(monkeypatch):
    monkeypatch.setattr(outlines, "_PART", 7)
    masks = [
        comb(20),
        disc((90, 90), (45, 45), 40) & ~disc((90, 90), (45, 45), 20),
        noise(np.random.default_rng(3), (40, 50), 0.5),
    ]
    for mask in masks:
        outline = edge_outline(mask)
        simpler = simplify(outline, 2.0)
        assert len(simpler.starts) == len(outline.starts)
        assert len(simpler.points) < len(outline.points)
        assert hausdorff(mask, svg_path(simpler)) <= 2.0


def test_a_long_comb_is_simplified_without_running_out_of_stack_or_time():
    outline = edge_outline(comb(60_000))
    started = time.monotonic()
    assert len(simplify(outline, 2.0).points) > 120_000  # all teeth are there
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("thumbnail_pixels", [40, 64, 500])
def test_outlines_are_within_half_a_pixel_of_the_thumbnail(thumbnail_pixels):
    rng = np.random.default_rng(thumbnail_pixels)
    masks = [ragged(rng, (150, 200)), blob(rng, (90, 260)), noise(rng, (40, 60), 0.4), disc((300, 400), (20, 9), 170)]
    masks.append(disc((300, 400), (150, 200), 120) & ~disc((300, 400), (140, 190), 60))
    for mask in masks:
        scale = max(1.0, max(mask.shape) / thumbnail_pixels)
        error = hausdorff(mask, view_of_mask(mask, thumbnail_pixels).path)
        assert error < scale / 2


def test_the_measure_of_errors_sees_them():
    mask = disc((90, 90), (45, 45), 30)
    outline = edge_outline(mask)
    assert hausdorff(mask, svg_path(outline)) == pytest.approx(0, abs=1e-9)
    assert 1.5 < hausdorff(mask, svg_path(simplify(outline, 4.0))) <= 4.0
    assert hausdorff(mask, "M45 15l30 30-30 30-30-30z") > 8


def test_real_masks_are_outlined_within_half_a_pixel_of_the_thumbnail(reference, full):
    folder = reference / "real" / "imapp_masks"
    with_issues = set(read_table(folder / "expected_qa_results.csv", ["mask"])["mask"])
    paths = [path for path in sorted(folder.rglob("*.png")) if path.name in with_issues]
    checked = 0
    for path in paths if full else paths[::8]:
        mask = load_mask(path)
        view = view_of_mask(mask, 640)
        if not mask.any():
            assert view.path == ""
            continue
        assert hausdorff(mask, view.path) < max(1.0, max(mask.shape) / 640) / 2
        checked += 1
    assert checked >= 4


def test_large_outlines_are_small_and_near(full):
    height, width = (4480, 6720) if full else (1500, 2250)
    mask = disc((height, width), (height / 2, width / 2), height / 3)
    mask ^= ragged(np.random.default_rng(1), (height, width)) & disc((height, width), (height / 2, 200), 60)
    path = view_of_mask(mask, 640).path
    assert hausdorff(mask, path) < max(1.0, width / 640) / 2
    assert len(path) < 60_000
