"""make_raw_tables: what it refuses or leaves out, always by the number of a file and never by its name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.drawing import box, write_png
from support.own_masks_folder import DRAWN, NORA, OLA, PIA, OwnData
from support.run import run_program, succeed
from support.trees import tree


@pytest.fixture
def own(tmp_path) -> OwnData:
    own = OwnData(tmp_path)
    own.draw_images()
    own.draw_masks()
    return own


def listed(own: OwnData, number: int) -> str:
    """Return the file that line `number` of the printed command names."""
    _, text = own.run("own_allow_unmatched=false")
    (command,) = {line[line.index("(cd ") : line.rindex(" sort)") + 6] for line in text.splitlines() if "(cd " in line}
    return run_program("sh", "-c", command).stdout.splitlines()[number - 1].removeprefix("./")


def test_files_of_other_names_are_counted_in_a_warning(own):
    for number in range(12):
        (own.masks / f"Thumbs {number}.db").touch()
    (own.masks / ".hidden").mkdir()
    (own.masks / ".hidden" / "x_y.png").touch()
    (own.masks / ".DS_Store").touch()
    text = own.succeed()
    shown = ", ".join(f"file {number}" for number in range(4, 14))
    assert f"12 files do not follow own_name_pattern: {shown} and 2 more" in text
    assert len(own.rows()) == len(DRAWN)
    assert listed(own, 4) == "Thumbs 0.db"


def test_files_of_other_names_are_refused_on_demand(own):
    (own.masks / f"{NORA} notes.txt").touch()
    assert own.refused("own_allow_unmatched=false") == ["file 4: a name that does not follow own_name_pattern"]
    assert listed(own, 4) == f"{NORA} notes.txt"


def test_no_mask_at_all_is_an_error(own):
    code, text = own.run("own_name_pattern={annotator}/{image}.png")
    assert code == 1
    assert "There are no masks" in text and "found:    6 files of other names\n" in text


def test_masks_of_another_suffix_than_that_of_the_pattern_are_told(own):
    (own.masks / f"scan_1_{NORA}.txt").touch()
    code, text = own.run("own_name_pattern={image}_{annotator}.jpg")
    assert (code, "hint:     6 would follow own_name_pattern, but for their suffix (.png)\n" in text) == (1, True)
    code, text = own.run("own_name_pattern={annotator}/{image}.jpg")
    assert (code, "but for their suffix" in text) == (1, False)


@pytest.mark.parametrize("is_allowed", [True, False])
def test_files_that_are_no_pictures_are_left_out_or_refused_where_any_extension_will_do(own, is_allowed):
    for name in (f"001_{PIA}.txt", f"scan_1_{NORA}.json", "scan_1_x.nii.gz"):
        (own.masks / name).touch()
    pattern = "own_name_pattern={image}_{annotator}.*"
    if is_allowed:
        assert "3 files are left out, as no pictures have their extensions: file 2, " in own.succeed(pattern)
        assert len(own.rows()) == len(DRAWN)
    else:
        offenders = own.refused(pattern, "own_allow_unmatched=false")
        assert len(offenders) == 3 and offenders[0] == "file 2: not a picture, by its extension"


def test_nothing_but_files_that_are_no_pictures_is_said(own):
    for path in own.masks.iterdir():
        path.rename(path.with_suffix(".npy"))
    code, text = own.run("own_name_pattern={image}_{annotator}.*")
    assert (code, "found:    6 files that are no pictures" in text) == (1, True)


def test_masks_whose_id_nearly_is_that_of_an_image_are_told(own):
    for name in ("Scan_1", "scan_1 "):
        write_png(own.masks / f"{name}_{NORA}.png", DRAWN["scan_1", NORA])
    text = own.succeed()
    assert "2 masks have no image in own_images_dir" in text
    assert "2 of these masks match an image but for" in text and "(image 'scan_1')" in text and NORA not in text


def test_images_of_nearly_the_ids_are_told_where_no_mask_has_an_image(own):
    (own.masks / f"001_{PIA}.png").unlink()
    for name in ("scan_1", "Bild 2 ü"):
        (own.images / f"{name}.png").rename(own.images / f"{name.upper()}.png")
    code, text = own.run()
    assert (code, "There are no masks" in text, "found:    5 masks whose image is not there" in text) == (1, True, True)
    assert "5 match an image but for" in text and "(image 'SCAN_1')" in text


def test_masks_without_image_and_images_without_mask_are_warned_of(own):
    own.draw_images(["lonely"])
    (own.images / "001.png").unlink()
    text = own.succeed()
    assert "1 masks have no image in own_images_dir: file 1 (" in text
    assert "1 images have no mask: lonely" in text
    assert {row["ISIC_id"] for row in own.rows()} == {"Bild 2 ü", "scan_1"}
    assert own.image_ids() == ["Bild 2 ü", "lonely", "scan_1"]


def test_all_sizes_that_differ_are_listed(own):
    write_png(own.masks / f"scan_1_{NORA}.png", box(1, 1, 2, 2, shape=(24, 31)))
    own.draw_images(["001"], size=(10, 20))
    assert own.refused() == [
        "file 1 (image '001'): 32 x 24 pixels, the image: 10 x 20 pixels",
        "file 4 (image 'scan_1'): 31 x 24 pixels, the image: 32 x 24 pixels",
    ]


def test_without_images_masks_are_compared_with_the_first(own):
    write_png(own.masks / f"scan_1_{OLA}.png", box(1, 1, 2, 2, shape=(32, 24)))
    assert own.refused("own_images_dir=null", "own_name_pattern={image}_{annotator:[^_]+}.png") == [
        "file 5 (image 'scan_1'): 24 x 32 pixels, the image's first mask: 32 x 24 pixels"
    ]


def test_damaged_masks_and_images_are_all_listed(own):
    (own.masks / f"scan_1_{NORA}.png").write_bytes(b"")
    whole = (own.masks / f"scan_1_{OLA}.png").read_bytes()
    (own.masks / f"scan_1_{OLA}.png").write_bytes(whole[: len(whole) // 2])
    found = own.refused()
    assert [line.partition(": it cannot be decoded: ")[0] for line in found] == [
        "file 4 (image 'scan_1')",
        "file 5 (image 'scan_1')",
    ]
    own.draw_masks()
    (own.images / "scan_1.png").write_bytes(b"no image")
    assert own.refused() == ["image 'scan_1': it is not an image"]


def test_links_stay_within_the_folder(own):
    (own.masks / f"scan_1_{NORA}.png").rename(own.base / "elsewhere.png")
    (own.masks / "other").mkdir()
    (own.masks / "other" / "inside").write_bytes((own.base / "elsewhere.png").read_bytes())
    (own.masks / f"scan_1_{NORA}.png").symlink_to("other/inside")
    own.succeed()
    assert len(own.rows()) == len(DRAWN)
    own.raw = own.base / "second"
    (own.masks / f"001_{OLA}.png").symlink_to(own.base / "elsewhere.png")
    (own.masks / f"001_{NORA}.png").symlink_to("nowhere.png")
    (own.masks / "loop_x.png").symlink_to("loop_x.png")
    (own.masks / "z").symlink_to(own.base, target_is_directory=True)
    os.mkfifo(own.masks / "pipe_of.png")
    assert own.refused() == [
        "file 1: a broken link, or not a regular file",
        "file 2: a link that leaves the folder",
        "file 6: a broken link, or not a regular file",
        "file 8: a broken link, or not a regular file",
        "file 12: a link to a folder, which is not followed",
    ]


def test_a_file_that_cannot_be_read_is_listed(own, monkeypatch):
    # The superuser may read everything, so the refusal is staged.
    read_bytes = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == f"001_{PIA}.png":
            raise PermissionError(13, "Permission denied", str(path))
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert own.refused() == ["file 1 (image '001'): it cannot be read: Permission denied"]


def test_a_folder_that_cannot_be_read_ends_the_run(own, monkeypatch):
    (own.masks / NORA).mkdir()
    scandir = os.scandir

    def refuse(path):
        if os.path.basename(path) == NORA:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    code, text = own.run()
    assert (code, "1 that cannot be read" in text) == (1, True)


def test_names_that_cannot_be_ids_are_listed(own):
    for number, name in enumerate((b"a\xff", b"a\nb", b"a\\b", b" ")):
        path = os.path.join(os.fsencode(own.masks), b"%s_%d.png" % (name, number))
        with open(path, "wb") as stream:
            stream.write((own.masks / f"001_{PIA}.png").read_bytes())
    pattern = "own_name_pattern={image}_{annotator:[^_]+}.png"
    assert [line.partition(": ")[2] for line in own.refused("own_images_dir=null", pattern)] == [
        "a name with a blank part",
        "a name with a backslash or a control character",
        "a name with a backslash or a control character",
        "a name that is not UTF-8",
    ]
    for name in ("a\\b.png", "001.jpg"):
        (own.images / name).write_bytes((own.images / "001.png").read_bytes())
    assert own.refused() == [
        "image '001.png': an id that another file has, too",
        "image 'a\\\\b.png': a name with a backslash or a control character",
    ]


def test_texts_without_a_mapping_are_listed(own):
    pattern = "{image}_{annotator:[^_]+}_{tool}.png"
    own.draw_masks(pattern.replace(":[^_]+", ""), {("001", PIA): box(1, 1, 4, 4)}, tool="lasso")
    offenders = own.refused(f"own_name_pattern={pattern}")
    assert offenders == [
        "file 2 (image '001'): its tool is not in own_tool, which has 'manual pointlist', 'missing', 'autofill'"
    ]


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("own_foreground=>", ['nonzero, zero, ">N", "=N" or "=#RRGGBB"']),
        ("own_foreground=white", ["white"]),
        ("own_tool.x=lasso", ["'lasso'", "manual pointlist, missing, autofill"]),
        ("own_default_skill=guru", ["'guru'", "expert, novice", "own_default_skill on the command line"]),
        ("own_name_pattern={picture}_{annotator}.png", ["{picture}"]),
        ("own_masks_dir=null", ["own_masks_dir"]),
    ],
)
def test_wrong_settings_end_with_exit_code_2(own, argument, words):
    code, text = own.run(argument)
    assert code == 2, text
    assert [word for word in words if word not in text] == []
    assert not own.raw.exists()


@pytest.mark.parametrize("key", ["own_masks_dir", "own_images_dir"])
def test_a_missing_folder_is_named_by_its_key(own, key):
    code, text = own.run(f"{key}={own.base / 'nowhere'}")
    assert (code, f"the key '{key}'" in text) == (1, True)


@pytest.mark.parametrize("place", ["output", "output/raw", "masks", "masks/raw", "images/raw", "."])
def test_the_raw_folder_lies_apart(own, place):
    own.raw = own.base / place
    before = tree(own.base)
    code, text = own.run()
    assert (code, "own_raw_dir must lie apart from the other folders" in text) == (2, True)
    assert {name for name in tree(own.base) if not name.startswith("output")} == set(before)


def test_a_folder_that_another_made_is_left_alone(own):
    own.raw.mkdir()
    (own.raw / "raw_ISIC_images_metadata.csv").write_text("mine")
    code, text = own.run()
    assert (code, "own_raw_dir is in use for other files" in text) == (1, True)
    assert tree(own.raw) == {"raw_ISIC_images_metadata.csv": b"mine"}


def test_a_mask_folder_that_leads_elsewhere_is_not_written(own):
    own.succeed()
    (own.raw / "segs").rename(own.base / "moved")
    (own.raw / "segs").symlink_to(own.base / "moved", target_is_directory=True)
    assert own.run()[0] == 1


def test_help_names_the_keys(tmp_path):
    text = succeed("make_raw_tables", tmp_path, "--help")
    for part in ("Reads:", "Writes:", "own_masks_dir", "own_name_pattern", "own_raw_dir"):
        assert part in text
