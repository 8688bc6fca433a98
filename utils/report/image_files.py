"""One image of the report as a unit of work: its files from its photo, its masks and what tables say of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..data import decode_mask
from ..errors import PipelineError
from ..files import write_bytes_atomically
from .report_folder import DETAILS, RECORDS, THUMBNAILS, VOTES, digest, keyed_file, script_json
from .thumbnails import (
    MaskView,
    encode_thumbnail,
    encode_votes,
    image_size,
    thumbnail_size,
    view_of_mask,
    vote_colours,
)

FORMAT = 1  # of the files made here; one more makes them all anew


@dataclass(frozen=True)
class ReportMask:
    """A mask of the task's image.

    Attributes
    ----------
    path : Path
        Its file, named by its seg_filename; it need not be there.
    entry : dict or None
        What tables say of it, for the details file; None for a mask outside the subset.
    judged : bool
        Whether mask QA found an issue, so that the quality page shows its outline.
    """

    path: Path
    entry: dict[str, Any] | None
    judged: bool

    @property
    def human(self) -> bool:
        """Whether it is an annotator's mask of the subset, which has a vote."""
        return self.entry is not None and self.entry["human"]


@dataclass(frozen=True)
class ReportTask:
    """An image of the report.

    Attributes
    ----------
    key : str
        Name of its files.
    photo : Path
        The image file; it need not be there.
    masks : tuple of ReportMask
        In the order of the details file.
    details : dict or None
        What tables say of the image, for its details file; an image outside the subset has none.
    table_size : (int, int) or None
        Width and height by the image table, for an image of which no file can be read.
    report_dir : Path
        Folder of the report.
    thumbnail_pixels : int
        Longest side of the thumbnail.
    """

    key: str
    photo: Path
    masks: tuple[ReportMask, ...]
    details: dict[str, Any] | None
    table_size: tuple[int, int] | None
    report_dir: Path
    thumbnail_pixels: int


@dataclass
class ImageResult:
    """What the report's pages need of an image.

    Attributes
    ----------
    thumb, votes : bool
        Whether there is a thumbnail, a vote map.
    judged : dict of str to list
        Width, height and path data of each mask with a QA issue, by file name. An unreadable one has the size of
        its image, or 0 where that is unknown, and ''.
    unused : dict of str to str
        Why a file is not shown, by name.
    stamp : str
        Hash of all that the image's files depend on.
    made : bool
        False when they were there already, so that nothing was decoded.
    """

    thumb: bool = False
    votes: bool = False
    judged: dict[str, list] = field(default_factory=dict)
    unused: dict[str, str] = field(default_factory=dict)
    stamp: str = ""
    made: bool = True


def report_image(task: ReportTask) -> ImageResult:
    """Make the files of an image, unless they were made from the same content before."""
    photo = _read(task.photo)
    contents = [_read(mask.path) for mask in task.masks]
    stamp = _stamp(task, [photo, *contents])
    record = keyed_file(task.report_dir, RECORDS, task.key)
    earlier = _earlier_result(task, record)
    if earlier is not None and earlier.stamp == stamp:
        earlier.made = False
        return earlier
    # Gone before the files change and back after the last, so that a killed run leaves no record of other files.
    record.unlink(missing_ok=True)
    result = _make_files(task, photo, contents)
    result.stamp = stamp
    write_bytes_atomically(record, json.dumps(asdict(result)).encode())
    return result


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _stamp(task: ReportTask, contents: Sequence[bytes | None]) -> str:
    described = [FORMAT, task.thumbnail_pixels, task.table_size, task.details, task.photo.name]
    described += [[mask.path.name, mask.entry, mask.judged] for mask in task.masks]
    described.append([content is None for content in contents])
    return digest(json.dumps(described).encode(), *(content or b"" for content in contents))


def _earlier_result(task: ReportTask, record: Path) -> ImageResult | None:
    """Return what an earlier run recorded, if all the files that it wrote are still there."""
    try:
        result = ImageResult(**json.loads(record.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    written = {DETAILS: task.details is not None, THUMBNAILS: result.thumb, VOTES: result.votes}
    there = [keyed_file(task.report_dir, folder, task.key).is_file() for folder, needed in written.items() if needed]
    return result if all(there) else None


def _make_files(task: ReportTask, photo: bytes | None, contents: Sequence[bytes | None]) -> ImageResult:
    result = ImageResult()
    # One after the other, so that one mask at a time is in memory at full size.
    views = [_view(task, mask, content, result) for mask, content in zip(task.masks, contents, strict=True)]
    size = _size(task, photo, views)
    for mask, view in zip(task.masks, views, strict=True):
        if mask.judged:
            result.judged[mask.path.name] = [*view.size, view.path] if view else [*(size or (0, 0)), ""]
        if mask.entry is not None and view is not None and view.size != size:
            result.unused[mask.path.name] = "mask of another size than the first of its image"
    thumbnail = _thumbnail(task, photo, size, result)
    colours = vote_colours(sum(mask.human for mask in task.masks))
    voters = zip(task.masks, views, strict=True)
    votes = encode_votes([view.small for mask, view in voters if mask.human and view and view.size == size], colours)
    result.thumb, result.votes = thumbnail is not None, votes is not None
    details = None if task.details is None else _details(task, size, views, colours, result)
    for folder, data in ((THUMBNAILS, thumbnail), (VOTES, votes), (DETAILS, details)):
        _write_or_remove(keyed_file(task.report_dir, folder, task.key), data)
    return result


def _view(task: ReportTask, mask: ReportMask, content: bytes | None, result: ImageResult) -> MaskView | None:
    if content is None:
        result.unused[mask.path.name] = "mask not there"
        return None
    try:
        return view_of_mask(decode_mask(content, mask.path.name), task.thumbnail_pixels)
    except PipelineError:
        result.unused[mask.path.name] = "mask that cannot be decoded"
        return None


def _size(task: ReportTask, photo: bytes | None, views: Sequence[MaskView | None]) -> tuple[int, int] | None:
    """Width and height of the first mask that is there, else of the photo, else by the table."""
    for view in views:
        if view is not None:
            return view.size
    try:
        return image_size(photo) if photo else task.table_size
    except PipelineError:
        return task.table_size


def _thumbnail(task: ReportTask, photo: bytes | None, size: tuple | None, result: ImageResult) -> bytes | None:
    if photo is None:
        result.unused[task.photo.name] = "photo not there"
        return None
    try:
        return encode_thumbnail(photo, size, task.thumbnail_pixels)
    except PipelineError as error:
        result.unused[task.photo.name] = str(error)
        return None


def _details(
    task: ReportTask,
    size: tuple[int, int] | None,
    views: Sequence[MaskView | None],
    colours: Sequence[str],
    result: ImageResult,
) -> bytes:
    """Return the details file: what tables say, with what was read."""
    width, height = size or (None, None)
    small = thumbnail_size(*size, task.thumbnail_pixels) if size else (None, None)
    details = {
        **task.details,
        "width": width,
        "height": height,
        "thumb": result.thumb,
        "thumb_width": small[0],
        "thumb_height": small[1],
        "masks": [
            {
                **mask.entry,
                "area": view.area if view else None,
                "path": view.path if view and view.size == size else "",
            }
            for mask, view in zip(task.masks, views, strict=True)
            if mask.entry is not None
        ],
        "votes": {"max": len(colours), "colours": colours, "file": result.votes},
    }
    return f"IMAPP.receiveDetail({script_json(task.key)}, {script_json(details)});\n".encode()


def _write_or_remove(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
    else:
        write_bytes_atomically(path, data)
