"""One run at a time in an output folder."""

import os
import signal

import pytest
from support.run import run_here, start_code

from utils.errors import PipelineError
from utils.running.run_lock import exclusive_run, lock_file

HOLDER = """
import sys, time
from pathlib import Path
from utils.running.run_lock import exclusive_run
with exclusive_run(Path(sys.argv[1]), "holder"):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Give a process that holds the lock of tmp_path."""
    process = start_code(HOLDER, tmp_path)
    assert process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_run_says_who_holds_the_lock(holder, tmp_path, small_raw):
    code, text = run_here("create_dataset", tmp_path, raw=small_raw)
    assert code == 1
    assert f"found:    holder, process {holder.pid} on " in text
    assert not (tmp_path / "metadata").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_goes_with_its_process(holder, tmp_path, number):
    with pytest.raises(PipelineError), exclusive_run(tmp_path, "second"):
        pass
    holder.send_signal(number)
    holder.wait()
    with exclusive_run(tmp_path, "second"):
        assert lock_file(tmp_path).read_text().startswith(f"second, process {os.getpid()} on ")


def test_other_folders_are_not_locked(holder, tmp_path):
    with exclusive_run(tmp_path / "other", "second"):
        assert lock_file(tmp_path / "other").exists()


def test_a_stage_shares_the_lock_of_the_chain_it_belongs_to(tmp_path, monkeypatch):
    lock_file(tmp_path).parent.mkdir()
    with open(lock_file(tmp_path), "a") as chain:
        monkeypatch.setenv("IMAPP_LOCK_DESCRIPTOR", str(chain.fileno()))
        with exclusive_run(tmp_path, "first"):
            pass
        with exclusive_run(tmp_path, "next"):
            pass
        monkeypatch.delenv("IMAPP_LOCK_DESCRIPTOR")
        with pytest.raises(PipelineError, match="next, process"), exclusive_run(tmp_path, "stranger"):
            pass
    with exclusive_run(tmp_path, "stranger"):
        pass


@pytest.mark.parametrize("value", ["", "x", "9999", "0"])
def test_a_descriptor_that_is_not_the_lock_file_is_not_used(tmp_path, monkeypatch, value):
    monkeypatch.setenv("IMAPP_LOCK_DESCRIPTOR", value)
    with exclusive_run(tmp_path, "first"), pytest.raises(PipelineError), exclusive_run(tmp_path, "second"):
        pass
