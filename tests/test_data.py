"""Masks in every format annotation tools write, and files that are no masks at all."""

from __future__ import annotations

import base64
import io
import os
import struct
import zlib

import numpy as np
import pytest
from conftest import box
from drawing import png_chunk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from utils import pixel_limit
from utils.data import encode_mask, load_mask, load_masks
from utils.errors import PipelineError
from utils.pixel_limit import DEFAULT_MAX_PIXELS

MASK = box(1, 2, 4, 7, shape=(6, 9)) | box(5, 0, 6, 1, shape=(6, 9))
# Adam7: first row, first column, row step, column step of each pass.
PASSES = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6


def png(pixels: np.ndarray, colour_type: int, extra: bytes = b"", interlaced: bool = False) -> bytes:
    """Write a PNG by the book, since Pillow writes neither Adam7 nor 16 bits a colour."""
    height, width = pixels.shape[:2]
    depth = 8 * pixels.itemsize
    parts = [pixels[r::dr, c::dc] for r, c, dr, dc in PASSES] if interlaced else [pixels]
    lines = b"".join(
        b"\0" + line.astype(pixels.dtype.newbyteorder(">")).tobytes() for part in parts if part.size for line in part
    )
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", zlib.compress(lines))
        + png_chunk(b"IEND", b"")
    )


def saved(image: Image.Image, kind: str = "PNG", **more) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **more)
    return buffer.getvalue()


def painted(value, background=0, dtype=np.uint8) -> np.ndarray:
    """Foreground pixels hold `value`, the others `background`; several numbers are channels."""
    foreground = MASK if np.ndim(value) == 0 else MASK[..., None]
    return np.where(foreground, np.array(value, dtype), np.array(background, dtype)).astype(dtype)


def palette_gif() -> bytes:
    frames = [Image.fromarray(painted(1)).convert("P"), Image.new("P", MASK.shape[::-1], 1)]
    for frame in frames:
        frame.putpalette([0, 0, 0, 0, 0, 255])
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:])


RGB_LOW = painted((0, 0, 1), (0, 0, 0), np.uint16)
TURNED = png_chunk(b"PLTE", bytes([9, 0, 0, 0, 0, 0]))  # index 0 is red, index 1 is black
FORMATS = {
    "1-bit": saved(Image.fromarray(MASK)),
    "grey": png(painted(255), GREY),
    "grey, faint": png(painted(1), GREY),
    "grey, 16 bits, low byte only": png((MASK * np.arange(1, 10)).astype(np.uint16), GREY),
    "grey, 16 bits, 255": png(painted(255, dtype=np.uint16), GREY),
    "grey, transparent value": png(painted(7), GREY, png_chunk(b"tRNS", b"\0\7")),
    "RGB, one channel": png(painted((0, 0, 1), (0, 0, 0)), COLOUR),
    "RGB, 16 bits, low byte only": png(RGB_LOW, COLOUR),
    "RGBA, opaque black": png(painted((255, 255, 255, 255), (0, 0, 0, 255)), COLOUR_ALPHA),
    "RGBA, transparent white": png(painted((255, 255, 255, 0), (0, 0, 0, 0)), COLOUR_ALPHA),
    "palette, 0 is foreground": png((~MASK).astype(np.uint8), PALETTE, TURNED),
    "palette with alpha": png((~MASK).astype(np.uint8), PALETTE, TURNED + png_chunk(b"tRNS", b"\0")),
    "grey and alpha": png(painted((3, 0), (0, 255)), GREY_ALPHA),
    "interlaced": png(painted(255), GREY, interlaced=True),
    "interlaced RGB": png(painted((0, 9, 0), (0, 0, 0)), COLOUR, interlaced=True),
    "animated GIF": palette_gif(),
    "TIFF, 16 bits": saved(Image.fromarray(painted(1, dtype=np.uint16)), "TIFF"),
    "BMP": saved(Image.fromarray(painted((255, 255, 255), (0, 0, 0))), "BMP"),
    "CMYK TIFF": saved(Image.fromarray(painted((0, 0, 0, 0), (0, 0, 0, 255)), "CMYK"), "TIFF"),
    "RGBA TIFF, opaque black": saved(Image.fromarray(painted((9, 0, 0, 0), (0, 0, 0, 255))), "TIFF"),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_same_mask(tmp_path, kind):
    path = tmp_path / "mask"
    path.write_bytes(FORMATS[kind])
    mask = load_mask(path)
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, MASK)


GOOD = FORMATS["grey"]
HUGE = png(painted(255), GREY).replace(struct.pack(">II", *MASK.shape[::-1]), struct.pack(">II", 20_001, 20_000), 1)
DAMAGED = {
    "no bytes": b"",
    "LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "text": b"not an image",
    "signature only": GOOD[:8],
    "cut in the header": GOOD[:20],
    "cut in the pixels": GOOD[: GOOD.index(b"IDAT") + 8],
    "bit flipped in the pixels": GOOD[:-20] + bytes([GOOD[-20] ^ 4]) + GOOD[-19:],
    "claims 400 megapixels": HUGE,
    "cut GIF": palette_gif()[:40],
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_files_are_refused_by_name(tmp_path, kind):
    path = tmp_path / "broken.png"
    path.write_bytes(DAMAGED[kind])
    with pytest.raises(PipelineError) as caught:
        load_mask(path)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 1


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


@given(arrays.arrays(bool, arrays.array_shapes(min_dims=2, max_dims=2, max_side=20), elements=st.booleans()))
def test_encoded_masks_come_back(tmp_path_factory, mask):
    path = tmp_path_factory.getbasetemp() / "encoded.png"
    path.write_bytes(encode_mask(mask))
    np.testing.assert_array_equal(load_mask(path), mask)


@pytest.mark.parametrize("view", [MASK, MASK.T, MASK[::-1, ::2]], ids=["plain", "transposed", "strided"])
def test_encoding_is_pillows_default(view):
    expected = saved(Image.fromarray(np.where(view, 255, 0).astype(np.uint8)))
    assert encode_mask(view) == expected
    image = Image.open(io.BytesIO(expected))
    assert image.mode == "L"
    assert image.getextrema() == (0, 255)
