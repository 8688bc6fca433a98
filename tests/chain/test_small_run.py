"""The chain on the small raw set: which files it writes, what is in them, and reruns."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from support.files import table_rows
from support.run import ROOT, STAGES, chain_here, succeed
from support.small_set import SMALL_CREATORS, SMALL_ROWS, make_small_raw_set
from support.trees import tree

GOLDENS = sorted((ROOT / "tests" / "goldens" / "small").iterdir())
PAIRS = "IMAplusplus_multiannotator_subset_IAA_metrics.csv"
DRAWN = {row[2]: row[5] for row in SMALL_ROWS}
CONSENSUS = {
    # Annotator 5841e138 lies between the two others and convinces STAPLE.
    "IMG_01_ST_ST_ST_ST.png": DRAWN["5841e138"],
    "IMG_01_MV_MV_MV_MV.png": DRAWN["5841e138"].astype(int) + DRAWN["001"] + DRAWN["NA"] >= 2,
    # Disjoint: STAPLE believes the larger; a vote of one in two is a union.
    "IMG 02 ü_ST_ST_ST_ST.png": DRAWN["b1"],
    "IMG 02 ü_MV_MV_MV_MV.png": DRAWN["b1"] | DRAWN["b2"],
    # The empty mask is in quarantine; of the two left STAPLE keeps what they share.
    "IMG_05_ST_ST_ST_ST.png": DRAWN["f2"] & DRAWN["f3"],
    "IMG_05_MV_MV_MV_MV.png": DRAWN["f2"] | DRAWN["f3"],
}
HUMAN_MASKS = {
    "IMG_01_A00_T1_S1_5841e138.png",
    "IMG_01_A01_T3_S2_001.png",
    "IMG_01_A02_T2_S1_NA.png",
    "IMG 02 ü_A01_T3_S2_b2.png",
    "IMG 02 ü_A00_T1_S1_b1.png",
    "IMG_03_A00_T1_S1_d1.png",
    "IMG_05_A02_T2_S1_f2.png",
    "IMG_05_A01_T3_S2_f3.png",
}
# Overlap of each pair of annotators, from the areas of the rectangles in conftest.
OVERLAPS = {
    ("5841e138", "001"): (Fraction(4, 5), Fraction(2, 3)),
    ("5841e138", "NA"): (Fraction(14, 17), Fraction(7, 10)),
    ("001", "NA"): (Fraction(56, 85), Fraction(28, 57)),
    ("b2", "b1"): (Fraction(0), Fraction(0)),
    ("f2", "f3"): (Fraction(72, 121), Fraction(36, 85)),
}


def object_id(seg_filename: str) -> str:
    return seg_filename.removesuffix(".png").rpartition("_")[2]


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.name)
def test_tables_equal_their_goldens(small_run, golden):
    folder = "quarantine" if golden.name == "quarantined_masks.csv" else "metadata"
    assert (small_run / folder / golden.name).read_text("utf-8") == golden.read_text("utf-8")


def test_the_chain_writes_these_files_and_no_others(small_run):
    metadata = {f"metadata/{golden.name}" for golden in GOLDENS if golden.name != "quarantined_masks.csv"}
    assert len(metadata) == 12
    images = {f"images/{name}.JPG" for name in ("IMG_01", "IMG 02 ü", "IMG_03", "IMG_05")}
    masks = {f"seg_masks/{name}" for name in HUMAN_MASKS | set(CONSENSUS)}
    gone = ("IMG_04_A01_T3_S2_e1.png", "IMG_05_A00_T3_S1_f1.png", "IMG_04.JPG", "quarantined_masks.csv")
    assert set(tree(small_run)) == metadata | images | masks | {f"quarantine/{name}" for name in gone}


@pytest.mark.parametrize("name", CONSENSUS)
def test_consensus_masks_are_these_pixels(small_run, name):
    with Image.open(small_run / "seg_masks" / name) as image:
        assert (image.mode, image.format) == ("L", "PNG")
        np.testing.assert_array_equal(np.asarray(image), np.where(CONSENSUS[name], 255, 0))


@pytest.mark.parametrize("pair", OVERLAPS, ids="-".join)
def test_overlaps_are_these_fractions(small_run, pair):
    rows = table_rows(small_run / "metadata" / PAIRS)
    (row,) = (row for row in rows if (object_id(row["mask1"]), object_id(row["mask2"])) == pair)
    dice, jaccard = OVERLAPS[pair]
    assert float(row["dice_score"]) == float(dice)
    assert float(row["jaccard_score"]) == float(jaccard)
    # A 24 x 32 image has a diagonal of 40.
    assert float(row["hd_score_normalized"]) == float(row["hd_score"]) / 40


def test_files_are_moved_unchanged(small_run):
    raw = small_run.parent / "raw"
    for name in HUMAN_MASKS:
        original = raw / "segs" / f"raw_{object_id(name)}.png"
        assert (small_run / "seg_masks" / name).read_bytes() == original.read_bytes()
    for image in (small_run / "images").iterdir():
        assert image.read_bytes() == (raw / "images" / f"{image.stem}.jpg").read_bytes()


def test_the_chain_again_gives_the_same_bytes(small_run, rerun):
    chain_here(small_run.parent / "raw", rerun)
    assert tree(rerun) == tree(small_run)


@pytest.mark.parametrize(
    "stage",
    ["move_dataset", "mask_qa", "create_consensus_masks", "compute_IAA_metrics", "compute_image_level_metrics"],
)
def test_a_stage_again_after_the_chain_changes_nothing(small_run, rerun, stage):
    for _ in range(2):
        succeed(stage, rerun, raw=small_run.parent / "raw")
        assert tree(rerun) == tree(small_run)


def test_creators_are_in_no_file_and_no_name(small_run):
    names = [part.encode() for name in SMALL_CREATORS for part in name.split()]
    for path in small_run.rglob("*"):
        content = str(path.relative_to(small_run)).encode() + (path.read_bytes() if path.is_file() else b"")
        assert [name for name in names if name in content] == [], path


def test_a_set_without_several_annotators_passes_through(tmp_path):
    raw = make_small_raw_set(tmp_path / "raw")
    excluded = 'exclude_mskObjectIDs=["001","NA","b1","f1","f2"]'
    for stage, folder in STAGES.items():
        succeed(stage, tmp_path / "output", *([excluded] if folder == "dataset_creation" else []), raw=raw)
    metadata = tmp_path / "output" / "metadata"
    pairs, summary, per_image = (
        (metadata / PAIRS.replace("IAA_metrics", name)).read_text().splitlines()
        for name in ("IAA_metrics", "IAA_metrics_summary", "image_level_metrics")
    )
    assert (len(pairs), len(per_image)) == (1, 1)
    for name in ("image_agreement", "mask_agreement"):
        assert len((metadata / PAIRS.replace("IAA_metrics", name)).read_text().splitlines()) == 1
    assert summary[1] == "Mean" + "," * 10


def test_excluded_ids_that_no_row_has_are_named(tmp_path):
    raw = make_small_raw_set(tmp_path / "raw")
    text = succeed("create_dataset", tmp_path / "output", 'exclude_mskObjectIDs=["d1","D1","nothing"]', raw=raw)
    assert "no row has the mskObjectID 'D1', 'nothing'" in text and "9 masks" in text
    assert "no row has" not in succeed("create_dataset", tmp_path / "output", 'exclude_mskObjectIDs=["c1"]', raw=raw)
