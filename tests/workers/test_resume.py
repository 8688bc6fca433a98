"""Reruns: what is taken from the cache, what is computed again, and that files come out the same."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from support.drawing import box, write_png
from support.run import LONG_STAGES, STAGES, run_here, succeed
from support.trees import tree

from utils import data
from utils.quality import mask_issues

QA, CONSENSUS, AGREEMENT = LONG_STAGES
HUMAN, ST = "IMG_05_A01_T3_S2_f3.png", "IMG_05_ST_ST_ST_ST.png"
FAILURES = "IMAplusplus_multiannotator_subset_failures.csv"


@pytest.fixture
def decoded(monkeypatch):
    """Count the decoded masks by file name."""
    counts = Counter()
    decode = data.decode_values

    def counting(content, where):
        counts[Path(where).name] += 1
        return decode(content, where)

    for module in (data, mask_issues):
        monkeypatch.setattr(module, "decode_values", counting)
    return counts


def taken(text: str) -> tuple[int, int]:
    return tuple(map(int, re.search(r"(\d+) of (\d+) taken from the cache", text).groups()))


@pytest.mark.parametrize(("stage", "total"), [(QA, 8), (CONSENSUS, 3), (AGREEMENT, 3)])
def test_a_rerun_with_nothing_changed_decodes_nothing(small_run, rerun, decoded, stage, total):
    for _ in range(2):
        assert taken(succeed(stage, rerun)) == (total, total)
        assert (decoded, tree(rerun)) == (Counter(), tree(small_run))


@pytest.mark.parametrize("stage", LONG_STAGES)
def test_null_decodes_everything_and_keeps_nothing(small_run, rerun, decoded, stage):
    shutil.rmtree(rerun / "cache")
    assert "cache" not in succeed(stage, rerun, "cache_dir=null")
    assert len(decoded) >= 7 and tree(rerun) == tree(small_run)
    assert not (rerun / "cache").exists()


@pytest.mark.parametrize(
    ("stage", "kept", "names"),
    [(QA, (7, 8), {HUMAN}), (CONSENSUS, (2, 3), {"IMG_05"}), (AGREEMENT, (2, 3), {"IMG_05"})],
)
def test_one_changed_mask_recomputes_one_image(rerun, tmp_path, decoded, stage, kept, names):
    write_png(rerun / "seg_masks" / HUMAN, box(3, 3, 9, 9))
    assert taken(succeed(stage, rerun)) == kept
    assert decoded and {name for name in decoded if not name.startswith(tuple(names))} == set()
    shutil.copytree(rerun, tmp_path / "anew")
    succeed(stage, tmp_path / "anew", "cache_dir=null")
    assert tree(tmp_path / "anew") == tree(rerun)


def test_a_changed_setting_recomputes_what_depends_on_it(rerun, decoded):
    assert taken(succeed(CONSENSUS, rerun, "staple_max_iterations=500", "max_failures=3")) == (0, 3)
    assert taken(succeed(AGREEMENT, rerun, "staple_max_iterations=500")) == (3, 3)
    decoded.clear()
    assert taken(succeed(CONSENSUS, rerun, "staple_max_iterations=500")) == (3, 3)
    assert decoded == Counter()


def test_the_tolerance_and_who_drew_a_mask_recompute_the_agreement(rerun):
    assert taken(succeed(AGREEMENT, rerun, "nsd_tolerance=0.02")) == (0, 3)
    assert taken(succeed(AGREEMENT, rerun, "nsd_tolerance=0.02")) == (3, 3)
    table = rerun / "metadata" / "IMAplusplus_multiannotator_subset_seg_metadata.csv"
    text = table.read_text("utf-8")
    # Another code for a person changes nothing that is kept; one person who drew two masks does.
    table.write_text(text.replace(",A02,", ",A07,"), "utf-8")
    assert taken(succeed(AGREEMENT, rerun, "nsd_tolerance=0.02")) == (3, 3)
    table.write_text(text.replace(",A02,", ",A01,"), "utf-8")
    assert taken(succeed(AGREEMENT, rerun, "nsd_tolerance=0.02")) == (1, 3)


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"another")])
def test_a_lost_or_changed_consensus_mask_is_made_again(small_run, rerun, decoded, harm):
    harm(rerun / "seg_masks" / ST)
    assert taken(succeed(CONSENSUS, rerun)) == (2, 3)
    assert all(name.startswith("IMG_05") for name in decoded) and tree(rerun) == tree(small_run)


def test_masks_in_another_order_or_under_another_name(small_run, rerun, decoded):
    """Names are no part of the key, the order of the masks is."""
    table = rerun / "metadata" / "IMAplusplus_multiannotator_subset_seg_metadata.csv"
    new = HUMAN.replace("A01", "A07")
    table.write_text(table.read_text("utf-8").replace(HUMAN, new), "utf-8")
    (rerun / "seg_masks" / HUMAN).rename(rerun / "seg_masks" / new)
    assert taken(succeed(AGREEMENT, rerun)) == (3, 3)
    text = (rerun / "metadata" / "IMAplusplus_multiannotator_subset_IAA_metrics.csv").read_text("utf-8")
    assert new in text and HUMAN not in text and decoded == Counter()
    lines = table.read_text("utf-8").splitlines()
    table.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n", "utf-8")
    assert taken(succeed(AGREEMENT, rerun)) == (0, 3)


@pytest.mark.parametrize("stage", [CONSENSUS, AGREEMENT])
def test_audited_images_are_always_computed(small_run, rerun, decoded, stage):
    assert taken(succeed(stage, rerun, "audit_fraction=1")) == (0, 3)
    assert len(decoded) >= 7 and tree(rerun) == tree(small_run)
    assert taken(succeed(stage, rerun)) == (3, 3)


def test_failures_are_not_kept_and_their_consensus_masks_go(small_run, rerun, tmp_path):
    whole = (rerun / "seg_masks" / HUMAN).read_bytes()
    (rerun / "seg_masks" / HUMAN).write_bytes(whole[:-30])
    before = set(tree(rerun))
    for _ in range(2):
        assert taken(succeed(CONSENSUS, rerun)) == (2, 3)
        gone = {f"seg_masks/IMG_05_{label}.png" for label in ("ST_ST_ST_ST", "MV_MV_MV_MV")}
        assert before - set(tree(rerun)) == gone
    (row,) = (rerun / "metadata" / FAILURES).read_text("utf-8").splitlines()[1:]
    assert HUMAN in row and str(rerun) not in row and "seg_masks" not in row
    (rerun / "seg_masks" / HUMAN).write_bytes(whole)
    assert taken(succeed(CONSENSUS, rerun)) == (2, 3)
    for stage in (AGREEMENT, "compute_image_level_metrics"):
        succeed(stage, rerun)
    assert tree(rerun) == tree(small_run)


@pytest.mark.parametrize("stage", STAGES)
def test_half_written_files_of_killed_runs_are_removed(small_run, rerun, tmp_path, stage):
    halves = [
        rerun / folder / ".imapp-tmp-1-2.png" for folder in (".", "metadata", "cache", "seg_masks", "made/by/any")
    ]
    for half in halves:
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(b"half")
    succeed(stage, rerun, raw=small_run.parent / "raw")
    assert not any(half.exists() for half in halves)


@pytest.mark.parametrize("stage", LONG_STAGES)
def test_half_written_files_are_removed_from_folders_outside_the_output_too(rerun, tmp_path, stage):
    halves = [tmp_path / folder / ".imapp-tmp-1-2.png" for folder in ("kept", "not_of_the_pipeline")]
    for half in halves:
        half.parent.mkdir()
        half.write_bytes(b"half")
    succeed(stage, rerun, f"cache_dir={tmp_path / 'kept'}")
    assert [half.exists() for half in halves] == [False, True]


def test_stale_masks_go_only_after_the_tables_are_written(rerun, monkeypatch):
    (rerun / "seg_masks" / HUMAN).write_bytes(b"damaged")
    table = rerun / "metadata" / "IMAplusplus_multiannotator_subset_staple_performance.csv"
    table.unlink()
    table.mkdir()
    assert run_here(CONSENSUS, rerun)[0] == 1
    assert (rerun / "seg_masks" / ST).is_file()


def test_masks_a_worker_cannot_see_are_not_quarantined(rerun, monkeypatch):
    (rerun / "seg_masks" / HUMAN).rename(rerun / "seg_masks" / "hidden")
    read = Path.read_bytes
    shown = []

    def unseen_at_first(path):
        if path.name == HUMAN and not shown:
            shown.append((rerun / "seg_masks" / "hidden").rename(path))
            raise FileNotFoundError(2, "No such file", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", unseen_at_first)
    before = (rerun / "metadata" / "IMAplusplus_seg_metadata.csv").read_bytes()
    code, text = run_here(QA, rerun)
    assert (code, "Workers cannot read masks" in text, HUMAN in text) == (1, True, True)
    assert (rerun / "metadata" / "IMAplusplus_seg_metadata.csv").read_bytes() == before
