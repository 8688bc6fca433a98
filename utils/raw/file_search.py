"""Raw files found by name: whatever the case of their suffix, their Unicode form and the folders around them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path, PurePath, PurePosixPath

from ..errors import PipelineError
from ..lazy import logger
from ..naming import loose_id

# Of a file that is missing.
NEARLY_FOUND = ", but one whose name differs in blanks, case, Unicode form or suffix is there"


class FolderSearch:
    """The files below a folder, by name.

    Parameters
    ----------
    folder : Path
        Where to look; one that does not exist has no files. It is read when something is first asked for that is not
        where its name says.
    leave_out : collection of Path
        Folders below it that are not looked into, such as the output of an earlier run. Hidden ones never are, and
        links to folders are not followed; a warning counts these.

    Raises
    ------
    PipelineError
        Once it is read, if it or a folder below it cannot be: what it lacks would be taken from another folder.
    """

    def __init__(self, folder: Path, leave_out: Collection[Path] = ()):
        self.folder = folder
        self._leave_out = {os.path.realpath(path) for path in leave_out}
        self._by_name: dict[str, list[Path]] | None = None
        self._by_loose_name: dict[str, list[Path]] | None = None

    def find(self, name: str) -> list[Path]:
        """Return all files of a name, e.g. ``a.jpg``, in this folder and those below it.

        ``a.JPG`` is one of them, and so is a name in another Unicode form, as macOS writes it.
        """
        if self._by_name is None:
            self._by_name = {}
            for path in self._files:
                self._by_name.setdefault(_key(path.name), []).append(path)
        return self._by_name.get(_key(name), [])

    def find_nearly(self, name: str) -> list[Path]:
        """Return all files whose name differs from this one in blanks, case, Unicode form or suffix at most.

        For messages: none of them is taken for the file of the name.
        """
        if self._by_loose_name is None:
            self._by_loose_name = {}
            for path in self._files:
                self._by_loose_name.setdefault(loose_id(path.name), []).append(path)
        return self._by_loose_name.get(loose_id(PurePosixPath(name).name), [])

    def find_by_path(self, name: str) -> list[Path]:
        """Return the file at a path below this folder; if there is none, those at this path below a folder of it.

        ``ann/a.png`` is never ``ben/a.png`` or ``a.png``: what folders of one annotator each hold has equal names.
        """
        path = self.folder / name
        if is_file(path):
            return [path]
        folders = _folders(PurePosixPath(name))
        return [path for path in self.find(PurePosixPath(name).name) if self._stands_in(path, folders)]

    def _stands_in(self, path: Path, folders: Sequence[str]) -> bool:
        around = _folders(path.relative_to(self.folder))
        return around[len(around) - len(folders) :] == folders

    @cached_property
    def _files(self) -> list[Path]:
        files: list[Path] = []
        links = 0
        unreadable: list[OSError] = []
        for place, folders, names in os.walk(self.folder, onerror=unreadable.append):
            folders[:] = sorted(name for name in folders if self._is_searched(os.path.join(place, name)))
            links += sum(os.path.islink(os.path.join(place, name)) for name in folders)
            files += [Path(place, name) for name in sorted(names)]
        self._require_read(unreadable)
        if links:
            logger.warning(
                "{} links to folders in {} and below it are not followed; to look into such a folder, name it in "
                "orig_imgs_dirs (or orig_segs_dir)",
                links,
                self.folder,
            )
        return files

    def _is_searched(self, folder: str) -> bool:
        return not os.path.basename(folder).startswith(".") and os.path.realpath(folder) not in self._leave_out

    def _require_read(self, errors: Sequence[OSError]) -> None:
        # A configured folder that is not there is told elsewhere.
        faults = [error for error in errors if not isinstance(error, (FileNotFoundError, NotADirectoryError))]
        if faults:
            # Those below by their number alone: their names may be those of annotators.
            is_this = any(error.filename == os.fspath(self.folder) for error in faults)
            found = "it cannot be read" if is_this else f"{len(faults)} below it that cannot be read"
            expected = "a readable folder, and readable folders below it"
            raise PipelineError("Folders cannot be read.", where=self.folder, expected=expected, found=found)


def is_file(path: Path) -> bool:
    """Tell whether a file is there; a name that no file can have, too long for example, is not."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _key(name: str) -> str:
    stem, suffix = os.path.splitext(unicodedata.normalize("NFC", name))
    return stem + suffix.lower()


def _folders(path: PurePath) -> list[str]:
    return [unicodedata.normalize("NFC", part) for part in path.parts[:-1]]
