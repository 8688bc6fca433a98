"""One image of a dataset with the masks of all its annotators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import naming
from ..data import load_image, load_masks
from ..errors import PipelineError

if TYPE_CHECKING:
    from pandas import DataFrame

    from .dataset import Dataset


@dataclass(frozen=True)
class AnnotatedImage:
    """An image, its masks and what is known of their agreement; each is read when it is asked for, and not kept.

    Attributes
    ----------
    isic_id : str
        The id of the image.
    photo_path : Path
        File of the photo.
    mask_paths : sequence of (str, Path)
        Annotator and file of each mask, the consensus masks (ST, MV) behind those by people.
    dataset : Dataset
        Where the image is from.
    """

    isic_id: str
    photo_path: Path
    mask_paths: Sequence[tuple[str, Path]]
    dataset: Dataset

    @property
    def photo(self) -> np.ndarray:
        """The photo: uint8, (H, W, 3), RGB, its rows as stored."""
        return load_image(self.photo_path)

    @property
    def masks(self) -> dict[str, np.ndarray]:
        """The masks by people, bool (H, W), by annotator; the second by one annotator is called ``A00#2``.

        Raises
        ------
        PipelineError
            If a file is missing or damaged, or if they differ in size.
        """
        named = [(code, path) for code, path in self.mask_paths if code not in naming.CONSENSUS]
        names = naming.names_of_masks([code for code, _ in named])
        return dict(zip(names, load_masks([path for _, path in named]), strict=True))

    def consensus(self, label: str) -> np.ndarray:
        """Return the consensus mask ST (STAPLE) or MV (majority vote), bool (H, W); a single mask is its own consensus.

        Raises
        ------
        PipelineError
            For another label, or if several masks have no such consensus: it could not be computed.
        """
        if label not in naming.CONSENSUS:
            raise PipelineError("There is no such consensus.", expected=" or ".join(naming.CONSENSUS), found=label)
        of_label = [path for code, path in self.mask_paths if code == label]
        by_people = [path for code, path in self.mask_paths if code not in naming.CONSENSUS]
        if not of_label and len(by_people) > 1:
            hint = "run create_consensus_masks, and see its failures"
            raise PipelineError(f"The image has no {label} mask.", where=self.isic_id, hint=hint)
        return load_masks(of_label or by_people)[0]

    @property
    def votes(self) -> np.ndarray:
        """How many masks by people mark each pixel: uint16, (H, W)."""
        return np.stack(list(self.masks.values())).sum(axis=0, dtype=np.uint16)

    @property
    def soft_label(self) -> np.ndarray:
        """The share of masks by people that mark each pixel: float32, (H, W), 0 to 1."""
        return np.stack(list(self.masks.values())).mean(axis=0, dtype=np.float32)

    @property
    def agreement(self) -> DataFrame:
        """The rows of `Dataset.pairs` of this image; none where it has one mask."""
        pairs = self.dataset.pairs
        return pairs[pairs["img_id"] == self.photo_path.name].reset_index(drop=True)
