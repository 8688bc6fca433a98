"""The level of the annotators where the agreement of the same masks was computed before: it is not computed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from ..agreement.image_tasks import ImageTask
from ..agreement.kept_agreement import kept_agreement
from .human_level import human_level, pairs_of_people
from .score_task import ScoreTask

if TYPE_CHECKING:
    from ..workers.workplace import Workplace


def with_known_levels(tasks: Sequence[ScoreTask], cache_dir: Path | None, workplace: Workplace) -> list[ScoreTask]:
    """Return the tasks, with the level of the annotators of each image that the agreement stage has in its cache."""
    asked = [task for task in tasks if pairs_of_people(task.annotators)]
    images = [
        ImageTask(task.isic_id, task.isic_id, task.mask_paths, task.annotators, nsd_tolerance=task.nsd_tolerance)
        for task in asked
    ]
    known: dict[str, dict[str, float]] = {}
    for task, agreement in zip(asked, kept_agreement(images, cache_dir, workplace), strict=True):
        if agreement is not None:
            pairs = combinations(range(len(task.annotators)), 2)
            known[task.isic_id] = human_level(task.annotators, dict(zip(pairs, agreement.pairs, strict=True)))
    return [replace(task, human=known.get(task.isic_id)) for task in tasks]
