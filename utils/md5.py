"""Hashes of files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

_CHUNK_BYTES = 1 << 20


def md5_of_bytes(data: bytes) -> str:
    """Return the md5 of `data` as 32 hexadecimal digits; it identifies content and protects nothing."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def md5_of_file(path: Path) -> str:
    """Return the md5 of a file's bytes as 32 hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with open(path, "rb") as stream:
        return md5_of_chunks(iter(partial(stream.read, _CHUNK_BYTES), b""))


def md5_of_chunks(chunks: Iterable[bytes]) -> str:
    """Return the md5 of bytes that come in pieces, as 32 hexadecimal digits."""
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def have_md5s(md5s: Mapping[Path, str]) -> bool:
    """Tell whether all files are there, and have the given md5s."""
    try:
        return all(md5_of_file(path) == md5 for path, md5 in md5s.items())
    except OSError:
        return False
