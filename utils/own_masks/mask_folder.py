"""A folder of masks of one's own: which files there are, and what their names say."""

from __future__ import annotations

import os
import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..configuration.name_patterns import Pattern, Reading, admits_any_extension, readings
from ..errors import PipelineError
from ..naming import IMAGE_EXTENSIONS, loose_id, plain_name

_LISTING = "(cd {} && find . -name '.?*' -prune -o ! -type d -print | LC_ALL=C sort)"


@dataclass(frozen=True)
class OwnFile:
    """A file below a folder: `number` is its line (from 1) in the sorted listing, by which messages cite it.

    Its name may hold the name of a person, and is therefore in no message, unless the user asks for it (`is_cited`).
    """

    number: int
    name: str
    path: Path
    is_cited: bool = False

    def __str__(self) -> str:
        return repr(self.name) if self.is_cited else f"file {self.number}"


@dataclass
class OwnMask:
    """A mask, and what its name says; the fields that the pattern lacks are None. Several files are its parts."""

    files: list[OwnFile]
    image: str
    annotator: str
    tool: str | None = None
    skill: str | None = None
    n: str | None = None
    part: str | None = None

    def __str__(self) -> str:
        return f"{self.files[0]} (image {self.image!r})"


@dataclass
class NamesRead:
    """Masks in the order of the listing; files that are not masks, or lack an image; faults in words.

    `no_pictures` have an extension that no pictures have, where the pattern asks for none; `nearly` tells of those
    among the masks without an image whose id nearly is that of one.
    """

    masks: list[OwnMask] = field(default_factory=list)
    unmatched: list[OwnFile] = field(default_factory=list)
    no_pictures: list[OwnFile] = field(default_factory=list)
    without_image: list[OwnFile] = field(default_factory=list)
    nearly: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def listing_command(folder: Path) -> str:
    """Return the shell command whose line N is file N."""
    return f"file N is line N of {_LISTING.format(shlex.quote(str(folder)))}"


def list_files(folder: Path, cite_names: bool = False, leave_out: Iterable[Path] = ()) -> list[OwnFile]:
    """List all files below a folder, in the order of the bytes of their names; messages cite them by name if asked to.

    Hidden files and folders are left out, and so are those below a folder to leave out, unless it is this one or holds
    this one; their lines in the listing count. Links to folders are listed and not followed.

    Raises
    ------
    PipelineError
        If a folder below it cannot be read.
    """
    names: list[str] = []
    unreadable: list[OSError] = []
    for place, folders, files in os.walk(folder, onerror=unreadable.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        here = [Path(place, name) for name in (*files, *links) if not name.startswith(".")]
        names += [path.relative_to(folder).as_posix() for path in here]
    if unreadable:
        found = f"{len(unreadable)} that cannot be read"
        raise PipelineError("Folders cannot be read.", where=folder, expected="readable folders below it", found=found)
    ordered = enumerate(sorted(names, key=os.fsencode), 1)
    apart = tuple(_prefixes(folder, leave_out))
    return [OwnFile(number, name, folder / name, cite_names) for number, name in ordered if not name.startswith(apart)]


def _prefixes(folder: Path, leave_out: Iterable[Path]) -> Iterator[str]:
    root = folder.resolve()
    for path in leave_out:
        if path.resolve().is_relative_to(root) and path.resolve() != root:
            yield f"{path.resolve().relative_to(root).as_posix()}/"


def link_faults(files: Iterable[OwnFile], folder: Path) -> list[str]:
    """Describe the files that are not regular files of this folder: they would have to be read elsewhere."""
    root = folder.resolve()
    faults = []
    for file in files:
        if fault := fault_of_file(file.path):
            faults.append(f"{file}: {fault}")
        elif os.path.islink(file.path) and not file.path.resolve().is_relative_to(root):
            faults.append(f"{file}: a link that leaves the folder")
    return faults


def fault_of_file(path: Path) -> str | None:
    """Say why what is listed is no file that can be read."""
    # os.path, since pathlib raises errors, with the name in them, for some links.
    if os.path.isdir(path):
        return "a link to a folder, which is not followed"
    return None if os.path.isfile(path) else "a broken link, or not a regular file"


def id_key(image: str) -> str:
    """Return what two spellings of one id share: some systems store ü as two characters, others as one."""
    return unicodedata.normalize("NFC", image)


def read_names(files: Sequence[OwnFile], pattern: Pattern, images: Mapping[str, Path] | None) -> NamesRead:
    """Read all names by the pattern.

    A name that can be read in several ways is read in the one whose image is there.

    Parameters
    ----------
    files : sequence of OwnFile
        The listing.
    pattern : tuple
        From `parse_pattern`.
    images : mapping of str to Path, or None
        The images by `id_key` of their id; None when there are none to go by.
    """
    result = NamesRead()
    first: dict[tuple, OwnMask] = {}
    image_files = set((images or {}).values())
    stem_by_loose_id = {loose_id(path.stem): path.stem for path in image_files}
    any_extension = admits_any_extension(pattern)
    for file in files:
        if file.path in image_files:
            continue
        try:
            ways = readings(pattern, file.name)
        except PipelineError:
            result.faults.append(f"{file}: its name can be read in too many ways")
            continue
        known = ways if images is None else [way for way in ways if id_key(way["image"]) in images]
        if ways and any_extension and file.path.suffix[1:].lower() not in IMAGE_EXTENSIONS:
            result.no_pictures.append(file)
        elif len(known) == 1:
            _add(result, _mask(file, known[0], images), first)
        elif known:
            result.faults.append(f"{file}: its name can be read in {len(known)} ways")
        else:
            (result.without_image if ways else result.unmatched).append(file)
            near = {stem for way in ways if (stem := stem_by_loose_id.get(loose_id(way["image"])))}
            if near:
                result.nearly.append(f"{file} (image {' or '.join(map(repr, sorted(near)))})")
    return result


def _add(result: NamesRead, mask: OwnMask, first: dict) -> None:
    texts = (mask.image, mask.annotator, mask.tool, mask.skill, mask.n)
    fault = next(filter(None, (fault_of_text(text) for text in (*texts, mask.part) if text is not None)), None)
    same_file = first.setdefault((*texts, mask.part), mask)
    if fault:
        result.faults.append(f"{mask.files[0]}: {fault}")
    elif same_file is not mask:
        result.faults.append(f"{mask}: its name says the same as that of {same_file.files[0]}")
    elif mask.part is not None and texts in first:
        first[texts].files += mask.files
    else:
        first[texts] = mask
        result.masks.append(mask)


def _mask(file: OwnFile, way: Reading, images: Mapping[str, Path] | None) -> OwnMask:
    image = way["image"] if images is None else images[id_key(way["image"])].stem
    return OwnMask([file], **{**way, "image": image, "annotator": plain_name(way["annotator"])})


def fault_of_text(text: str) -> str | None:
    """Say why a text cannot be an id in tables, lists and file names."""
    if "\\" in text or any(unicodedata.category(character) == "Cc" for character in text):
        return "a name with a backslash or a control character"
    if any(unicodedata.category(character) == "Cs" for character in text):
        return "a name that is not UTF-8"
    return None if text.strip() else "a name with a blank part"
