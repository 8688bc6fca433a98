"""make_raw_tables: raw input from a folder of masks, whatever their names look like."""

from __future__ import annotations

import re
import unicodedata
from functools import partial

import numpy as np
import pytest
import yaml
from PIL import Image
from support.drawing import box, write_png
from support.own_masks_folder import DRAWN, IMAGES, NORA, OLA, PIA, SHAPE, OwnData
from support.run import config_of, succeed
from support.trees import tree

from utils.own_masks.raw_tree import MARKER


@pytest.fixture
def own(tmp_path) -> OwnData:
    return OwnData(tmp_path)


@pytest.fixture
def drawn(own) -> OwnData:
    own.draw_images()
    own.draw_masks()
    return own


def test_the_table_holds_every_mask(drawn):
    text = drawn.succeed()
    assert "6 masks of 3 images by 3 annotators" in text
    rows = drawn.rows()
    assert list(rows[0]) == ["ISIC_id", "creator", "mskObjectID", "filename", "source", "skill"]
    assert {(row["ISIC_id"], row["creator"]) for row in rows} == set(DRAWN)
    assert {(row["source"], row["skill"]) for row in rows} == {("", "expert")}
    assert all(re.fullmatch("[0-9a-f]{24}", row["mskObjectID"]) for row in rows)
    assert [row["filename"] for row in rows] == [f"{row['mskObjectID']}.png" for row in rows]
    assert drawn.image_ids() == list(IMAGES)
    for key, mask in drawn.made().items():
        np.testing.assert_array_equal(mask, np.where(DRAWN[key], 255, 0))


@pytest.mark.parametrize(
    "pattern", ["{annotator}/{image}.png", "{image}/{annotator}.*", "all/{image}/{image}-{annotator}.png"]
)
def test_other_layouts_give_the_same_bytes(drawn, tmp_path, pattern):
    drawn.succeed()
    (tmp_path / "other").mkdir()
    other = OwnData(tmp_path / "other")
    other.draw_images()
    other.draw_masks(pattern.replace("*", "png"))
    other.succeed(f"own_name_pattern={pattern}")
    made = [tree(folder.raw) for folder in (other, drawn)]
    # It says which folder the masks are from.
    assert all(
        str(folder.masks).encode() in files.pop(MARKER) for folder, files in zip((other, drawn), made, strict=True)
    )
    assert made[0] == made[1]


def test_a_folder_made_from_other_masks_is_refused(drawn, tmp_path):
    drawn.succeed()
    before = tree(drawn.raw)
    (tmp_path / "other").mkdir()
    other = OwnData(tmp_path / "other")
    other.draw_images()
    other.draw_masks()
    other.raw = drawn.raw
    code, text = other.run()
    assert (code, "made from the masks in another folder" in text, "set another own_raw_dir" in text) == (1, True, True)
    assert tree(drawn.raw) == before


def test_names_stay_out_of_every_folder_of_the_output(own):
    own.draw_images()
    own.draw_masks()
    own.raw = own.base / "data" / "raw"
    code, text = own.run(f"target_data_dir={own.base / 'data'}")
    assert (code, "target_data_dir" in text, own.raw.exists()) == (2, True, False)


def test_ids_and_the_order_of_rows_tell_nothing_of_the_annotator(own, tmp_path):
    own.draw_images()
    own.draw_masks()
    own.succeed()
    turned = {NORA: OLA, OLA: PIA, PIA: NORA}
    (tmp_path / "renamed").mkdir()
    other = OwnData(tmp_path / "renamed")
    other.draw_images()
    other.draw_masks(drawn={(image, turned[name]): mask for (image, name), mask in DRAWN.items()})
    other.succeed()
    opaque = [[(row["ISIC_id"], row["mskObjectID"]) for row in each.rows()] for each in (own, other)]
    assert opaque[0] == opaque[1] == sorted(opaque[0])
    assert [turned[row["creator"]] for row in own.rows()] == [row["creator"] for row in other.rows()]


def test_equal_masks_have_ids_of_their_own(own):
    own.draw_images()
    same = {("scan_1", name): box(0, 0, 3, 3) for name in (NORA, OLA)} | {("001", PIA): box(0, 0, 3, 3)}
    own.draw_masks(drawn=same)
    own.succeed()
    assert len({row["mskObjectID"] for row in own.rows()}) == 3


def test_again_gives_the_same_bytes_and_takes_away_what_is_no_longer_there(drawn):
    drawn.succeed()
    first = tree(drawn.raw)
    drawn.succeed("num_workers=2")
    assert tree(drawn.raw) == first
    (drawn.masks / f"001_{PIA}.png").unlink()
    (drawn.raw / "segs" / "notes.txt").write_text("mine")
    drawn.succeed()
    assert len(drawn.rows()) == 5
    left = {path.name for path in (drawn.raw / "segs").iterdir()}
    assert left == {row["filename"] for row in drawn.rows()} | {"notes.txt"}


def test_a_failed_run_keeps_the_tables_and_masks_of_the_last(drawn):
    drawn.succeed()
    before = tree(drawn.raw)
    (drawn.masks / f"001_{PIA}.png").write_bytes(b"damaged")
    code, _ = drawn.run("own_foreground=zero")
    assert code == 1
    after = tree(drawn.raw)
    assert {name: after[name] for name in before} == before


def test_tools_and_skills_come_from_the_names(own):
    own.draw_images()
    pattern = "{image}/{tool}/{skill}/{annotator}.png"
    for number, (tool, skill) in enumerate((("poly", "1"), ("autofill", "novice"), ("missing", "expert"))):
        name = pattern.format(image="scan_1", annotator=f"{OLA}{number}", tool=tool, skill=skill)
        write_png(own.masks / name, box(1, 1, 4, 4 + number))
    mapping = ["own_tool.poly=manual pointlist", "own_skill={'1': novice}"]
    own.succeed(f"own_name_pattern={pattern}", *mapping)
    found = {row["creator"][-1]: (row["source"], row["skill"]) for row in own.rows()}
    assert found == {"0": ("manual pointlist", "novice"), "1": ("autofill", "novice"), "2": ("", "expert")}


@pytest.mark.parametrize(("of_file", "of_key"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_the_unicode_form_of_names_patterns_and_texts_does_not_matter(own, of_file, of_key):
    in_files, in_keys = (partial(unicodedata.normalize, form) for form in (of_file, of_key))
    for image in ("scan_1", "Größe"):
        Image.new("RGB", SHAPE[::-1]).save(own.images / in_files(f"{image}.png"))
        write_png(own.masks / in_files(f"{image}_läsion_{OLA}_für.png"), box(1, 1, 4, len(image)))
    own.succeed(in_keys("own_name_pattern={image}_läsion_{annotator}_{tool}.png"), in_keys("own_tool.für=autofill"))
    assert [row["source"] for row in own.rows()] == ["autofill", "autofill"]


def test_defaults_stand_for_fields_that_the_pattern_lacks(drawn):
    drawn.succeed("own_default_tool=autofill", "own_default_skill=novice")
    assert {(row["source"], row["skill"]) for row in drawn.rows()} == {("autofill", "novice")}


def test_several_masks_of_one_annotator_are_told_apart_by_n(own):
    own.draw_images()
    for n in ("1", "second"):
        own.draw_masks("{annotator}/{image}+{n}.png", {("scan_1", NORA): box(1, 1, 4, 4 + len(n))}, n=n)
    own.succeed("own_name_pattern={annotator}/{image}+{n}.png")
    assert [(row["ISIC_id"], row["creator"]) for row in own.rows()] == [("scan_1", NORA)] * 2
    own.raw = own.base / "raw without n"
    assert own.refused("own_name_pattern={annotator}/{image}+*.png") == [
        "file 2 (image 'scan_1'): its name says the same as that of file 1"
    ]


def test_the_image_that_is_there_decides_how_a_name_is_read(own):
    own.draw_images(["scan", "scan_1", "scan_2"])
    # Only one way names an image: by "k_x". Two do: "scan" by "1_k", "scan_1" by "k".
    for name in ("scan_k_x", "scan_1_k"):
        write_png(own.masks / f"{name}.png", box(1, 1, 4, 4))
    assert own.refused() == ["file 1: its name can be read in 2 ways"]
    own.succeed("own_name_pattern={image}_{annotator:[^_0-9]+(?:_x)?}.png")
    assert sorted((row["ISIC_id"], row["creator"]) for row in own.rows()) == [("scan", "k_x"), ("scan_1", "k")]


def test_spellings_of_one_unicode_id_meet(own):
    own.draw_images(["Bild ü"])
    name = unicodedata.normalize("NFD", f"Bild ü_{NORA}.png")
    write_png(own.masks / name, box(1, 1, 4, 4))
    own.succeed()
    assert [row["ISIC_id"] for row in own.rows()] == own.image_ids() == ["Bild ü"]


def test_images_and_masks_may_share_a_folder(own):
    own.images = own.masks
    own.draw_images(["scan", "scan 2"])
    own.draw_masks(drawn={("scan", NORA): box(1, 1, 4, 4), ("scan 2", OLA): box(1, 1, 4, 4)})
    text = own.succeed()
    assert own.image_ids() == ["scan", "scan 2"]
    assert "WARNING" not in text


def test_without_images_the_ids_come_from_the_masks(own):
    own.draw_masks(drawn={("scan", NORA): box(1, 1, 4, 4)})
    text = own.succeed("own_images_dir=null")
    assert "move_dataset needs every image" in text
    assert own.image_ids() == ["scan"]
    # Nothing tells the image scan_1 from an annotator 1_Nora Zeta.
    own.draw_masks(drawn={("scan_1", NORA): box(1, 1, 4, 4)})
    code, text = own.run("own_images_dir=null")
    assert (code, "file 1: its name can be read in 2 ways" in text) == (1, True)


def test_the_printed_lines_are_the_configuration_of_the_next_stage(drawn):
    text = drawn.succeed()
    lines = re.search(r"in place of those there:\n((?:(?!\d\d:).*\n)+)", text).group(1)
    settings = yaml.safe_load(config_of("create_dataset").read_text("utf-8")) | yaml.safe_load(lines)
    config = drawn.base / "config.yaml"
    config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    for stage in ("create_dataset", "move_dataset"):
        succeed(stage, drawn.output, "--config", config)
    assert len(list((drawn.output / "seg_masks").iterdir())) == len(DRAWN)
    images = {path.name: path.read_bytes() for path in (drawn.output / "images").iterdir()}
    assert images == {path.name: path.read_bytes() for path in drawn.images.iterdir()}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("nonzero", [0, 1, 1, 1]), ("zero", [1, 0, 0, 0]), (">2", [0, 0, 1, 1]), ("=2", [0, 1, 0, 0])],
)
def test_every_rule_of_foreground(own, rule, expected):
    own.draw_images(["scan"], size=(4, 1))
    Image.fromarray(np.array([[0, 2, 3, 200]], np.uint8)).save(own.masks / "scan_1.bmp")
    text = own.succeed("own_name_pattern={image}_{annotator}.*", f"own_foreground={rule}")
    (mask,) = own.made().values()
    assert mask.tolist() == [[255 * value for value in expected]]
    assert "1 masks hold more than two values" in text


def test_masks_that_come_out_empty_or_full_are_counted(own):
    own.draw_images(["scan"])
    masks = {("scan", NORA): box(0, 0, 0, 0), ("scan", OLA): box(0, 0, 24, 32), ("scan", PIA): box(0, 0, 4, 4)}
    own.draw_masks(drawn=masks)
    text = own.succeed()
    assert "1 masks have no foreground: file 1 (" in text
    assert "1 masks are foreground everywhere: file 2 (" in text
    assert "more than two values" not in text
    assert len(own.rows()) == 3
