"""Disks that are full or read-only, and masks that vanish: one clear error, tables old or new, a rerun completes."""

from __future__ import annotations

import resource
import shutil

import pytest
from support.run import STAGES, run_here, run_program, run_stage, succeed
from support.stage_states import WORKERS, check_tables_are_old_or_new
from support.trees import tree


@pytest.mark.parametrize("stage", STAGES)
def test_a_full_disk_is_one_clear_error_and_a_rerun_completes(states, tmp_path, stage):
    output = shutil.copytree(states.before[stage], tmp_path / "output")
    done = run_stage(
        stage,
        output,
        WORKERS,
        raw=states.raw,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        # Beyond this a write fails as on a full disk; the limit lets no table and no mask through.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60, 60)),
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "File too large" in done.stderr
    check_tables_are_old_or_new(output, states, stage)
    succeed(stage, output, raw=states.raw)
    assert tree(output) == states.after[stage]


@pytest.fixture
def small_disk(tmp_path):
    """Give a folder on a file system of 512 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        made = run_program("mount", "-t", "tmpfs", "-o", "size=512k,nr_inodes=1000", "tmpfs", folder)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    yield folder
    run_program("umount", folder).check_returncode()


def test_a_disk_without_room_is_found_before_the_transfer(states, small_disk):
    output = shutil.copytree(states.before["move_dataset"], small_disk / "output")
    before = tree(output)
    (small_disk / "filler").write_bytes(b"\0" * shutil.disk_usage(small_disk).free)
    code, text = run_here("move_dataset", output, raw=states.raw)
    assert code == 1
    assert "No space left" in text or "room" in text
    assert tree(output) == before
    (small_disk / "filler").unlink()
    succeed("move_dataset", output, raw=states.raw)
    assert tree(output) == states.after["move_dataset"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_read_only_disk_is_one_clear_error(states, small_disk, stage):
    output = shutil.copytree(states.before[stage], small_disk / "output")
    before = tree(output)
    run_program("mount", "-o", "remount,ro", small_disk).check_returncode()
    code, text = run_here(stage, output, raw=states.raw)
    assert (code, "Read-only file system" in text) == (1, True), text
    assert tree(output) == before


@pytest.mark.parametrize("stage", ["create_consensus_masks", "compute_IAA_metrics"])
def test_a_mask_that_vanishes_or_changes_before_it_is_read_costs_its_image(states, tmp_path, stage):
    output = shutil.copytree(states.before[stage], tmp_path / "output")
    (output / "seg_masks" / "IMG_01_A02_T2_S1_NA.png").unlink()
    (output / "seg_masks" / "IMG 02 ü_A01_T3_S2_b2.png").write_bytes(b"\x89PNG cut")
    done = run_stage(stage, output, WORKERS, raw=states.raw)
    assert done.returncode == 0, done.stderr
    failures = (output / "metadata" / "IMAplusplus_multiannotator_subset_failures.csv").read_text("utf-8")
    assert f"{stage},IMG_01.JPG," in failures
    assert f"{stage},IMG 02 ü.JPG," in failures
    assert "IMG_05" not in failures
