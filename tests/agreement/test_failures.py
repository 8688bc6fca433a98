"""A fault of one image costs that image: it is listed, the others are computed."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest
from support.drawing import box, write_png
from support.files import table_rows
from support.run import run_here, run_stage, succeed
from support.trees import tree

from utils.agreement.failures_table import record_failures
from utils.errors import PipelineError
from utils.tables import read_table

PREFIX = "IMAplusplus_multiannotator_subset_"
CONSENSUS, AGREEMENT = "create_consensus_masks", "compute_IAA_metrics"


@pytest.fixture
def broken(rerun):
    """Give a run up to the subset, in which the masks of IMG_01 differ in size and one of IMG_05 is damaged."""
    write_png(rerun / "seg_masks" / "IMG_01_A02_T2_S1_NA.png", box(4, 6, 14, 24, shape=(25, 32)))
    damaged = rerun / "seg_masks" / "IMG_05_A01_T3_S2_f3.png"
    damaged.write_bytes(damaged.read_bytes()[:-30])
    succeed("create_multiannotator_subset", rerun)
    return SimpleNamespace(output=rerun, metadata=rerun / "metadata")


def table(broken, name: str) -> list[dict[str, str]]:
    return table_rows(broken.metadata / f"{PREFIX}{name}.csv")


def test_failures_are_listed_and_the_others_computed(small_run, broken):
    for stage in (CONSENSUS, AGREEMENT):
        console = succeed(stage, broken.output)
        assert f"2 images failed (listed in {PREFIX}failures.csv)" in console
        assert "IMG_01.JPG failed: " in console and "IMG_05.JPG failed: " in console
    rows = table(broken, "failures")
    assert [(row["stage"], row["img_id"]) for row in rows] == [
        (CONSENSUS, "IMG_01.JPG"),
        (CONSENSUS, "IMG_05.JPG"),
        (AGREEMENT, "IMG_01.JPG"),
        (AGREEMENT, "IMG_05.JPG"),
    ]
    assert "differ in size" in rows[0]["reason"] and "IMG_01_A02_T2_S1_NA.png: 32 x 25" in rows[0]["reason"]
    assert "cannot be decoded" in rows[1]["reason"] and "IMG_05_A01_T3_S2_f3.png" in rows[1]["reason"]
    whole = (small_run / "metadata" / f"{PREFIX}IAA_metrics.csv").read_text("utf-8").splitlines()
    kept = [whole[0], *(line for line in whole if line.startswith("IMG 02"))]
    assert (broken.metadata / f"{PREFIX}IAA_metrics.csv").read_text("utf-8").splitlines() == kept
    succeed("compute_image_level_metrics", broken.output)
    assert [row["img_id"] for row in table(broken, "image_level_metrics")] == ["IMG 02 ü.JPG"]


def test_images_that_failed_have_no_consensus_rows(broken):
    succeed(CONSENSUS, broken.output)
    assert "IMG_01" in {row["ISIC_id"] for row in table(broken, "seg_metadata")}
    consensus = [row["ISIC_id"] for row in table(broken, "seg_metadata") if row["annotator"] in ("ST", "MV")]
    assert consensus == ["IMG 02 ü", "IMG 02 ü"]
    assert {row["ISIC_id"] for row in table(broken, "staple_performance")} == {"IMG 02 ü"}


def test_mended_images_leave_the_list(small_run, broken):
    succeed(CONSENSUS, broken.output)
    succeed(AGREEMENT, broken.output)
    for name in ("IMG_01_A02_T2_S1_NA.png", "IMG_05_A01_T3_S2_f3.png"):
        shutil.copy(small_run / "seg_masks" / name, broken.output / "seg_masks" / name)
    succeed(CONSENSUS, broken.output)
    assert {row["stage"] for row in table(broken, "failures")} == {AGREEMENT}
    for stage in (AGREEMENT, "compute_image_level_metrics"):
        succeed(stage, broken.output)
    assert tree(broken.output) == tree(small_run)


@pytest.mark.parametrize(("limit", "code"), [("0", 1), ("1", 1), ("2", 0), ("null", 0)])
def test_more_failures_than_allowed_end_with_1(broken, limit, code):
    found, console = run_here(CONSENSUS, broken.output, f"max_failures={limit}")
    assert found == code
    assert len(table(broken, "failures")) == 2
    assert ("2 images failed." in console and f"at most {limit} (max_failures)" in console) == bool(code)


def test_no_failures_pass_with_none_allowed(small_run, rerun):
    for stage in (CONSENSUS, AGREEMENT):
        succeed(stage, rerun, "max_failures=0")
    assert tree(rerun) == tree(small_run)


def test_processes_report_the_same_failures(broken):
    succeed(CONSENSUS, broken.output)
    alone = tree(broken.output)
    done = run_stage(CONSENSUS, broken.output, "num_workers=2")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert tree(broken.output) == alone


def test_the_audit_passes_and_changes_nothing(small_run, rerun):
    for stage in (CONSENSUS, AGREEMENT):
        succeed(stage, rerun, "audit_fraction=1")
    assert tree(rerun) == tree(small_run)


@pytest.mark.parametrize("table_name", ["seg_metadata", "IAA_metrics"])
@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda text: "", "an empty file"),
        (lambda text: text.replace("annotator", "artist"), "lacks columns"),
        (lambda text: text.replace("\n", ",1\n", 3).replace(",1\n", "\n", 1), "CSV in UTF-8"),
    ],
    ids=["empty", "column missing", "ragged"],
)
def test_damaged_tables_of_earlier_stages_are_named(rerun, table_name, damage, expected):
    path = rerun / "metadata" / f"{PREFIX}{table_name}.csv"
    path.write_text(damage(path.read_text("utf-8")), "utf-8")
    stage = AGREEMENT if table_name == "seg_metadata" else "compute_image_level_metrics"
    code, console = run_here(stage, rerun)
    assert (code, str(path) in console, expected in console) == (1, True, True)


def failure_rows(path) -> list[list[str]]:
    return read_table(path).to_numpy().tolist()


def test_each_stage_replaces_its_own_failures(tmp_path):
    path = tmp_path / "failures.csv"
    assert record_failures(path, "one", [], None, tmp_path) == ""
    assert path.read_text() == "stage,img_id,reason\n"
    text = record_failures(path, "one", [("a.JPG", "two\n  lines"), ("b.JPG", "x")], None, tmp_path)
    assert text == ", 2 images failed (listed in failures.csv)"
    record_failures(path, "two", [("a.JPG", "y")], None, tmp_path)
    record_failures(path, "one", [("c.JPG", "z")], 1, tmp_path)
    assert failure_rows(path) == [["two", "a.JPG", "y"], ["one", "c.JPG", "z"]]


def test_too_many_failures_are_an_error_after_they_are_written(tmp_path):
    with pytest.raises(PipelineError, match="2 images failed") as caught:
        record_failures(tmp_path / "f.csv", "one", [("a", "x"), ("b", "y")], 1, tmp_path)
    assert "at most 1 (max_failures)" in str(caught.value)
    assert len(failure_rows(tmp_path / "f.csv")) == 2
