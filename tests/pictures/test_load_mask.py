"""Masks in every format annotation tools write, and files that are no masks at all."""

from __future__ import annotations

import base64
import io
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from support.drawing import encoded
from support.mask_files import FORMATS, GOOD, HUGE, MASK, REFUSED, SEVERAL

from utils.data import encode_mask, load_mask, load_masks
from utils.errors import PipelineError
from utils.pictures import pixel_limit
from utils.pictures.pixel_limit import DEFAULT_MAX_PIXELS


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_same_mask(tmp_path, kind):
    path = tmp_path / "mask"
    path.write_bytes(FORMATS[kind])
    mask = load_mask(path)
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, MASK)


@pytest.mark.parametrize("kind", REFUSED)
def test_damaged_files_and_files_of_several_pages_are_refused_by_name(tmp_path, kind):
    path = tmp_path / "broken.png"
    path.write_bytes(REFUSED[kind])
    with pytest.raises(PipelineError) as caught:
        load_mask(path)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("kind", SEVERAL)
def test_files_of_several_pages_are_refused_with_what_to_do(tmp_path, kind):
    (tmp_path / "mask").write_bytes(SEVERAL[kind])
    with pytest.raises(PipelineError, match="it has [23] (frames|pages): save the one that is the mask as a file of"):
        load_mask(tmp_path / "mask")


def test_size_is_judged_before_memory_is_taken(tmp_path):
    (tmp_path / "huge.png").write_bytes(HUGE)
    with pytest.raises(PipelineError, match="20001 x 20000") as caught:
        load_mask(tmp_path / "huge.png")
    assert str(DEFAULT_MAX_PIXELS) in str(caught.value)


# Found by fuzzing: 9 x 6 pixels by its header, and a first frame far outside of them.
GROWING_GIF = base64.b64decode(
    "R0lGODdhCQAGAAAAAAABCBxIEEGA//////////8QACH5BAkAAAAAASwAABAAIfkECQAAAAABLAAACQAGAAAAAAEAgQAAABEBBAAB"
    "CQAGAAAAAAEAgQAAABEBBAABAAAAegAAABYBBAAAAQAABgAAAAEAAC0AAAAAAAYAAAAGAAAAAAAAABAA"
)


def test_a_picture_that_grows_after_its_header_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pixel_limit, "_most_pixels", 1000)
    (tmp_path / "mask.gif").write_bytes(GROWING_GIF)
    with pytest.raises(PipelineError, match="more than 1000 pixels"):
        load_mask(tmp_path / "mask.gif")


def test_a_file_without_permission_is_refused_by_name(tmp_path):
    path = tmp_path / "mask.png"
    path.write_bytes(GOOD)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(PipelineError, match="Permission denied"):
        load_mask(path)


@pytest.mark.parametrize("change", ["flip", "cut"])
def test_damage_anywhere_never_gives_a_wrong_mask(tmp_path, change):
    path = tmp_path / "mask.png"
    refused = 0
    for place in range(len(GOOD)):
        flipped = GOOD[:place] + bytes([GOOD[place] ^ 1]) + GOOD[place + 1 :]
        path.write_bytes(flipped if change == "flip" else GOOD[:place])
        try:
            np.testing.assert_array_equal(load_mask(path), MASK, err_msg=f"byte {place}")
        except PipelineError:
            refused += 1
    assert refused >= len(GOOD) * 0.7


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_is_no_file_is_refused(tmp_path, kind):
    path = tmp_path / "mask.png"
    if kind == "folder":
        path.mkdir()
    with pytest.raises(PipelineError, match="cannot be read") as caught:
        load_mask(path)
    assert str(path) in str(caught.value)


def test_masks_of_one_image_must_have_one_size(tmp_path):
    for name, size in (("a.png", (4, 6)), ("b.png", (4, 6)), ("c.png", (6, 4))):
        (tmp_path / name).write_bytes(encode_mask(np.ones(size, dtype=bool)))
    paths = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    assert [mask.shape for mask in load_masks(paths[:2])] == [(4, 6), (4, 6)]
    with pytest.raises(PipelineError, match="differ in size") as caught:
        load_masks(paths)
    assert caught.value.offenders == ["a.png: 6 x 4", "b.png: 6 x 4", "c.png: 4 x 6"]


def test_equal_files_are_decoded_once_where_masks_are_shared(tmp_path):
    for name, value in (("a.png", True), ("b.png", False), ("c.png", True)):
        (tmp_path / name).write_bytes(encode_mask(np.full((4, 6), value)))
    paths = [tmp_path / name for name in ("a.png", "b.png", "c.png")]

    own, shared = load_masks(paths), load_masks(paths, shared=True)

    np.testing.assert_array_equal(own, shared)
    assert shared[0] is shared[2]
    assert own[0] is not own[2]  # who reads them may change one


def test_damage_is_told_of_the_first_of_equal_files(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"no mask")
    with pytest.raises(PipelineError, match=r"a\.png"):
        load_masks([tmp_path / "a.png", tmp_path / "b.png"], shared=True)


@given(arrays.arrays(bool, arrays.array_shapes(min_dims=2, max_dims=2, max_side=20), elements=st.booleans()))
def test_encoded_masks_come_back(tmp_path_factory, mask):
    path = tmp_path_factory.getbasetemp() / "encoded.png"
    path.write_bytes(encode_mask(mask))
    np.testing.assert_array_equal(load_mask(path), mask)


@pytest.mark.parametrize("view", [MASK, MASK.T, MASK[::-1, ::2]], ids=["plain", "transposed", "strided"])
def test_encoding_is_pillows_default(view):
    expected = encoded(Image.fromarray(np.where(view, 255, 0).astype(np.uint8)))
    assert encode_mask(view) == expected
    image = Image.open(io.BytesIO(expected))
    assert image.mode == "L"
    assert image.getextrema() == (0, 255)
