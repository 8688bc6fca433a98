"""Masks whose size is not that of their image; images that are not pictures, or hold several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import Failure, PipelineError, one_line
from ..lazy import logger
from ..pictures.header_size import picture_size, turned_note
from ..pictures.pages import pages_of_picture
from ..pictures.size_text import size_text
from ..workers.parallel import map_items
from ..workers.workplace import Workplace

_SHOWN = 20


def masks_of_other_size(images: Sequence[tuple[Path, Sequence[Path]]], workplace: Workplace) -> set[str]:
    """Find the masks whose size is not that of their image; warn of each, and of each image that is not one picture.

    Parameters
    ----------
    images : sequence of (Path, sequence of Path)
        Image files, each with its masks. Images and masks that are not there, and masks that cannot be read, are
        left out: other checks name them.
    workplace : Workplace
        Where to read them.

    Returns
    -------
    set of str
        File names of these masks.
    """
    found = map_items(faults_of_image, images, workplace, label="image sizes", batched=True)
    faults: list[tuple[str | None, str]] = []
    for (image, _), lines in zip(images, found, strict=True):
        if isinstance(lines, Failure):
            lines = [(None, f"the size of {image.name} was not checked: {lines.reason}")]
        faults += lines
    for _, fault in faults[:_SHOWN]:
        logger.warning("{}", fault)
    for _, fault in faults[_SHOWN:]:
        logger.debug("{}", fault)
    if len(faults) > _SHOWN:
        logger.warning("{} more such warnings are in the log", len(faults) - _SHOWN)
    return {mask for mask, _ in faults if mask is not None}


def faults_of_image(files: tuple[Path, Sequence[Path]]) -> list[tuple[str | None, str]]:
    """Describe what is wrong with the sizes of an image and its masks, with the mask's name, or None for the image."""
    image, masks = files
    if not image.is_file():
        return []
    try:
        shape = picture_size(image)[::-1]
    except PipelineError as error:
        return [(None, f"{image.name} cannot be read as a picture: {one_line(error.__cause__)}")]
    faults: list[tuple[str | None, str]] = [(None, fault) for fault in _faults_of_pages(image)]
    for name, mask_shape in _shapes(masks):
        if mask_shape != shape:
            note = turned_note(image, shape, mask_shape)
            faults.append((name, f"{name} is {size_text(mask_shape)}, its image {size_text(shape)} pixels{note}"))
    return faults


def _faults_of_pages(image: Path) -> list[str]:
    try:
        pages = pages_of_picture(image)
    except PipelineError as error:
        return [f"the pages of {image.name} cannot be counted: {one_line(error.__cause__)}"]
    hint = "save the one that its masks were drawn on as a file of its own"
    return [f"{image.name} has {pages} pages or frames, of which only the first is shown: {hint}"] if pages > 1 else []


def _shapes(masks: Sequence[Path]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield name, height and width of each mask that can be read."""
    for mask in masks:
        try:
            yield mask.name, picture_size(mask)[::-1]
        except PipelineError:
            continue
