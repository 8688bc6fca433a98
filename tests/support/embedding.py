"""Small image files that carry personal data in every place that a format has for it."""

from __future__ import annotations

import io
import struct

import numpy as np
import tifffile
from PIL import Image, PngImagePlugin, TiffImagePlugin

from support.drawing import encoded, png_chunk

ORIENTATION, ARTIST, DESCRIPTION, SOFTWARE, GPS_IFD = 274, 315, 270, 305, 34853


def picture(mode: str = "RGB", size: tuple[int, int] = (24, 16)) -> Image.Image:
    """Return a picture without symmetry."""
    values = np.arange(size[0] * size[1] * 3, dtype=np.uint32).reshape(size[1], size[0], 3)
    return Image.fromarray((values * 7 % 251).astype(np.uint8)).convert(mode)


def exif(name: str, orientation: int | None = None) -> Image.Exif:
    """Return EXIF data with a name in several tags, and a place."""
    data = Image.Exif()
    for tag in (ARTIST, DESCRIPTION, SOFTWARE):
        data[tag] = name
    data[GPS_IFD] = {1: "N", 2: (49.0, 16.0, 40.0), 29: name}
    if orientation is not None:
        data[ORIENTATION] = orientation
    return data


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def xmp(name: str) -> bytes:
    return f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:creator>{name}</dc:creator></x:xmpmeta>".encode()


def png(name: str, orientation: int | None = None, image: Image.Image | None = None) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", name.encode("latin-1", "replace"))
    text.add_text("Comment", name.encode("latin-1", "replace"), zip=True)
    text.add_itxt("XML:com.adobe.xmp", xmp(name).decode(), zip=True)
    data = encoded(image or picture(), "PNG", pnginfo=text, exif=exif(name, orientation), dpi=(72, 72))
    first = 8 + 25  # signature and IHDR
    private = png_chunk(b"prVt", name.encode()) + png_chunk(b"tIME", bytes(7))
    return data[:first] + private + data[first:] + name.encode()


def jpeg(name: str, orientation: int | None = None, **options) -> bytes:
    data = encoded(picture(), "JPEG", exif=exif(name, orientation), comment=name.encode(), **options)
    more = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(name))
    more += segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0" + name.encode())
    more += segment(0xE2, b"FPXR\0" + name.encode()) + segment(0xEE, b"other\0" + name.encode())
    more += segment(0xE0, b"JFXX\0\x10" + name.encode())
    # A second picture behind the first, as phones put it.
    return data[:2] + data[2:20] + more + data[20:] + encoded(picture(), "JPEG", comment=name.encode())


def gif(name: str) -> bytes:
    frames = [picture("P"), picture("P").transpose(Image.Transpose.ROTATE_180)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], loop=3, comment=name.encode())
    blocks = b"!\xff\x0bXMP DataXMP" + bytes([len(name.encode())]) + name.encode() + b"\0"
    start = data.index(b"!")
    return data[:start] + blocks + data[start:] + name.encode()


def tiff(name: str, orientation: int | None = None) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag in (ARTIST, DESCRIPTION, SOFTWARE, 33432, 316):
        tags[tag] = name
    tags[700], tags.tagtype[700] = xmp(name), 1
    tags[65000], tags.tagtype[65000] = name.encode(), 7
    tags[GPS_IFD] = {1: "N", 29: name}
    if orientation is not None:
        tags[ORIENTATION] = orientation
    return encoded(picture(), "TIFF", tiffinfo=tags)


def other_tiff(name: str, orientation: int | None = None, **options) -> bytes:
    """Return a TIFF file in the ways that Pillow does not write: Motorola's byte order, BigTIFF."""
    tags = [(ARTIST, 1, len(name.encode()), name.encode(), True), (700, 1, len(xmp(name)), xmp(name), True)]
    if orientation is not None:
        tags.append((ORIENTATION, 3, 1, orientation, True))
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, **options) as writer:
        for mode in ("RGB", "L"):
            writer.write(
                np.asarray(picture(mode)), software=name.encode(), extratags=tags, contiguous=False, metadata=None
            )
    return buffer.getvalue()


def webp(name: str, orientation: int | None = None) -> bytes:
    data = encoded(picture(), "WEBP", lossless=True, exif=exif(name, orientation).tobytes(), xmp=xmp(name))
    return data + name.encode()


def bmp(name: str) -> bytes:
    return encoded(picture(), "BMP") + name.encode()


def pixels(data: bytes) -> list[np.ndarray]:
    """Return the pixels of every frame of the first picture."""
    with Image.open(io.BytesIO(data)) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1) if image.format != "MPO" else 1):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGBA")))
    return frames
