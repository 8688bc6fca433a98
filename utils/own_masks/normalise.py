"""Masks of one's own brought to one form: 8-bit grey PNG, 255 where `own_foreground` says foreground."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data import encode_mask
from ..errors import ConfigError, PipelineError
from ..files import write_bytes_atomically
from ..pictures.header_size import size_in_header
from ..pictures.pixel_values import decode_pixels, has_more_than_two_levels

_RULE = re.compile(r"(nonzero|zero)|([>=])\s*(-?\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Foreground:
    """Which pixel values are foreground: `kind` is nonzero, zero, > or =; `level` belongs to the last two."""

    kind: str
    level: float = 0


@dataclass(frozen=True)
class NormalisationTask:
    """One mask file to bring to its form; `digest` is what `digest_of_file` said of it."""

    source: Path
    digest: str
    target: Path
    rule: Foreground


@dataclass(frozen=True)
class NormalisedMask:
    """What was found in a mask file: (height, width), more than two values, foreground nowhere or everywhere."""

    shape: tuple[int, int]
    has_more_levels: bool
    is_empty: bool
    is_full: bool


def parse_foreground(text: str) -> Foreground:
    """Read ``nonzero``, ``zero``, ``>N`` or ``=N``.

    Raises
    ------
    ConfigError
        For anything else.
    """
    match = _RULE.fullmatch(text.strip())
    if not match:
        what = "The key 'own_foreground' has an unusable value."
        raise ConfigError(what, where="own_foreground", expected='nonzero, zero, ">N" or "=N"', found=text)
    word, sign, number = match.groups()
    return Foreground(word) if word else Foreground(sign, float(number))


def foreground(pixels: np.ndarray, rule: Foreground) -> np.ndarray:
    """Apply the rule.

    Parameters
    ----------
    pixels : numpy.ndarray
        (H, W), or (H, W, 3) with colour channels.
    rule : Foreground
        Of colours, ``nonzero`` and ``>N`` ask for one channel that is, ``=N`` for all three; ``zero`` is
        what ``nonzero`` is not.

    Returns
    -------
    numpy.ndarray
        bool, (H, W).
    """
    grey = pixels.ndim == 2
    if rule.kind == "=":
        found = pixels == rule.level
        return found if grey else found.all(axis=2)
    found = pixels > rule.level if rule.kind == ">" else pixels != 0
    found = found if grey else found.any(axis=2)
    return ~found if rule.kind == "zero" else found


def normalise_mask(task: NormalisationTask) -> NormalisedMask:
    """Read one mask file and write it as 8-bit grey PNG, 0 and 255.

    Raises
    ------
    PipelineError
        If it cannot be read or decoded, or is not what it was when it was hashed. The file is not named.
    """
    data = _read(task.source)
    if _digest(data) != task.digest:
        raise PipelineError("the file changed while it was read")
    try:
        pixels = decode_pixels(data)
    except Exception as error:  # decoders raise errors of many kinds on damaged files
        raise PipelineError(f"it cannot be decoded: {error or type(error).__name__}") from None
    mask = foreground(pixels, task.rule)
    write_bytes_atomically(task.target, encode_mask(mask))
    return NormalisedMask(mask.shape, has_more_than_two_levels(pixels), not mask.any(), bool(mask.all()))


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file; raises a PipelineError that does not name it."""
    return _digest(_read(path))


def image_shape(path: Path) -> tuple[int, int]:
    """Return (height, width) of an image by its header.

    Raises
    ------
    PipelineError
        If it has none; the file is not named.
    """
    try:
        with open(path, "rb") as stream:
            return size_in_header(stream)[::-1]
    except Exception as error:
        reason = getattr(error, "strerror", None) or "it is no image"
        raise PipelineError(reason) from None


def object_ids(masks: Sequence[tuple[str, str]], rule: Foreground) -> list[str]:
    """Make an mskObjectID for each mask, from what tells nothing of its annotator.

    Parameters
    ----------
    masks : sequence of (str, str)
        Image id and digest of the file.
    rule : Foreground
        Another rule makes other masks of the same files, and therefore other ids.

    Returns
    -------
    list of str
        24 hexadecimal digits, like those of the ISIC Archive; the same for the same folder, wherever it is.

    Notes
    -----
    An id is published. Were the annotator's name part of what is hashed, whoever guesses the name could check it.
    """
    seen: dict[tuple[str, str], int] = {}
    made = []
    for mask in masks:
        seen[mask] = seen.get(mask, 0) + 1
        text = "\0".join((*mask, rule.kind, repr(float(rule.level)), str(seen[mask])))
        made.append(_digest(text.encode())[:24])
    return made


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PipelineError(f"it cannot be read: {error.strerror}") from None
