"""The part of a mask that matters."""

from __future__ import annotations

import numpy as np

Box = tuple[slice, slice]


def bounding_box(mask: np.ndarray, within: Box | None = None) -> Box | None:
    """Return the rows and columns that the foreground of a mask spans.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        Any mask.
    within : (slice, slice), optional
        A box outside which there is no foreground, when one is known: only it is searched.

    Returns
    -------
    tuple of slice or None
        In the coordinates of the whole mask; None for an empty mask.
    """
    rows, columns = within or (slice(0, mask.shape[0]), slice(0, mask.shape[1]))
    vertical = span(mask[rows, columns].any(axis=1), rows.start)
    if vertical is None:
        return None
    return vertical, span(mask[vertical, columns].any(axis=0), columns.start)


def span(flags: np.ndarray, start: int = 0) -> slice | None:
    """Return the shortest slice that holds all True of a 1-D array, None without any; `start` is added to it."""
    hits = np.flatnonzero(flags)
    return slice(start + int(hits[0]), start + int(hits[-1]) + 1) if len(hits) else None
