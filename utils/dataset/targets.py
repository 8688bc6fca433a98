"""What a network is shown as the truth of an image: all its masks, one of them, a consensus, or the share of votes."""

from __future__ import annotations

import hashlib
from typing import Literal, cast, get_args

import numpy as np

from ..errors import ConfigError
from .annotated_image import AnnotatedImage

Choice = Literal["all", "random", "ST", "MV", "soft"]


def choice_of(text: str) -> Choice:
    """Return a choice as it is; raise a ConfigError for any other text."""
    if text not in get_args(Choice):
        raise ConfigError("There is no such choice of targets.", expected=", ".join(get_args(Choice)), found=text)
    return cast(Choice, text)


def target_of(image: AnnotatedImage, choice: Choice, seeds: tuple[int, ...] = ()) -> np.ndarray:
    """Return the target of an image.

    Parameters
    ----------
    image : AnnotatedImage
        An image with at least one mask.
    choice : {"all", "random", "ST", "MV", "soft"}
        All masks by people; one of them, each equally likely; a consensus mask; or the share of votes.
    seeds : tuple of int
        Of ``random``: equal seeds choose the same mask of an image, on every machine and in whatever order.

    Returns
    -------
    numpy.ndarray
        bool of shape (number of masks, H, W) for ``all``; float32 of (H, W) for ``soft``; otherwise bool of (H, W).

    Raises
    ------
    PipelineError
        If a mask cannot be read, or the image lacks the consensus mask.
    """
    if choice == "soft":
        return image.soft_label
    if choice in ("ST", "MV"):
        return image.consensus(choice)
    masks = list(image.masks.values())
    if choice == "all":
        return np.stack(masks)
    digest = hashlib.sha256(":".join([*map(str, seeds), image.isic_id]).encode()).digest()
    return masks[int.from_bytes(digest, "big") % len(masks)]
