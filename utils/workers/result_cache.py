"""Results of earlier runs, kept in an SQLite file by what they were computed from.

Without a cache a run takes longer and makes the same files. So a run goes on whatever is wrong with its cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import atomic_path
from ..lazy import logger
from ..running.code_and_versions import code_digest, package_versions

# Marks an SQLite file as a cache of this pipeline in this form; a change of form takes another number.
_APPLICATION_ID = 0x1A3A0001
_TABLE = "CREATE TABLE results (key TEXT PRIMARY KEY, value TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID"
# Seconds between commits, since each waits for the disk; a killed run loses what it did since the last one.
_COMMIT_SECONDS = 0.2
# How long to wait for another process that writes.
_LOCK_SECONDS = 5.0


def result_key(function: Callable, settings: Mapping[str, Any], md5s: Sequence[str]) -> str:
    """Return the key of a result: sha256 over all that it depends on.

    Parameters
    ----------
    function : callable
        What computes it; a function of a module of ``utils``.
    settings : mapping
        The settings that it depends on, as JSON holds them.
    md5s : sequence of str
        Checksums of the files it reads, in the order it reads them.

    Notes
    -----
    The code of the function and the versions of the packages it computes with count as well.
    """
    code = code_digest(function.__module__)
    parts = [function.__name__, code, package_versions(), settings, list(md5s)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Kept:
    """What the cache holds under a key; in a record, so that nothing found is not taken for a value of null."""

    value: Any


class ResultCache:
    """Results by key, in one file that a killed run leaves whole.

    Parameters
    ----------
    path : Path or None
        The file; made when it is not there, set aside and made anew when it is damaged or foreign. None keeps
        nothing.

    Attributes
    ----------
    taken : int
        How many results were taken with `take`.
    """

    def __init__(self, path: Path | None):
        self.path = path
        self.taken = 0
        self._used: set[str] = set()
        self._changed = False
        self._committed = time.monotonic()
        self._connection: sqlite3.Connection | None = None
        if path is not None:
            with self._tolerant():
                path.parent.mkdir(parents=True, exist_ok=True)
                self._connection = _open(path)

    @property
    def is_open(self) -> bool:
        """False when nothing is kept: by the user's wish, or because the file cannot be used."""
        return self._connection is not None

    def has_results(self) -> bool:
        """Tell whether there is anything to take."""
        with self._tolerant():
            return bool(self._connection and self._connection.execute("SELECT 1 FROM results LIMIT 1").fetchone())
        return False

    def get(self, key: str) -> Kept | None:
        """Return what is kept under a key; None when there is nothing, or only something damaged."""
        text = None
        with self._tolerant():
            text = self._text(key)
        return None if text is None else Kept(json.loads(text))

    def take(self, key: str) -> Kept | None:
        """Return what is kept under a key as `get` does, and count it as used."""
        kept = self.get(key)
        if kept is not None:
            self.taken += 1
            self._used.add(key)
        return kept

    def note(self, total: int) -> str:
        """Say for the closing line how many of `total` results were taken; empty when nothing is kept."""
        return f", {self.taken} of {total} taken from the cache" if self.path else ""

    def put(self, key: str, value: Any) -> None:
        """Keep a value: anything JSON holds; floats are kept exactly, NaN included."""
        self._used.add(key)
        text = json.dumps(value)
        with self._tolerant():
            if self._connection and self._text(key) != text:
                row = (key, text, _checksum(key, text))
                self._connection.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", row)
                self._changed = True
                if time.monotonic() - self._committed >= _COMMIT_SECONDS:
                    self._connection.commit()
                    self._committed = time.monotonic()

    def keep_used(self) -> None:
        """Drop what this run neither took nor put, and close: the file does not grow with every change.

        Equal entries make an equal file, whatever happened before.
        """
        with self._tolerant():
            if self._connection and self.path:
                count = self._connection.execute("SELECT COUNT(*) FROM results").fetchone()[0]
                if self._changed or count != len(self._used):
                    self._rewrite(self._connection, self.path)
        self.close()

    def close(self) -> None:
        """Write what is not yet written; nothing is kept from then on."""
        with self._tolerant():
            if self._connection:
                self._connection.commit()
        if self._connection:
            self._connection.close()
            self._connection = None

    def _text(self, key: str) -> str | None:
        if self._connection is None:
            return None
        found = self._connection.execute("SELECT value, checksum FROM results WHERE key = ?", (key,)).fetchone()
        return found[0] if found and found[1] == _checksum(key, found[0]) else None

    def _rewrite(self, present: sqlite3.Connection, path: Path) -> None:
        present.commit()
        with atomic_path(path) as fresh:
            with closing(_connect(fresh)) as connection:
                rows = present.execute("SELECT key, value, checksum FROM results ORDER BY key")
                connection.executemany("INSERT INTO results VALUES (?, ?, ?)", (r for r in rows if r[0] in self._used))
                connection.commit()
            present.close()
            self._connection = None

    @contextmanager
    def _tolerant(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            logger.warning("the cache {} cannot be used, nothing more is kept: {}", self.path, error)
            if self._connection:
                self._connection.close()
                self._connection = None


@contextmanager
def open_cache(cache_dir: Path | None, stage: str) -> Iterator[ResultCache]:
    """Yield the cache of a stage, one file of its own in `cache_dir`, and close it in the end."""
    cache = ResultCache(cache_dir / f"{stage}.sqlite" if cache_dir else None)
    try:
        yield cache
    finally:
        cache.close()


def _open(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except sqlite3.OperationalError:
        raise  # locked, or not to be opened, which says nothing against the file
    except sqlite3.DatabaseError as error:
        aside = path.with_name(f"{path.name}.damaged")
        logger.warning("the cache {} is set aside as {} and made anew: {}", path, aside.name, error)
    os.replace(path, aside)
    # The journal belongs to the damaged file; it would be played into the new one.
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
    return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    """Open a cache; raise sqlite3.DatabaseError for a file that is damaged, or another's."""
    connection = sqlite3.connect(path, timeout=_LOCK_SECONDS)
    try:
        if connection.execute("PRAGMA schema_version").fetchone()[0] == 0:  # new, or killed while it was made
            connection.execute("BEGIN")
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(_TABLE)
            connection.commit()
        if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
            raise sqlite3.DatabaseError("it was not written by this version of the pipeline")
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    except BaseException:
        connection.close()
        raise
    return connection


def _checksum(key: str, text: str) -> str:
    return hashlib.md5(f"{key} {text}".encode(), usedforsecurity=False).hexdigest()
