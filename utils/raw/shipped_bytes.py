"""The bytes of a raw file that go into the dataset: without the personal data that image files carry."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..md5 import md5_of_bytes
from .stripping import bmp, gif, jpeg, png, tiff, webp
from .stripping.cuts import Stripped

_FORMATS: dict[bytes, Callable[[bytes], Stripped]] = {
    png.SIGNATURE: png.strip,
    jpeg.SIGNATURE: jpeg.strip,
    gif.SIGNATURE: gif.strip,
    **dict.fromkeys(tiff.SIGNATURES, tiff.strip),
    webp.SIGNATURE: webp.strip,
    bmp.SIGNATURE: bmp.strip,
}
FORMAT_NAMES = "PNG, JPEG, GIF, TIFF, WebP, BMP"


@dataclass(frozen=True)
class Findings:
    """What was found in a raw file.

    Attributes
    ----------
    is_stripped : bool
        Something was taken out.
    orientation : int
        How its picture is to be turned before it is shown (1 to 8, TIFF 6.0); 1 is upright.
    is_known : bool
        False when its format is not among `FORMAT_NAMES`; then it is unchanged, whatever it carries.
    is_whole : bool
        False when its structure breaks off; embedded data beyond that point is still there.
    """

    is_stripped: bool = False
    orientation: int = 1
    is_known: bool = True
    is_whole: bool = True


def shipped_bytes(raw: bytes, keep_embedded_metadata: bool = False) -> tuple[bytes, Findings]:
    """Take EXIF, GPS, XMP, IPTC, comments, texts, times and thumbnails out of an image file.

    Parameters
    ----------
    raw : bytes
        The raw file.
    keep_embedded_metadata : bool
        Leave the file as it is; its orientation is still found.

    Returns
    -------
    bytes, Findings
        Compressed pixels, colour profile, transparency and resolution are unchanged, and so is every byte of
        a file that carries none of the data above. Of EXIF data an orientation other than 1 is kept. The
        result, put in again, comes out unchanged. An empty file is of unknown format.
    """
    strip = next((strip for signature, strip in _FORMATS.items() if raw.startswith(signature)), None)
    if strip is None:
        return raw, Findings(is_known=False)
    try:
        stripped = strip(raw)
    except (struct.error, IndexError):
        # Offsets in it lead out of the file.
        stripped = Stripped(raw, is_whole=False)
    data = raw if keep_embedded_metadata else stripped.data
    return data, Findings(data is not raw, stripped.orientation, is_whole=stripped.is_whole)


def read_shipped(path: Path, keep_embedded_metadata: bool = False) -> tuple[bytes, Findings]:
    """Read a raw file once, and return what goes into the dataset, for hashing and copying alike.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with open(path, "rb", buffering=0) as stream:
        return shipped_bytes(stream.read(), keep_embedded_metadata)


def md5_as_shipped(path: Path, keep_embedded_metadata: bool = False) -> str:
    """Return the md5 of what goes into the dataset of a raw file.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    return md5_of_bytes(read_shipped(path, keep_embedded_metadata)[0])
