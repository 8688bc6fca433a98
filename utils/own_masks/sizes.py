"""Masks of one's own compared in size with their images, or with one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Failure, PipelineError
from ..pictures.header_size import size_in_header, turned_note
from ..pictures.size_text import size_text
from ..workers.parallel import map_items
from ..workers.workplace import IN_THIS_PROCESS
from .findings import listing_hint
from .mask_folder import OwnMask, id_key
from .normalise import NormalisedMask

if TYPE_CHECKING:
    from ..settings import CreationSettings


def check_sizes(
    masks: Sequence[OwnMask],
    done: Sequence[NormalisedMask],
    images: Mapping[str, Path] | None,
    config: CreationSettings,
) -> None:
    """Raise a PipelineError that lists every mask of another size than its image or, without one, its first mask."""
    expected: dict[str, tuple[int, int] | Failure] = {}
    if images is not None:
        with_masks = list(dict.fromkeys(mask.image for mask in masks))
        paths = [images[id_key(image)] for image in with_masks]
        # Reading headers is quick.
        shapes = map_items(image_shape, paths, IN_THIS_PROCESS, label="image sizes")
        expected = dict(zip(with_masks, shapes, strict=True))
    faults = [f"image {image!r}: {shape.reason}" for image, shape in expected.items() if isinstance(shape, Failure)]
    for mask, found in zip(masks, done, strict=True):
        shape = expected.setdefault(mask.image, found.shape)
        if not isinstance(shape, Failure) and shape != found.shape:
            other = "the image" if images is not None else "the image's first mask"
            note = turned_note(images[id_key(mask.image)], shape, found.shape) if images is not None else ""
            faults.append(f"{mask}: {size_text(found.shape)} pixels, {other}: {size_text(shape)} pixels{note}")
    if faults:
        what = "Images cannot be read, or differ from their masks in size."
        raise PipelineError(what, where=config.own_masks_dir, hint=listing_hint(config), offenders=faults)


def image_shape(path: Path) -> tuple[int, int]:
    """Return (height, width) of an image by its header.

    Raises
    ------
    PipelineError
        If it has none; the file is not named.
    """
    try:
        with open(path, "rb") as stream:
            return size_in_header(stream)[::-1]
    except Exception as error:
        reason = getattr(error, "strerror", None) or "it is not an image"
        raise PipelineError(reason) from None
