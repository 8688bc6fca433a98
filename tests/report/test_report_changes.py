"""The report made again: every file decoded once, afterwards only what changed; what is gone is removed."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from support.drawing import box
from support.drawn_report import draw_dataset, isic_id
from support.report_files import report_data
from support.run import config_of
from support.trees import tree

from multiannotator_analysis.make_report import main
from utils.config import load_config
from utils.data import encode_mask
from utils.report import image_files
from utils.report.report_folder import image_key
from utils.settings import MultiannotatorSettings

IMAGES = 5
SUBSET = "IMAplusplus_multiannotator_subset_seg_metadata.csv"
PAIRS = "IMAplusplus_multiannotator_subset_IAA_metrics.csv"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Output folder with a report; tests take copies of it."""
    output = tmp_path_factory.mktemp("made") / "output"
    draw_dataset(output, IMAGES)
    make(output)
    return output


@pytest.fixture
def output(made, tmp_path) -> Path:
    return shutil.copytree(made, tmp_path / "output")


@pytest.fixture
def decoded(monkeypatch) -> Counter:
    """How often each mask and photo is decoded."""
    counts: Counter = Counter()
    decode, encode = image_files.decode_mask, image_files.encode_thumbnail

    def count_mask(data, where):
        counts[Path(where).name] += 1
        return decode(data, where)

    def count_photo(data, *arguments):
        counts["photo"] += 1
        return encode(data, *arguments)

    monkeypatch.setattr(image_files, "decode_mask", count_mask)
    monkeypatch.setattr(image_files, "encode_thumbnail", count_photo)
    return counts


def make(output: Path, *overrides: str) -> str:
    """Make the report in this process; return its closing line."""
    keys = [f"output_dir={output}", "num_workers=1", *overrides]
    return main(load_config(MultiannotatorSettings, config_of("make_report"), keys)).counts


def masks_of(output: Path, number: int) -> list[Path]:
    return sorted((output / "seg_masks").glob(f"ISIC_{number:07}_*"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_each_file_is_decoded_once_and_not_again(output, decoded):
    before = tree(output / "report")
    shutil.rmtree(output / "report")
    make(output)
    masks = {path.name for path in (output / "seg_masks").iterdir()} | {"gone_A11_T3_S2_g.png"}
    assert decoded == Counter({**dict.fromkeys(masks, 1), "photo": IMAGES + 1})
    assert tree(output / "report") == before
    decoded.clear()
    assert f"0 the files were made, {IMAGES + 1} had not changed" in make(output)
    assert decoded == Counter()
    assert tree(output / "report") == before


def test_a_new_time_of_a_file_is_no_change(output, decoded):
    for path in (output / "seg_masks").iterdir():
        os.utime(path, (1, 1))
    make(output)
    assert decoded == Counter()


def test_a_changed_mask_makes_its_image_anew(output, decoded):
    before = tree(output / "report")
    path = masks_of(output, 2)[0]
    path.write_bytes(encode_mask(box(10, 10, 20, 20, (72, 96))))
    make(output)
    assert decoded == Counter({**{mask.name: 1 for mask in masks_of(output, 2)}, "photo": 1})
    after, key = tree(output / "report"), image_key(isic_id(2))
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {f"details/{key}.js", f"votes/{key}.png", f"records/{key}.json", "data/images.js", "index.html"}
    assert "M10 10l10 0 0 10-10 0z" in after[f"details/{key}.js"].decode()


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        (SUBSET, "ISIC_0000002_ST_ST_ST_ST.png,ST,ST", "ISIC_0000002_ST_ST_ST_ST.png,ST,other"),
        (PAIRS, ",A05,A11,", ",A05,A11,1"),
    ],
    ids=["metadata", "pairs"],
)
def test_changed_rows_make_their_image_anew(output, decoded, table, old, new):
    edit(output / "metadata" / table, old, new)
    assert " 1 the files were made" in make(output)
    assert decoded["photo"] == 1


def test_another_size_of_thumbnails_makes_all_anew(output):
    assert f"{IMAGES + 1} the files were made" in make(output, "report_thumbnail_pixels=48")
    with Image.open(output / "report" / "thumbs" / f"{image_key(isic_id(0))}.jpg") as thumbnail:
        assert thumbnail.size == (48, 36)


@pytest.mark.parametrize("folder", ["details", "thumbs", "votes", "records"])
def test_a_file_that_is_gone_is_made_again(output, folder):
    before = tree(output / "report")
    next(path for path in (output / "report" / folder).iterdir() if path.stem == image_key(isic_id(0))).unlink()
    make(output)
    assert tree(output / "report") == before


def test_a_damaged_record_is_not_believed(output):
    before = tree(output / "report")
    for number, text in enumerate(("", "[]", "{", '{"stamp": 1}')):
        (output / "report" / "records" / f"{image_key(isic_id(number))}.json").write_text(text)
    assert " 4 the files were made" in make(output)
    assert tree(output / "report") == before


def test_a_run_that_was_stopped_half_way_is_completed_by_the_next(output, monkeypatch):
    before = tree(output / "report")
    path = masks_of(output, 2)[0]
    old = path.read_bytes()
    path.write_bytes(encode_mask(box(10, 10, 20, 20, (72, 96))))

    def stop(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(image_files, "_details", stop)
        make(output)
    path.write_bytes(old)
    make(output)
    assert tree(output / "report") == before


def test_an_image_whose_files_cannot_be_made_is_named_and_has_none(output, monkeypatch):
    key, write = image_key(isic_id(2)), image_files.write_bytes_atomically

    def fail(path, data):
        if path.name == f"{key}.js":
            raise OSError(28, "No space left on device", str(path))
        write(path, data)

    monkeypatch.setattr(image_files, "write_bytes_atomically", fail)
    path = masks_of(output, 2)[0]
    path.write_bytes(encode_mask(box(10, 10, 20, 20, (72, 96))))
    make(output)
    assert [name for name in tree(output / "report") if key in name] == []
    assert [row["thumb"] for row in report_data(output / "report", "images")] == [True, True, False, True, True]
    page = (output / "report" / "index.html").read_text(encoding="utf-8")
    assert "1 x image whose files could not be made: ISIC_0000002" in page
    assert "No space" not in page


def test_an_issue_of_an_unknown_file_name_of_a_known_image_leaves_its_details_alone(output):
    before = tree(output / "report")
    with open(output / "metadata" / "IMAplusplus_seg_metadata_qa_results.csv", "a", encoding="utf-8") as table:
        table.write("ISIC_0000002.png,old_mask.png,Empty mask,high\n")
    make(output)
    details = f"details/{image_key(isic_id(2))}.js"
    assert tree(output / "report")[details] == before[details]
    issue = report_data(output / "report", "quality")["issues"][-1]
    assert (issue["id"], issue["mask"], issue["path"]) == (isic_id(2), "old_mask.png", "")


def test_files_of_images_that_are_gone_are_removed_and_others_kept(output):
    key = image_key(isic_id(4))
    kept = [output / "report" / "details" / "notes.js", output / "report" / "thumbs" / "0123456789abcdef.txt"]
    for path in kept:
        path.write_text("mine")
    for table in (output / "metadata").glob("*.csv"):
        lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
        table.write_text("".join(line for line in lines if "ISIC_0000004" not in line), encoding="utf-8")
    assert "4 files of others removed" in make(output)
    assert [name for name in tree(output / "report") if key in name] == []
    assert [path.read_text() for path in kept] == ["mine", "mine"]
    assert len(report_data(output / "report", "images")) == IMAGES - 1


def test_a_photo_that_is_gone_takes_its_thumbnail_with_it(output):
    (output / "images" / "ISIC_0000002.JPG").unlink()
    make(output)
    assert not (output / "report" / "thumbs" / f"{image_key(isic_id(2))}.jpg").exists()
    assert [row["thumb"] for row in report_data(output / "report", "images")] == [True, True, False, True, True]
    assert "1 x photo not there: ISIC_0000002.JPG" in (output / "report" / "index.html").read_text(encoding="utf-8")
