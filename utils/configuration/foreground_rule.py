"""Which values of a mask are foreground, as ``own_foreground`` says it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ConfigError

_RULE = re.compile(r"(nonzero|zero)|([>=])\s*(-?\d+(?:\.\d+)?)|=\s*#((?:[0-9a-fA-F]{6}){1,2})")
_ACCEPTED = 'nonzero, zero, ">N", "=N" or "=#RRGGBB", of 16 bits a channel "=#RRRRGGGGBBBB"'


@dataclass(frozen=True)
class Foreground:
    """Which pixel values are foreground: `kind` is nonzero, zero, > or =; to the last two belongs a level or colour."""

    kind: str
    level: float = 0
    colour: tuple[int, int, int] | None = None


def parse_foreground(text: str, where: str = "own_foreground") -> Foreground:
    """Read ``nonzero``, ``zero``, ``>N``, ``=N``, ``=#RRGGBB`` or ``=#RRRRGGGGBBBB``.

    `where` is the key and its place, for messages.

    Raises
    ------
    ConfigError
        For anything else.
    """
    match = _RULE.fullmatch(text.strip())
    if not match:
        what = "The key 'own_foreground' has an unusable value."
        raise ConfigError(what, where=where, expected=_ACCEPTED, found=text)
    word, sign, number, colour = match.groups()
    if colour:
        digits = len(colour) // 3
        red, green, blue = (int(colour[at : at + digits], 16) for at in range(0, len(colour), digits))
        return Foreground("=", colour=(red, green, blue))
    return Foreground(word) if word else Foreground(sign, float(number))
