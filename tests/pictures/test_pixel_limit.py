"""Reading pictures leaves Pillow, the warning filters and the loggers of a process as they were."""

from __future__ import annotations

import io
import logging
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from support.drawing import encoded
from support.mask_files import FORMATS, MASK, REFUSED, RGB_LOW, tiff

from utils.pictures.header_size import picture_size
from utils.pictures.pixel_values import decode_pixels

GIF = encoded(Image.fromarray(MASK), "GIF")
DEEP_TIFF = tiff(RGB_LOW, photometric="rgb")  # which Pillow does not read at its depth
USERS_LIMIT = 4  # pixels, fewer than any of the pictures has


@pytest.fixture
def users_limit(monkeypatch) -> Iterator[None]:
    """Set a limit of Pillow's own, at which it would refuse every picture here."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", USERS_LIMIT)
    with pytest.raises(Image.DecompressionBombError):
        decode_by_pillow()
    yield


def decode_by_pillow() -> None:
    with Image.open(io.BytesIO(GIF)) as image:
        image.load()


def settings_of_the_process() -> tuple:
    return Image.MAX_IMAGE_PIXELS, list(warnings.filters), logging.getLogger("tifffile").level


@pytest.mark.usefixtures("users_limit")
@pytest.mark.parametrize("data", [DEEP_TIFF, DEEP_TIFF[:-1], *FORMATS.values(), *REFUSED.values()])
def test_decoding_leaves_the_process_as_it_was(data):
    before = settings_of_the_process()
    if data in FORMATS.values() or data == DEEP_TIFF:
        decode_pixels(data)
    else:
        with pytest.raises(Exception, match=r"."):
            decode_pixels(data)
    assert settings_of_the_process() == before


@pytest.mark.usefixtures("users_limit")
def test_reading_a_header_leaves_the_process_as_it_was(tmp_path):
    before = settings_of_the_process()
    (tmp_path / "mask.gif").write_bytes(GIF)
    assert picture_size(tmp_path / "mask.gif") == MASK.shape[::-1]
    assert settings_of_the_process() == before


@pytest.mark.usefixtures("users_limit")
def test_threads_do_not_change_the_limit_for_each_other():
    before, interval = settings_of_the_process(), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            decoded = list(pool.map(decode_pixels, [GIF] * 400))
    finally:
        sys.setswitchinterval(interval)
    assert all(np.array_equal(pixels > 0, MASK) for pixels in decoded)
    assert settings_of_the_process() == before
