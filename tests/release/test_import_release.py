"""import_release: the tree of a release is the tree it was made from, and what it lacks is named."""

from __future__ import annotations

import gzip
import zipfile

import pytest
from PIL import Image
from support.drawing import encoded
from support.release_sets import SUBSET, cells, differences, import_release
from support.run import run_here, succeed
from support.small_set import other_raw
from support.trees import tree

SEG_TABLE, IMG_TABLE, ID_LIST = "IMAplusplus_seg_metadata.csv", "IMAplusplus_img_metadata.csv", "ISIC_ids.txt"
LAID_OUT = (SEG_TABLE, IMG_TABLE, ID_LIST)
MASK = "IMG_01_A00_T1_S1_5841e138.png"
SINGLE = "IMG_03_A00_T1_S1_d1.png"


def images_of(small_run, tmp_path):
    """Copy the images of the run under the names that users have them by."""
    folder = tmp_path / "my_images"
    folder.mkdir()
    for path in (small_run / "images").iterdir():
        (folder / f"{path.stem}.jpg").write_bytes(path.read_bytes())
    return folder


def table_names(output):
    return sorted(path.name for path in (output / "metadata").glob("*") if path.name in LAID_OUT)


@pytest.mark.parametrize("how", ["copy", "hardlink", "symlink"])
def test_the_tree_is_the_one_that_was_released(release, small_run, output, tmp_path, how):
    folder = images_of(small_run, tmp_path)

    code, text = import_release(release, output, f"orig_imgs_dirs.jpg=[{folder}]", f"transfer={how}")

    assert code == 0, text
    assert differences(output, "import") == []
    for name in LAID_OUT:
        assert (output / "metadata" / name).read_bytes() == (small_run / "metadata" / name).read_bytes()
    assert tree(output / "seg_masks") == release.masks
    assert tree(output / "images") == tree(small_run / "images")
    assert {path.is_symlink() for path in (output / "images").iterdir()} == {how == "symlink"}
    assert len(release.masks) == 8 + 6


def test_the_chain_goes_on_from_mask_qa_without_images(release, small_run, output):
    assert import_release(release, output)[0] == 0
    assert {row["kind"] for row in differences(output, "import")} == {"image missing"}

    for stage in ("mask_qa", "create_multiannotator_subset", "create_consensus_masks", "compute_IAA_metrics"):
        succeed(stage, output)
    succeed("compute_image_level_metrics", output)

    names = [f"{SUBSET}{name}.csv" for name in ("seg_metadata", "IAA_metrics", "IAA_metrics_summary")]
    for name in (*LAID_OUT, *names, f"{SUBSET}image_level_metrics.csv", f"{SUBSET}staple_performance.csv"):
        assert (output / "metadata" / name).read_bytes() == (small_run / "metadata" / name).read_bytes()
    assert tree(output / "seg_masks") == release.masks
    assert not (output / "images").exists()


def test_a_rerun_changes_nothing(release, output):
    assert "14 of them new" in import_release(release, output)[1]
    before = {path: path.stat().st_mtime_ns for path in (output / "seg_masks").iterdir()}

    assert "0 of them new" in import_release(release, output)[1]
    assert {path: path.stat().st_mtime_ns for path in (output / "seg_masks").iterdir()} == before


def spoil(release):
    release.replace(MASK, None)
    release.flip_pixel(SINGLE, 0, 0)


def test_two_imports_leave_the_tables_where_they_are(release, output):
    for _ in range(3):
        code, text = import_release(release, output)
        assert (code, "withdrawn" in text) == (0, False), text
    assert table_names(output) == sorted(LAID_OUT)
    succeed("mask_qa", output)


def test_a_release_is_no_demo_and_gives_way_to_nothing_by_itself(release, output, small_raw, tmp_path):
    demo = "demo_dir={raw}", "orig_segs_dir={raw}/segs"  # as where nothing names raw input
    assert import_release(release, output, *(key.format(raw=small_raw) for key in demo))[0] == 0
    before = tree(output / "seg_masks")
    code, text = run_here("create_dataset", output, raw=other_raw(small_raw, tmp_path))
    assert (code, "holds another dataset" in text) == (1, True)
    assert tree(output / "seg_masks") == before


def test_missing_and_different_masks_are_all_listed_and_the_others_are_in_place(release, output):
    md5s = {row["seg_filename"]: row["mask_md5"] for row in release.rows("release_seg_metadata_path")}
    spoil(release)

    code, text = import_release(release, output)

    assert code == 1
    listed = [row for row in differences(output, "import") if row["kind"].startswith("mask")]
    assert cells(listed, "kind", "image", "file", "expected") == [
        ("mask missing", "IMG_01.JPG", MASK, md5s[MASK]),
        ("mask differs", "IMG_03.JPG", SINGLE, md5s[SINGLE]),
    ]
    assert listed[1]["found"] not in ("", md5s[SINGLE])
    assert MASK in text and SINGLE in text and "release_allow_incomplete" in text
    assert table_names(output) == []
    in_place = tree(output / "seg_masks")
    consensus = {f"IMG_01_{label}_{label}_{label}_{label}.png" for label in ("ST", "MV")}
    assert set(in_place) == set(release.masks) - {SINGLE} - consensus


def test_an_incomplete_release_can_be_taken_without_its_missing_masks(release, output):
    spoil(release)

    code, text = import_release(release, output, "release_allow_incomplete=true")

    assert code == 0, text
    assert "WARNING" in text and "mask missing: 1" in text and "mask differs: 1" in text
    rows = (output / "metadata" / SEG_TABLE).read_text(encoding="utf-8").splitlines()
    names = [row.split(",")[2] for row in rows[1:]]
    assert MASK not in names and SINGLE not in names
    assert not [name for name in names if name.startswith(("IMG_01_ST", "IMG_01_MV"))]
    assert sorted(names) == sorted(tree(output / "seg_masks"))
    assert "IMG_03" not in (output / "metadata" / ID_LIST).read_text(encoding="utf-8").split("\n")
    kinds = [row["kind"] for row in differences(output, "import")]
    assert kinds.count("consensus of an incomplete image") == 2
    for stage in ("mask_qa", "create_multiannotator_subset", "create_consensus_masks"):
        succeed(stage, output)


def test_a_mask_that_is_already_in_place_need_not_be_in_the_archive(release, output):
    (output / "seg_masks").mkdir(parents=True)
    (output / "seg_masks" / MASK).write_bytes(release.masks[MASK])
    release.replace(MASK, None)

    code, text = import_release(release, output)

    assert code == 0, text
    assert "13 of them new" in text


def test_images_that_do_not_fit_are_named_and_left_out(release, small_run, output, tmp_path):
    folder = images_of(small_run, tmp_path)
    (folder / "IMG_03.jpg").unlink()
    Image.new("RGB", (31, 24)).save(folder / "IMG_05.jpg")
    (folder / "IMG_01.jpg").rename(folder / "IMG_01.png")

    keys = [f"orig_imgs_dirs.jpg=[{folder}]", f"orig_imgs_dirs.png=[{folder}]"]
    code, text = import_release(release, output, *keys)

    assert code == 0, text
    assert sorted(cells(differences(output, "import"), "kind", "image", "expected", "found")) == [
        ("image format", "IMG_01.JPG", "IMG_01.JPG", "IMG_01.png"),
        ("image missing", "IMG_03.JPG", "", ""),
        ("image size", "IMG_05.JPG", "32 x 24", "31 x 24"),
    ]
    assert sorted(tree(output / "images")) == ["IMG 02 ü.JPG"]


def test_masks_of_one_image_that_differ_in_size_are_named(release, output):
    second = "IMG_01_A01_T3_S2_001.png"
    release.replace(second, encoded(Image.new("L", (16, 24), 255)), update_md5=True)

    code, text = import_release(release, output)

    assert code == 0, text
    sizes = [row for row in differences(output, "import") if row["kind"] == "mask size"]
    assert cells(sizes, "image", "file", "expected", "found") == [("IMG_01.JPG", second, "32 x 24", "16 x 24")]


def test_byte_order_marks_line_ends_folders_and_clutter_do_not_matter(release, small_run, output):
    for path in release.paths.values():
        plain = gzip.decompress(path.read_bytes()).decode()
        path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode()))
    release.inside = "release 1/segs/"
    release.write_archive()
    with zipfile.ZipFile(release.archive, "a") as packed:
        packed.writestr("release 1/segs/", b"")
        packed.writestr(f"__MACOSX/release 1/segs/._{MASK}", b"clutter")
        packed.writestr("release 1/.DS_Store", b"clutter")
        packed.writestr("release 1/segs/stranger.png", b"?")

    code, text = import_release(release, output)

    assert code == 0, text
    for name in LAID_OUT:
        assert (output / "metadata" / name).read_bytes() == (small_run / "metadata" / name).read_bytes()
    others = [row for row in differences(output, "import") if row["kind"] != "image missing"]
    assert cells(others, "kind", "file") == [("file without a row", "release 1/segs/stranger.png")]


def test_keys_without_a_value_are_named(output):
    code, text = run_here("import_release", output)

    assert code == 2
    for key in ("release_segs_zip", "release_seg_metadata_path", "release_img_metadata_path"):
        assert f"- {key}" in text


def test_a_mask_that_claims_too_many_pixels_is_named_before_it_is_decoded(release, output):
    data = bytearray(release.masks[SINGLE])
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    release.replace(SINGLE, bytes(data), update_md5=True)

    code, text = import_release(release, output)

    assert code == 0, text
    (row,) = [row for row in differences(output, "import") if row["file"] == SINGLE]
    assert row["kind"] == "mask without a size" and "60000 x 60000 pixels" in row["found"]


def test_an_archive_without_any_mask_is_an_error(release, output):
    release.masks = {}
    release.write_archive()

    code, text = import_release(release, output, "release_allow_incomplete=true")

    assert code == 1
    assert "No mask of the release could be taken" in text and table_names(output) == []
