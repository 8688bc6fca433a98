"""Masks of one's own brought to one form: 8-bit grey PNG, 255 where `own_foreground` says foreground."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..configuration.foreground_rule import Foreground
from ..data import encode_mask
from ..errors import PipelineError, one_line
from ..files import write_bytes_atomically
from ..masks.signs import signs_of
from ..pictures.orientation import UPRIGHT, orientation_of
from ..pictures.pixel_values import decode_pixels, has_more_than_two_levels
from ..pictures.size_text import size_text

_MOST_VALUES = 8  # named of a mask
_COLOUR_DIGITS = {"uint8": 2, "uint16": 4}  # hexadecimal, of a channel


@dataclass(frozen=True)
class NormalisationTask:
    """The files of one mask, usually one, to bring to its form; `digests` is what `digest_of_file` said of each."""

    sources: tuple[Path, ...]
    digests: tuple[str, ...]
    target: Path
    rule: Foreground


@dataclass(frozen=True)
class NormalisedMask:
    """What was found in a mask.

    Attributes
    ----------
    shape : (int, int)
        Height and width.
    has_more_levels : bool
        A file holds more than two values.
    is_empty, is_full : bool
        It is foreground nowhere, or everywhere.
    is_turned : bool
        A file has an EXIF Orientation other than 1.
    signs : tuple of str
        As `signs_of` returns them.
    file_values : tuple of str
        Of an empty mask some values that its files hold.
    """

    shape: tuple[int, int]
    has_more_levels: bool
    is_empty: bool
    is_full: bool
    is_turned: bool
    signs: tuple[str, ...] = ()
    file_values: tuple[str, ...] = ()


def foreground(pixels: np.ndarray, rule: Foreground) -> np.ndarray:
    """Apply the rule.

    Parameters
    ----------
    pixels : numpy.ndarray
        (H, W), or (H, W, 3) with colour channels.
    rule : Foreground
        Of colours, ``nonzero`` and ``>N`` ask for one channel that is, ``=N`` for all three; ``zero`` is
        what ``nonzero`` is not. ``=#RRGGBB`` asks for a colour, by the values that the file holds; grey is a
        colour of three equal channels.

    Returns
    -------
    numpy.ndarray
        bool, (H, W).
    """
    grey = pixels.ndim == 2
    if rule.kind == "=":
        found = (pixels[..., None] if grey else pixels) == (rule.level if rule.colour is None else rule.colour)
        return found.all(axis=2)
    found = pixels > rule.level if rule.kind == ">" else pixels != 0
    found = found if grey else np.any(found, axis=2)
    return ~found if rule.kind == "zero" else found


def normalise_mask(task: NormalisationTask) -> NormalisedMask:
    """Read the files of one mask and write their union as 8-bit grey PNG, 0 and 255.

    Raises
    ------
    PipelineError
        If a file cannot be read or decoded, has several pages, is not what it was when it was hashed, or differs in
        size from the first. No file is named.
    """
    parts = [_read_part(*each, task.rule) for each in zip(task.sources, task.digests, strict=True)]
    sizes = list(dict.fromkeys(f"{size_text(part.mask.shape)} pixels" for part in parts))
    if len(sizes) > 1:
        raise PipelineError(f"its parts differ in size: {', '.join(sizes)}")
    mask = np.logical_or.reduce([part.mask for part in parts])
    write_bytes_atomically(task.target, encode_mask(mask))
    is_empty, is_full = not mask.any(), bool(mask.all())
    values = dict.fromkeys(value for part in parts for value in part.file_values)
    return NormalisedMask(
        mask.shape,
        has_more_levels=any(part.has_more_levels for part in parts),
        is_empty=is_empty,
        is_full=is_full,
        is_turned=any(orientation_of(part.data) != UPRIGHT for part in parts),
        signs=signs_of(mask, is_empty or is_full, [part.data for part in parts]),
        file_values=tuple(values)[:_MOST_VALUES] if is_empty else (),
    )


class _Part(NamedTuple):
    """What one file of a mask holds; its values are told only where it is foreground nowhere or everywhere."""

    data: bytes
    mask: np.ndarray
    has_more_levels: bool
    file_values: tuple[str, ...]


def _read_part(source: Path, digest: str, rule: Foreground) -> _Part:
    data = _read(source)
    if _digest(data) != digest:
        raise PipelineError("the file changed while it was read")
    pixels = _decode(data)
    mask = foreground(pixels, rule)
    is_plain = not mask.any() or bool(mask.all())
    return _Part(data, mask, has_more_than_two_levels(pixels), _some_values(pixels) if is_plain else ())


def _decode(data: bytes) -> np.ndarray:
    try:
        return decode_pixels(data)
    except Exception as error:  # decoders raise errors of many kinds on damaged files
        raise PipelineError(f"it cannot be decoded: {one_line(error)}") from None


def _some_values(pixels: np.ndarray) -> tuple[str, ...]:
    """Return a few of the values or colours that an image holds, as own_foreground names them.

    Colours that no number of digits names, of 32 bits a channel or of floats, stand in brackets.
    """
    if pixels.ndim == 2:
        return tuple(_value_text(value) for value in np.unique(pixels)[:_MOST_VALUES])
    colours = np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)[:_MOST_VALUES]
    digits = _COLOUR_DIGITS.get(pixels.dtype.name)
    if digits is None:
        return tuple(f"({' '.join(map(_value_text, colour))})" for colour in colours)
    return tuple("#" + "".join(f"{value:0{digits}X}" for value in colour.tolist()) for colour in colours)


def _value_text(value: np.generic) -> str:
    """Return a value in digits, without the exponent that own_foreground does not take."""
    return np.format_float_positional(value, trim="-") if isinstance(value, np.floating) else str(value)


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file; raises a PipelineError that does not name it."""
    return _digest(_read(path))


def object_ids(masks: Sequence[tuple[str, str]], rule: Foreground) -> list[str]:
    """Make an mskObjectID for each mask, from what tells nothing of its annotator.

    Parameters
    ----------
    masks : sequence of (str, str)
        Image id and digest of the file, or of the digests of its parts, joined by a blank.
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
        level = repr(float(rule.level)) if rule.colour is None else repr(rule.colour)
        text = "\0".join((*mask, rule.kind, level, str(seen[mask])))
        made.append(_digest(text.encode())[:24])
    return made


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PipelineError(f"it cannot be read: {error.strerror}") from None
