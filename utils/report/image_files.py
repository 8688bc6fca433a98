"""One image of the report as a unit of work: its files from its photo, its masks and what tables say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from ..data import decode_values, octets_or_mask
from ..errors import PipelineError
from ..md5 import md5_of_bytes
from .image_task import ReportMask, ReportTask
from .report_folder import DETAILS, THUMBNAILS, VOTES, script_json
from .thumbnails import (
    MaskView,
    encode_thumbnail,
    encode_votes,
    image_size,
    thumbnail_size,
    view_of_mask,
    vote_colours,
)

_OTHER_SIZE = "mask that differs in size from the first of its image"


@dataclass(frozen=True)
class ImageResult:
    """The files of an image, and what the report's pages need of it.

    Attributes
    ----------
    contents : dict of str to bytes
        Its files by their folder; empty when they lie there already.
    md5s : dict of str to str
        Checksum of each of its files, by folder.
    judged : dict of str to list
        Width, height and path data of each mask with a QA issue, by file name. An unreadable one has the size of
        its image, or 0 where that is unknown, and ''.
    unused : dict of str to str
        Why a photo or mask is not shown, by file name.
    """

    contents: dict[str, bytes] = field(default_factory=dict)
    md5s: dict[str, str] = field(default_factory=dict)
    judged: dict[str, list] = field(default_factory=dict)
    unused: dict[str, str] = field(default_factory=dict)

    @property
    def thumb(self) -> bool:
        """Whether there is a thumbnail."""
        return THUMBNAILS in self.md5s


@dataclass(frozen=True)
class _SeenMask:
    """A mask with its view; None, and the reason, for one that cannot be shown."""

    mask: ReportMask
    view: MaskView | None
    fault: str = ""

    def of_size(self, size: tuple[int, int] | None) -> MaskView | None:
        """Return the view if it is of this size, so that it can be shown with the image's other masks."""
        return self.view if self.view is not None and self.view.size == size else None


def report_image(task: ReportTask) -> ImageResult:
    """Make the files of an image: thumbnail, vote map and details, as far as there is something to show."""
    # One after the other, so that one mask at a time is in memory at full size.
    # And once each, since STAPLE and majority vote are often equal.
    view = cache(partial(_view, thumbnail_pixels=task.thumbnail_pixels))
    masks = [_see(mask, view) for mask in task.masks]
    photo = task.photo.read()
    size = _common_size(masks, photo, task.table_size)
    thumbnail, fault = _thumbnail(task, photo, size)
    humans = [seen for seen in masks if seen.mask.human]
    colours = vote_colours(len(humans))
    contents = {
        THUMBNAILS: thumbnail,
        VOTES: encode_votes([fitting.small for seen in humans if (fitting := seen.of_size(size)) is not None], colours),
    }
    if task.details is not None:
        shown = {folder for folder, content in contents.items() if content is not None}
        contents[DETAILS] = _details_file(task.key, _details(task, masks, size, colours, shown))
    made = {folder: content for folder, content in contents.items() if content is not None}
    return ImageResult(
        contents=made,
        md5s={folder: md5_of_bytes(content) for folder, content in made.items()},
        judged={seen.mask.name: _judged_outline(seen, size) for seen in masks if seen.mask.judged},
        unused=_unused_masks(masks, size) | ({task.photo.path.name: fault} if fault else {}),
    )


def _view(content: bytes, thumbnail_pixels: int) -> MaskView:
    return view_of_mask(octets_or_mask(decode_values(content, "a mask of the report")), thumbnail_pixels)


def _see(mask: ReportMask, view: Callable[[bytes], MaskView]) -> _SeenMask:
    content = mask.file.read()
    if content is None:
        return _SeenMask(mask, None, mask.file.absence("mask"))
    try:
        return _SeenMask(mask, view(content))
    except PipelineError:
        return _SeenMask(mask, None, "mask that cannot be decoded")


def _common_size(
    masks: Sequence[_SeenMask], photo: bytes | None, table_size: tuple[int, int] | None
) -> tuple[int, int] | None:
    """Width and height of the first mask that can be shown, else of the photo, else by the table."""
    for seen in masks:
        if seen.view is not None:
            return seen.view.size
    try:
        return image_size(photo) if photo else table_size
    except PipelineError:
        return table_size


def _thumbnail(task: ReportTask, photo: bytes | None, size: tuple[int, int] | None) -> tuple[bytes | None, str]:
    """Return the thumbnail, or None and why there is none."""
    if photo is None:
        return None, task.photo.absence("photo")
    try:
        return encode_thumbnail(photo, size or image_size(photo), task.thumbnail_pixels), ""
    except PipelineError as error:
        return None, str(error)


def _judged_outline(seen: _SeenMask, size: tuple[int, int] | None) -> list:
    return [*seen.view.size, seen.view.path] if seen.view else [*(size or (0, 0)), ""]


def _unused_masks(masks: Sequence[_SeenMask], size: tuple[int, int] | None) -> dict[str, str]:
    """Return why masks are not shown, by file name; one outside the subset is shown alone, at its own size."""
    faults = {seen.mask.name: seen.fault for seen in masks if seen.fault}
    others = [seen for seen in masks if seen.view is not None and seen.of_size(size) is None]
    return faults | {seen.mask.name: _OTHER_SIZE for seen in others if seen.mask.entry is not None}


def _details(
    task: ReportTask,
    masks: Sequence[_SeenMask],
    size: tuple[int, int] | None,
    colours: Sequence[str],
    shown: set[str],
) -> dict[str, Any]:
    """Return what tables say of the image, with what was seen of it; `shown` has the folders of its pictures."""
    width, height = size or (None, None)
    small = thumbnail_size(*size, task.thumbnail_pixels) if size else (None, None)
    return {
        **(task.details or {}),
        "width": width,
        "height": height,
        "thumb": THUMBNAILS in shown,
        "thumb_width": small[0],
        "thumb_height": small[1],
        "masks": [
            {
                **seen.mask.entry,
                "area": seen.view.area if seen.view else None,
                "path": fitting.path if (fitting := seen.of_size(size)) is not None else "",
            }
            for seen in masks
            if seen.mask.entry is not None
        ],
        "votes": {"max": len(colours), "colours": colours, "file": VOTES in shown},
    }


def _details_file(key: str, details: dict[str, Any]) -> bytes:
    return f"IMAPP.receiveDetail({script_json(key)}, {script_json(details)});\n".encode()
