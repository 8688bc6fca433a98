"""The stage that makes soft labels: what it writes, reruns, faults of one image, and leaving it off."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
from PIL import Image
from support.drawing import box, write_png
from support.files import table_rows
from support.run import run_here, run_stage, succeed
from support.trees import tree

from utils.data import load_mask
from utils.running.run_manifest import outputs_of, read_manifest

STAGE, ON = "create_soft_labels", "soft_labels=true"
IDS = ("IMG_01", "IMG 02 ü", "IMG_05")
NAMES = {f"soft_labels/{isic_id}_{kind}.png" for isic_id in IDS for kind in ("votes", "staple")}
FAILURES = "metadata/IMAplusplus_multiannotator_subset_failures.csv"


@pytest.fixture
def made(rerun):
    """Give a finished run with soft labels."""
    succeed(STAGE, rerun, ON)
    return rerun


def taken(text: str) -> tuple[int, int]:
    return tuple(map(int, re.search(r"(\d+) of (\d+) taken from the cache", text).groups()))


def test_off_it_makes_nothing(small_run, rerun):
    assert "soft_labels is false" in succeed(STAGE, rerun)
    assert tree(rerun) == tree(small_run)


def test_files_give_the_consensus_masks_of_the_run(small_run, made):
    assert set(tree(made)) - set(tree(small_run)) == NAMES
    for isic_id, masks in zip(IDS, (3, 2, 2), strict=True):
        with Image.open(made / "soft_labels" / f"{isic_id}_votes.png") as votes:
            assert votes.mode == "L"
            majority = 2 * np.asarray(votes).astype(int) >= masks
        with Image.open(made / "soft_labels" / f"{isic_id}_staple.png") as posterior:
            assert posterior.mode == "I;16"
            staple = np.asarray(posterior) > 32767.5
        assert np.array_equal(majority, load_mask(made / "seg_masks" / f"{isic_id}_MV_MV_MV_MV.png"))
        assert np.array_equal(staple, load_mask(made / "seg_masks" / f"{isic_id}_ST_ST_ST_ST.png"))


def test_a_rerun_takes_all_from_the_cache_and_changes_nothing(made):
    before = tree(made)
    assert taken(succeed(STAGE, made, ON)) == (3, 3)
    assert tree(made) == before


def test_a_file_that_is_lost_or_changed_is_made_again(made):
    before = tree(made)
    (made / "soft_labels" / "IMG_01_votes.png").unlink()
    (made / "soft_labels" / "IMG_05_staple.png").write_bytes(b"changed")
    assert taken(succeed(STAGE, made, ON)) == (1, 3)
    assert tree(made) == before


@pytest.mark.parametrize(("key", "expected"), [("staple_max_iterations=500", (0, 3)), ("bootstrap_seed=1", (3, 3))])
def test_settings_that_count_compute_anew(made, key, expected):
    assert taken(succeed(STAGE, made, ON, key)) == expected


def test_processes_and_no_cache_make_the_same_files(made, small_run, tmp_path):
    other = shutil.copytree(small_run, tmp_path / "other")
    done = run_stage(STAGE, other, ON, "num_workers=2", "cache_dir=null")
    assert done.returncode == 0, done.stderr
    assert tree(other) == tree(made)


def test_a_fault_of_one_image_is_listed_and_its_labels_are_removed(made):
    write_png(made / "seg_masks" / "IMG_01_A02_T2_S1_NA.png", box(4, 6, 14, 24, shape=(25, 32)))
    text = succeed(STAGE, made, ON)
    assert "1 images failed" in text
    assert [(row["stage"], row["img_id"]) for row in table_rows(made / FAILURES)] == [(STAGE, "IMG_01.JPG")]
    assert {name for name in tree(made) if name.startswith("soft_labels")} == {
        name for name in NAMES if "IMG_01" not in name
    }
    code, text = run_here(STAGE, made, ON, "max_failures=0")
    assert code == 1 and "at most 0 (max_failures)" in text


def test_turned_off_the_labels_of_an_earlier_run_stay_and_its_failures_go(made, small_run):
    damaged = made / "seg_masks" / "IMG_01_A02_T2_S1_NA.png"
    damaged.write_bytes(b"no image")
    succeed(STAGE, made, ON)
    labels = {name: data for name, data in tree(made).items() if name.startswith("soft_labels/")}
    assert labels
    shutil.copy(small_run / "seg_masks" / damaged.name, damaged)
    for _ in range(2):
        assert f"{len(labels)} soft labels of an earlier run stay as they were" in succeed(STAGE, made)
        assert tree(made) == tree(small_run) | labels


def test_turned_off_a_label_that_was_changed_is_still_known_to_be(made):
    succeed(STAGE, made, ON)
    recorded = outputs_of(read_manifest(made), STAGE)
    first, second, *_ = sorted(name for name in recorded if name.startswith("soft_labels/"))
    (made / first).write_bytes(b"changed")
    (made / second).unlink()
    succeed(STAGE, made)
    assert outputs_of(read_manifest(made), STAGE) == {name: md5 for name, md5 in recorded.items() if name != second}


def test_the_audit_passes_and_changes_nothing(made):
    before = tree(made)
    assert taken(succeed(STAGE, made, ON, "audit_fraction=1")) == (0, 3)
    assert tree(made) == before
