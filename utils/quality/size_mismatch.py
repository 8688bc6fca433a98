"""Masks whose size is not that of their image, and images that are no pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import Failure, PipelineError
from ..lazy import logger
from ..pictures.header_size import Size, picture_size
from ..workers.parallel import map_items

_SHOWN = 20


def warn_of_sizes(images: Sequence[tuple[Path, Sequence[Path]]], num_workers: int | None) -> None:
    """Log a warning for each image that is no picture, and for each mask that has not the size of its image.

    Parameters
    ----------
    images : sequence of (Path, sequence of Path)
        Image files, each with its masks. Images and masks that are not there, and masks that cannot be read, are
        left out: other checks name them.
    num_workers : int or None
        Processes to use; None: as many as there are cores.
    """
    found = map_items(faults_of_image, images, num_workers=num_workers, label="image sizes", batched=True)
    faults = []
    for (image, _), lines in zip(images, found, strict=True):
        failed = isinstance(lines, Failure)
        faults += [f"the size of {image.name} was not checked: {lines.reason}"] if failed else lines
    for fault in faults[:_SHOWN]:
        logger.warning("{}", fault)
    for fault in faults[_SHOWN:]:
        logger.debug("{}", fault)
    if len(faults) > _SHOWN:
        logger.warning("{} more such warnings are in the log", len(faults) - _SHOWN)


def faults_of_image(files: tuple[Path, Sequence[Path]]) -> list[str]:
    """Describe what is wrong with the sizes of an image and its masks."""
    image, masks = files
    if not image.is_file():
        return []
    try:
        width, height = picture_size(image)
    except PipelineError as error:
        return [f"{image.name} cannot be read as a picture: {' '.join(str(error.__cause__).split())}"]
    text = f"its image {width} x {height} pixels"
    return [f"{name} is {w} x {h}, {text}" for name, (w, h) in _sizes(masks) if (w, h) != (width, height)]


def _sizes(masks: Sequence[Path]) -> Iterator[tuple[str, Size]]:
    for mask in masks:
        try:
            yield mask.name, picture_size(mask)
        except PipelineError:
            continue
