"""The cache: exact values, keys that tell everything apart, and a file that nothing can make fatal."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import sqlite3
import time
from contextlib import closing

import pytest
from loguru import logger
from support.run import start_code

from utils.agreement.image_tasks import agreement_of_image, consensus_of_image
from utils.workers import result_cache as cache_module
from utils.workers.result_cache import Kept, ResultCache, open_cache, result_key

MD5S = ["0" * 32, "1" * 32]


@pytest.fixture
def warnings():
    lines = []
    handler = logger.add(lines.append, level="WARNING", format="{message}")
    yield lines
    logger.remove(handler)


@pytest.fixture
def path(tmp_path):
    """Give a cache of ten entries."""
    path = tmp_path / "deep" / "folder" / "stage.sqlite"
    fill(path, range(10))
    return path


def fill(path, numbers) -> None:
    cache = ResultCache(path)
    for number in numbers:
        cache.put(f"key {number}", [number])
    cache.keep_used()


def held(path, numbers=range(10)) -> list:
    cache = ResultCache(path)
    found = [cache.get(f"key {number}") for number in numbers]
    cache.close()
    return [kept and kept.value for kept in found]


def test_values_come_back_exactly(tmp_path):
    rng = random.Random(3)
    value = {
        "floats": [rng.random() * 10.0**e for e in range(-300, 300, 7)] + [0.1 + 0.2, -0.0, 5e-324, math.inf],
        "text": 'ü, "quoted"\n',
        "int": 2**70,
        "none": None,
        "nested": [[], {}],
    }
    with open_cache(tmp_path, "stage") as cache:
        cache.put("a", value)
        cache.put("nan", [math.nan])
        cache.put("null", None)
    with open_cache(tmp_path, "stage") as cache:
        found = cache.take("a").value
        assert json.dumps(found) == json.dumps(value) and found == value
        assert math.isnan(cache.take("nan").value[0])
        assert cache.take("null") == Kept(None)
        assert cache.take("missing") is None
        assert (cache.taken, cache.note(5)) == (3, ", 3 of 5 taken from the cache")


def test_null_keeps_nothing():
    with open_cache(None, "stage") as cache:
        cache.put("a", 1)
        assert (cache.is_open, cache.has_results(), cache.get("a"), cache.note(5)) == (False, False, None, "")
        cache.keep_used()


def test_keys_differ_in_all_that_matters(monkeypatch):
    def keys() -> list[str]:
        return [
            result_key(consensus_of_image, {"max_iterations": 5}, MD5S),
            result_key(consensus_of_image, {"max_iterations": 6}, MD5S),
            result_key(consensus_of_image, {"max_iterations": 5}, MD5S[::-1]),
            result_key(consensus_of_image, {"max_iterations": 5}, MD5S[:1]),
            result_key(agreement_of_image, {"max_iterations": 5}, MD5S),
        ]

    before = keys()
    assert before == keys() and len({*before}) == 5
    monkeypatch.setattr(cache_module, "package_versions", lambda: {"numpy": "0"})
    assert not {*before} & {*keys()}
    monkeypatch.undo()
    monkeypatch.setattr(cache_module, "code_digest", lambda module: f"edited {module}")
    assert not {*before} & {*keys()}


def test_what_a_run_did_not_use_is_dropped_and_history_leaves_no_trace(path, tmp_path):
    fill(path, range(100, 300))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM results").fetchone()[0] == 200
    fill(path, reversed(range(10)))
    fill(tmp_path / "new.sqlite", range(10))
    assert path.read_bytes() == (tmp_path / "new.sqlite").read_bytes()
    before = path.stat()
    cache = ResultCache(path)
    assert [cache.take(f"key {number}").value for number in range(10)] == [[number] for number in range(10)]
    cache.keep_used()
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def damages() -> dict:
    def other_database(path):
        path.unlink()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE results (something)")

    return {
        "text": lambda path: path.write_text("this is no database\n" * 100),
        "cut": lambda path: path.write_bytes(path.read_bytes()[:5000]),
        "header": lambda path: path.write_bytes(b"\xff" * 100 + path.read_bytes()[100:]),
        "pages": lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\x5a" * (path.stat().st_size - 4096)),
        "foreign": other_database,
    }


@pytest.mark.parametrize("damage", damages())
def test_a_damaged_or_foreign_file_is_set_aside_and_made_anew(path, warnings, damage):
    damages()[damage](path)
    spoilt = path.read_bytes()
    path.with_name(f"{path.name}-journal").write_bytes(b"a journal of nothing")
    fill(path, range(5))
    assert len(warnings) == 1 and str(path) in warnings[0] and "set aside" in warnings[0]
    assert path.with_name(f"{path.name}.damaged").read_bytes() == spoilt
    assert held(path) == [[n] if n < 5 else None for n in range(10)]
    assert len(warnings) == 1


def test_an_empty_file_is_a_new_cache(path, warnings):
    path.write_bytes(b"")
    assert held(path) == [None] * 10
    fill(path, range(10))
    assert (held(path), warnings) == ([[n] for n in range(10)], [])


def test_a_changed_value_is_not_believed(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE results SET value = '[7]' WHERE key = 'key 3'")
        connection.commit()
    assert held(path) == [[n] if n != 3 else None for n in range(10)]
    fill(path, range(10))
    assert held(path) == [[n] for n in range(10)]


def test_a_locked_cache_is_left_alone(path, warnings, monkeypatch):
    monkeypatch.setattr(cache_module, "_LOCK_SECONDS", 0.1)
    before = path.read_bytes()
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        fill(path, range(5))
        assert held(path) == [None] * 10
    assert all("locked" in warning for warning in warnings) and warnings
    assert path.read_bytes() == before


def test_a_place_where_nothing_can_be_made_costs_a_warning(tmp_path, warnings):
    (tmp_path / "file").write_text("in the way")
    with open_cache(tmp_path / "file", "stage") as cache:
        cache.put("a", 1)
        assert (cache.is_open, cache.has_results(), cache.get("a")) == (False, False, None)
        cache.keep_used()
    assert len(warnings) == 1 and "cannot be used" in warnings[0]


WRITER = """
import sys
from pathlib import Path
from utils.workers import result_cache as cache_module
cache_module._COMMIT_SECONDS = 0
cache = cache_module.ResultCache(Path(sys.argv[1]))
print("open", flush=True)
for number in range(10**6):
    cache.put(f"key {number}", [number] * 200)
    if number % 50 == 49:
        cache.keep_used()
        cache = cache_module.ResultCache(Path(sys.argv[1]))
"""


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(tmp_path, warnings, full):
    rng = random.Random(8)
    path = tmp_path / "stage.sqlite"
    seen = 0
    for _ in range(40 if full else 4):
        writer = start_code(WRITER, path)
        writer.stdout.readline()
        time.sleep(rng.uniform(0.01, 0.25))
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        found = held(path, range(200))
        assert all(value in (None, [number] * 200) for number, value in enumerate(found))
        seen += sum(value is not None for value in found)
    assert seen > 0 and warnings == []
