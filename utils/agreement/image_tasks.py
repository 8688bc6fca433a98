"""One image as a unit of work: from the paths of its masks to consensus masks and agreement rows.

The functions here are importable wherever a worker runs, and touch no table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import metrics
from ..data import encode_mask, load_masks
from ..masks import consensus
from ..masks.vote_patterns import VotePatterns, paint, vote_patterns
from ..md5 import md5_of_bytes
from ..naming import MAJORITY_VOTE, STAPLE
from . import audit
from .human_votes import human_votes
from .image_agreement import image_agreement
from .mask_agreement import mask_agreement

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..settings import MultiannotatorSettings


@dataclass(frozen=True)
class ImageTask:
    """The masks of one image, in metadata order, who drew each, and whether auditors recompute it."""

    isic_id: str
    img_filename: str
    mask_paths: tuple[Path, ...]
    annotators: tuple[str, ...]
    audited: bool = False
    max_iterations: int = 10000
    nsd_tolerance: float = metrics.NSD_TOLERANCE


@dataclass(frozen=True)
class ImageConsensus:
    """Consensus masks by label, STAPLE's estimate, and what the auditors found different.

    `pngs` holds the encoded masks; it is empty when they are on the disk already.
    """

    pngs: dict[str, bytes]
    png_md5s: dict[str, str]
    sensitivity: list[float]
    specificity: list[float]
    iterations: int
    degenerate: str
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ImageAgreement:
    """The metrics of all pairs i < j, in order; of the image; of its human masks, in order; what auditors found."""

    pairs: list[dict[str, Any]]
    image: dict[str, Any]
    masks: list[dict[str, Any]]
    differences: list[str] = field(default_factory=list)


def image_tasks(
    table: DataFrame,
    masks_dir: Path,
    config: MultiannotatorSettings,
    *,
    max_iterations: int = ImageTask.max_iterations,
    nsd_tolerance: float = ImageTask.nsd_tolerance,
) -> list[ImageTask]:
    """Return one task for each image of a metadata table, in order of first appearance.

    The configuration says which images are audited; the rest is for one of the two kinds of work alone.
    """
    paths: dict[str, list[Path]] = {}
    annotators: dict[str, list[str]] = {}
    for isic_id, name, annotator in zip(table["ISIC_id"], table["seg_filename"], table["annotator"], strict=True):
        paths.setdefault(isic_id, []).append(masks_dir / name)
        annotators.setdefault(isic_id, []).append(annotator)
    images = table.drop_duplicates("ISIC_id")
    return [
        ImageTask(
            isic_id,
            img_filename,
            tuple(paths[isic_id]),
            tuple(annotators[isic_id]),
            is_audited(isic_id, config.audit_fraction, config.audit_seed),
            max_iterations,
            nsd_tolerance,
        )
        for isic_id, img_filename in zip(images["ISIC_id"], images["img_filename"], strict=True)
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
    decided = {STAPLE: estimate.foreground, MAJORITY_VOTE: consensus.majority_vote(patterns)}
    files = _mask_files(patterns, decided)
    painted = {label: file.mask for label, file in files.items()}
    return ImageConsensus(
        {label: file.png for label, file in files.items()},
        {label: file.md5 for label, file in files.items()},
        [float(value) for value in estimate.sensitivity],
        [float(value) for value in estimate.specificity],
        estimate.iterations,
        estimate.degenerate,
        audit.consensus_differences(task.img_filename, masks, painted, task.max_iterations) if task.audited else [],
    )


class _MaskFile(NamedTuple):
    mask: np.ndarray
    png: bytes
    md5: str


def _mask_files(patterns: VotePatterns, decided: Mapping[str, np.ndarray]) -> dict[str, _MaskFile]:
    """Paint and encode the mask of each label from its foreground patterns: once where labels agree, as many do."""
    files: dict[bytes, _MaskFile] = {}
    for foreground in decided.values():
        if foreground.tobytes() not in files:
            mask = paint(patterns, foreground)
            png = encode_mask(mask)
            files[foreground.tobytes()] = _MaskFile(mask, png, md5_of_bytes(png))
    return {label: files[foreground.tobytes()] for label, foreground in decided.items()}


def agreement_of_image(task: ImageTask) -> ImageAgreement:
    """Compute the agreement of all pairs of an image's masks, of the image and of each of its human masks.

    Raises
    ------
    PipelineError
        If a mask cannot be read, or the masks differ in size.
    """
    masks = load_masks(task.mask_paths, shared=True)
    patterns = vote_patterns(masks)
    pairs = metrics.pairwise_agreement(masks, task.nsd_tolerance, patterns)
    human = human_votes(patterns, task.annotators)
    return ImageAgreement(
        pairs,
        image_agreement(human, task.annotators, [pair["jaccard_score"] for pair in pairs]),
        mask_agreement(human),
        audit.agreement_differences(task.img_filename, masks, pairs, task.nsd_tolerance) if task.audited else [],
    )
