"""One image of a release as a unit of work: what its masks say, recomputed, against the files that were released."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import naming
from ..agreement.image_tasks import ImageTask, agreement_of_image, consensus_of_image
from ..data import decode_mask, load_mask
from ..errors import PipelineError
from ..files import write_bytes_atomically
from ..md5 import md5_of_bytes, md5_of_file
from ..pictures.size_text import size_text
from ..raw.file_search import is_file
from .differences import MASK_DIFFERS, MASK_MISSING, Difference

NOT_RECOMPUTED = "image not recomputed"


@dataclass(frozen=True)
class ImageClaim:
    """What a release says of one image: its metadata rows, human and consensus, and the folder of their files.

    `nsd_tolerance` is what its scores of borders were computed with, as a share of the image diagonal.
    """

    isic_id: str
    img_filename: str
    humans: tuple[Mapping[str, str], ...]
    consensus: tuple[Mapping[str, str], ...]
    folder: Path
    nsd_tolerance: float


@dataclass
class ImageVerdict:
    """What was found: differences of files, consensus rows and metrics of all pairs i < j as they should be.

    `rows` and `pairs` are None where they could not be recomputed, and empty for an image of one mask.
    """

    differences: list[Difference] = field(default_factory=list)
    rows: list[dict[str, str]] | None = field(default_factory=list)
    pairs: list[dict[str, Any]] | None = field(default_factory=list)


def verify_image(claim: ImageClaim) -> ImageVerdict:
    """Hash all masks of an image, and recompute consensus masks and metrics from the human ones.

    Metrics take the recomputed consensus masks. Where a human mask is missing, cannot be decoded or has another
    size, nothing can be recomputed, which is a difference of its own.

    Raises
    ------
    OSError
        If a file cannot be read, or there is no room for two temporary masks.
    """
    verdict = ImageVerdict([found for row in (*claim.humans, *claim.consensus) if (found := _compare_md5(claim, row))])
    if len(claim.humans) < 2:
        return verdict
    try:
        _recompute(claim, verdict)
    except PipelineError as error:
        reason = " ".join(str(error).replace(f"{claim.folder}{os.sep}", "").split())
        expected = "consensus masks and metrics"
        difference = Difference(NOT_RECOMPUTED, image=claim.img_filename, expected=expected, found=reason)
        verdict.differences.append(difference)
        verdict.rows = verdict.pairs = None
    return verdict


def _recompute(claim: ImageClaim, verdict: ImageVerdict) -> None:
    human_paths = tuple(claim.folder / row["seg_filename"] for row in claim.humans)
    annotators = tuple(row["annotator"] for row in claim.humans)
    pngs = consensus_of_image(ImageTask(claim.isic_id, claim.img_filename, human_paths, annotators)).pngs
    with tempfile.TemporaryDirectory() as scratch:
        paths, rows = [], []
        for label in naming.CONSENSUS:
            row = naming.consensus_row(claim.isic_id, claim.img_filename, label, md5_of_bytes(pngs[label]))
            paths.append(Path(scratch) / f"{label}.png")
            write_bytes_atomically(paths[-1], pngs[label])
            rows.append(row)
            if released := _compare_consensus(claim, row["seg_filename"], pngs[label]):
                verdict.differences.append(released)
        task = ImageTask(
            claim.isic_id,
            claim.img_filename,
            (*human_paths, *paths),
            (*annotators, *naming.CONSENSUS),
            nsd_tolerance=claim.nsd_tolerance,
        )
        verdict.rows, verdict.pairs = rows, agreement_of_image(task).pairs


def _compare_md5(claim: ImageClaim, row: Mapping[str, str]) -> Difference | None:
    name, md5 = row["seg_filename"], row["mask_md5"]
    if not is_file(claim.folder / name):
        return Difference(MASK_MISSING, image=claim.img_filename, file=name, expected=md5)
    found = md5_of_file(claim.folder / name)
    if found == md5:
        return None
    return Difference(MASK_DIFFERS, image=claim.img_filename, file=name, column="mask_md5", expected=md5, found=found)


def _compare_consensus(claim: ImageClaim, name: str, png: bytes) -> Difference | None:
    path = claim.folder / name
    if name not in {row["seg_filename"] for row in claim.consensus} or not is_file(path):
        return None  # the row or the file that is missing is a difference already
    found = path.read_bytes()
    if found == png:
        return None
    text = f"{md5_of_bytes(found)}, {_pixels_that_differ(path, decode_mask(png, name))}"
    return Difference("consensus mask", image=claim.img_filename, file=name, expected=md5_of_bytes(png), found=text)


def _pixels_that_differ(path: Path, expected: np.ndarray) -> str:
    try:
        found = load_mask(path)
    except PipelineError:
        return "cannot be decoded"
    if found.shape != expected.shape:
        return f"{size_text(found.shape)} pixels"
    return f"{np.count_nonzero(found != expected):,} pixels differ"
