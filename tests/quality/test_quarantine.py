"""Unusable masks leave the dataset whole and can be traced; nothing is deleted, nobody is renumbered."""

from __future__ import annotations

import shutil

import pytest
from support.drawing import box, write_png
from support.files import table_rows
from support.run import succeed
from support.small_set import SMALL_ROWS
from support.trees import tree

from utils.quality.quarantine import move_to_quarantine, restore_places

SEG, IMG, QA = (f"IMAplusplus_{name}.csv" for name in ("seg_metadata", "img_metadata", "seg_metadata_qa_results"))
BLANK = {row[2]: row[0] for row in SMALL_ROWS if not row[5].any()}


def test_blank_masks_move_with_their_bytes(small_run):
    assert BLANK == {"e1": "IMG_04", "f1": "IMG_05"}
    segs = small_run.parent / "raw" / "segs"
    for object_id, name in (("e1", "IMG_04_A01_T3_S2_e1.png"), ("f1", "IMG_05_A00_T3_S1_f1.png")):
        assert (small_run / "quarantine" / name).read_bytes() == (segs / f"raw_{object_id}.png").read_bytes()
        assert not (small_run / "seg_masks" / name).exists()
        assert object_id not in [row["mskObjectID"] for row in table_rows(small_run / "metadata" / SEG)]


def test_an_image_leaves_with_its_last_mask_and_stays_while_one_remains(small_run):
    metadata = small_run / "metadata"
    for isic_id, there in (("IMG_04", False), ("IMG_05", True)):
        assert (isic_id in [row["isic_id"] for row in table_rows(metadata / IMG)]) == there
        assert (isic_id in (metadata / "ISIC_ids.txt").read_text("utf-8").split("\n")) == there
        assert (small_run / "images" / f"{isic_id}.JPG").exists() == there
        assert (small_run / "quarantine" / f"{isic_id}.JPG").exists() != there
    raw = small_run.parent / "raw" / "images" / "IMG_04.jpg"
    assert (small_run / "quarantine" / "IMG_04.JPG").read_bytes() == raw.read_bytes()


def test_rows_about_masks_in_quarantine_are_kept_on_a_rerun(rerun):
    before = tree(rerun)
    console = succeed("mask_qa", rerun)
    assert "8 masks judged" in console and "2 masks in quarantine" in console
    assert tree(rerun) == before
    listed = [(row["mask"], row["issue"]) for row in table_rows(rerun / "metadata" / QA)]
    assert ("IMG_04_A01_T3_S2_e1.png", "Empty mask") in listed
    assert ("IMG_05_A00_T3_S1_f1.png", "Empty mask") in listed


def test_a_mask_that_becomes_unreadable_later_joins_them_in_metadata_order(rerun):
    before = table_rows(rerun / "metadata" / SEG)
    (rerun / "seg_masks" / "IMG_03_A00_T1_S1_d1.png").write_bytes(b"\x89PNG, broken")
    (rerun / "seg_masks" / "IMG_01_A01_T3_S2_001.png").unlink()
    succeed("mask_qa", rerun)
    unreadable = "File not found or corrupted"
    assert [(row["mask"], row["issue"], row["severity"]) for row in table_rows(rerun / "metadata" / QA)] == [
        ("IMG_01_A01_T3_S2_001.png", unreadable, "high"),
        ("IMG 02 ü_A01_T3_S2_b2.png", "Mask touches image border", "low"),
        ("IMG_03_A00_T1_S1_d1.png", unreadable, "high"),
        ("IMG_04_A01_T3_S2_e1.png", "Empty mask", "high"),
        ("IMG_05_A00_T3_S1_f1.png", "Empty mask", "high"),
        ("IMG_05_A02_T2_S1_f2.png", "Multiple disconnected regions (2)", "medium"),
    ]
    gone = {"001", "d1"}
    assert table_rows(rerun / "metadata" / SEG) == [row for row in before if row["mskObjectID"] not in gone]
    assert (rerun / "quarantine" / "IMG_03_A00_T1_S1_d1.png").read_bytes() == b"\x89PNG, broken"
    assert (rerun / "quarantine" / "IMG_03.JPG").exists() and not (rerun / "images" / "IMG_03.JPG").exists()
    assert (rerun / "images" / "IMG_01.JPG").exists()


def test_consensus_rows_pass_through_untouched(rerun):
    consensus = rerun / "seg_masks" / "IMG_01_ST_ST_ST_ST.png"
    before = (rerun / "metadata" / SEG).read_bytes()
    write_png(consensus, box(0, 0, 0, 0))
    succeed("mask_qa", rerun)
    assert consensus.exists()
    assert (rerun / "metadata" / SEG).read_bytes() == before
    assert "_ST_" not in (rerun / "metadata" / QA).read_text("utf-8")


def test_an_image_whose_annotators_masks_are_all_gone_takes_its_consensus_along(rerun):
    for name in ("IMG_05_A02_T2_S1_f2.png", "IMG_05_A01_T3_S2_f3.png"):
        (rerun / "seg_masks" / name).write_bytes(b"")
    succeed("mask_qa", rerun)
    assert [row for row in table_rows(rerun / "metadata" / SEG) if row["ISIC_id"] == "IMG_05"] == []
    for name in ("IMG_05_ST_ST_ST_ST.png", "IMG_05_MV_MV_MV_MV.png", "IMG_05.JPG"):
        assert (rerun / "quarantine" / name).exists()


def test_annotators_keep_their_numbers_when_one_leaves(small_run, tmp_path):
    raw = shutil.copytree(small_run.parent / "raw", tmp_path / "raw")
    for object_id in ("5841e138", "b1", "d1", "f1"):  # all that A00 drew
        write_png(raw / "segs" / f"raw_{object_id}.png", box(0, 0, 0, 0))
    for stage in ("create_dataset", "move_dataset", "mask_qa"):
        succeed(stage, tmp_path / "output", raw=raw)
    found = {row["mskObjectID"]: row["annotator"] for row in table_rows(tmp_path / "output" / "metadata" / SEG)}
    assert found == {"001": "A01", "NA": "A02", "b2": "A01", "f2": "A02", "f3": "A01"}


def test_a_mended_mask_comes_back_with_create_dataset(small_run, tmp_path):
    raw = shutil.copytree(small_run.parent / "raw", tmp_path / "raw")
    output = shutil.copytree(small_run, tmp_path / "output")
    write_png(raw / "segs" / "raw_e1.png", box(3, 3, 9, 9))
    for stage in ("create_dataset", "move_dataset", "mask_qa"):
        console = succeed(stage, output, raw=raw)
    assert "1 masks in quarantine" in console
    assert "IMG_04" in (output / "metadata" / "ISIC_ids.txt").read_text("utf-8")
    assert (output / "seg_masks" / "IMG_04_A01_T3_S2_e1.png").exists()
    assert (output / "images" / "IMG_04.JPG").exists()


def test_tables_are_written_before_files_move(rerun, monkeypatch):
    (rerun / "seg_masks" / "IMG_03_A00_T1_S1_d1.png").write_bytes(b"")

    def stop(*_):
        raise OSError("stopped before anything moved")

    monkeypatch.setattr("utils.quality.quarantine.shutil.move", stop)
    with pytest.raises(AssertionError, match="stopped before anything moved"):
        succeed("mask_qa", rerun)
    assert "d1" not in [row["mskObjectID"] for row in table_rows(rerun / "metadata" / SEG)]
    assert (rerun / "seg_masks" / "IMG_03_A00_T1_S1_d1.png").exists()
    monkeypatch.undo()
    succeed("mask_qa", rerun)
    assert (rerun / "quarantine" / "IMG_03_A00_T1_S1_d1.png").exists()
    assert (rerun / "quarantine" / "IMG_03.JPG").exists()


def test_moving_twice_moves_once(tmp_path):
    (tmp_path / "a").write_text("x")
    assert move_to_quarantine(["a", "b"], tmp_path, tmp_path / "q") == [tmp_path / "q" / "a"]
    assert move_to_quarantine(["a", "b"], tmp_path, tmp_path / "q") == []
    assert (tmp_path / "q" / "a").read_text() == "x"


def test_places_come_back_wherever_masks_left():
    import pandas as pd

    left = pd.DataFrame({"seg_filename": ["b", "d", "e"]})
    gone = pd.DataFrame({"seg_filename": ["f", "a", "c"], "place": [5, 0, 2], "issue": "Empty mask"})
    table = restore_places(left, gone)
    assert table["seg_filename"].tolist() == list("abcdef")
    assert table["place"].tolist() == [0, 1, 2, 3, 4, 5]
    assert table["issue"].isna().tolist() == [False, True, False, True, True, False]
