"""Stages in surroundings of other people: locales, a safe path, no shared memory, folders of somebody else."""

from __future__ import annotations

import multiprocessing
import os

import pytest
from support.run import run_stage

from utils.errors import PipelineError
from utils.running.run_lock import exclusive_run, lock_file
from utils.workers.process_pool import process_pool


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_the_console_takes_any_text_in_any_encoding(small_raw, tmp_path, encoding):
    env = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C"}
    for arguments in (["--help"], [f"orig_segs_dir={tmp_path / 'フォルダ …'}"]):
        done = run_stage("create_dataset", tmp_path / "output", *arguments, raw=small_raw, env=env)
        assert "UnicodeEncodeError" not in done.stdout + done.stderr
        assert done.returncode == (0 if arguments == ["--help"] else 1)


def test_a_safe_path_leaves_out_no_module_of_the_project(small_raw, tmp_path):
    done = run_stage("create_dataset", tmp_path / "output", raw=small_raw, env={"PYTHONSAFEPATH": "1"})
    assert done.returncode == 0, done.stderr


def test_without_shared_memory_the_way_out_is_told(monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("utils.workers.process_pool._Pool", refuse)
    with pytest.raises(PipelineError, match="executor=serial works in one process"), process_pool(2):
        pass
    assert multiprocessing.active_children() == []


def test_a_lock_file_of_somebody_else_is_told(tmp_path, monkeypatch):
    lock_file(tmp_path).parent.mkdir(parents=True)

    def refuse(path, *_, **__):
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(PipelineError, match="lock file") as caught, exclusive_run(tmp_path, "stage"):
        pass
    assert "another output_dir" in str(caught.value)
