"""What is wrong with a mask: the checks of mask QA, as functions of arrays."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from utils.crop import bounding_box
from utils.data import load_mask
from utils.errors import PipelineError
from utils.lazy import cv2

# A second region counts as an issue when it exceeds this share of the largest.
SECOND_REGION_SHARE = 0.05
_ROWS = 256  # counted at a time


class Issue(NamedTuple):
    """One finding; an `unusable` mask cannot take part in any analysis."""

    issue: str
    severity: str
    unusable: bool = False


UNREADABLE = Issue("File not found or corrupted", "high", unusable=True)
EMPTY = Issue("Empty mask", "high", unusable=True)
FULL = Issue("Mask covers entire image", "high")
BORDER = Issue("Mask touches image border", "low")


def judge_mask_file(path: Path) -> list[Issue]:
    """Read one mask file and judge it; a file that cannot be read is itself the finding."""
    try:
        mask = load_mask(path)
    except PipelineError:
        return [UNREADABLE]
    return judge_mask(mask)


def judge_mask(mask: np.ndarray) -> list[Issue]:
    """Return the issues of a mask (bool, (H, W)), in reporting order; none for a sound mask.

    An empty mask and a full one have no further issues.
    """
    box = bounding_box(mask)
    if box is None:
        return [EMPTY]
    if mask[box].size == mask.size and mask.all():
        return [FULL]
    issues = []
    areas = region_areas(mask[box])
    if len(areas) > 1 and areas[1] > SECOND_REGION_SHARE * areas[0]:
        issues.append(Issue(f"Multiple disconnected regions ({len(areas)})", "medium"))
    if any(side.start == 0 or side.stop == length for side, length in zip(box, mask.shape, strict=True)):
        issues.append(BORDER)
    return issues


def region_areas(mask: np.ndarray) -> np.ndarray:
    """Return the areas (pixels) of a mask's 8-connected regions, largest first; none for an empty mask."""
    # The background is a label too, the first.
    number, labels = cv2.connectedComponents(np.ascontiguousarray(mask).view(np.uint8), connectivity=8)
    if number == 2:
        return np.array([np.count_nonzero(mask)])
    areas = np.zeros(number, dtype=np.int64)
    for start in range(0, len(labels), _ROWS):
        areas += _label_counts(labels[start : start + _ROWS].ravel(), number)
    return np.sort(areas[1:])[::-1]


def _label_counts(labels: np.ndarray, number: int) -> np.ndarray:
    """Count the pixels of each label, run by run: many times faster than pixel by pixel."""
    starts = np.flatnonzero(np.concatenate([[True], labels[1:] != labels[:-1]]))
    lengths = np.diff(starts, append=len(labels))
    return np.bincount(labels[starts], weights=lengths, minlength=number).astype(np.int64)
