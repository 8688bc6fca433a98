"""The level of the annotators taken from what the agreement stage kept: the same values, for the same masks alone."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from support.drawing import box, write_png
from support.files import table_rows
from support.run import run_here
from support.trees import tree

from utils.scoring.known_levels import with_known_levels
from utils.scoring.score_task import ScoreTask, score_image
from utils.workers.workplace import IN_THIS_PROCESS

THREE = "IMG_01"


@pytest.fixture
def task(rerun, tmp_path) -> ScoreTask:
    """Return the task of an image by three annotators, of a finished run."""
    rows = [
        row
        for row in table_rows(rerun / "metadata" / "IMAplusplus_multiannotator_subset_seg_metadata.csv")
        if row["ISIC_id"] == THREE
    ]
    paths = tuple(rerun / "seg_masks" / row["seg_filename"] for row in rows)
    write_png(tmp_path / "net" / f"{THREE}.png", box(0, 0, 4, 4))
    return ScoreTask(THREE, paths, tuple(row["annotator"] for row in rows), (tmp_path / "net" / f"{THREE}.png",), False)


def known(task, rerun):
    return with_known_levels([task], rerun / "cache", IN_THIS_PROCESS)[0].human


def test_what_the_agreement_stage_kept_is_what_would_be_computed(task, rerun):
    assert known(task, rerun) == score_image(task).human
    assert score_image(replace(task, human={"dice_score": 0.25})).human == {"dice_score": 0.25}


def test_nothing_is_known_of_other_masks_tolerances_or_without_a_cache(task, rerun):
    assert known(replace(task, nsd_tolerance=0.02), rerun) is None
    assert known(replace(task, annotators=("A00", "A00", "A00", "ST", "MV")), rerun) is None
    assert known(replace(task, annotators=("A00", "A01", "A01", "ST", "MV")), rerun) is None
    write_png(task.mask_paths[0], box(1, 1, 5, 5))
    assert known(task, rerun) is None
    shutil.rmtree(rerun / "cache")
    assert known(task, rerun) is None and not (rerun / "cache").exists()
    assert with_known_levels([task], None, IN_THIS_PROCESS) == [task]


def test_the_tables_are_the_same_with_and_without_it(task, rerun):
    keys = (f"predictions_dir={task.prediction_paths[0].parent}", "prediction_pattern={image}.*")
    found = []
    for cache in ((), ("cache_dir=null",)):
        assert run_here("score_predictions", rerun, *keys, *cache)[0] == 0
        found.append(tree(rerun / "predictions"))
    assert found[0] == found[1] and found[0]
