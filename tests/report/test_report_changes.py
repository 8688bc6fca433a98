"""The report made again: every file is decoded once, afterwards only what changed."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from PIL import Image
from support.drawing import box
from support.drawn_report import isic_id
from support.report_files import report_data
from support.report_reruns import IMAGES, make, masks_of
from support.trees import tree

from utils.data import encode_mask
from utils.md5 import md5_of_bytes
from utils.report import image_files
from utils.report.report_folder import image_key
from utils.workers import result_cache, resume

SUBSET = "IMAplusplus_multiannotator_subset_seg_metadata.csv"
PAIRS = "IMAplusplus_multiannotator_subset_IAA_metrics.csv"


@pytest.fixture
def output(made_again) -> Path:
    return made_again


@pytest.fixture
def decoded(monkeypatch) -> Counter:
    """How often each photo and each content of a mask is decoded."""
    counts: Counter = Counter()
    decode, encode = image_files.decode_values, image_files.encode_thumbnail

    def count_mask(data, where):
        counts[md5_of_bytes(data)] += 1
        return decode(data, where)

    def count_photo(data, *arguments):
        counts["photo"] += 1
        return encode(data, *arguments)

    monkeypatch.setattr(image_files, "decode_values", count_mask)
    monkeypatch.setattr(image_files, "encode_thumbnail", count_photo)
    return counts


def contents_of(masks: Iterable[Path]) -> Counter:
    """The contents of an image's masks, each once: the consensus masks are often equal."""
    return Counter({md5_of_bytes(path.read_bytes()) for path in masks})


def all_masks(output: Path) -> list[list[Path]]:
    """The masks of each image of the report."""
    masks = [masks_of(output, number) for number in range(IMAGES)]
    masks[0].append(output / "quarantine" / "gone_A11_T3_S2_g.png")
    return [*masks, list((output / "seg_masks").glob("ISIC_single_*"))]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_each_content_of_an_image_is_decoded_once_and_not_again(output, decoded):
    before = tree(output / "report")
    shutil.rmtree(output / "report")
    shutil.rmtree(output / "cache")
    assert f"0 of {IMAGES + 1} taken from the cache" in make(output)
    assert decoded == sum((contents_of(masks) for masks in all_masks(output)), Counter(photo=IMAGES + 1))
    assert tree(output / "report") == before
    decoded.clear()
    assert f"{IMAGES + 1} of {IMAGES + 1} taken from the cache" in make(output)
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
    assert decoded == contents_of(masks_of(output, 2)) + Counter(photo=1)
    after, key = tree(output / "report"), image_key(isic_id(2))
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {f"details/{key}.js", f"votes/{key}.png", "data/images.js", "index.html"}
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
    assert f"{IMAGES} of {IMAGES + 1} taken from the cache" in make(output)
    assert decoded["photo"] == 1


def test_edited_code_makes_all_anew(output, monkeypatch):
    monkeypatch.setattr(result_cache, "code_digest", lambda module: f"edited {module}")
    assert f"0 of {IMAGES + 1} taken from the cache" in make(output)
    assert f"{IMAGES + 1} of {IMAGES + 1} taken from the cache" in make(output)


def test_another_size_of_thumbnails_makes_all_anew(output):
    assert f"0 of {IMAGES + 1} taken from the cache" in make(output, "report_thumbnail_pixels=48")
    with Image.open(output / "report" / "thumbs" / f"{image_key(isic_id(0))}.jpg") as thumbnail:
        assert thumbnail.size == (48, 36)


@pytest.mark.parametrize("folder", ["details", "thumbs", "votes"])
@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"other")], ids=["gone", "changed"])
def test_a_file_that_is_gone_or_changed_is_made_again(output, folder, harm):
    before = tree(output / "report")
    harm(next(path for path in (output / "report" / folder).iterdir() if path.stem == image_key(isic_id(0))))
    assert f"{IMAGES} of {IMAGES + 1} taken from the cache" in make(output)
    assert tree(output / "report") == before


def test_the_same_tables_make_another_report_folder(output):
    """Names of folders are in no key, and the files of one folder are not taken for those of another."""
    make(output, f"report_dir={output / 'other'}")
    assert tree(output / "other") == tree(output / "report")


def test_without_a_cache_every_image_is_made_and_nothing_kept(output, decoded):
    before = tree(output / "report")
    shutil.rmtree(output / "cache")
    for _ in range(2):
        decoded.clear()
        assert make(output, "cache_dir=null") == f"{IMAGES + 1} images"
        assert decoded["photo"] == IMAGES + 1
    assert tree(output / "report") == before
    assert not (output / "cache").exists()


@pytest.mark.parametrize("kept", [True, False], ids=["cache", "no cache"])
def test_files_that_come_and_go_make_their_image_anew(output, decoded, kept):
    """What was not there enters the key: it is neither an error nor forgotten once it is there again."""
    how = [] if kept else ["cache_dir=null"]
    before, key = tree(output / "report"), image_key(isic_id(2))
    for path in (output / "images" / "ISIC_0000002.JPG", masks_of(output, 2)[1]):
        aside = path.rename(output / "aside")
        make(output, *how)
        changed = tree(output / "report")
        assert {name for name in before if before[name] != changed.get(name)} >= {f"details/{key}.js", "index.html"}
        decoded.clear()
        taken = make(output, *how)
        assert not kept or (f"{IMAGES + 1} of {IMAGES + 1} taken" in taken and decoded == Counter())
        assert tree(output / "report") == changed
        aside.rename(path)
        make(output, *how)
        assert tree(output / "report") == before


def test_images_of_which_no_file_is_there_are_kept_too(output, decoded):
    for folder in ("images", "seg_masks", "quarantine"):
        shutil.rmtree(output / folder)
    make(output)
    without = tree(output / "report")
    assert f"{IMAGES + 1} of {IMAGES + 1} taken from the cache" in make(output)
    assert (decoded, tree(output / "report")) == (Counter(), without)


def test_a_file_that_cannot_be_read_is_named_and_its_image_made_anew_until_it_can(output, monkeypatch):
    before, path = tree(output / "report"), masks_of(output, 2)[0]

    def refused(function):
        def read(file):
            if file.name == path.name:
                raise PermissionError(13, "Permission denied", str(file))
            return function(file)

        return read

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", refused(Path.read_bytes))
        patched.setattr(resume, "md5_of_file", refused(resume.md5_of_file))
        for _ in range(2):
            assert f"{IMAGES} of {IMAGES + 1} taken from the cache" in make(output)
    assert f"mask that cannot be read (1): {path.name}" in (output / "report" / "index.html").read_text("utf-8")
    make(output)
    assert tree(output / "report") == before


def test_an_issue_of_an_unknown_file_name_of_a_known_image_leaves_its_details_alone(output):
    before = tree(output / "report")
    with open(output / "metadata" / "IMAplusplus_seg_metadata_qa_results.csv", "a", encoding="utf-8") as table:
        table.write("ISIC_0000002.png,old_mask.png,Empty mask,high\n")
    make(output)
    details = f"details/{image_key(isic_id(2))}.js"
    assert tree(output / "report")[details] == before[details]
    issue = report_data(output / "report", "quality")["issues"][-1]
    assert (issue["id"], issue["mask"], issue["path"]) == (isic_id(2), "old_mask.png", "")


def test_a_photo_that_is_gone_takes_its_thumbnail_with_it(output):
    (output / "images" / "ISIC_0000002.JPG").unlink()
    make(output)
    assert not (output / "report" / "thumbs" / f"{image_key(isic_id(2))}.jpg").exists()
    assert [row["thumb"] for row in report_data(output / "report", "images")] == [True, True, False, True, True]
    assert "photo not found (1): ISIC_0000002.JPG" in (output / "report" / "index.html").read_text(encoding="utf-8")
