"""Stacks in the one page of a TIFF: which picture is the mask, only its maker knows."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image
from support.drawing import encoded
from support.mask_files import MASK, painted, tiff

from utils.pictures.pages import SeveralPicturesError, pages_of_picture
from utils.pictures.pixel_values import decode_pixels

NUMBER = 3
GREY = np.stack([painted(255)] * NUMBER)
COLOURS = np.stack([painted((0, 0, 9), (0, 0, 0))] * NUMBER)
IMAGEJ = f"ImageJ=1.54f\nimages={NUMBER}\nslices={NUMBER}\n"
STACKS = {
    "grey": tiff(GREY, truncate=True, photometric="minisblack"),
    "grey, with a text": tiff(GREY, truncate=True, photometric="minisblack", description="drawn twice"),
    "grey, white is zero": tiff(GREY, truncate=True, photometric="miniswhite"),
    "grey, 16 bits": tiff(GREY.astype(np.uint16), truncate=True, photometric="minisblack"),
    "grey, 32 bits": tiff(GREY.astype(np.uint32), truncate=True, photometric="minisblack"),
    "colours": tiff(COLOURS, truncate=True, photometric="rgb"),
    "colours, 16 bits": tiff(COLOURS.astype(np.uint16), truncate=True, photometric="rgb"),
    "ImageJ": tiff(painted(255), description=IMAGEJ, metadata=None) + GREY[1:].tobytes(),
    "ImageJ, 16 bits": tiff(painted(1, dtype=np.uint16), description=IMAGEJ, metadata=None) + GREY.tobytes() * 2,
}
TEXTS = [
    '{"shape": [Infinity]}',
    "",
    "images=3",
    "ImageJ=1.54f\nimages=1\n",
    "ImageJ=1.54f\n",
    "{",
    "[3]",
    '{"shape": "a"}',
    '{"shape": [0]}',
]


@pytest.mark.parametrize("kind", STACKS)
def test_a_stack_in_one_page_is_refused(kind):
    with tifffile.TiffFile(io.BytesIO(STACKS[kind])) as file:
        assert len(file.pages) == 1
    with pytest.raises(SeveralPicturesError, match=f"it has {NUMBER} pictures: save the one that is the mask"):
        decode_pixels(STACKS[kind])


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("text", [IMAGEJ, '{"shape": [3, 6, 9]}', *TEXTS])
def test_one_picture_of_a_stack_may_keep_its_description(text, compression):
    data = encoded(Image.fromarray(painted(255)), "TIFF", tiffinfo={270: text}, compression=compression)
    np.testing.assert_array_equal(decode_pixels(data), painted(255))


@pytest.mark.parametrize("text", TEXTS)
def test_bytes_behind_a_picture_are_none(text):
    data = encoded(Image.fromarray(painted(255)), "TIFF", tiffinfo={270: text}) + bytes(9 * MASK.size)
    np.testing.assert_array_equal(decode_pixels(data), painted(255))


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_channels_are_no_stack(planes):
    colours = painted((0, 0, 9), (0, 0, 0), np.uint16)
    drawn = colours if planes == "contig" else np.moveaxis(colours, -1, 0)
    found = decode_pixels(tiff(drawn, photometric="rgb", planarconfig=planes) + bytes(9 * colours.nbytes))
    np.testing.assert_array_equal(found, colours)


def test_photos_of_a_stack_are_counted(tmp_path):
    (tmp_path / "photo").write_bytes(STACKS["colours"])
    (tmp_path / "one").write_bytes(encoded(Image.fromarray(COLOURS[0]), "TIFF", tiffinfo={270: IMAGEJ}))
    assert (pages_of_picture(tmp_path / "photo"), pages_of_picture(tmp_path / "one")) == (NUMBER, 1)
