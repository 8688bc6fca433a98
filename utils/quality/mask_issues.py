"""What is wrong with a mask: the checks of mask QA, as functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..data import decode_values, octets_or_mask
from ..errors import PipelineError, one_line
from ..lazy import cv2
from ..masks.bounding_box import Box, bounding_box
from ..masks.signs import signs_of
from ..pictures.pages import SeveralPicturesError
from ..pictures.pixel_values import has_more_than_two_levels, is_plain_mask, number_of_levels

# A second region counts as an issue when it exceeds this share of the largest.
SECOND_REGION_SHARE = 0.05
_ROWS = 256  # counted at a time
# Time and memory of contours grow with their length, those of labels with the pixels: measured, contours pay up to
# this many runs of foreground a pixel, in rows or columns.
_MOST_RUNS = 1 / 500
# Only one row and one column in so many is looked at: reading a column touches the memory all around it.
_EACH_ROW, _EACH_COLUMN = 17, 101


class Issue(NamedTuple):
    """One finding; an `unusable` mask cannot take part in any analysis."""

    issue: str
    severity: str
    unusable: bool = False


UNREADABLE = Issue("File not found or corrupted", "high", unusable=True)
SEVERAL_PICTURES = Issue("Several pages or frames", "high", unusable=True)
EMPTY = Issue("Empty mask", "high", unusable=True)
FULL = Issue("Mask covers entire image", "high")
BORDER = Issue("Mask touches image border", "low")
OTHER_SIZE = Issue("Size differs from image", "high")


class Judgement(NamedTuple):
    """What is wrong with a mask file.

    Attributes
    ----------
    issues : list of Issue
        In reporting order; none for a sound mask.
    signs : tuple of str
        As `signs_of` returns them: they are told, and stand in no table.
    reason : str
        In one line why it cannot be read, where it cannot.
    """

    issues: list[Issue]
    signs: tuple[str, ...] = ()
    reason: str = ""

    def why_unusable(self) -> str:
        """Say why the mask leaves the dataset; nothing of one that stays."""
        return self.reason or ", ".join(found.issue for found in self.issues if found.unusable)


def judge_mask_file(path: Path) -> list[Issue]:
    """Read one mask file and return its issues; a file that cannot be read is itself the finding."""
    return examine_mask_file(path).issues


def examine_mask_file(path: Path) -> Judgement:
    """Read one mask file and judge it."""
    try:
        data = path.read_bytes()
        values = decode_values(data, path)
    except OSError as error:
        return Judgement([UNREADABLE], reason=error.strerror or one_line(error))
    except PipelineError as error:
        cause = error.__cause__
        issue = SEVERAL_PICTURES if isinstance(cause, SeveralPicturesError) else UNREADABLE
        return Judgement([issue], reason=one_line(cause))
    mask = octets_or_mask(values)
    issues = _issues_of(values, mask)
    return Judgement(issues, signs_of(mask, EMPTY in issues or FULL in issues, [data]))


def _issues_of(values: np.ndarray, mask: np.ndarray) -> list[Issue]:
    """Judge what a mask file holds, and the mask of it (bool or uint8, (H, W))."""
    box = bounding_box(mask)
    if box is None:
        return [EMPTY, *_level_issues(values, values)]
    # Outside the box all values are 0: what is small beside the mask is gone through alone.
    return _judge(mask[box] != 0, box, mask.shape) + _level_issues(values, values[box])


def judge_mask(mask: np.ndarray) -> list[Issue]:
    """Return the issues of a mask (bool, (H, W)), in reporting order; none for a sound mask.

    An empty mask and a full one have no further issues.
    """
    box = bounding_box(mask)
    return [EMPTY] if box is None else _judge(np.ascontiguousarray(mask[box]), box, mask.shape)


def _judge(inside: np.ndarray, box: Box, shape: tuple[int, ...]) -> list[Issue]:
    """Judge what the box of a mask of this shape holds."""
    if inside.shape == shape and inside.all():
        return [FULL]
    issues = []
    areas: Sequence[int] | np.ndarray = [] if one_region_dominates(inside) else region_areas(inside)
    if len(areas) > 1 and areas[1] > SECOND_REGION_SHARE * areas[0]:
        issues.append(Issue(f"Multiple disconnected regions ({len(areas)})", "medium"))
    if any(side.start == 0 or side.stop == length for side, length in zip(box, shape, strict=True)):
        issues.append(BORDER)
    return issues


def _level_issues(values: np.ndarray, part: np.ndarray) -> list[Issue]:
    """Judge the levels of a mask file; outside the given part all values are 0."""
    if is_plain_mask(part) or not has_more_than_two_levels(values):
        return []
    return [Issue(f"More than two grey levels ({number_of_levels(values)})", "medium")]


def one_region_dominates(mask: np.ndarray) -> bool:
    """Tell from contours, in less time than labels take, that no second region exceeds its share.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        Not empty; C-contiguous, or a part of such an array.

    Returns
    -------
    bool
        False also where only areas can tell.
    """
    in_rows = _runs_in_rows(mask[::_EACH_ROW]) * _EACH_ROW
    in_columns = _runs_in_rows(mask[:, ::_EACH_COLUMN].T) * _EACH_COLUMN
    if max(in_rows, in_columns) > _MOST_RUNS * mask.size:
        return False
    contours, ranks = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    is_outer = ranks[0, :, 3] < 0  # of a region; the others are of holes
    if np.count_nonzero(is_outer) == 1:
        return True
    boxes = [cv2.boundingRect(contours[i]) for i in np.flatnonzero(is_outer).tolist()]
    most = np.array([width * height for _, _, width, height in boxes])  # pixels that a region may have
    others = np.delete(most, most.argmax())
    return bool(others.max() <= SECOND_REGION_SHARE * (np.count_nonzero(mask) - others.sum()))


def _runs_in_rows(mask: np.ndarray) -> int:
    return int(np.count_nonzero(mask[:, 0]) + np.count_nonzero(mask[:, 1:] > mask[:, :-1]))


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
