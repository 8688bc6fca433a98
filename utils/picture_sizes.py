"""Sizes of pictures, from their headers: no pixel is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from utils.errors import PipelineError
from utils.parallel import Failure, map_items
from utils.pixel_limit import check_pixels, pillow_within_limit

Size = tuple[int, int]

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER_BYTES = 24
_SHOWN = 20


def picture_size(path: Path) -> Size:
    """Return width and height (pixels) as the header of an image file gives them.

    Raises
    ------
    PipelineError
        If it cannot be read, is no image, or claims more pixels than are decoded.
    """
    try:
        with open(path, "rb") as stream:
            return size_in_header(stream)
    except Exception as error:  # decoders raise errors of many kinds on damaged files
        raise PipelineError("The header of an image cannot be read.", where=path, found=error) from error


def size_in_header(stream: BinaryIO) -> Size:
    """Return width and height (pixels) of the picture in a stream; raises errors of many kinds where there is none."""
    start = stream.read(_PNG_HEADER_BYTES)
    if start.startswith(_PNG_SIGNATURE) and len(start) == _PNG_HEADER_BYTES:
        size = int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big")
    else:
        from PIL import Image

        stream.seek(0)
        with pillow_within_limit(), Image.open(stream) as image:
            size = image.size
    check_pixels(*size)
    return size


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
    from loguru import logger

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
