"""What is kept of work and taken again: files that change, are missing or equal, results that are not to be kept."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from support.worker_functions import text_of

from utils.errors import Failure
from utils.md5 import md5_of_file
from utils.workers.result_cache import ResultCache, open_cache
from utils.workers.resume import Resumable, map_resumable
from utils.workers.workplace import IN_THIS_PROCESS

WORK = Resumable(
    function=text_of,
    paths=lambda path: (path,),
    settings=lambda _: {},
    is_kept=lambda _: True,
    to_json=str,
    from_json=str,
    is_usable=lambda *_: True,
)


@pytest.fixture
def own_function(monkeypatch):
    """Let `WORK` have keys: only code of the package has a digest, and its function is the tests' own."""
    monkeypatch.setattr("utils.workers.result_cache.code_digest", str)


def resumed(paths, cache: ResultCache) -> list:
    return list(map_resumable(WORK, paths, cache, IN_THIS_PROCESS, label="test"))


@pytest.mark.usefixtures("own_function")
def test_a_file_that_changes_while_it_is_read_is_kept_under_no_key(tmp_path, monkeypatch):
    path = tmp_path / "mask"
    path.write_text("old")
    monkeypatch.setitem(os.environ, "IMAPP_TEST_REPLACE", "new")  # text_of replaces the file once it is read
    with open_cache(tmp_path, "stage") as cache:
        assert resumed([path], cache) == ["old"]
        cache.keep_used()
    monkeypatch.delitem(os.environ, "IMAPP_TEST_REPLACE")
    for content in ("new", "old"):
        path.write_text(content)
        with open_cache(tmp_path, "stage") as cache:
            assert (resumed([path], cache), cache.taken) == ([content], 0)


@pytest.mark.usefixtures("own_function")
def test_missing_files_and_equal_files(tmp_path):
    paths = [tmp_path / name for name in ("a", "missing", "b", "c")]
    for path, text in zip((paths[0], *paths[2:]), ("same", "same", "other"), strict=True):
        path.write_text(text)
    for expected in (0, 3):
        with open_cache(tmp_path, "stage") as cache:
            first, missing, *others = resumed(paths, cache)
            assert (first, others, cache.taken) == ("same", ["same", "other"], expected)
            assert isinstance(missing, Failure)
            cache.keep_used()


@pytest.mark.usefixtures("own_function")
def test_an_empty_cache_reads_no_file_twice_before_the_work(tmp_path, monkeypatch):
    hashed = []
    monkeypatch.setattr("utils.workers.resume.md5_of_file", lambda path: hashed.append(path) or md5_of_file(path))
    path = tmp_path / "mask"
    path.write_text("text")
    for reads in (1, 2):  # to vouch for what was read; then to look it up
        with open_cache(tmp_path, "stage") as cache:
            assert (cache.has_results(), resumed([path], cache)) == (reads == 2, ["text"])
            cache.keep_used()
        assert hashed == [path] * reads


@pytest.mark.usefixtures("own_function")
def test_a_cache_that_is_lost_in_mid_run_costs_time_alone(tmp_path):
    paths = [tmp_path / str(number) for number in range(6)]
    for path in paths:
        path.write_text(path.name)
    with open_cache(tmp_path, "stage") as cache:
        resumed(paths, cache)
        results = map_resumable(WORK, paths, cache, IN_THIS_PROCESS, label="test")
        assert next(results) == "0"
        cache.close()
        assert list(results) == ["1", "2", "3", "4", "5"]


@pytest.mark.usefixtures("own_function")
def test_a_result_that_is_not_to_be_kept_is_computed_each_time_and_one_of_null_is_not(tmp_path):
    paths = [tmp_path / name for name in ("a", "b")]
    for path, text in zip(paths, ("passing", "lasting"), strict=True):
        path.write_text(text)
    work = replace(WORK, is_kept=lambda text: text != "passing", to_json=lambda _: None, from_json=lambda _: "kept")
    for expected in (["passing", "lasting"], ["passing", "kept"]):
        with open_cache(tmp_path, "stage") as cache:
            assert list(map_resumable(work, paths, cache, IN_THIS_PROCESS, label="test")) == expected
            cache.keep_used()
