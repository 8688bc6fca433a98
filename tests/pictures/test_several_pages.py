"""How many pictures a file holds: pages, frames, and smaller copies that are none."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image
from support.drawing import encoded, png_of
from support.mask_files import DAMAGED, FORMATS, MASK, SEVERAL, several

from utils.errors import PipelineError
from utils.pictures.pages import frames_of_png, pages_of_picture

PHOTO = np.zeros((32, 48, 3), np.uint8)


def pyramid() -> bytes:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(PHOTO, photometric="rgb")
        for step in (2, 4):
            writer.write(PHOTO[::step, ::step], photometric="rgb", subfiletype=1)
    return buffer.getvalue()


ONE = {
    "JPEG": encoded(Image.fromarray(PHOTO), "JPEG"),
    "JPEG of several pictures": several("MPO"),
    "TIFF with smaller copies": pyramid(),
    "WebP": encoded(Image.fromarray(PHOTO), "WEBP"),
    "PNG that says acTL in its pixels": encoded(Image.fromarray(np.frombuffer(b"acTL" * 9, np.uint8).reshape(4, 9))),
}


@pytest.mark.parametrize("kind", [*ONE, *FORMATS])
def test_what_is_one_picture_has_one_page(tmp_path, kind):
    (tmp_path / "photo").write_bytes({**ONE, **FORMATS}[kind])
    assert pages_of_picture(tmp_path / "photo") == 1


@pytest.mark.parametrize("kind", SEVERAL)
def test_pages_and_frames_are_counted(tmp_path, kind):
    (tmp_path / "photo").write_bytes(SEVERAL[kind])
    assert pages_of_picture(tmp_path / "photo") == 2


@pytest.mark.parametrize(("further", "default_image"), [(0, False), (1, False), (3, False), (1, True), (3, True)])
def test_frames_of_a_png_are_those_that_pillow_counts(further, default_image):
    pictures = [Image.fromarray(np.full(MASK.shape, 40 * number, np.uint8)) for number in range(further)]
    data = encoded(Image.fromarray(MASK), save_all=True, append_images=pictures, default_image=default_image)
    with Image.open(io.BytesIO(data)) as image:
        assert frames_of_png(data) == getattr(image, "n_frames", 1)
    assert frames_of_png(png_of(MASK)) == 1


@pytest.mark.parametrize("data", [b"", b"text", DAMAGED["cut GIF"][:10]])
def test_what_is_no_picture_is_an_error(tmp_path, data):
    (tmp_path / "photo").write_bytes(data)
    with pytest.raises(PipelineError, match="pages of an image"):
        pages_of_picture(tmp_path / "photo")
