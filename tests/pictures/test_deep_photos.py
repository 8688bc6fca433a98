"""Photos of more than 8 bits: what is in them is to be seen, in overlays as in the report."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from utils.data import load_image
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
