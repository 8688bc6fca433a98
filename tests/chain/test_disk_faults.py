"""Stages that are killed, interrupted or run out of disk: tables old or new, inputs untouched, a rerun completes."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.long_runs import wait_for
from support.run import ROOT, STAGES, raw_arguments, run_stage
from support.small_set import make_small_raw_set
from support.trees import tree

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@pytest.fixture(scope="module")
def states(tmp_path_factory) -> SimpleNamespace:
    """Give the output tree before and after each stage of a run, and how long the stage took."""
    base = tmp_path_factory.mktemp("states")
    raw = make_small_raw_set(base / "raw")
    output, before, after, seconds = base / "output", {}, {}, {}
    output.mkdir()
    for stage in STAGES:
        before[stage] = shutil.copytree(output, base / "before" / stage)
        started = time.monotonic()
        done = run_stage(stage, output, *arguments_of(stage, raw))
        seconds[stage] = time.monotonic() - started
        assert done.returncode == 0, done.stderr
        after[stage] = tree(output)
    return SimpleNamespace(raw=raw, before=before, after=after, seconds=seconds, inputs=tree(raw))


def arguments_of(stage: str, raw: Path) -> list[str]:
    return [*(raw_arguments(raw) if STAGES[stage] == "dataset_creation" else []), "num_workers=2"]


def start(stage: str, output: Path, raw: Path) -> subprocess.Popen:
    script = ROOT / STAGES[stage] / f"{stage}.py"
    return subprocess.Popen(
        [sys.executable, str(script), *arguments_of(stage, raw)],
        env={**os.environ, "IMAPP_OUTPUT_DIR": str(output)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def check_tables_are_old_or_new(output: Path, states: SimpleNamespace, stage: str) -> None:
    old = tree(states.before[stage])
    for name, data in tree(output).items():
        if name.endswith((".csv", ".txt")):
            assert data in (old.get(name), states.after[stage].get(name)), name


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


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_ended_at_any_moment_is_completed_by_the_next_run(states, tmp_path, stage, number, full):
    moments = random.Random(f"{stage} {number}")
    for attempt in range(8 if full else 1):
        output = tmp_path / f"output{attempt}"
        shutil.copytree(states.before[stage], output)
        process = start(stage, output, states.raw)
        time.sleep(moments.uniform(0.15, 0.9) * states.seconds[stage])
        os.kill(process.pid, number)
        asked = time.monotonic()
        _, said = process.communicate(timeout=30)
        assert time.monotonic() - asked < 10
        assert process.returncode in (0, -number, 128 + number), said
        assert "Traceback" not in said
        if process.returncode == 128 + number:
            assert said.count("interrupted") == 1
        # What a stage started ends with it or, where it has helpers, when these see that it has ended.
        wait_for(lambda group=process.pid: not leftover_processes(group), seconds=5)
        check_tables_are_old_or_new(output, states, stage)
        done = run_stage(stage, output, *arguments_of(stage, states.raw))
        assert done.returncode == 0, done.stderr
        assert tree(output) == states.after[stage]
        assert tree(states.raw) == states.inputs


@pytest.mark.parametrize("stage", STAGES)
def test_a_full_disk_is_one_clear_error_and_a_rerun_completes(states, tmp_path, stage):
    output = shutil.copytree(states.before[stage], tmp_path / "output")
    script = ROOT / STAGES[stage] / f"{stage}.py"
    done = subprocess.run(
        [sys.executable, str(script), *arguments_of(stage, states.raw)],
        env={**os.environ, "IMAPP_OUTPUT_DIR": str(output), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        # Beyond this a write fails as on a full disk; the limit lets no table and no mask through.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60, 60)),
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "File too large" in done.stderr
    check_tables_are_old_or_new(output, states, stage)
    done = run_stage(stage, output, *arguments_of(stage, states.raw))
    assert done.returncode == 0, done.stderr
    assert tree(output) == states.after[stage]


@pytest.fixture
def small_disk(tmp_path):
    """Give a folder on a file system of 512 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k,nr_inodes=1000", "tmpfs", str(folder)]
    try:
        made = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_without_room_is_found_before_the_transfer(states, small_disk):
    output = shutil.copytree(states.before["move_dataset"], small_disk / "output")
    before = tree(output)
    (small_disk / "filler").write_bytes(b"\0" * shutil.disk_usage(small_disk).free)
    done = run_stage("move_dataset", output, *arguments_of("move_dataset", states.raw))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr or "room" in done.stderr
    assert tree(output) == before
    (small_disk / "filler").unlink()
    done = run_stage("move_dataset", output, *arguments_of("move_dataset", states.raw))
    assert done.returncode == 0, done.stderr
    assert tree(output) == states.after["move_dataset"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_read_only_disk_is_one_clear_error(states, small_disk, stage):
    output = shutil.copytree(states.before[stage], small_disk / "output")
    before = tree(output)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = run_stage(stage, output, *arguments_of(stage, states.raw))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Read-only file system" in done.stderr
    assert tree(output) == before


@pytest.mark.parametrize("stage", ["create_consensus_masks", "compute_IAA_metrics"])
def test_a_mask_that_vanishes_or_changes_before_it_is_read_costs_its_image(states, tmp_path, stage):
    output = shutil.copytree(states.before[stage], tmp_path / "output")
    (output / "seg_masks" / "IMG_01_A02_T2_S1_NA.png").unlink()
    (output / "seg_masks" / "IMG 02 ü_A01_T3_S2_b2.png").write_bytes(b"\x89PNG cut")
    done = run_stage(stage, output, *arguments_of(stage, states.raw))
    assert done.returncode == 0, done.stderr
    failures = (output / "metadata" / "IMAplusplus_multiannotator_subset_failures.csv").read_text("utf-8")
    assert f"{stage},IMG_01.JPG," in failures
    assert f"{stage},IMG 02 ü.JPG," in failures
    assert "IMG_05" not in failures
