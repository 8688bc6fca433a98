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
    foreground = int(np.count_nonzero(mask))
    if foreground == 0:
        return [EMPTY]
    if foreground == mask.size:
        return [FULL]
    issues = []
    areas = region_areas(mask)
    if len(areas) > 1 and areas[1] > SECOND_REGION_SHARE * areas[0]:
        issues.append(Issue(f"Multiple disconnected regions ({len(areas)})", "medium"))
    if mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any():
        issues.append(BORDER)
    return issues


def region_areas(mask: np.ndarray) -> np.ndarray:
    """Return the areas (pixels) of a mask's 8-connected regions, largest first; none for an empty mask."""
    box = bounding_box(mask)
    if box is None:
        return np.empty(0, dtype=np.int64)
    crop = np.ascontiguousarray(mask[box]).view(np.uint8)
    statistics = cv2.connectedComponentsWithStats(crop, connectivity=8)[2]
    return np.sort(statistics[1:, cv2.CC_STAT_AREA])[::-1]
