"""The archive of a release: listed with suspicion, and unpacked one mask at a time.

No name in the archive ever becomes a path: masks are asked for by the names of the metadata, and written where
the caller says. An archive with a name that could escape a folder is refused all the same, as one that was not
made in good faith.
"""

from __future__ import annotations

import hashlib
import re
import stat
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import IO, TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from ..errors import PipelineError
from ..files import atomic_path
from ..md5 import md5_of_file

if TYPE_CHECKING:
    from ..settings import CreationSettings

_CHUNK_BYTES = 1 << 20
# A blank mask of many megapixels is some ten kilobytes of PNG that shrink further beyond any ratio, so the ratio
# is judged above this size; the limit on the total holds for all.
_SMALL_BYTES = 1 << 20
_ENCRYPTED = 0x1
# With these two, Python unpacks no more at a time than it is asked for; bzip2 and LZMA have no such bound.
_METHODS = (ZIP_STORED, ZIP_DEFLATED)
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:[/\\]")
# What file managers add to an archive.
_CLUTTER_FOLDER, _CLUTTER = "__MACOSX", (".DS_Store", "Thumbs.db", "desktop.ini")
_UNREADABLE = (BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError, ValueError)


class Md5Differs(PipelineError):
    """A file of the archive has another md5 than it should have; `found` is that md5."""

    def __init__(self, found: str):
        super().__init__("A mask differs from the metadata.", found=found)
        self.found = found


class ReleaseZip:
    """An archive that was found safe: its files by name, in whatever folder of the archive they lie."""

    def __init__(self, archive: ZipFile, members: Sequence[ZipInfo]):
        self._archive = archive
        self._lock = Lock()
        self._members = {_name_key(_file_name(member)): member for member in members}

    def names_beside(self, names: Sequence[str]) -> list[str]:
        """Return the files of the archive that are not among `names`, as the archive calls them, sorted."""
        known = {_name_key(name) for name in names}
        return sorted(member.filename for key, member in self._members.items() if key not in known)

    def __contains__(self, name: str) -> bool:
        return _name_key(name) in self._members

    def total_bytes(self, names: Sequence[str]) -> int:
        """Return the unpacked size of the named files, those aside that are not there."""
        return sum(self._members[_name_key(name)].file_size for name in names if name in self)

    def extract(self, name: str, target: Path, md5: str | None = None) -> None:
        """Unpack one file to `target`, which appears whole and with the right md5 or not at all.

        Parameters
        ----------
        name : str
            File name without folder.
        target : Path
            File to write; parents are created.
        md5 : str, optional
            What the file must hash to.

        Raises
        ------
        Md5Differs
            If it hashes to something else.
        PipelineError
            If the archive is damaged there, or the file is not as long as its header says.
        OSError
            If `target` cannot be written.
        """
        member = self._members[_name_key(name)]
        with atomic_path(target) as temporary:
            found = self._unpack(member, temporary)
            if md5 not in (None, found):
                raise Md5Differs(found)

    def _unpack(self, member: ZipInfo, target: Path) -> str:
        digest, size = hashlib.md5(usedforsecurity=False), 0
        with open(target, "wb") as stream:
            for chunk in self._chunks(member):
                size += len(chunk)
                if size > member.file_size:
                    break
                digest.update(chunk)
                stream.write(chunk)
        if size != member.file_size:
            found = f"{'more' if size > member.file_size else size} bytes"
            raise PipelineError("A file is not as long as its header says.", expected=member.file_size, found=found)
        return digest.hexdigest()

    def _chunks(self, member: ZipInfo) -> Iterator[bytes]:
        try:
            with self._opened(member) as packed:
                while chunk := packed.read(_CHUNK_BYTES):
                    yield chunk
        except _UNREADABLE as error:
            raise PipelineError("A file of the archive is damaged.", found=error) from error

    @contextmanager
    def _opened(self, member: ZipInfo) -> Iterator[IO[bytes]]:
        # Threads may read at the same time, but zipfile counts its open files without a lock of its own.
        with self._lock:
            packed = self._archive.open(member)
        try:
            yield packed
        finally:
            with self._lock:
                packed.close()


@contextmanager
def open_release_zip(path: Path, max_bytes: int, max_ratio: float) -> Iterator[ReleaseZip]:
    """Open an archive after all of its entries were checked.

    Parameters
    ----------
    path : Path
        Zip archive; its files may lie in folders.
    max_bytes : int
        Most bytes that all files together may unpack to, as their headers say.
    max_ratio : float
        Most bytes that a file above a mebibyte may unpack to, as a multiple of its packed ones.

    Raises
    ------
    PipelineError
        If it is not a zip archive, or is unsafe; names every faulty entry.
    """
    try:
        archive = ZipFile(path)
    except (OSError, *_UNREADABLE) as error:
        raise PipelineError("The archive of masks cannot be read.", where=path, expected="zip", found=error) from error
    with archive:
        members = archive.infolist()
        files = [member for member in members if not member.is_dir() and not _is_clutter(member)]
        faults = [fault for member in members for fault in _faults(member, max_ratio)] + _ambiguous(files)
        total = sum(member.file_size for member in members)
        if total > max_bytes:
            faults.append(f"all files: {total:,} bytes unpacked; at most {max_bytes:,} are taken")
        if faults:
            what = "The archive of masks is not safe to unpack; nothing was taken from it."
            raise PipelineError(what, where=path, offenders=faults)
        yield ReleaseZip(archive, files)


@contextmanager
def open_configured_zip(config: CreationSettings) -> Iterator[ReleaseZip]:
    """Open the archive that the keys name, as `open_release_zip` does, and note its md5 for the run manifest."""
    path = config.release_segs_zip
    assert path is not None  # the stage has required the key
    with open_release_zip(path, config.release_zip_max_bytes, config.release_zip_max_ratio) as archive:
        config.inputs_read["release_segs_zip"] = md5_of_file(path)
        yield archive


def _faults(member: ZipInfo, max_ratio: float) -> list[str]:
    # zipfile cuts `filename` at a zero byte; `orig_filename` is what the archive has.
    name = member.orig_filename
    kind = stat.S_IFMT(member.external_attr >> 16)
    checks = {
        "an absolute path": bool(_ABSOLUTE.match(name)),
        "a path with ..": ".." in re.split(r"[/\\]", name),
        "a backslash in its name": "\\" in name,
        "a zero byte in its name": "\0" in name,
        "no name": not name.strip("/"),
        "a link or a special file": kind not in (0, stat.S_IFREG, stat.S_IFDIR),
        "encrypted": bool(member.flag_bits & _ENCRYPTED),
        f"packed by method {member.compress_type}; only stored and deflated are read": member.compress_type
        not in _METHODS,
        f"{member.file_size:,} bytes out of {member.compress_size:,}, a ratio above {max_ratio:g}": member.file_size
        > max(_SMALL_BYTES, max_ratio * member.compress_size),
    }
    return [f"{name!r}: {fault}" for fault, holds in checks.items() if holds]


def _ambiguous(files: Sequence[ZipInfo]) -> list[str]:
    """Name the files that share a name, or whose names are one to a system that ignores case."""
    keys = [_name_key(_file_name(member)).casefold() for member in files]
    counts = Counter(keys)
    return [
        f"{member.orig_filename!r}: a file name that occurs twice, perhaps in another case or folder"
        for member, key in zip(files, keys, strict=True)
        if counts[key] > 1
    ]


def _is_clutter(member: ZipInfo) -> bool:
    return member.filename.split("/")[0] == _CLUTTER_FOLDER or _file_name(member) in _CLUTTER


def _file_name(member: ZipInfo) -> str:
    return PurePosixPath(member.filename).name


def _name_key(name: str) -> str:
    # Some systems store ü as two characters, others as one.
    return unicodedata.normalize("NFC", name)
