"""The size of a picture, as messages and tables give it."""

from __future__ import annotations


def size_text(shape: tuple[int, ...]) -> str:
    """Return the size of an array of pixels, shape (H, W) or (H, W, C), in words: width x height.

    Examples
    --------
    >>> size_text((480, 640, 3))
    '640 x 480'
    """
    return f"{shape[1]} x {shape[0]}"
