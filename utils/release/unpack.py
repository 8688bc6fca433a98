"""The files of a release: masks out of its archive, and the user's images beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import Failure, PipelineError, one_line, successes
from ..files import require_room
from ..md5 import md5_of_file
from ..pictures.header_size import Size, picture_size
from ..pictures.size_text import size_text
from ..raw.file_search import FolderSearch, is_file
from ..raw.raw_files import find_images, img_filename
from ..workers.parallel import map_in_threads
from ..workers.workplace import Workplace
from .archive import Md5Differs, ReleaseZip
from .differences import MASK_DIFFERS, MASK_MISSING, Difference

if TYPE_CHECKING:
    from pandas import DataFrame

_DAMAGED = "mask damaged"
# A mask with one of these is not in the dataset.
UNUSABLE_KINDS = (MASK_MISSING, MASK_DIFFERS, _DAMAGED)


class _Taken(NamedTuple):
    """What became of one mask: the difference, if any, its width and height where known, whether it is new."""

    difference: Difference | None = None
    size: Size | None = None
    is_new: bool = False


@dataclass
class MasksTaken:
    """Masks of a release that are in place, their sizes by file name, and what is wrong with the others."""

    in_place: list[str] = field(default_factory=list)
    sizes: dict[str, Size] = field(default_factory=dict)
    new: int = 0
    differences: list[Difference] = field(default_factory=list)


def take_masks(rows: DataFrame, archive: ReleaseZip, folder: Path, workplace: Workplace) -> MasksTaken:
    """Bring the masks of metadata rows into a folder, those that are already there aside.

    Parameters
    ----------
    rows : DataFrame
        Columns img_filename, seg_filename and mask_md5.
    archive : ReleaseZip
        Where the masks are.
    folder : Path
        Receives each mask under its seg_filename, if it has its mask_md5.
    workplace : Workplace
        How many threads there may be.

    Raises
    ------
    PipelineError
        If a file cannot be written.
    """
    columns = ["img_filename", "seg_filename", "mask_md5"]
    names = list(rows[columns].itertuples(index=False, name=None))
    require_room(archive.total_bytes([name for _, name, _ in names if not is_file(folder / name)]), folder, "masks")
    take = partial(_take, archive, folder)
    results = map_in_threads(take, names, workplace, label="masks", unit="mask")
    taken = MasksTaken()
    for (_, name, _), result in zip(names, results, strict=True):
        if isinstance(result, Failure):
            raise PipelineError("A mask cannot be read or written.", where=folder / name, found=result.reason)
        taken.new += result.is_new
        if result.difference is not None:
            taken.differences.append(result.difference)
        if result.difference is None or result.difference.kind not in UNUSABLE_KINDS:
            taken.in_place.append(name)
        if result.size is not None:
            taken.sizes[name] = result.size
    return taken


def unpack_masks(rows: DataFrame, archive: ReleaseZip, folder: Path, workplace: Workplace) -> list[Difference]:
    """Unpack the masks of metadata rows, whatever their md5, and return those that are damaged in the archive.

    Masks that the archive lacks are left out.

    Raises
    ------
    PipelineError
        If a file cannot be written.
    """
    columns = ["img_filename", "seg_filename"]
    names = [pair for pair in rows[columns].itertuples(index=False, name=None) if pair[1] in archive]
    require_room(archive.total_bytes([name for _, name in names]), folder, "masks")
    unpack = partial(_unpack, archive, folder)
    results = list(map_in_threads(unpack, names, workplace, label="masks", unit="mask"))
    failed = [result.reason for result in results if isinstance(result, Failure)]
    if failed:
        raise PipelineError("A mask cannot be written.", where=folder, found=failed[0])
    return [result for result in successes(results) if result is not None]


def differing_sizes(rows: DataFrame, sizes: Mapping[str, Size]) -> list[Difference]:
    """Name the masks whose size is not that of the first mask of their image."""
    first: dict[str, Size] = {}
    differences = []
    for image, name in rows[["img_filename", "seg_filename"]].itertuples(index=False):
        if name in sizes and sizes[name] != first.setdefault(image, sizes[name]):
            expected, found = size_text(first[image][::-1]), size_text(sizes[name][::-1])
            differences.append(Difference("mask size", image=image, file=name, expected=expected, found=found))
    return differences


def find_released_images(
    rows: DataFrame, sizes: Mapping[str, Size], folders: Mapping[str, Sequence[FolderSearch]]
) -> tuple[dict[str, Path], list[Difference]]:
    """Find the user's images of a release.

    Parameters
    ----------
    rows : DataFrame
        Metadata rows of masks.
    sizes : mapping of str to (width, height)
        Sizes of the masks, by seg_filename.
    folders : mapping of str to sequence of FolderSearch
        Folders of images by extension, as `find_images` takes them.

    Returns
    -------
    found : dict of str to Path
        By img_filename, the images that are there and have the size of their masks.
    differences : list of Difference
        One for each image that is not there, in another format or of another size.
    """
    images = rows.drop_duplicates("ISIC_id")
    raw = find_images(images["ISIC_id"], folders)
    found, differences = {}, []
    for isic_id, image, mask in images[["ISIC_id", "img_filename", "seg_filename"]].itertuples(index=False):
        difference = _fault_of_image(image, isic_id, raw.get(isic_id), sizes.get(mask))
        if difference is None:
            found[image] = raw[isic_id]
        else:
            differences.append(difference)
    return found, differences


def _take(archive: ReleaseZip, folder: Path, job: tuple[str, str, str]) -> _Taken:
    image, name, md5 = job
    target = folder / name
    is_new = not (is_file(target) and md5_of_file(target) == md5)
    if is_new and name not in archive:
        return _Taken(Difference(MASK_MISSING, image=image, file=name, expected=md5))
    try:
        if is_new:
            archive.extract(name, target, md5)
    except Md5Differs as error:
        difference = Difference(
            MASK_DIFFERS, image=image, file=name, column="mask_md5", expected=md5, found=error.found
        )
        return _Taken(difference)
    except PipelineError as error:
        return _Taken(Difference(_DAMAGED, image=image, file=name, expected=md5, found=one_line(error)))
    try:
        return _Taken(size=picture_size(target), is_new=is_new)
    except PipelineError as error:
        # It is what was released, so it stays for mask QA to judge.
        found = one_line(error)
        difference = Difference("mask without a size", image=image, file=name, expected="an image", found=found)
        return _Taken(difference, is_new=is_new)


def _unpack(archive: ReleaseZip, folder: Path, job: tuple[str, str]) -> Difference | None:
    image, name = job
    try:
        archive.extract(name, folder / name)
    except PipelineError as error:
        return Difference(_DAMAGED, image=image, file=name, expected="an undamaged file", found=one_line(error))
    return None


def _fault_of_image(image: str, isic_id: str, source: Path | None, size: Size | None) -> Difference | None:
    if source is None:
        return Difference("image missing", image=image)
    name = img_filename(isic_id, source)
    if name != image:
        return Difference("image format", image=image, column="img_filename", expected=image, found=name)
    try:
        found = size_text(picture_size(source)[::-1])
    except PipelineError as error:
        return Difference("image damaged", image=image, expected="an image", found=one_line(error))
    if size is not None and found != (expected := size_text(size[::-1])):
        return Difference("image size", image=image, expected=expected, found=found)
    return None
