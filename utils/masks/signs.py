"""Signs that a mask is not what was drawn: no stage refuses such a mask, but people are told which show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from ..errors import some_of
from ..lazy import logger
from ..pictures.pixel_values import is_alpha_alone, is_index_alone

# As they stand in warnings, behind the number of masks.
INVERTED = (
    "masks are foreground in all four corners: are they inverted? make_raw_tables turns them with own_foreground: zero "
    "(or nonzero, where that is zero now)"
)
ALPHA_ALONE = (
    "masks have one colour and differ only in transparency, which is not read: save their alpha channel as grey instead"
)
INDEX_ALONE = (
    "masks have one colour and differ only in their index into the palette: save these indices as grey values instead"
)
SIGNS = (INVERTED, ALPHA_ALONE, INDEX_ALONE)
_CORNERS = ([0, 0, -1, -1], [0, -1, 0, -1])


def signs_of(mask: np.ndarray, is_plain: bool, files: Iterable[bytes]) -> tuple[str, ...]:
    """Return the signs that a mask shows.

    Parameters
    ----------
    mask : ndarray of bool or uint8, shape (H, W)
        Foreground is above 0.
    is_plain : bool
        It is foreground nowhere or everywhere.
    files : iterable of bytes
        The files that it was decoded from, usually one; looked at of a plain mask only.
    """
    if is_plain:
        kept = list(files)
        tests = {ALPHA_ALONE: is_alpha_alone, INDEX_ALONE: is_index_alone}
        return tuple(sign for sign, shows in tests.items() if all(shows(data) for data in kept))
    return (INVERTED,) if mask[_CORNERS].all() else ()


def warn_of_signs(shown: Mapping[str, Collection[str]]) -> None:
    """Warn of the masks that show each sign, by name; `shown` has the signs of each."""
    for sign in SIGNS:
        names = [name for name, signs in shown.items() if sign in signs]
        if names:
            logger.warning("{} {}: {}", len(names), sign, some_of(names))
            logger.debug("{}: {}", sign, names)
