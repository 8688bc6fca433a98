"""move_dataset: copies, links, reruns, and the keys that change what is moved and where."""

from __future__ import annotations

import os
import shutil
from types import SimpleNamespace

import pytest
from support.drawing import box, write_png
from support.run import run_here, succeed
from support.small_set import make_small_raw_set

from utils.errors import PipelineError
from utils.raw.transfer import Move, check_room, transfer_file

MASK = "IMG_03_A00_T1_S1_d1.png"


@pytest.fixture
def made(tmp_path):
    """Give a raw set and an output folder with its metadata."""
    raw, output = make_small_raw_set(tmp_path / "raw"), tmp_path / "output"
    succeed("create_dataset", output, raw=raw)
    return SimpleNamespace(raw=raw, output=output, mask=output / "seg_masks" / MASK)


def move(made, *arguments) -> str:
    return succeed("move_dataset", made.output, *arguments, raw=made.raw)


def kind_of(path, original) -> str:
    if path.is_symlink():
        assert path.resolve() == original.resolve()
        return "symlink"
    return "hardlink" if os.path.samefile(path, original) else "copy"


@pytest.mark.parametrize("how", ["copy", "hardlink", "symlink"])
def test_each_mode_and_its_rerun(made, how):
    assert f"15 files transferred ({how}), 0 already there" in move(made, f"transfer={how}")
    original = made.raw / "segs" / "raw_d1.png"
    assert kind_of(made.mask, original) == how
    assert made.mask.read_bytes() == original.read_bytes()
    before = made.mask.lstat()
    assert f"0 files transferred ({how}), 15 already there" in move(made, f"transfer={how}")
    assert made.mask.lstat() == before


@pytest.mark.parametrize("first", ["copy", "hardlink", "symlink"])
@pytest.mark.parametrize("second", ["copy", "hardlink", "symlink"])
def test_modes_can_be_changed(tmp_path, first, second):
    source, target = tmp_path / "a.png", tmp_path / "new" / "b.png"
    source.write_bytes(b"mask")
    assert transfer_file(Move(source, target), first).is_new
    assert transfer_file(Move(source, target), second).is_new == (first != second)
    assert kind_of(target, source) == second
    assert (source.read_bytes(), source.is_symlink()) == (b"mask", False)


def test_what_a_killed_run_left_half_written_is_removed(made):
    halves = [made.output / folder / ".imapp-tmp-1-2.png" for folder in ("images", "seg_masks")]
    for half in halves:
        half.parent.mkdir()
        half.write_bytes(b"half")
    move(made)
    assert not any(half.exists() for half in halves)


def test_a_damaged_target_is_mended_alone(made):
    move(made)
    made.mask.write_bytes(b"half")
    (made.output / "images" / "IMG_05.JPG").unlink()
    assert "2 files transferred (copy), 13 already there" in move(made)
    assert made.mask.read_bytes() == (made.raw / "segs" / "raw_d1.png").read_bytes()


def test_images_and_masks_in_one_folder(made):
    move(made, "separate_images_and_masks=false", f"target_data_dir={made.output / 'all'}")
    names = os.listdir(made.output / "all")
    assert len(names) == 15
    assert {MASK, "IMG_03.JPG", "IMG 02 ü.JPG"} < set(names)
    assert not (made.output / "images").exists()
    here = f"new_dataset_masks_dir={made.output / 'all'}"
    succeed("mask_qa", made.output, here, f"new_dataset_images_dir={made.output / 'all'}")
    assert len(os.listdir(made.output / "all")) == 12


@pytest.mark.parametrize(
    ("limit", "masks"), [(1, ["5841e138", "001", "NA"]), (2, ["5841e138", "001", "NA", "b2", "b1"])]
)
def test_a_trial_run_takes_the_first_images(tmp_path, limit, masks):
    raw, output = make_small_raw_set(tmp_path / "raw"), tmp_path / "output"
    console = succeed("create_dataset", output, f"limit_images={limit}", raw=raw)
    assert f"{len(masks)} masks of {limit} images" in console
    table = (output / "metadata" / "IMAplusplus_seg_metadata.csv").read_text("utf-8").splitlines()[1:]
    assert [line.split(",")[6] for line in table] == masks
    assert f"{len(masks) + limit} files transferred" in succeed("move_dataset", output, raw=raw)


def test_files_of_other_formats_keep_their_extension(tmp_path):
    from PIL import Image

    raw, output = make_small_raw_set(tmp_path / "raw"), tmp_path / "output"
    (raw / "more").mkdir()
    for old, new in (("IMG_01.jpg", "more/IMG_01.JPEG"), ("IMG_05.jpg", "more/IMG_05.tiff")):
        (raw / "images" / old).rename(raw / new)
    Image.new("L", (32, 24), 255).save(raw / "segs" / "raw_d1.tif")
    table = raw / "raw_ISIC_segmasks_metadata.csv"
    table.write_text(table.read_text("utf-8").replace("raw_d1.png", "raw_d1.tif"), "utf-8")
    more = [f"orig_imgs_dirs.{extension}=[{raw / 'more'}]" for extension in ("JPEG", "tiff")]
    for stage in ("create_dataset", "move_dataset"):
        succeed(stage, output, *more, raw=raw)
    assert sorted(os.listdir(output / "images")) == [
        "IMG 02 ü.JPG",
        "IMG_01.JPG",
        "IMG_03.JPG",
        "IMG_04.JPG",
        "IMG_05.tiff",
    ]
    assert "Mask covers entire image" in (
        succeed("mask_qa", output)
        and (output / "metadata" / "IMAplusplus_seg_metadata_qa_results.csv").read_text("utf-8")
    )
    assert (output / "seg_masks" / "IMG_03_A00_T1_S1_d1.tif").exists()


def test_a_dropped_row_with_the_same_id_does_not_take_a_masks_place(tmp_path):
    """Only kept rows must have distinct ids; here an image without metadata repeats the id of a kept mask."""
    raw, output = make_small_raw_set(tmp_path / "raw"), tmp_path / "output"
    table = raw / "raw_ISIC_segmasks_metadata.csv"
    table.write_text(table.read_text("utf-8").replace("Quin Phi,c1,", "Quin Phi,b2,"), "utf-8")
    for stage in ("create_dataset", "move_dataset"):
        succeed(stage, output, raw=raw)
    expected = (raw / "segs" / "raw_b2.png").read_bytes()
    assert (output / "seg_masks" / "IMG 02 ü_A01_T3_S2_b2.png").read_bytes() == expected


def test_linked_raw_files_survive_the_stages_after(made):
    before = {path.name: path.read_bytes() for path in (made.raw / "segs").iterdir()}
    for how in ("hardlink", "symlink"):
        move(made, f"transfer={how}")
        for stage in ("mask_qa", "create_multiannotator_subset", "create_consensus_masks"):
            succeed(stage, made.output)
        assert {path.name: path.read_bytes() for path in (made.raw / "segs").iterdir()} == before
        succeed("create_dataset", made.output, raw=made.raw)


def test_failed_transfers_are_all_listed_by_their_new_names(made):
    for name in (MASK, "IMG_01_A01_T3_S2_001.png"):
        (made.output / "seg_masks" / name).mkdir(parents=True)
    code, text = run_here("move_dataset", made.output, raw=made.raw)
    assert (code, "could not be transferred" in text) == (1, True)
    assert f"- {MASK}: " in text and "- IMG_01_A01_T3_S2_001.png: " in text
    assert "raw_d1" not in text
    assert (made.output / "seg_masks" / "IMG_01_A02_T2_S1_NA.png").is_file()


def test_a_source_that_vanishes_is_not_named(tmp_path):
    with pytest.raises(PipelineError) as caught:
        transfer_file(Move(tmp_path / "by Nora Zeta.png", tmp_path / "b.png"), "copy")
    assert "Nora" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_the_md5_is_checked_even_when_the_target_is_there(tmp_path):
    write_png(tmp_path / "a.png", box(1, 1, 2, 2))
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    with pytest.raises(PipelineError, match="changed since create_dataset"):
        transfer_file(Move(tmp_path / "a.png", tmp_path / "b.png", md5="0" * 32), "copy")


def test_room_is_compared_with_the_sum_of_the_files(tmp_path, monkeypatch):
    for name, size in (("a", 60), ("b", 40)):
        (tmp_path / name).write_bytes(b"x" * size)
    moves = [Move(tmp_path / name, tmp_path / "new" / name) for name in "ab"]
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=100))
    check_room(moves, tmp_path / "new" / "deeper")
    (tmp_path / "a").write_bytes(b"x" * 61)
    with pytest.raises(PipelineError, match="101 bytes"):
        check_room(moves, tmp_path / "new" / "deeper")


def test_a_full_disk_is_found_before_anything_is_copied(made, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=100))
    code, text = run_here("move_dataset", made.output, raw=made.raw)
    assert (code, "no room" in text, "100 bytes free" in text) == (1, True, True)
    assert not (made.output / "images").exists()
    move(made, "transfer=hardlink")  # needs no room
    # What is linked must be copied in full: again there is no room.
    assert run_here("move_dataset", made.output, raw=made.raw)[0] == 1
    monkeypatch.undo()
    move(made)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=100))
    move(made)  # all is there, so nothing needs room
