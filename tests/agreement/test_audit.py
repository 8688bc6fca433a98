"""The audit finds every tampered value, names it, and is silent about right ones."""

from __future__ import annotations

import numpy as np
import pytest
from support.drawing import blob, box, noise, ragged
from support.run import run_here

from utils.agreement import audit, image_tasks
from utils.agreement.audit import agreement_differences, consensus_differences, require_no_differences
from utils.agreement.image_tasks import is_audited
from utils.errors import PipelineError
from utils.masks.consensus import majority_vote, staple
from utils.masks.vote_patterns import paint, vote_patterns
from utils.metrics import pairwise_agreement
from utils.naming import BOUNDARY_COLUMNS, METRIC_COLUMNS

COLUMNS = (*METRIC_COLUMNS, *BOUNDARY_COLUMNS)
SHAPE = (24, 32)
MASKS = [box(4, 4, 14, 20), box(6, 4, 16, 20), box(4, 6, 14, 24)]
EMPTY = np.zeros(SHAPE, dtype=bool)


def painted(masks) -> dict[str, np.ndarray]:
    patterns = vote_patterns(masks)
    return {
        "ST": paint(patterns, staple(patterns).foreground),
        "MV": paint(patterns, majority_vote(patterns)),
    }


def sets_of_masks() -> dict[str, list[np.ndarray]]:
    rng = np.random.default_rng(11)
    return {
        "rectangles": MASKS,
        "disjoint": [box(0, 0, 4, 4), box(10, 10, 20, 20)],
        "identical": [MASKS[0]] * 3,
        "one empty of two": [MASKS[0], EMPTY],
        "all empty": [EMPTY, EMPTY, EMPTY],
        "all full": [~EMPTY, ~EMPTY],
        "full and small": [~EMPTY, box(3, 3, 4, 4)],
        "blobs": [blob(rng, SHAPE) for _ in range(4)],
        "ragged": [ragged(rng, SHAPE) for _ in range(5)],
        "noise": [noise(rng, SHAPE, 0.5) for _ in range(3)],
    }


@pytest.mark.parametrize(("name", "masks"), sets_of_masks().items(), ids=sets_of_masks())
def test_right_values_pass(name, masks):
    assert consensus_differences(name, masks, painted(masks), 10000) == []
    for tolerance in (0.01, 0.1):
        assert agreement_differences(name, masks, pairwise_agreement(masks, tolerance), tolerance) == []


def test_another_tolerance_is_found():
    differences = agreement_differences("x", MASKS, pairwise_agreement(MASKS, 0.01), 0.06)
    assert differences and all("nsd_score" in text or "bf1_score" in text for text in differences)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_value_off_by_its_last_bit_is_named_with_both_values(column):
    pairs = pairwise_agreement(MASKS)
    right = pairs[1][column]
    is_rounded = column.startswith("assd") and np.lib.NumpyVersion(np.__version__) >= "2.3.0"  # see audit.py
    pairs[1][column] = right * (1 + 1e-12) if is_rounded else float(np.nextafter(right, 1))
    (difference,) = agreement_differences("IMG_01.JPG", MASKS, pairs, 0.01)
    assert difference.startswith(f"IMG_01.JPG, masks 1 and 3, {column}: ")
    assert difference.endswith(f": {pairs[1][column]!r} here, {right!r} by the auditor")


def test_every_tampered_value_is_listed():
    pairs = [{column: -1.0 for column in COLUMNS} for _ in range(3)]
    assert len(agreement_differences("x", MASKS, pairs, 0.01)) == 3 * len(COLUMNS)


@pytest.mark.parametrize(("masks", "wrong"), [([MASKS[0], EMPTY], 0.0), ([EMPTY, EMPTY], float("nan"))])
def test_empty_masks_are_held_to_their_rule(masks, wrong):
    pairs = pairwise_agreement(masks)
    pairs[0]["hd_score"] = wrong
    (difference,) = agreement_differences("x", masks, pairs, 0.01)
    assert "hd_score: " in difference


@pytest.mark.parametrize("label", ["ST", "MV"])
def test_one_pixel_is_found(label):
    masks = painted(MASKS)
    right = int(masks[label].sum())
    masks[label][0, 0] = True
    (difference,) = consensus_differences("IMG_01.JPG", MASKS, masks, 10000)
    assert difference == (
        f"IMG_01.JPG, {label} mask: {right + 1} foreground pixels here, {right} by SimpleITK, 1 differ"
    )


def test_differences_become_one_error_that_lists_them():
    require_no_differences([])
    with pytest.raises(PipelineError, match="differ") as caught:
        require_no_differences(["a: 1 here, 2 there", "b"])
    assert caught.value.offenders == ["a: 1 here, 2 there", "b"]


def test_the_audited_share_depends_on_id_and_seed_alone():
    ids = [f"ISIC_{number:07d}" for number in range(2000)]
    assert not any(is_audited(isic_id, 0.0, 0) for isic_id in ids)
    assert all(is_audited(isic_id, 1.0, 0) for isic_id in ids)
    tenth = {isic_id for isic_id in ids if is_audited(isic_id, 0.1, 0)}
    assert 150 < len(tenth) < 250
    assert tenth < {isic_id for isic_id in ids if is_audited(isic_id, 0.2, 0)}
    assert tenth != {isic_id for isic_id in ids if is_audited(isic_id, 0.1, 1)}


@pytest.mark.parametrize("stage", ["create_consensus_masks", "compute_IAA_metrics"])
def test_a_stage_ends_with_1_and_keeps_its_old_tables(rerun, monkeypatch, stage):
    tables = {path: path.read_bytes() for path in (rerun / "metadata").iterdir()}
    if stage == "compute_IAA_metrics":
        right = image_tasks.metrics.pairwise_agreement

        def off_by_one(*arguments):
            return [row | {"hd_score": row["hd_score"] + 1} for row in right(*arguments)]

        monkeypatch.setattr(image_tasks.metrics, "pairwise_agreement", off_by_one)
        hd = 15.556349186104045  # (8, 8) to (19, 19): sqrt(242)
        parts = (f"IMG_05.JPG, masks 1 and 2, hd_score: {hd + 1} here, {hd} by",)
    else:
        monkeypatch.setattr(audit, "_vote_by_simpleitk", lambda masks: masks[0])
        parts = ("IMG_01.JPG, MV mask: 156 foreground pixels here, 160 by SimpleITK", "IMG_05.JPG, MV mask")
    code, console = run_here(stage, rerun, "audit_fraction=1")
    assert code == 1
    assert [part for part in parts if part not in console] == []
    assert {path: path.read_bytes() for path in (rerun / "metadata").iterdir()} == tables
    assert run_here(stage, rerun, "audit_fraction=0")[0] == 0
