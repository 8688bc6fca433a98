"""Pixel values of mask files at full depth, and the rules that make foreground of them."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from support.drawing import encoded, png_chunk
from support.mask_files import (
    COLOUR_ALPHA,
    FORMATS,
    GREY,
    GREY_ALPHA,
    MASK,
    PALETTE,
    REFUSED,
    painted,
    png,
    tiff,
)

from utils.configuration.foreground_rule import Foreground, parse_foreground
from utils.data import decode_mask
from utils.errors import ConfigError
from utils.own_masks.normalise import foreground
from utils.pictures.pixel_values import decode_pixels, has_more_than_two_levels, is_alpha_alone

NONZERO = Foreground("nonzero")
GREY_SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=8)
PIXELS = st.one_of(
    arrays.arrays(np.uint8, GREY_SHAPES),
    arrays.arrays(np.uint16, GREY_SHAPES, elements=st.sampled_from([0, 1, 255, 256, 65535])),
    arrays.arrays(np.uint8, GREY_SHAPES.map(lambda s: (*s, 3)), elements=st.integers(0, 3)),
)


DEEP = painted((0, 0, 1), (0, 0, 0), np.uint16)
TIFFS = {
    "grey, 16 bits": tiff(painted(1, dtype=np.uint16)),
    "grey, 16 bits, big-endian": tiff(painted(1, dtype=np.uint16), byteorder=">"),
    "grey, 32 bits": tiff(painted(1, dtype=np.uint32)),
    "RGB, 16 bits, low byte only": tiff(DEEP, photometric="rgb"),
    "RGB, 16 bits, in planes": tiff(np.moveaxis(DEEP, -1, 0), photometric="rgb", planarconfig="separate"),
    "RGBA, 16 bits, opaque": tiff(
        painted((0, 0, 1, 65535), (0, 0, 0, 65535), np.uint16), photometric="rgb", extrasamples=["unassalpha"]
    ),
    "grey and alpha, 16 bits": tiff(
        painted((1, 65535), (0, 65535), np.uint16), photometric="minisblack", extrasamples=["unassalpha"]
    ),
    "RGB, 8 bits": tiff(painted((0, 1, 0), (0, 0, 0)), photometric="rgb"),
    "palette": tiff(
        MASK.astype(np.uint8), photometric="palette", colormap=np.eye(1, 256, 1, dtype=np.uint16).repeat(3, 0) * 65535
    ),
    "palette of 8 bits": tiff(
        MASK.astype(np.uint8), photometric="palette", colormap=np.eye(1, 256, 1, dtype=np.uint16).repeat(3, 0) * 255
    ),
    "of floats": tiff(painted(0.25, dtype=np.float32)),
    "of one bit": encoded(Image.fromarray(MASK), "TIFF"),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_nonzero_is_the_foreground_of_the_later_stages(kind):
    np.testing.assert_array_equal(foreground(decode_pixels(FORMATS[kind]), NONZERO), decode_mask(FORMATS[kind], kind))


@pytest.mark.parametrize("kind", TIFFS)
def test_every_tiff_gives_the_same_mask(kind):
    np.testing.assert_array_equal(foreground(decode_pixels(TIFFS[kind]), NONZERO), MASK)


def in_black() -> Image.Image:
    image = Image.fromarray(MASK.astype(np.uint8)).convert("P")
    image.putpalette(bytes(6))
    return image


BLACK = png_chunk(b"PLTE", bytes(6))
TRANSPARENT = {
    "grey": png(painted((0, 255), (0, 0)), GREY_ALPHA),
    "grey, 16 bits": png(painted((300, 1), (300, 0), np.uint16), GREY_ALPHA),
    "colours": png(painted((255, 9, 0, 255), (255, 9, 0, 0)), COLOUR_ALPHA),
    "colours, 16 bits, low byte only": png(painted((0, 0, 0, 1), (0, 0, 0, 0), np.uint16), COLOUR_ALPHA),
    "palette": png(MASK.astype(np.uint8), PALETTE, BLACK + png_chunk(b"tRNS", b"\0")),
    "grey TIFF, 16 bits": tiff(
        painted((0, 65535), (0, 0), np.uint16), photometric="minisblack", extrasamples=["unassalpha"]
    ),
    "TIFF, 8 bits": tiff(painted((0, 0, 0, 255), (0, 0, 0, 0)), photometric="rgb", extrasamples=["unassalpha"]),
    "WebP": encoded(Image.fromarray(painted((0, 0, 0, 255), (0, 0, 0, 0))), "WEBP", lossless=True, exact=True),
    "GIF": encoded(in_black(), "GIF", transparency=0, optimize=False),
}
NOT_ALONE = {
    "one colour, 16 bits, in the low byte another": png(
        painted((0, 0, 1, 65535), (0, 0, 0, 0), np.uint16), COLOUR_ALPHA
    ),
    "TIFF of such colours": tiff(
        painted((0, 0, 1, 65535), (0, 0, 0, 0), np.uint16), photometric="rgb", extrasamples=["unassalpha"]
    ),
    "opaque": png(painted((0, 0, 0, 255), (0, 0, 0, 255)), COLOUR_ALPHA),
    "a palette without alpha": png(MASK.astype(np.uint8), PALETTE, BLACK),
    "a colour that is transparent": png(painted(7, 7, np.uint16), GREY, png_chunk(b"tRNS", b"\0\7")),
    **FORMATS,
}


@pytest.mark.parametrize("kind", TRANSPARENT)
def test_what_is_drawn_in_the_alpha_channel_alone_is_found(kind):
    assert is_alpha_alone(TRANSPARENT[kind])


@pytest.mark.parametrize("kind", NOT_ALONE)
def test_what_is_drawn_in_colours_is_not_in_the_alpha_channel_alone(kind):
    assert not is_alpha_alone(NOT_ALONE[kind])


@pytest.mark.parametrize("kind", REFUSED)
def test_damaged_files_and_files_of_several_pages_raise(kind):
    with pytest.raises(Exception, match=r"."):
        decode_pixels(REFUSED[kind])


@pytest.mark.parametrize("kind", TIFFS)
def test_a_cut_tiff_is_never_a_mask(kind):
    for end in range(0, len(TIFFS[kind]), 9):
        with pytest.raises(Exception, match=r"."):
            decode_pixels(TIFFS[kind][:end])


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_values_below_0_are_background_in_grey_and_in_colours(dtype, channels):
    values = np.where(MASK, 3, -1).astype(dtype)
    data = tiff(values) if channels == 1 else tiff(np.stack([values] * 3, -1), photometric="rgb")
    assert set(np.unique(decode_pixels(data))) == {-1, 3}
    np.testing.assert_array_equal(decode_mask(data, "a"), MASK)


def test_the_colours_of_a_palette_of_8_bits_are_those_of_one_of_16():
    colours = np.arange(768, dtype=np.uint16).reshape(3, 256) % 256
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    pictures = [tiff(indices, photometric="palette", colormap=colours * scale) for scale in (1, 257)]
    np.testing.assert_array_equal(*map(decode_pixels, pictures))


def test_values_keep_their_depth():
    wide = painted(300, 7, np.uint16)
    for data in (png(wide, GREY), tiff(wide), tiff(np.stack([wide] * 3, -1), photometric="rgb")):
        assert set(np.unique(decode_pixels(data))) == {7, 300}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF"])
def test_one_bit_counts_as_0_and_255(kind):
    pixels = decode_pixels(encoded(Image.fromarray(MASK), kind))
    assert set(np.unique(pixels)) == {0, 255}
    np.testing.assert_array_equal(foreground(pixels, Foreground(">", 127)), MASK)


def test_what_is_no_image_is_called_so():
    with pytest.raises(ValueError, match="no image of a known format"):
        decode_pixels(b"text")


@pytest.mark.parametrize(
    "data",
    [
        tiff(painted((1, 2, 3, 4), (0, 0, 0, 0), np.uint16), photometric="separated"),
        tiff(np.zeros((4, 6, 9), np.uint16), photometric="minisblack", planarconfig="contig"),
    ],
    ids=["of inks", "of nine channels"],
)
def test_deep_tiffs_of_other_kinds_are_refused(data):
    with pytest.raises(ValueError, match="grey or RGB"):
        decode_pixels(data)


def test_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="holds NaN"):
        decode_pixels(tiff(painted(np.nan, dtype=np.float32)))


def test_jpeg_blurs_an_edge_and_a_threshold_mends_it():
    drawn = np.kron(MASK, np.ones((5, 5))).astype(bool)
    pixels = decode_pixels(encoded(Image.fromarray(np.where(drawn, 255, 0).astype(np.uint8)), "JPEG", quality=60))
    assert has_more_than_two_levels(pixels)
    np.testing.assert_array_equal(foreground(pixels, Foreground(">", 127)), drawn)


@given(PIXELS, st.integers(0, 3))
def test_rules_agree_with_each_other(pixels, level):
    nonzero = foreground(pixels, NONZERO)
    assert nonzero.dtype == bool and nonzero.shape == pixels.shape[:2]
    np.testing.assert_array_equal(foreground(pixels, Foreground("zero")), ~nonzero)
    np.testing.assert_array_equal(foreground(pixels, Foreground(">", 0)), nonzero)
    np.testing.assert_array_equal(foreground(pixels, Foreground("=", 0)), ~nonzero)
    above, equal = foreground(pixels, Foreground(">", level)), foreground(pixels, Foreground("=", level))
    assert not (above & equal).any()
    if pixels.ndim == 2:
        np.testing.assert_array_equal(above | equal, pixels >= level)


@given(PIXELS)
def test_levels_are_counted_as_by_hand(pixels):
    values = {tuple(np.atleast_1d(value)) for row in pixels for value in row}
    assert has_more_than_two_levels(pixels) == (len(values) > 2)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("nonzero", Foreground("nonzero")),
        (" zero ", Foreground("zero")),
        (">127", Foreground(">", 127)),
        ("= 0.5", Foreground("=", 0.5)),
        (">-1", Foreground(">", -1)),
    ],
)
def test_rules_are_read(text, rule):
    assert parse_foreground(text) == rule


@given(st.text(max_size=8))
def test_any_other_text_is_an_error_of_the_configuration(text):
    try:
        assert parse_foreground(text).kind in ("nonzero", "zero", ">", "=")
    except ConfigError as error:
        assert error.exit_code == 2


@pytest.mark.parametrize("pages", [1, 2], ids=["onto itself", "to and fro"])
def test_pages_in_a_circle_are_refused(pages):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for _ in range(pages):
            writer.write(np.zeros((8, 8), np.uint16), photometric="miniswhite")
    data = bytearray(buffer.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        first, last = file.pages[0].offset, file.pages[-1].offset
    entries = struct.unpack_from("<H", data, last)[0]
    struct.pack_into("<I", data, last + 2 + 12 * entries, first)
    with pytest.raises(ValueError, match="more than 1,000 pages"):
        decode_pixels(bytes(data))


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8"])
def test_a_tiff_of_any_number_type_holds_the_values_of_the_file(dtype):
    kind = np.dtype(dtype)
    limits = (-1.0, 1.0) if kind.kind == "f" else (np.iinfo(kind).min, np.iinfo(kind).max)
    values = np.zeros((6, 9), kind)
    values[1:3, 2:6], values[4:, 5:] = limits
    stream = io.BytesIO()
    tifffile.imwrite(stream, values)
    found = decode_pixels(stream.getvalue())
    assert [int(value) for value in np.unique(found)] == [int(value) for value in np.unique(values)]
