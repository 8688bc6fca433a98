"""What mask QA says of masks that are grey, of another size than their image, or empty on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.drawing import box, write_png
from support.files import table_rows
from support.run import succeed

from utils.pictures.pixel_values import has_more_than_two_levels, is_plain_mask
from utils.quality.mask_issues import judge_mask_file

LEVELS = np.zeros((24, 32), np.uint8)
LEVELS[4:14, 4:20], LEVELS[4:14, 12:20] = 100, 255


def laid_out(raw, output):
    for stage in ("create_dataset", "move_dataset"):
        succeed(stage, output, raw=raw)


def issues(output) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    path = output / "metadata" / "IMAplusplus_seg_metadata_qa_results.csv"
    for row in table_rows(path):
        found.setdefault(row["mask"].rpartition("_")[2], []).append((row["issue"], row["severity"]))
    return found


@pytest.mark.parametrize(
    ("pixels", "count"),
    [(LEVELS, 3), (np.stack([LEVELS, LEVELS // 2, LEVELS], axis=2), 3), (LEVELS.astype(np.uint16) * 9, 3)],
    ids=["grey", "colours", "16 bits"],
)
def test_more_than_two_levels_are_counted(tmp_path, pixels, count):
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    assert (f"More than two grey levels ({count})", "medium", False) in judge_mask_file(tmp_path / "mask.png")


@pytest.mark.parametrize("value", [1, 255])
def test_two_levels_are_no_issue(tmp_path, value):
    Image.fromarray((LEVELS > 0).astype(np.uint8) * value).save(tmp_path / "mask.png")
    assert judge_mask_file(tmp_path / "mask.png") == []


@given(st.lists(st.sampled_from([0, 1, 7, 255]), min_size=1, max_size=9))
def test_the_quick_look_never_passes_a_third_level(values):
    pixels = np.array([values], np.uint8)
    if is_plain_mask(pixels):
        assert not has_more_than_two_levels(pixels)
    assert is_plain_mask(pixels) == (len({*values} - {0}) <= 1)


def test_a_mask_of_another_size_has_a_row(small_raw, tmp_path):
    write_png(small_raw / "segs" / "raw_d1.png", box(2, 2, 9, 9, shape=(20, 32)))
    laid_out(small_raw, tmp_path)
    text = succeed("mask_qa", tmp_path)
    assert issues(tmp_path)["d1.png"] == [("Size differs from image", "high")]
    assert "is 32 x 20, its image 32 x 24 pixels" in text


def test_empty_masks_stay_when_they_mean_that_nothing_is_there(small_raw, tmp_path):
    laid_out(small_raw, tmp_path)
    masks = {path.name for path in (tmp_path / "seg_masks").iterdir()}
    text = succeed("mask_qa", tmp_path, "empty_masks=keep")
    assert {path.name for path in (tmp_path / "seg_masks").iterdir()} == masks
    assert issues(tmp_path)["e1.png"] == [("Empty mask", "high")] and "0 masks in quarantine" in text
