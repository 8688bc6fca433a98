"""One image as a unit of work: from the paths of its masks to consensus masks and agreement rows.

The functions here are importable wherever a worker runs, and touch no table.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils import audit, consensus, metrics
from utils.data import encode_mask, load_masks
from utils.naming import MAJORITY_VOTE, STAPLE
from utils.vote_patterns import paint, vote_patterns

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class ImageTask:
    """The masks of one image, in metadata order, and whether auditors recompute it."""

    isic_id: str
    img_filename: str
    mask_paths: tuple[Path, ...]
    audited: bool = False
    max_iterations: int = 10000


@dataclass(frozen=True)
class ImageConsensus:
    """Encoded consensus masks by label, STAPLE's estimate, and what the auditors found different."""

    pngs: dict[str, bytes]
    sensitivity: list[float]
    specificity: list[float]
    iterations: int
    degenerate: str
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ImageAgreement:
    """The metrics of all pairs i < j, in order, and what the auditors found different."""

    pairs: list[dict[str, Any]]
    differences: list[str] = field(default_factory=list)


def image_tasks(table: DataFrame, masks_dir: Path, config: Any) -> list[ImageTask]:
    """Return one task for each image of a metadata table, in order of first appearance."""
    return [
        ImageTask(
            isic_id,
            rows["img_filename"].iloc[0],
            tuple(masks_dir / name for name in rows["seg_filename"]),
            is_audited(isic_id, config.audit_fraction, config.audit_seed),
            config.staple_max_iterations,
        )
        for isic_id, rows in table.groupby("ISIC_id", sort=False)
    ]


def is_audited(isic_id: str, fraction: float, seed: int) -> bool:
    """Tell whether an image belongs to the audited share; it depends on id and seed alone."""
    digest = hashlib.sha256(f"{seed}:{isic_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < fraction * 2**64


def consensus_of_image(task: ImageTask) -> ImageConsensus:
    """Compute the STAPLE and majority-vote masks of an image.

    Raises
    ------
    PipelineError
        If a mask cannot be read, or the masks differ in size.
    """
    masks = load_masks(task.mask_paths)
    patterns = vote_patterns(masks)
    estimate = consensus.staple(patterns, max_iterations=task.max_iterations)
    painted = {
        STAPLE: paint(patterns, estimate.foreground),
        MAJORITY_VOTE: paint(patterns, consensus.majority_vote(patterns)),
    }
    return ImageConsensus(
        {label: encode_mask(mask) for label, mask in painted.items()},
        [float(value) for value in estimate.sensitivity],
        [float(value) for value in estimate.specificity],
        estimate.iterations,
        estimate.degenerate,
        audit.consensus_differences(task.img_filename, masks, painted, task.max_iterations) if task.audited else [],
    )


def agreement_of_image(task: ImageTask) -> ImageAgreement:
    """Compute the agreement of all pairs of an image's masks.

    Raises
    ------
    PipelineError
        If a mask cannot be read, or the masks differ in size.
    """
    masks = load_masks(task.mask_paths)
    pairs = metrics.pairwise_agreement(masks)
    return ImageAgreement(pairs, audit.agreement_differences(task.img_filename, masks, pairs) if task.audited else [])
