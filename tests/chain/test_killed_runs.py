"""Stages that are killed or interrupted: the next run goes on, files come out the same, no process is left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from support.long_runs import (
    all_end,
    descendants,
    make_dataset,
    run_long_stages,
    start_sleeper,
    taken,
    wait_for,
    workers_of,
)
from support.run import LONG_STAGES, STAGES, finish, start_stage, succeed
from support.stage_states import WORKERS, check_tables_are_old_or_new
from support.trees import tree

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("long"), 16, (600, 900))


@pytest.fixture(scope="module")
def undisturbed(dataset, tmp_path_factory):
    """Give what each stage leaves when nothing happens to it, and how long it takes."""
    output = shutil.copytree(dataset, tmp_path_factory.mktemp("undisturbed") / "output")
    return run_long_stages(output, WORKERS)


def kept(output: Path, stage: str) -> int:
    """Return how many results are in a stage's cache."""
    try:
        with closing(sqlite3.connect(f"file:{output}/cache/{stage}.sqlite?mode=ro", uri=True)) as cache:
            return cache.execute("SELECT COUNT(*) FROM results").fetchone()[0]
    except sqlite3.Error:
        return 0


def kill_parent(process: subprocess.Popen) -> None:
    started = descendants(process)
    process.kill()
    process.communicate()
    assert all_end(started)


def leftover_processes(group: int) -> list[str]:
    """Return the command lines of processes that still run in a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == group and "Z" not in (folder / "stat").read_text().rpartition(")")[2]:
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except (OSError, ProcessLookupError):
            continue
    return found


def end_and_rerun(states, output: Path, stage: str, number: int, seconds: float) -> None:
    """End a stage by a signal after some time, check what it leaves, and run it again."""
    shutil.copytree(states.before[stage], output)
    process = start_stage(stage, output, WORKERS, raw=states.raw)
    time.sleep(seconds)
    os.kill(process.pid, number)
    asked = time.monotonic()
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - asked < 10
    assert process.returncode in (0, -number, 128 + number), said
    assert "Traceback" not in said
    if process.returncode == 128 + number:
        assert said.count("interrupted") == 1
    # What a stage started ends with it or, where it has helpers, when these see that it has ended.
    wait_for(lambda: not leftover_processes(process.pid), seconds=5)
    check_tables_are_old_or_new(output, states, stage, killed=number == signal.SIGKILL)
    succeed(stage, output, raw=states.raw)
    assert tree(output) == states.after[stage]
    assert tree(states.raw) == states.inputs


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_ended_at_any_moment_is_completed_by_the_next_run(states, tmp_path, stage, full):
    one_for_each_stage = SIGNALS[list(STAGES).index(stage) % len(SIGNALS)]
    for number in SIGNALS if full else [one_for_each_stage]:
        moments = random.Random(f"{stage} {number}")
        for attempt in range(8 if full else 1):
            seconds = moments.uniform(0.15, 0.9) * states.seconds[stage]
            end_and_rerun(states, tmp_path / f"{number}-{attempt}", stage, number, seconds)


def test_killed_at_random_moments_the_files_are_the_same(dataset, undisturbed, tmp_path, full):
    rng = random.Random(int(os.environ.get("IMAPP_TEST_SEED", "4")))
    for round_number in range(12 if full else 1):
        output = shutil.copytree(dataset, tmp_path / str(round_number))
        for stage in LONG_STAGES:
            expected, seconds = undisturbed[stage]
            for _ in range(3 if full else 1):
                process = start_stage(stage, output, WORKERS)
                time.sleep(rng.uniform(0.3, 1) * seconds)
                kill_parent(process)
            process = start_stage(stage, output, WORKERS)
            time.sleep(rng.uniform(0.3, 0.9) * seconds)
            for worker in workers_of(process)[:1]:  # none when it has ended already
                worker.kill()
            finish(process)
            assert tree(output) == expected, stage
        shutil.rmtree(output)


@pytest.mark.parametrize("stage", LONG_STAGES)
def test_what_was_finished_before_a_kill_is_not_done_again(dataset, undisturbed, tmp_path, stage):
    output = shutil.copytree(dataset, tmp_path / "output")
    for earlier in LONG_STAGES[: LONG_STAGES.index(stage)][-1:]:
        for name, content in undisturbed[earlier][0].items():
            (output / name).parent.mkdir(exist_ok=True)
            (output / name).write_bytes(content)
    process = start_stage(stage, output, WORKERS)
    # The last one kept may be a consensus whose files are not yet written.
    wait_for(lambda: kept(output, stage) > 1 or process.poll() is not None)
    kill_parent(process)
    assert taken(succeed(stage, output)) > 0
    assert tree(output) == undisturbed[stage][0]


def test_a_killed_worker_costs_no_result(dataset, undisturbed, tmp_path):
    stage = LONG_STAGES[0]
    output = shutil.copytree(dataset, tmp_path / "output")
    process = start_stage(stage, output, WORKERS)
    wait_for(lambda: workers_of(process))[0].kill()
    assert taken(finish(process)) == 0
    assert tree(output) == undisturbed[stage][0]


def test_an_interrupted_stage_says_so_in_one_line_and_goes_on_later(dataset, undisturbed, tmp_path, full):
    stage = LONG_STAGES[0]
    for number in (signal.SIGTERM, signal.SIGINT) if full else (signal.SIGTERM,):
        output = shutil.copytree(dataset, tmp_path / f"output {number}")
        process = start_stage(stage, output, WORKERS)
        wait_for(lambda process=process: workers_of(process))
        started = descendants(process)
        os.killpg(process.pid, number)  # as a terminal and a batch system do
        text = process.communicate(timeout=10)[1]
        assert (process.returncode, text.count("\n")) == (128 + number, 1), text
        assert "mask_qa: interrupted" in text
        assert all_end(started)
        succeed(stage, output)
        assert tree(output) == undisturbed[stage][0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_workers_busy_for_long_are_not_waited_for(tmp_path, executor, number):
    process = start_sleeper(executor, tmp_path / "marker")
    wait_for((tmp_path / "marker").exists)
    started = descendants(process)
    process.send_signal(number)
    sent = time.monotonic()
    text = process.communicate(timeout=30)[0]
    assert (process.returncode, text) == (128 + number, "interrupted\n")
    assert time.monotonic() - sent < 5
    assert all_end(started, 2)


def test_workers_end_with_a_killed_parent_even_when_busy(tmp_path):
    process = start_sleeper("processes", tmp_path / "marker")
    wait_for((tmp_path / "marker").exists)
    kill_parent(process)
    assert leftover_processes(process.pid) == []
