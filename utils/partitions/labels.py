"""What a partition is to balance: labels of images, counted in images or in masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..lazy import pd
from ..naming import diagnosis_column

if TYPE_CHECKING:
    from pandas import DataFrame, Series

ALL, SEVERAL, ONE = "all", "several masks", "one mask"
NUMBER = "number of images"
MALIGNANT, BENIGN, OTHER = "malignant", "benign", "other"
_OF_MASKS = ("annotator", "tool", "skill_level")
_LEAST_MASKS = 10  # of an annotator, tool or skill level: fewer cannot be shared out
_MANY = 4  # masks of an image, and more


class Label(NamedTuple):
    """A label: which images it is of (all, those with several masks, those with one), what it says, and its value.

    Labels of annotators, tools and skill levels count masks, the others images.
    """

    images: str
    kind: str
    value: str

    @property
    def unit(self) -> str:
        """What is counted: ``masks`` or ``images``."""
        return "masks" if self.kind in _OF_MASKS else "images"


class ImageLabels(NamedTuple):
    """How often each image has each label, as parallel arrays without the zeros.

    Attributes
    ----------
    names : list of Label
        The L labels.
    totals : ndarray of int64, shape (L,)
        Of all images; all positive.
    image, label, times : ndarray of int64, shape (R,)
        Place of the image in its table, place of the label in `names`, and how often it has it; sorted by both places.
    num_masks : ndarray of int64
        Masks of each image of the table.
    """

    names: list[Label]
    totals: np.ndarray
    image: np.ndarray
    label: np.ndarray
    times: np.ndarray
    num_masks: np.ndarray


def image_labels(images: DataFrame, masks: DataFrame) -> ImageLabels:
    """Label images by what a partition should have in equal shares.

    First the number of all images. Then, for images with several masks and for those with one (or none) apart: their
    number; their diagnosis; of those with several the number of masks (2, 3, 4 or more); and their masks by annotator,
    tool and skill level, of which those with fewer than 10 masks are left out.

    Parameters
    ----------
    images : DataFrame
        Image metadata: isic_id, each once, and the diagnosis where it has one.
    masks : DataFrame
        Metadata of the human masks of these images: ISIC_id, annotator, tool, skill_level.

    Returns
    -------
    ImageLabels
        Without labels for no images.
    """
    places = pd.Index(images["isic_id"]).get_indexer(masks["ISIC_id"])
    num_masks = np.bincount(places, minlength=len(images)).astype(np.int64)
    several, everywhere = num_masks > 1, np.arange(len(images))
    number = pd.Series(np.minimum(num_masks, _MANY).astype(str)).replace(f"{_MANY}", f"{_MANY} or more")
    kinds = {
        NUMBER: (everywhere, pd.Series("", index=everywhere)),
        "diagnosis": (everywhere, diagnoses(images)),
        "number of masks": (everywhere, number),
        **{name: (places, masks[name]) for name in _OF_MASKS},
    }
    counted = [_counted(ALL, NUMBER, *kinds[NUMBER])]
    for group, chosen in ((SEVERAL, several), (ONE, ~several)):
        for kind, (at, values) in kinds.items():
            if kind != "number of masks" or group == SEVERAL:
                inside = chosen[at]
                counted.append(_counted(group, kind, at[inside], values[inside]))
    return _joined(counted, num_masks)


def diagnoses(images: DataFrame) -> Series:
    """Return ``malignant``, ``benign`` or ``other`` for each row of the image metadata; case does not count."""
    column = diagnosis_column(images)
    known = pd.Series("", index=images.index) if column is None else images[column].str.strip().str.lower()
    return known.where(known.isin([MALIGNANT, BENIGN]), OTHER)


class _Counted(NamedTuple):
    """Labels of one kind; the image of each occurrence, and its label's place among `names`."""

    names: list[Label]
    image: np.ndarray
    label: np.ndarray


def _counted(group: str, kind: str, at: np.ndarray, values: Series) -> _Counted:
    codes, found = pd.factorize(values, sort=True)
    enough = np.bincount(codes, minlength=len(found)) >= (_LEAST_MASKS if kind in _OF_MASKS else 1)
    kept = enough[codes]
    names = [Label(group, kind, str(value)) for value in found[enough]]
    return _Counted(names, at[kept], (np.cumsum(enough) - 1)[codes[kept]])


def _joined(counted: list[_Counted], num_masks: np.ndarray) -> ImageLabels:
    names = [name for part in counted for name in part.names]
    firsts = np.cumsum([0, *(len(part.names) for part in counted)])
    labels = np.concatenate([part.label + first for part, first in zip(counted, firsts[:-1], strict=True)])
    keys = np.concatenate([part.image for part in counted]) * max(len(names), 1) + labels
    distinct, times = np.unique(keys, return_counts=True)
    image, label = np.divmod(distinct, max(len(names), 1))
    totals = np.bincount(label, weights=times, minlength=len(names)).astype(np.int64)
    return ImageLabels(names, totals, image, label, times, num_masks)
