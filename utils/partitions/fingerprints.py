"""Image files that show the same picture: equal ones by their md5, nearly equal ones by a perceptual hash.

The hash [1]_ is the sign pattern of the lowest frequencies of the picture in grey, so it stays nearly the same when a
picture is compressed anew, resized, slightly brighter or in another file format. It changes with turning, mirroring
and cropping: a pair that differs in these is missed, and so are two photos of one lesion.

References
----------
.. [1] Zauner, C. "Implementation and Benchmarking of Perceptual Image Hash Functions." Thesis, FH Hagenberg (2010):
   the DCT hash, here of 256 bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import PipelineError
from ..lazy import cv2
from ..md5 import md5_of_bytes
from ..pictures.header_size import picture_size
from ..pictures.orientation import without_turn

BITS = 256
_SIDE, _FREQUENCIES = 64, 17  # pixels of the reduced picture; lowest frequencies of each axis
_LEAST_CONTRAST = 1.0  # standard deviation in grey levels: below, only noise has a pattern
_BLOCK = 2048  # rows compared at a time
_REDUCED = {8: "IMREAD_REDUCED_GRAYSCALE_8", 4: "IMREAD_REDUCED_GRAYSCALE_4", 2: "IMREAD_REDUCED_GRAYSCALE_2"}


class Fingerprint(NamedTuple):
    """Of an image file: the md5 of its bytes, and the hash of its picture, 32 bytes; None without contrast."""

    md5: str
    hash: bytes | None


def fingerprint(path: Path) -> Fingerprint:
    """Read an image file, decode it at reduced size and hash it.

    Raises
    ------
    PipelineError
        If it cannot be read or decoded, or claims more pixels than are decoded.
    """
    reduction = next((factor for factor in _REDUCED if min(picture_size(path)) >= 2 * _SIDE * factor), 1)
    data = path.read_bytes()
    flag = getattr(cv2, _REDUCED[reduction]) if reduction > 1 else cv2.IMREAD_GRAYSCALE
    try:
        grey = cv2.imdecode(np.frombuffer(without_turn(data), np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    except Exception as error:  # decoders raise errors of many kinds on damaged files
        raise PipelineError("An image cannot be decoded.", where=path, found=error) from error
    if grey is None:
        raise PipelineError("An image cannot be decoded.", where=path)
    return Fingerprint(md5_of_bytes(data), perceptual_hash(grey))


def perceptual_hash(grey: np.ndarray) -> bytes | None:
    """Hash a picture.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)

    Returns
    -------
    bytes or None
        256 bits: which of the 17 x 17 lowest frequencies, the first of all aside, in row-major order are above the
        median of these, in the picture reduced to 64 x 64 pixels. None for one without contrast, of less than one grey
        level there.
    """
    reduced = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    if reduced.std() < _LEAST_CONTRAST:
        return None
    frequencies = np.asarray(cv2.dct(reduced), np.float32)[:_FREQUENCIES, :_FREQUENCIES].ravel()[1 : BITS + 1]
    return np.packbits(frequencies > np.median(frequencies)).tobytes()


def near_pairs(first: Sequence[bytes], second: Sequence[bytes], most: int) -> Iterator[tuple[int, int, int]]:
    """Yield the pairs of hashes, one of each sequence, that differ in at most `most` of 256 bits.

    Yields
    ------
    (int, int, int)
        Place in `first`, place in `second`, and how many bits differ; in order of the places.

    Notes
    -----
    The product of vectors of -1 and 1 is 256 - 2 x (bits that differ), a whole number and so exact in float32. Every
    pair is computed: 50 million of them, as 15,000 images in three parts have, take a second or two.
    """
    signs = [_signs(hashes) for hashes in (first, second)]
    for start in range(0, len(first), _BLOCK):
        alike = signs[0][start : start + _BLOCK] @ signs[1].T
        for row, column in np.argwhere(alike >= BITS - 2 * most).tolist():
            yield start + row, column, int(BITS - alike[row, column]) // 2


def _signs(hashes: Sequence[bytes]) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(b"".join(hashes), np.uint8)).reshape(len(hashes), BITS)
    return 2 * bits.astype(np.float32) - 1
