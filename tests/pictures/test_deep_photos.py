"""Photos of more than 8 bits: what is in them is to be seen, in overlays as in the report."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from support.mask_files import COLOUR, COLOUR_ALPHA, GREY_ALPHA, png, tiff

from utils.data import load_image
from utils.errors import PipelineError
from utils.pictures.deep_photos import stretched
from utils.report.thumbnails import encode_thumbnail

RAMP = np.tile(np.linspace(3000, 4095, 160), (120, 1))  # 12 bits in a file of 16


@pytest.mark.parametrize("values", [RAMP.astype(np.uint16), RAMP, np.where(RAMP < 3100, np.nan, RAMP)])
def test_the_least_becomes_black_and_the_greatest_white(values):
    made = stretched(values)
    assert (made.dtype, made.min(), made.max()) == (np.uint8, 0, 255)
    assert (np.diff(made[0].astype(int)) >= 0).all()


def test_a_photo_of_one_value_is_black():
    assert not stretched(np.full((2, 2), 900)).any()


def test_eight_bits_are_left_alone(tmp_path):
    Image.fromarray(np.full((4, 4, 3), 7, np.uint8)).save(tmp_path / "a.png")
    assert (load_image(tmp_path / "a.png") == 7).all()


@pytest.mark.parametrize(("kind", "values"), [("png", RAMP.astype(np.uint16)), ("tif", RAMP.astype(np.float32))])
def test_overlays_and_thumbnails_show_the_whole_range(tmp_path, kind, values):
    path = tmp_path / f"photo.{kind}"
    Image.fromarray(values).save(path)
    if kind == "png":
        shown = load_image(path)
        assert (shown.shape, shown.min(), shown.max()) == ((120, 160, 3), 0, 255)
    thumbnail = np.asarray(Image.open(io.BytesIO(encode_thumbnail(path.read_bytes(), (160, 120), 80))))
    assert thumbnail.max() - thumbnail.min() > 200


DEEP = RAMP.astype(np.uint16)
OPAQUE = np.full_like(DEEP, 65535)
RGBA = np.stack([DEEP, DEEP, DEEP, OPAQUE], -1)
COLOURS = {
    "PNG, RGB": png(RGBA[..., :3], COLOUR),
    "PNG, RGBA": png(RGBA, COLOUR_ALPHA),
    "PNG, grey and alpha": png(RGBA[..., 2:], GREY_ALPHA),
    "TIFF, RGB": tiff(RGBA[..., :3], photometric="rgb"),
    "TIFF, RGB, big-endian": tiff(RGBA[..., :3], photometric="rgb", byteorder=">"),
    "TIFF, RGBA": tiff(RGBA, photometric="rgb", extrasamples=["unassalpha"]),
    "TIFF, RGB, turned": tiff(RGBA[..., :3], photometric="rgb", extratags=[(274, 3, 1, 3, True)]),
}


@pytest.mark.parametrize("kind", COLOURS)
def test_deep_colours_are_stretched_in_overlays_and_thumbnails(tmp_path, kind):
    (tmp_path / "photo").write_bytes(COLOURS[kind])
    shown = load_image(tmp_path / "photo")
    small = np.asarray(Image.open(io.BytesIO(encode_thumbnail(COLOURS[kind], (160, 120), 160))))
    assert (shown.min(), shown.max()) == (0, 255)
    assert np.abs(small.astype(int) - shown).max() < 8
    assert (np.diff(shown[0, :, 0].astype(int)) >= 0).all()


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_colours_of_8_bits_are_not_stretched(planes):
    dark = np.tile(np.arange(160, dtype=np.uint8) // 8, (120, 1))
    drawn = np.stack([dark] * 3, -1 if planes == "contig" else 0)
    small = np.asarray(Image.open(io.BytesIO(encode_thumbnail(tiff(drawn, photometric="rgb"), (160, 120), 160))))
    assert small.max() < 24


def test_an_image_that_opencv_cannot_read_is_an_error(tmp_path):
    inks = tiff(np.zeros((12, 16, 4), np.uint16), photometric="separated")
    (tmp_path / "photo").write_bytes(inks)
    with pytest.raises(PipelineError, match="An image cannot be decoded"):
        load_image(tmp_path / "photo")
    assert encode_thumbnail(inks, (16, 12), 16)
