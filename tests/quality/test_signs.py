"""What mask QA tells of masks that a user wrote raw tables for himself: inverted, transparent, of several pages."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from support.drawing import box, encoded, png_of, write_png
from support.files import table_rows
from support.mask_files import SEVERAL
from support.run import run_here, succeed
from support.small_set import SMALL_CREATORS, make_raw_set, rows_of_image

from utils.masks.signs import ALPHA_ALONE, INDEX_ALONE, INVERTED
from utils.quality.mask_issues import EMPTY, FULL, examine_mask_file, judge_mask_file

MASK = box(4, 4, 14, 20)
NAMES = {"a": "I1_A00_T3_S2_ma.png", "b": "I1_A01_T3_S2_mb.png", "c": "I1_A02_T3_S2_mc.png"}
SEG, QA = (f"IMAplusplus_{name}.csv" for name in ("seg_metadata", "seg_metadata_qa_results"))


def in_alpha(colour: tuple[int, int, int]) -> bytes:
    pixels = np.zeros((*MASK.shape, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = colour, MASK * 255
    return encoded(Image.fromarray(pixels))


def judged(base, *masks) -> tuple[int, str]:
    """Run the stages up to mask QA on raw tables of one image: exit code and console text of mask QA."""
    raw = make_raw_set(base / "raw", rows_of_image("I1", "m", *masks))
    for stage in ("create_dataset", "move_dataset"):
        succeed(stage, base / "output", raw=raw)
    return run_here("mask_qa", base / "output")


def test_masks_that_fill_the_corners_are_warned_of_by_their_names_in_the_dataset(tmp_path):
    code, text = judged(tmp_path, ~MASK, MASK, ~MASK)
    told = f"2 masks are foreground in all four corners: are they inverted? {INVERTED.partition('? ')[2]}"
    assert (code, f"{told}: {NAMES['a']}, {NAMES['c']}\n" in text) == (0, True)
    assert "raw_m" not in text and not any(name in text for name in SMALL_CREATORS)
    # It is no row of the table, whose rows are those of the release.
    rows = table_rows(tmp_path / "output" / "metadata" / QA)
    assert [row["issue"] for row in rows] == ["Mask touches image border"] * 2
    assert told in succeed("mask_qa", tmp_path / "output")  # of what the cache holds too


@pytest.mark.parametrize("mask", [~MASK, ~box(0, 0, 1, 1), ~box(5, 5, 6, 6)])
def test_the_sign_of_inverted_masks_asks_for_all_four_corners(tmp_path, mask):
    for name, data in (("grey", png_of(mask)), ("deep", encoded(Image.fromarray(mask.astype(np.uint16) * 300)))):
        (tmp_path / name).write_bytes(data)
        assert examine_mask_file(tmp_path / name).signs == ((INVERTED,) if mask[0, 0] else ())


@pytest.mark.parametrize(("colour", "issue"), [((0, 0, 0), EMPTY), ((255, 9, 0), FULL)])
def test_masks_in_the_alpha_channel_alone_are_told(tmp_path, colour, issue):
    code, text = judged(tmp_path, MASK, MASK, in_alpha(colour))
    assert (code, f"1 {ALPHA_ALONE}: {NAMES['c']}\n" in text) == (0, True)
    assert [row["issue"] for row in table_rows(tmp_path / "output" / "metadata" / QA)] == [issue.issue]


def test_empty_and_full_masks_without_alpha_show_no_sign(tmp_path):
    for mask in (np.zeros((9, 9), bool), np.ones((9, 9), bool), MASK):
        write_png(tmp_path / "mask.png", mask)
        assert examine_mask_file(tmp_path / "mask.png").signs == ()


@pytest.mark.parametrize("kind", SEVERAL)
def test_a_mask_of_several_pages_goes_to_quarantine_with_what_to_do(tmp_path, kind):
    base = MASK[:6, :9]
    code, text = judged(tmp_path, base, base, SEVERAL[kind])
    told = rf"moved to quarantine: {NAMES['c']} \(it has [23] (frames|pages): save the one that is the mask as a file"
    assert (code, re.search(told, text) is not None) == (0, True)
    assert NAMES["c"] not in (tmp_path / "output" / "metadata" / SEG).read_text("utf-8")
    found = {row["mask"]: row["issue"] for row in table_rows(tmp_path / "output" / "metadata" / QA)}
    assert found[NAMES["c"]] == "Several pages or frames"


def test_each_mask_that_goes_is_told_with_its_reason(tmp_path):
    code, text = judged(tmp_path, np.zeros_like(MASK), b"no image", MASK)
    assert code == 0
    assert f"moved to quarantine: {NAMES['a']} (Empty mask)\n" in text
    assert f"moved to quarantine: {NAMES['b']} (no image of a known format)\n" in text


def test_the_reasons_are_told_where_no_mask_would_be_left(tmp_path):
    code, text = judged(tmp_path, SEVERAL["TIFF of pages"], in_alpha((0, 0, 0)), SEVERAL["animated PNG"])
    assert code == 1
    for name, reason in (("a", "it has 2 pages"), ("b", "Empty mask"), ("c", "it has 2 frames")):
        assert f"  - {NAMES[name]}: {reason}" in text
    assert f"1 {ALPHA_ALONE}: {NAMES['b']}\n" in text


def test_a_missing_file_says_so(tmp_path):
    judgement = examine_mask_file(tmp_path / "missing.png")
    assert (judgement.issues, judgement.reason) == (
        judge_mask_file(tmp_path / "missing.png"),
        "No such file or directory",
    )


def test_a_palette_of_one_colour_is_told(tmp_path):
    stream = io.BytesIO()
    image = Image.fromarray(MASK.astype(np.uint8)).convert("P")
    image.putpalette(bytes(6))
    image.save(stream, "PNG")
    (tmp_path / "mask.png").write_bytes(stream.getvalue())
    judgement = examine_mask_file(tmp_path / "mask.png")
    assert [issue.issue for issue in judgement.issues] == ["Empty mask"] and judgement.signs == (INDEX_ALONE,)
