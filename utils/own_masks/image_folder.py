"""The images of masks of one's own: which there are, and how they are told from masks in the same folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..configuration.name_patterns import Pattern, readings
from ..errors import PipelineError
from ..naming import IMAGE_EXTENSIONS
from .mask_folder import OwnFile, fault_of_file, fault_of_text, id_key, list_files, listing_command


def list_images(
    folder: Path, pattern: Pattern | None, leave_out: Iterable[Path] = (), cite_names: bool = False
) -> dict[str, Path]:
    """List the images of a folder and of those below it by id: the file name without its extension.

    Parameters
    ----------
    folder : Path
        Where to look; hidden folders are not looked into.
    pattern : tuple, or None
        Where images and masks share the folder, the pattern of the masks: files that follow it are not images.
    leave_out : iterable of Path
        Folders that are not looked into, such as that of the masks.
    cite_names : bool
        Messages may cite a file by name even where it may be a mask, and its name that of an annotator.

    Raises
    ------
    PipelineError
        If two files have one id, an id cannot be one, a link leads to a folder or nowhere, or there is no image;
        lists all.
    """
    found: dict[str, Path] = {}
    faults, hint = [], None
    apart = [path.resolve() for path in leave_out]
    for file in list_files(folder, cite_names, apart):
        if os.path.isdir(file.path):
            if file.path.resolve() not in apart:
                # By its number: the folder may have the name of an annotator.
                faults.append(f"{file}: {fault_of_file(file.path)}")
                hint = None if cite_names else listing_command(folder)
            continue
        if not _is_image(file.path) or (pattern and readings(pattern, file.name)):
            continue
        stem = file.path.stem
        fault = fault_of_file(file.path) or fault_of_text(stem)
        fault = fault or ("an id that another file has, too" if id_key(stem) in found else None)
        if fault:
            is_cited = cite_names or (pattern is None and file.path.parent == folder)
            hint = hint if is_cited else listing_command(folder)
            faults.append(f"image {file.name!r}: {fault}" if is_cited else f"{file}: {fault}")
        found.setdefault(id_key(stem), file.path)
    if faults:
        raise PipelineError("Images cannot be used.", where=folder, hint=hint, offenders=faults)
    if not found:
        expected = f"files {{id}}.{{{','.join(IMAGE_EXTENSIONS)}}}, in it or in folders below it"
        here = "no such file" if pattern is None else "no such file, but for those that follow own_name_pattern"
        raise PipelineError("There are no images.", where=folder, expected=expected, found=here)
    return found


def contested_files(files: Sequence[OwnFile], pattern: Pattern, images: Mapping[str, Path]) -> list[str]:
    """Describe the files of a folder of images and masks that would be masks, and the images of other masks as well.

    ``scan_1.png`` is a mask of ``scan.png`` by ``1`` by its name; with ``scan_1_anna.png`` it may be an image. Files
    that no image has the extension of are not asked.
    """
    extensions = {path.suffix.lower() for path in images.values()}
    image_files = set(images.values())
    masks = [file for file in files if file.path not in image_files]
    of_images = {file: {id_key(way["image"]) for way in readings(pattern, file.name)} for file in masks}
    named = {image for ids in of_images.values() for image in ids} - images.keys()
    return [
        f"{file}: by its name a mask, and the image of other masks"
        for file, ids in of_images.items()
        if ids and file.path.suffix.lower() in extensions and id_key(file.path.stem) in named - ids
    ]


def _is_image(path: Path) -> bool:
    return path.suffix[1:].lower() in IMAGE_EXTENSIONS
