"""Soft labels of an image: how many masks mark each pixel, and STAPLE's probability that it is foreground."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..data import load_masks
from ..errors import PipelineError
from ..masks import consensus
from ..masks.vote_patterns import VotePatterns, paint, vote_patterns
from ..md5 import md5_of_bytes
from ..naming import MAJORITY_VOTE, STAPLE
from ..pictures.grey_png import encode_grey_png
from . import audit
from .image_tasks import ImageTask

VOTES, POSTERIOR = "votes", "staple"
SOFT_LABELS = (VOTES, POSTERIOR)
MOST_VOTES = 255  # what 8 bits hold
SCALE = 65_535  # of a probability of 1


@dataclass(frozen=True)
class ImageSoftLabels:
    """Encoded soft labels of an image by kind (empty when they are on the disk already), and what auditors found."""

    pngs: dict[str, bytes]
    png_md5s: dict[str, str]
    differences: list[str] = field(default_factory=list)


def soft_labels_of_image(task: ImageTask) -> ImageSoftLabels:
    """Compute the vote counts and STAPLE's posterior of an image.

    Raises
    ------
    PipelineError
        If a mask cannot be read, the masks differ in size, or there are more than 255.
    """
    masks = load_masks(task.mask_paths)
    patterns = vote_patterns(masks)
    posterior = consensus.staple(patterns, max_iterations=task.max_iterations).probability
    images = {
        VOTES: paint(patterns, vote_counts(patterns)),
        POSTERIOR: paint(patterns, quantised(posterior)),
    }
    pngs = {kind: encode_grey_png(image) for kind, image in images.items()}
    differences = []
    if task.audited:
        painted = {STAPLE: images[POSTERIOR] > SCALE / 2, MAJORITY_VOTE: 2 * images[VOTES].astype(int) >= len(masks)}
        differences = audit.consensus_differences(task.img_filename, masks, painted, task.max_iterations)
    return ImageSoftLabels(pngs, {kind: md5_of_bytes(png) for kind, png in pngs.items()}, differences)


def vote_counts(patterns: VotePatterns) -> np.ndarray:
    """Count the masks that vote for each pattern: uint8, shape (P,).

    With n masks, the majority vote is where twice the count is n or more, the union where it is 1 or more, and the
    intersection where it is n.

    Raises
    ------
    PipelineError
        There are more than 255 masks.
    """
    number = patterns.votes.shape[1]
    if number > MOST_VOTES:
        raise PipelineError(
            "An image has more masks than 8 bits can count.", expected=f"at most {MOST_VOTES}", found=number
        )
    return patterns.votes.sum(axis=1).astype(np.uint8)


def quantised(probability: np.ndarray) -> np.ndarray:
    """Return probabilities as whole numbers of 1/65,535: uint16, of the same shape.

    The nearest number, and of two equally near ones the lower: 0.5, which is 32,767.5, becomes 32,767, and the next
    number above 0.5 becomes 32,768. So a probability exceeds one half exactly where its number does, and the STAPLE
    mask is where the number exceeds 32,767.5. An undefined probability (NaN), which is background there, becomes 0.
    """
    return np.ceil(np.nan_to_num(probability, nan=0.0) * SCALE - 0.5).astype(np.uint16)
