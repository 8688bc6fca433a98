"""TIFF masks whose tags are missing, or ask for another reading: the values are those that are stored."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image
from support.drawing import encoded
from support.mask_files import MASK, painted, tiff

from utils.pictures.pixel_values import decode_pixels

PHOTOMETRIC = 262
WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1


def without_tag(data: bytes, tag: int) -> bytes:
    """Drop an entry from the first directory of a little-endian TIFF."""
    start = struct.unpack_from("<I", data, 4)[0]
    number = struct.unpack_from("<H", data, start)[0]
    entries = [data[start + 2 + 12 * place :][:12] for place in range(number)]
    kept = [entry for entry in entries if struct.unpack_from("<H", entry)[0] != tag]
    end = start + 2 + 12 * number
    made = struct.pack("<H", len(kept)) + b"".join(kept) + data[end : end + 4]
    return data[:start] + made.ljust(end + 4 - start, b"\0") + data[end + 4 :]


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.uint32, np.float32])
@pytest.mark.parametrize("values", [1, 200])
def test_a_tiff_that_does_not_say_which_value_is_white_keeps_its_values(dtype, values):
    drawn = painted(values, dtype=dtype)
    data = without_tag(tiff(drawn, photometric="minisblack"), PHOTOMETRIC)
    found = decode_pixels(data)
    np.testing.assert_array_equal(found, drawn * np.uint8(255) if dtype is bool else drawn)


def test_colours_need_no_such_tag():
    drawn = np.stack([MASK * np.uint8(value) for value in (9, 0, 200)], -1)
    found = decode_pixels(without_tag(tiff(drawn, photometric="rgb"), PHOTOMETRIC))
    np.testing.assert_array_equal(found > 0, drawn > 0)


def of_one_bit(values: np.ndarray, kind: int, compression: str | None) -> bytes:
    """Write bits as they are; Pillow inverts those whose 0 is shown white."""
    shown = values if kind == BLACK_IS_ZERO else ~values
    return encoded(Image.fromarray(shown), "TIFF", tiffinfo={PHOTOMETRIC: kind}, compression=compression)


@pytest.mark.parametrize("compression", [None, "packbits", "tiff_ccitt", "group3", "group4"])
@pytest.mark.parametrize("kind", [WHITE_IS_ZERO, BLACK_IS_ZERO])
def test_one_bit_has_the_values_of_the_file_in_every_compression(kind, compression):
    data = of_one_bit(MASK, kind, compression)
    np.testing.assert_array_equal(decode_pixels(data), MASK * np.uint8(255))
    if kind == WHITE_IS_ZERO:
        np.testing.assert_array_equal(decode_pixels(without_tag(data, PHOTOMETRIC)), MASK * np.uint8(255))
