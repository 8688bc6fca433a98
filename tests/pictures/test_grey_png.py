"""8-bit grey PNGs, as nearly all masks are: their decoder beside libpng's, on whole files and on damaged ones."""

from __future__ import annotations

import io
import zlib
from types import SimpleNamespace

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from support.drawing import PNG_SIGNATURE, encoded, noise, png_chunk

from utils import data
from utils.data import decode_mask
from utils.errors import PipelineError
from utils.pictures import grey_png

SHAPES = ((1, 1), (7, 64), (33, 5), (120, 97))


def grey(shape: tuple[int, int], density: float) -> np.ndarray:
    rng = np.random.default_rng(shape[1])
    return noise(rng, shape, density) * rng.integers(1, 256, shape).astype(np.uint8)


def filtered(pixels: np.ndarray, kind: int) -> bytes:
    """Return the lines of a PNG, all with the filter of one kind (0 to 4) or, beyond, each with another."""
    padded = np.pad(pixels, ((1, 0), (1, 0))).astype(int)
    left, above, corner, here = padded[1:, :-1], padded[:-1, 1:], padded[:-1, :-1], padded[1:, 1:]
    estimate = left + above - corner
    distances = np.abs([estimate - left, estimate - above, estimate - corner])
    paeth = np.choose(distances.argmin(axis=0), [left, above, corner])
    found = [here, here - left, here - above, here - (left + above) // 2, here - paeth]
    lines = []
    for row in range(len(pixels)):
        number = kind if kind < len(found) else row % len(found)
        lines.append(bytes([number]) + (found[number][row] % 256).astype(np.uint8).tobytes())
    return b"".join(lines)


def png(shape: tuple[int, int], packed: bytes, before: bytes = b"", step: int = 1 << 30, end: bool = True) -> bytes:
    header = shape[1].to_bytes(4, "big") + shape[0].to_bytes(4, "big") + b"\x08\0\0\0\0"
    parts = [png_chunk(b"IDAT", packed[start : start + step]) for start in range(0, len(packed), step)]
    last = png_chunk(b"IEND", b"") if end else b""
    return b"".join([PNG_SIGNATURE, png_chunk(b"IHDR", header), before, *parts, last])


@pytest.fixture
def only_fast(monkeypatch):
    """Fail when libpng is asked."""
    monkeypatch.setattr(data, "imagecodecs", None)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dtype", "mode"), [(np.uint8, "L"), (np.uint16, "I;16")])
def test_whole_numbers_are_encoded_at_their_depth(shape, dtype, mode):
    values = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)
    with Image.open(io.BytesIO(grey_png.encode_grey_png(values))) as image:
        assert (image.mode, image.format) == (mode, "PNG")
        np.testing.assert_array_equal(np.asarray(image), values)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", range(6))
@pytest.mark.parametrize("level", [0, 1, 9])
def test_every_filter_and_packing_gives_the_pixels(only_fast, shape, kind, level):
    for density in (0, 0.02, 0.5, 1):
        pixels = grey(shape, density)
        file = png(shape, zlib.compress(filtered(pixels, kind), level))
        assert np.array_equal(imagecodecs.png_decode(file), pixels)
        assert np.array_equal(decode_mask(file, "mask"), pixels > 0)


@pytest.mark.parametrize("shape", SHAPES)
def test_files_as_programs_write_them_give_the_pixels(only_fast, shape):
    pixels = grey(shape, 0.5)
    packed = zlib.compress(filtered(pixels, 4))
    chunks = b"".join([png_chunk(b"gAMA", (45455).to_bytes(4, "big")), png_chunk(b"tEXt", b"Software\0drawn")])
    files = {
        "Pillow": encoded(Image.fromarray(pixels), optimize=True),
        "libpng": imagecodecs.png_encode(pixels),
        "in pieces": png(shape, packed, step=7),
        "with texts": png(shape, packed, before=chunks),
        "with a transparent grey": png(shape, packed, before=png_chunk(b"tRNS", b"\0\0")),
        "with bytes behind it": png(shape, packed) + b"more",
    }
    for name, file in files.items():
        assert np.array_equal(decode_mask(file, "mask"), pixels > 0), name


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_what_only_libpng_reads_is_left_to_it(shape):
    pixels = grey(shape, 0.5)
    file = png(shape, zlib.compress(filtered(pixels, 0)), end=False)
    assert np.array_equal(decode_mask(file, "mask"), pixels > 0)


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_a_file_cut_short_or_with_a_changed_byte_of_pixels_is_refused(shape):
    file = png(shape, zlib.compress(filtered(grey(shape, 0.5), 4)))
    start, stop = file.index(b"IDAT") + 4, file.index(b"IEND") - 8
    for place in np.linspace(start, stop - 1, 25).astype(int):
        changed = bytearray(file)
        changed[place] ^= 16
        for damaged in (bytes(changed), file[:place]):
            with pytest.raises(PipelineError, match="cannot be decoded"):
                decode_mask(damaged, "mask")


@pytest.mark.parametrize("level", [0, 9])
def test_a_changed_byte_under_a_right_crc_is_judged_as_libpng_judges_it(level):
    packed = zlib.compress(filtered(grey((33, 50), 0.5), 0), level)
    refused = 0
    for place in range(len(packed)):
        changed = packed[:place] + bytes([packed[place] ^ 16]) + packed[place + 1 :]
        file = png((33, 50), changed)
        try:
            expected = imagecodecs.png_decode(file) > 0
        except imagecodecs.PngError:
            refused += 1
            with pytest.raises(PipelineError, match="cannot be decoded"):
                decode_mask(file, "mask")
        else:
            assert np.array_equal(decode_mask(file, "mask"), expected), place
    assert refused > 0.9 * len(packed)


class PanicException(BaseException):
    """As Rust's panics arrive."""


@pytest.mark.parametrize("error", [PanicException("panicked"), ValueError("no")])
def test_what_goes_wrong_in_the_decoder_is_left_to_libpng(monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(grey_png, "kornia_rs", SimpleNamespace(io=SimpleNamespace(decode_image_png_u8=fail)))
    pixels = grey((33, 50), 0.5)
    assert np.array_equal(decode_mask(png((33, 50), zlib.compress(filtered(pixels, 0))), "mask"), pixels > 0)


def test_an_interrupt_of_the_decoder_is_no_damage(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(grey_png, "kornia_rs", SimpleNamespace(io=SimpleNamespace(decode_image_png_u8=interrupt)))
    with pytest.raises(KeyboardInterrupt):
        decode_mask(png((3, 5), zlib.compress(filtered(grey((3, 5), 0.5), 0))), "mask")


def test_want_of_memory_is_an_error_of_the_mask(monkeypatch):
    def fail(*_):
        raise MemoryError("no room")

    file = png((3, 5), zlib.compress(filtered(np.ones((3, 5), np.uint8), 0)))
    monkeypatch.setattr(grey_png.np, "empty", fail)
    with pytest.raises(PipelineError, match="no room"):
        decode_mask(file, "mask")


def test_a_packed_stream_cut_short_never_gives_other_pixels():
    pixels = grey((33, 5), 0.5)
    packed = zlib.compress(filtered(pixels, 0))
    refused = 0
    for cut in range(1, len(packed)):
        file = png(pixels.shape, packed[:-cut])  # its CRC is that of what is left
        try:
            assert np.array_equal(decode_mask(file, "mask"), pixels > 0)
        except PipelineError:
            refused += 1
    assert refused > len(packed) / 2
