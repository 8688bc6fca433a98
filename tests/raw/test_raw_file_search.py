"""Raw files are found in folders below, whatever the case of their suffix; rows that match nothing are told."""

from __future__ import annotations

import os
import shutil
import unicodedata

import pytest
from support.drawing import box, write_png
from support.run import run_here, succeed

from utils.errors import PipelineError
from utils.raw.file_search import FolderSearch
from utils.raw.raw_files import find_images

IMAGE_TABLE, MASK_TABLE = "raw_ISIC_images_metadata.csv", "raw_ISIC_segmasks_metadata.csv"


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def test_case_of_the_suffix_and_folders_below_do_not_matter(tmp_path):
    search = FolderSearch(
        make(tmp_path, "a.JPG", "one/b.jpg", "one/two/c.Jpg", "A.png", ".hidden/d.jpg", "out/e.jpg"), [tmp_path / "out"]
    )
    assert search.find("a.jpg") == [tmp_path / "a.JPG"]
    assert search.find("b.JPG") == [tmp_path / "one" / "b.jpg"]
    assert search.find("c.jpg") == [tmp_path / "one" / "two" / "c.Jpg"]
    assert search.find("A.jpg") == search.find("d.jpg") == search.find("e.jpg") == []


def test_a_path_is_never_found_in_a_folder_of_another_name(tmp_path):
    search = FolderSearch(make(tmp_path, "a.png", "one/a.png", "set/three/a.PNG", "b.png"))
    assert search.find_by_path("one/a.png") == [tmp_path / "one" / "a.png"]
    assert search.find_by_path("three/a.png") == [tmp_path / "set" / "three" / "a.PNG"]
    assert search.find_by_path("two/a.png") == search.find_by_path("two/b.png") == []
    assert search.find_by_path("x/set/three/a.png") == []


@pytest.mark.parametrize(
    ("refused", "told"), [("ann", "1 below it that cannot be read"), ("first", "it cannot be read")]
)
def test_a_folder_that_cannot_be_read_is_an_error_and_the_next_does_not_win(tmp_path, monkeypatch, refused, told):
    first, second = make(tmp_path / "first", "ann/x.jpg"), make(tmp_path / "second", "x.jpg")
    scandir = os.scandir

    # The superuser may read everything, so the refusal is staged.
    def refuse(path):
        if os.path.basename(path) == refused:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PipelineError, match="Folders cannot be read") as caught:
        find_images(["x"], {"jpg": [FolderSearch(first), FolderSearch(second)]})
    text = str(caught.value)
    assert (str(first) in text, f"found:    {told}" in text, "/ann" in text) == (True, True, False)


@pytest.mark.parametrize("key", ["orig_imgs_dirs.jpg", "orig_segs_dir"])
def test_links_to_folders_are_not_followed_and_warned_of_once(small_raw, tmp_path, key):
    folder = small_raw / {"orig_imgs_dirs.jpg": "images", "orig_segs_dir": "segs"}[key]
    for name in ("ann", ".hidden"):
        (folder / name).symlink_to(make(tmp_path / "store", "x.jpg"), target_is_directory=True)
    # Masks where their names say are found without a search.
    (small_raw / "segs" / "below").mkdir()
    shutil.move(small_raw / "segs" / "raw_NA.png", small_raw / "segs" / "below")
    succeed("create_dataset", tmp_path / "output", raw=small_raw)
    more = [f"orig_imgs_dirs.png=[{folder}]"] if key == "orig_imgs_dirs.jpg" else []
    text = succeed("move_dataset", tmp_path / "output", *more, raw=small_raw)
    assert text.count(f"1 links to folders in {folder} and below it are not followed") == 1
    assert "name it in orig_imgs_dirs (or orig_segs_dir)" in text and "/ann" not in text


@pytest.mark.parametrize(("on_disk", "asked"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_names_in_another_unicode_form_are_found(tmp_path, on_disk, asked):
    path = tmp_path / unicodedata.normalize(on_disk, "größe/Bild ü.PNG")
    search = FolderSearch(make(tmp_path, path.relative_to(tmp_path)))
    assert search.find(unicodedata.normalize(asked, "Bild ü.png")) == [path]
    assert search.find_by_path(unicodedata.normalize(asked, "größe/Bild ü.png")) == [path]


def test_jpeg_and_tiff_are_found_where_jpg_and_tif_are_asked_for(tmp_path):
    folder = make(tmp_path, "a.jpeg", "b.jpg", "c.TIFF", "d.jpg", "e.png")
    search = FolderSearch(folder)
    assert find_images("abce", {"jpg": [search]}) == {"a": folder / "a.jpeg", "b": folder / "b.jpg"}
    assert find_images("cd", {"tif": [search], "jpeg": [search]}) == {"c": folder / "c.TIFF", "d": folder / "d.jpg"}


@pytest.mark.parametrize(("asked", "there"), [("jpg", "a.JPEG"), ("jpeg", "a.JPG"), ("tif", "below/a.tiff")])
def test_two_spellings_of_a_suffix_in_one_folder_are_one_name_there_twice(tmp_path, asked, there):
    with pytest.raises(PipelineError, match="more than once") as caught:
        find_images(["a"], {asked: [FolderSearch(make(tmp_path, f"a.{asked}", there))]})
    assert caught.value.offenders == [f"image a: 2 files in {tmp_path} and below it"]


@pytest.mark.parametrize("stage", ["create_dataset", "move_dataset"])
def test_a_missing_mask_is_not_replaced_by_one_of_its_name_in_another_folder(small_raw, tmp_path, stage):
    table = (small_raw / MASK_TABLE).read_text(encoding="utf-8")
    (small_raw / MASK_TABLE).write_text(table.replace("raw_NA.png", "ann/raw_NA.png"), encoding="utf-8")
    for name in ("ann", "ben"):
        (small_raw / "segs" / name).mkdir()
    mask = shutil.move(small_raw / "segs" / "raw_NA.png", small_raw / "segs" / "ann" / "raw_NA.png")
    if stage == "move_dataset":
        succeed("create_dataset", tmp_path / "output", raw=small_raw)
    shutil.move(mask, small_raw / "segs" / "ben" / "raw_NA.png")
    code, text = run_here(stage, tmp_path / "output", raw=small_raw)
    assert (code, "row 4 (mskObjectID 'NA')" in text) == (1, True)
    if stage == "create_dataset":
        assert "filename is looked for below orig_segs_dir" in text and "constants.py" not in text


def test_the_first_folder_wins_and_twice_in_one_folder_is_an_error(tmp_path):
    first, second = make(tmp_path / "first", "x.jpg"), make(tmp_path / "second", "x.jpg", "y.jpg", "deep/y.JPG")
    folders = {"jpg": [FolderSearch(first), FolderSearch(second), FolderSearch(tmp_path / "nowhere")]}
    assert find_images(["x", "z"], folders) == {"x": first / "x.jpg"}
    with pytest.raises(PipelineError, match="more than once") as caught:
        find_images(["x", "y"], folders)
    assert caught.value.offenders == [f"image y: 2 files in {second} and below it"]


def test_a_raw_set_in_folders_below_makes_the_same_dataset(small_raw, small_run, tmp_path):
    (small_raw / "images" / "part 1").mkdir()
    shutil.move(small_raw / "images" / "IMG_01.jpg", small_raw / "images" / "part 1" / "IMG_01.JPG")
    (small_raw / "segs" / "batch").mkdir()
    shutil.move(small_raw / "segs" / "raw_NA.png", small_raw / "segs" / "batch")
    for stage in ("create_dataset", "move_dataset"):
        succeed(stage, tmp_path / "output", raw=small_raw)
    expected = {path.name: path.read_bytes() for path in (small_run / "seg_masks").iterdir()}
    made = {path.name: path.read_bytes() for path in (tmp_path / "output" / "seg_masks").iterdir()}
    assert {name: made.get(name) for name in expected if "_ST_" not in name and "_MV_" not in name} == {
        name: data for name, data in expected.items() if "_ST_" not in name and "_MV_" not in name
    }
    assert (tmp_path / "output" / "images" / "IMG_01.JPG").is_file()


def test_masks_below_the_images_are_not_taken_for_images(small_raw, tmp_path):
    masks = small_raw / "images" / "masks"
    shutil.move(small_raw / "segs", masks)
    (masks / "ann").mkdir()
    write_png(masks / "ann" / "IMG_01.jpg", box(4, 4, 14, 20))
    for stage in ("create_dataset", "move_dataset"):
        text = succeed(stage, tmp_path / "output", f"orig_segs_dir={masks}", raw=small_raw)
        assert "/ann" not in text
    photo = small_raw / "images" / "IMG_01.jpg"
    assert (tmp_path / "output" / "images" / "IMG_01.JPG").stat().st_size == photo.stat().st_size


@pytest.mark.parametrize("stage", ["create_dataset", "move_dataset"])
def test_raw_images_where_the_copies_go_are_refused(small_raw, tmp_path, stage):
    if stage == "move_dataset":
        succeed("create_dataset", tmp_path / "output", raw=small_raw)
    before = {path.name: path.read_bytes() for path in (small_raw / "images").iterdir()}
    code, text = run_here(stage, tmp_path / "output", f"target_data_dir={small_raw}", raw=small_raw)
    assert (code, "would be overwritten" in text) == (2, True)
    assert {path.name: path.read_bytes() for path in (small_raw / "images").iterdir()} == before


def test_output_within_the_raw_folder_is_not_searched(small_raw):
    output = small_raw / "images" / "output"
    for _ in range(2):
        for stage in ("create_dataset", "move_dataset"):
            succeed(stage, output, raw=small_raw)


def test_masks_that_match_several_files_are_told_by_row(small_raw, tmp_path):
    for name in ("one", "two"):
        (small_raw / "segs" / name).mkdir()
        shutil.copy(small_raw / "segs" / "raw_NA.png", small_raw / "segs" / name)
    (small_raw / "segs" / "raw_NA.png").unlink()
    code, text = run_here("create_dataset", tmp_path / "output", raw=small_raw)
    assert (code, "row 4 (mskObjectID 'NA'): 2 files" in text) == (1, True)
    assert "raw_NA" not in text


def test_a_folder_that_does_not_exist_is_named_before_its_files(small_raw, tmp_path):
    succeed("create_dataset", tmp_path / "output", raw=small_raw)
    nowhere = tmp_path / "nowhere"
    code, text = run_here("move_dataset", tmp_path / "output", f"orig_imgs_dirs.jpg=[{nowhere}]", raw=small_raw)
    assert code == 1
    assert text.index(f"- the folder {nowhere} does not exist") < text.index("- image IMG_01")


@pytest.mark.parametrize("stage", ["create_dataset", "move_dataset"])
@pytest.mark.parametrize("there", ["RAW_NA.png", "raw_NA .png", "raw_NA.tif", "below/raw_na.PNG"])
def test_a_mask_file_of_nearly_the_name_is_told_and_not_taken(small_raw, tmp_path, stage, there):
    if stage == "move_dataset":
        succeed("create_dataset", tmp_path / "output", raw=small_raw)
    (small_raw / "segs" / "below").mkdir()
    (small_raw / "segs" / "raw_NA.png").rename(small_raw / "segs" / there)
    code, text = run_here(stage, tmp_path / "output", raw=small_raw)
    (line,) = [line for line in text.splitlines() if "'NA'" in line]
    assert (code, "one whose name differs in blanks, case, Unicode form or suffix is there" in line) == (1, True)
    assert "raw_na" not in text.lower()


@pytest.mark.parametrize("there", ["img_01.jpg", "IMG_01 .jpg", "IMG_01.png"])
def test_an_image_file_of_nearly_the_name_is_told(small_raw, tmp_path, there):
    succeed("create_dataset", tmp_path / "output", raw=small_raw)
    (small_raw / "images" / "ann").mkdir()
    (small_raw / "images" / "IMG_01.jpg").rename(small_raw / "images" / "ann" / there)
    code, text = run_here("move_dataset", tmp_path / "output", raw=small_raw)
    (line,) = [line for line in text.splitlines() if "- image IMG_01" in line]
    assert (code, line.endswith(f"is there: {there!r}"), "/ann" in text) == (1, True, False)


@pytest.mark.parametrize("isic_id", ["IMG_01 ", "IMG_01\u200b", "\ufeffIMG_01", "\xa0IMG_01"])
def test_blanks_and_what_is_not_seen_in_a_missing_id_are_shown(small_raw, tmp_path, isic_id):
    for name in (IMAGE_TABLE, MASK_TABLE):
        table = (small_raw / name).read_text(encoding="utf-8").replace("\nIMG_01,", f"\n{isic_id},")
        (small_raw / name).write_text(table, encoding="utf-8")
    succeed("create_dataset", tmp_path / "output", raw=small_raw)
    code, text = run_here("move_dataset", tmp_path / "output", raw=small_raw)
    (line,) = [line for line in text.splitlines() if "- image" in line]
    assert (code, line.strip().startswith(f"- image {isic_id!r}, but"), "'IMG_01.jpg'" in line) == (1, True, True)


@pytest.mark.parametrize(
    ("name", "fault", "way_out"),
    [
        ("/data/segs/raw_NA.png", "a file name that is an absolute path", "filename is the path from orig_segs_dir"),
        (
            "ann\\raw_NA.png",
            "no mask file in orig_segs_dir, and a file name with backslashes",
            "as a path with / between its folders",
        ),
    ],
)
def test_paths_of_another_kind_are_told_with_the_way_out(small_raw, tmp_path, name, fault, way_out):
    table = (small_raw / MASK_TABLE).read_text(encoding="utf-8")
    (small_raw / MASK_TABLE).write_text(table.replace("raw_NA.png", name), encoding="utf-8")
    code, text = run_here("create_dataset", tmp_path / "output", raw=small_raw)
    assert (code, f"row 4 (mskObjectID 'NA'): {fault}\n" in text, way_out in text) == (1, True, True)


def test_masks_without_an_image_row_are_counted_named_and_near_ids_told(small_raw, tmp_path):
    table = (small_raw / IMAGE_TABLE).read_text(encoding="utf-8")
    other_form = unicodedata.normalize("NFD", "IMG 02 ü")
    table = table.replace("\nIMG_01,", "\nimg_01.jpg ,").replace("\nIMG 02 ü,", f"\n{other_form},")
    (small_raw / IMAGE_TABLE).write_text(table, encoding="utf-8")
    text = succeed("create_dataset", tmp_path / "output", raw=small_raw)
    assert "6 of 11 masks are left out" in text and "row 2 (mskObjectID '5841e138')" in text
    assert "'IMG_01' (image table: 'img_01.jpg ')" in text and f"'IMG 02 ü' (image table: {other_form!r})" in text
    assert "'no_metadata' (" not in text


def test_identical_masks_of_one_image_are_warned_of(small_raw, tmp_path):
    shutil.copy(small_raw / "segs" / "raw_NA.png", small_raw / "segs" / "raw_001.png")
    text = succeed("create_dataset", tmp_path / "output", raw=small_raw)
    assert "1 images have identical masks" in text and "001, NA" in text
