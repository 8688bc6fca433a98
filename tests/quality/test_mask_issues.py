"""Mask QA on drawn masks: which issues, in which order, and where the 5% rule turns."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import label
from support.drawing import box, disc, noise, write_png

from utils.quality import mask_issues
from utils.quality.mask_issues import Issue, judge_mask, judge_mask_file, one_region_dominates, region_areas

SHAPE = (40, 60)
BORDER = ("Mask touches image border", "low")


def findings(mask: np.ndarray) -> list[tuple[str, str]]:
    return [(found.issue, found.severity) for found in judge_mask(mask)]


def regions(number: int) -> tuple[str, str]:
    return (f"Multiple disconnected regions ({number})", "medium")


def area(top: int, left: int, pixels: int, width: int = 10) -> np.ndarray:
    """A region of exactly `pixels` pixels: full rows of `width`, and the rest in one row more."""
    rows, rest = divmod(pixels, width)
    mask = box(top, left, top + rows, left + width, SHAPE)
    mask[top + rows, left : left + rest] = True
    return mask


@pytest.mark.parametrize("edge", [box(0, 5, 4, 9, SHAPE), box(36, 5, 40, 9, SHAPE)], ids=["top", "bottom"])
def test_rows_of_the_border(edge):
    assert findings(edge) == [BORDER]


@pytest.mark.parametrize("edge", [box(5, 0, 9, 4, SHAPE), box(5, 56, 9, 60, SHAPE)], ids=["left", "right"])
def test_columns_of_the_border(edge):
    assert findings(edge) == [BORDER]


def test_a_mask_one_pixel_off_the_border_is_sound():
    assert findings(box(1, 1, 39, 59, SHAPE)) == []


def test_empty_and_full_end_the_checks():
    assert findings(np.zeros(SHAPE, dtype=bool)) == [("Empty mask", "high")]
    assert findings(np.ones(SHAPE, dtype=bool)) == [("Mask covers entire image", "high")]
    assert findings(np.ones((1, 1), dtype=bool)) == [("Mask covers entire image", "high")]


def test_all_but_one_pixel_is_not_full():
    mask = np.ones(SHAPE, dtype=bool)
    mask[20, 20] = False
    assert findings(mask) == [BORDER]


@pytest.mark.parametrize(("second", "expected"), [(9, []), (10, []), (11, [regions(2)])])
def test_five_percent_of_200_pixels_is_10(second, expected):
    assert findings(area(5, 5, 200) | area(5, 30, second)) == expected


def test_the_second_largest_counts_wherever_it_lies():
    largest, second, speck = area(20, 5, 100), area(20, 30, 50), area(2, 2, 1)
    assert findings(largest | second | speck) == [regions(3)]
    # One that labels regions from the top meets the speck, the second and the largest in this order.
    assert findings(area(2, 30, 50) | area(20, 5, 100) | speck) == [regions(3)]


def test_many_specks_of_less_than_five_percent_are_no_issue():
    mask = area(25, 5, 100)
    for column in range(2, 58, 3):
        mask[5, column] = True
    assert findings(mask) == []


def test_the_count_has_all_regions_and_comes_before_the_border():
    mask = area(25, 5, 100) | area(25, 30, 40) | box(0, 0, 1, 1, SHAPE)
    assert findings(mask) == [regions(3), BORDER]


def test_an_island_in_a_hole_is_a_region_of_its_own():
    mask = box(5, 5, 35, 35, SHAPE) & ~box(10, 10, 30, 30, SHAPE) | box(15, 15, 25, 25, SHAPE)
    # Ring 30² - 20² = 500, island 10² = 100.
    assert region_areas(mask).tolist() == [500, 100]
    assert findings(mask) == [regions(2)]


def test_corners_connect():
    touching = box(5, 5, 10, 10, SHAPE) | box(10, 10, 15, 15, SHAPE)
    assert region_areas(touching).tolist() == [50]
    assert findings(touching) == []
    apart = box(5, 5, 10, 10, SHAPE) | box(10, 11, 15, 16, SHAPE)
    assert region_areas(apart).tolist() == [25, 25]


@pytest.mark.parametrize("seed", range(12))
def test_areas_equal_those_of_scikit_image(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(int(side) for side in rng.integers(1, 50, 2))
    mask = noise(rng, shape, (seed + 1) / 14)
    expected = np.sort(np.bincount(label(mask, connectivity=2).ravel())[1:])[::-1]
    assert region_areas(mask).tolist() == expected.tolist()


@pytest.mark.parametrize("view", [lambda m: m.T, lambda m: m[::2, ::3], lambda m: m[::-1]])
def test_views_are_measured_like_copies(view):
    mask = noise(np.random.default_rng(3), (30, 40), 0.4)
    assert region_areas(view(mask)).tolist() == region_areas(view(mask).copy()).tolist()


def drawn_regions(rng: np.random.Generator) -> np.ndarray:
    """Draw a lesion, and specks, islands and holes of many sizes about it."""
    shape = tuple(int(side) for side in rng.integers(20, 90, 2))
    mask = disc(shape, (shape[0] / 2, shape[1] / 2), rng.uniform(0.1, 0.5) * min(shape))
    for _ in range(rng.integers(0, 6)):
        mask ^= disc(shape, rng.uniform(0, 1, 2) * shape, rng.uniform(0.3, 0.2 * min(shape)))
    return mask ^ noise(rng, shape, rng.choice([0, 0.01, 0.1]))


def test_where_contours_settle_it_areas_say_the_same(monkeypatch):
    monkeypatch.setattr(mask_issues, "_MOST_RUNS", 1)  # of small masks labels would be made at once
    rng, settled, second = np.random.default_rng(0), 0, 0
    for _ in range(400):
        mask = drawn_regions(rng)
        areas = region_areas(mask)
        exceeds = len(areas) > 1 and areas[1] > 0.05 * areas[0]
        if len(areas) and one_region_dominates(mask):
            settled += 1
            assert not exceeds
        second += exceeds
    assert settled > 80 and second > 80


def test_contours_settle_a_lesion_among_specks_and_leave_noise_to_areas():
    shape, rng = (1600, 2000), np.random.default_rng(1)
    lesion = disc(shape, (800, 1000), 700)
    specks = lesion ^ noise(rng, shape, 0.00003)
    assert len(region_areas(specks)) > 20
    assert one_region_dominates(specks)
    assert not one_region_dominates(lesion ^ noise(rng, shape, 0.1))


@pytest.mark.parametrize("turn", [lambda m: m, lambda m: np.ascontiguousarray(m.T)])
def test_hatching_and_noise_between_lines_are_left_to_areas(monkeypatch, turn):
    hatched = np.zeros((800, 900), dtype=bool)
    hatched[::2] = True
    gaps = noise(np.random.default_rng(0), (800, 900), 0.4)
    gaps[::16] = gaps[:, ::16] = False
    monkeypatch.setattr(mask_issues, "cv2", None)  # contours would be an error
    assert not one_region_dominates(turn(hatched))
    assert not one_region_dominates(turn(gaps))


def test_many_islands_take_from_what_is_left_for_the_lesion(monkeypatch):
    monkeypatch.setattr(mask_issues, "_MOST_RUNS", 1)
    mask = np.zeros((400, 400), dtype=bool)
    mask[:50, :80] = True  # 4,000 pixels, and 60 islands of 210: each above 5% of it, but not of all foreground
    for number in range(60):
        top, left = 60 + 20 * (number // 12), 30 * (number % 12)
        mask[top : top + 15, left : left + 14] = True
    assert region_areas(mask)[1] > 0.05 * region_areas(mask)[0]
    assert not one_region_dominates(mask)


def test_an_empty_mask_has_no_regions():
    assert region_areas(np.zeros((3, 4), dtype=bool)).tolist() == []


def test_files_are_read_and_judged(tmp_path):
    write_png(tmp_path / "blank.png", np.zeros(SHAPE, dtype=bool))
    assert judge_mask_file(tmp_path / "blank.png") == [Issue("Empty mask", "high", unusable=True)]
    (tmp_path / "broken.png").write_bytes(b"no image")
    for name in ("broken.png", "missing.png"):
        expected = Issue("File not found or corrupted", "high", unusable=True)
        assert judge_mask_file(tmp_path / name) == [expected]


def test_only_unreadable_and_empty_masks_are_unusable():
    for mask in (np.ones(SHAPE, dtype=bool), area(0, 0, 200) | area(5, 30, 100)):
        assert not any(found.unusable for found in judge_mask(mask))
