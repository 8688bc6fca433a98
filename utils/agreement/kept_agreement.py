"""How the agreement on an image goes into the cache of its stage, and comes back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..workers.result_cache import open_cache
from ..workers.resume import Resumable, kept_results
from .human_votes import drawn_by
from .image_tasks import ImageAgreement, ImageTask, agreement_of_image

if TYPE_CHECKING:
    from ..workers.workplace import Workplace

CACHE = "compute_IAA_metrics"


def resumable_agreement() -> Resumable[ImageTask, ImageAgreement]:
    """Return how the agreement on an image goes into the cache: in full."""
    return Resumable(
        function=agreement_of_image,
        paths=lambda task: task.mask_paths,
        settings=lambda task: {"drawn_by": drawn_by(task.annotators), "nsd_tolerance": task.nsd_tolerance},
        is_kept=lambda result: not result.differences,
        to_json=lambda result: {"pairs": result.pairs, "image": result.image, "masks": result.masks},
        from_json=lambda kept: ImageAgreement(**kept),
        is_usable=lambda task, _: not task.audited,
    )


def kept_agreement(
    tasks: Sequence[ImageTask], cache_dir: Path | None, workplace: Workplace
) -> list[ImageAgreement | None]:
    """Return the agreement of each image where an earlier run computed it from the same masks; nothing is computed."""
    there = cache_dir is not None and (cache_dir / f"{CACHE}.sqlite").is_file()  # opening it would make it
    with open_cache(cache_dir if there else None, CACHE) as cache:
        return kept_results(resumable_agreement(), tasks, cache, workplace, "agreement")
