"""The part of a mask that matters."""

from __future__ import annotations

import numpy as np


def bounding_box(mask: np.ndarray) -> tuple[slice, slice] | None:
    """Return the rows and columns that the foreground of a mask spans.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        Any mask.

    Returns
    -------
    tuple of slice or None
        None for an empty mask.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    if len(rows) == 0:
        return None
    vertical = slice(int(rows[0]), int(rows[-1]) + 1)
    columns = np.flatnonzero(mask[vertical].any(axis=0))
    return vertical, slice(int(columns[0]), int(columns[-1]) + 1)
