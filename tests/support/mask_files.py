"""One mask in every format annotation tools write, and files that are no masks at all."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image

from support.drawing import box, encoded, png_chunk, png_file

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
    parts = [pixels[r::dr, c::dc] for r, c, dr, dc in PASSES] if interlaced else [pixels]
    lines = b"".join(
        b"\0" + line.astype(pixels.dtype.newbyteorder(">")).tobytes() for part in parts if part.size for line in part
    )
    return png_file(pixels.shape, 8 * pixels.itemsize, colour_type, zlib.compress(lines), extra, interlaced)


def tiff(pixels: np.ndarray, **more) -> bytes:
    """Write a TIFF with any depth that tifffile has."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **more)
    return buffer.getvalue()


def painted(value, background=0, dtype=np.uint8) -> np.ndarray:
    """Foreground pixels hold `value`, the others `background`; several numbers are channels."""
    foreground = MASK if np.ndim(value) == 0 else MASK[..., None]
    return np.where(foreground, np.array(value, dtype), np.array(background, dtype)).astype(dtype)


def palette_gif(*further: Image.Image) -> bytes:
    picture = Image.fromarray(painted(1)).convert("P")
    for frame in (picture, *further):
        frame.putpalette([0, 0, 0, 0, 0, 255])
    return encoded(picture, "GIF", save_all=bool(further), append_images=further)


def several(kind: str, **options) -> bytes:
    """Write the mask, and a second picture behind it."""
    pictures = [Image.fromarray(painted(255)), Image.fromarray(np.full_like(painted(255), 255))]
    return encoded(pictures[0], kind, save_all=True, append_images=pictures[1:], **options)


RGB_LOW = painted((0, 0, 1), (0, 0, 0), np.uint16)
TURNED = png_chunk(b"PLTE", bytes([9, 0, 0, 0, 0, 0]))  # index 0 is red, index 1 is black
FORMATS = {
    "1-bit": encoded(Image.fromarray(MASK)),
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
    "palette GIF": palette_gif(),
    "palette GIF, transparent background": encoded(Image.open(io.BytesIO(palette_gif())), "GIF", transparency=0),
    "TIFF, 16 bits": encoded(Image.fromarray(painted(1, dtype=np.uint16)), "TIFF"),
    "BMP": encoded(Image.fromarray(painted((255, 255, 255), (0, 0, 0))), "BMP"),
    "CMYK TIFF": encoded(Image.fromarray(painted((0, 0, 0, 0), (0, 0, 0, 255)), "CMYK"), "TIFF"),
    "RGBA TIFF, opaque black": encoded(Image.fromarray(painted((9, 0, 0, 0), (0, 0, 0, 255))), "TIFF"),
}

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
SEVERAL = {
    "animated GIF": palette_gif(Image.new("P", MASK.shape[::-1], 1)),
    "animated PNG": several("PNG"),
    "animated PNG beside its picture": several("PNG", default_image=True),
    "animated WebP": several("WEBP", lossless=True),
    "TIFF of pages": several("TIFF"),
    "deep TIFF of pages": tiff(np.stack([RGB_LOW, RGB_LOW]), photometric="rgb", metadata=None, software=False),
}
REFUSED = {**DAMAGED, **SEVERAL}
