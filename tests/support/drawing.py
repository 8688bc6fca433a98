"""Bool masks (H, W) drawn for the tests; random ones come from the generator the caller hands over."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from support.files import write_file

Shape = tuple[int, int]
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def disc(shape: Shape, centre: tuple[float, float], radius: float) -> np.ndarray:
    """Filled disc: every pixel whose centre lies within `radius` of `centre` (row, column)."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2


def blob(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Ellipse at a random place in a random direction; it may touch the border, and is never empty."""
    height, width = shape
    row, column = int(rng.integers(height)), int(rng.integers(width))
    angle = rng.uniform(0, np.pi)
    long_axis, short_axis = rng.uniform(0.2, 0.6) * max(shape), rng.uniform(0.1, 0.4) * max(shape)
    rows, columns = np.ogrid[:height, :width]
    along = (columns - column) * np.cos(angle) + (rows - row) * np.sin(angle)
    across = (rows - row) * np.cos(angle) - (columns - column) * np.sin(angle)
    return (along / long_axis) ** 2 + (across / short_axis) ** 2 <= 1


def noise(rng: np.random.Generator, shape: Shape, density: float) -> np.ndarray:
    """Independent pixels, each foreground with probability `density`; 0 is empty and 1 is full."""
    return rng.random(shape) < density


def ragged(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """A blob with frayed edge, holes and specks: a tenth of its pixels flipped at random."""
    return blob(rng, shape) ^ noise(rng, shape, 0.1)


def bomb(side: int) -> bytes:
    """Return a real 1-bit PNG of side x side black pixels, a thousandth of its size in bytes."""
    lines, times = bytes(100 * (side // 8 + 1)), side // 100
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    # What follows a full flush refers to nothing before it, so that one block can stand there many times.
    block = packer.compress(lines) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = len(lines) * times % 65521 << 16 | 1  # Adler-32 of zeros
    packed = b"\x78\xda" + block * times + packer.flush() + struct.pack(">I", checksum)
    return png_file((side, side), 1, 0, packed)


def png_file(
    shape: Shape, depth: int, colour_type: int, packed: bytes, extra: bytes = b"", interlaced: bool = False
) -> bytes:
    """Put a PNG together by the book from its packed lines; `extra` are chunks before them."""
    header = struct.pack(">IIBBBBB", shape[1], shape[0], depth, colour_type, 0, 0, interlaced)
    parts = (png_chunk(b"IHDR", header), extra, png_chunk(b"IDAT", packed), png_chunk(b"IEND", b""))
    return PNG_SIGNATURE + b"".join(parts)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def encoded(image: Image.Image, image_format: str = "PNG", **options) -> bytes:
    """Return the file that Pillow makes of an image."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def png_of(mask: np.ndarray) -> bytes:
    """Return a bool mask as 8-bit grey PNG."""
    return encoded(Image.fromarray(mask.astype(np.uint8) * 255))


def write_png(path: Path, mask: np.ndarray) -> None:
    """Write a bool mask as 8-bit grey PNG."""
    write_file(path, png_of(mask))


def box(top: int, left: int, bottom: int, right: int, shape=(24, 32)) -> np.ndarray:
    """Return a mask with one filled rectangle; bottom and right are exclusive."""
    mask = np.zeros(shape, dtype=bool)
    mask[top:bottom, left:right] = True
    return mask
