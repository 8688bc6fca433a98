"""What the report knows of one image before any of its files is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SourceFile:
    """A photo or mask file, and whether it was there when the tasks were made."""

    path: Path
    there: bool

    def read(self) -> bytes | None:
        """Return its content; None for a file that was not there or cannot be read."""
        try:
            return self.path.read_bytes() if self.there else None
        except OSError:
            return None

    def absence(self, kind: str) -> str:
        """Say why `read` returned nothing."""
        return f"{kind} that cannot be read" if self.there else f"{kind} not found"


@dataclass(frozen=True)
class ReportMask:
    """A mask of the task's image.

    Attributes
    ----------
    file : SourceFile
        Its file, named by its seg_filename.
    entry : dict or None
        What tables say of it, for the details file; None for a mask outside the subset.
    judged : bool
        Whether mask QA found an issue, so that the quality page shows its outline.
    """

    file: SourceFile
    entry: dict[str, Any] | None
    judged: bool

    @property
    def name(self) -> str:
        """Its seg_filename."""
        return self.file.path.name

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
    photo : SourceFile
        The image file.
    masks : tuple of ReportMask
        In the order of the details file.
    details : dict or None
        What tables say of the image, for its details file; an image outside the subset has none.
    table_size : (int, int) or None
        Width and height by the image table, for an image of which no file can be read.
    thumbnail_pixels : int
        Longest side of the thumbnail.
    """

    key: str
    photo: SourceFile
    masks: tuple[ReportMask, ...]
    details: dict[str, Any] | None
    table_size: tuple[int, int] | None
    thumbnail_pixels: int

    def files_there(self) -> list[Path]:
        """Return the files that are read."""
        return [file.path for file in (self.photo, *(mask.file for mask in self.masks)) if file.there]

    def settings(self) -> dict[str, Any]:
        """Return, in JSON's types, all that the image's files depend on beside the content of `files_there`."""
        return {
            "key": self.key,
            "photo": [self.photo.path.name, self.photo.there],
            "masks": [[mask.name, mask.file.there, mask.entry, mask.judged] for mask in self.masks],
            "details": self.details,
            "table_size": self.table_size,
            "thumbnail_pixels": self.thumbnail_pixels,
        }
