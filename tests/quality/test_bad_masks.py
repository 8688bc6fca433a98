"""Every awkward or damaged mask file through the whole chain: accepted as what it shows, or listed and left out."""

from __future__ import annotations

import shutil
import time
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from loguru import logger
from PIL import Image
from support.drawing import bomb, box, write_png
from support.mask_files import FORMATS, MASK, REFUSED, SEVERAL, several
from support.run import chain_here, run_here, succeed
from support.small_set import make_raw_set, make_small_raw_set, rows_of_image
from support.trees import tree

from utils.data import load_image
from utils.errors import Failure
from utils.quality import size_mismatch
from utils.tables import read_table
from utils.workers.workplace import IN_THIS_PROCESS

METRICS = "IMAplusplus_multiannotator_subset_IAA_metrics.csv"
FAILURES = "IMAplusplus_multiannotator_subset_failures.csv"
QA = "IMAplusplus_seg_metadata_qa_results.csv"


def run_chain_on(raw: Path, output: Path) -> SimpleNamespace:
    """Run the chain, which must leave the raw files alone: what it says, and the folder of its tables."""
    before = tree(raw)
    said = chain_here(raw, output)
    assert tree(raw) == before
    return SimpleNamespace(said=said, folder=output / "metadata", output=output)


@pytest.fixture
def run(tmp_path):
    """Give a raw set, and a function that runs the chain on it."""
    raw, output = make_small_raw_set(tmp_path / "raw"), tmp_path / "output"
    return SimpleNamespace(raw=raw, chain=lambda: run_chain_on(raw, output), output=output)


def images_with_metrics(done) -> list[str]:
    return list(dict.fromkeys(read_table(done.folder / METRICS)["img_id"]))


def run_on_kinds(base: Path, files: dict[str, bytes]) -> SimpleNamespace:
    """Run the chain on an image for each kind of mask file, whose third mask is that file."""
    rows = [row for n, data in enumerate(files.values()) for row in rows_of_image(f"K{n}", f"m{n}", MASK, MASK, data)]
    raw = make_raw_set(base / "raw", rows, size=MASK.shape[::-1])
    done = run_chain_on(raw, base / "output")
    assert images_with_metrics(done) == [f"K{n}.JPG" for n in range(len(files))]
    assert len(read_table(done.folder / FAILURES)) == 0
    return done


@pytest.fixture(scope="module")
def awkward(tmp_path_factory):
    return run_on_kinds(tmp_path_factory.mktemp("awkward"), FORMATS)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    return run_on_kinds(tmp_path_factory.mktemp("damaged"), REFUSED)


@pytest.mark.parametrize("kind", FORMATS)
def test_awkward_formats_count_as_what_they_show(awkward, kind):
    table = read_table(awkward.folder / METRICS, numeric=["dice_score", "hd_score"])
    pairs = table[table["img_id"] == f"K{list(FORMATS).index(kind)}.JPG"]
    assert len(pairs) == 10
    assert set(pairs["dice_score"]) == {1.0}
    assert set(pairs["hd_score"]) == {0.0}


@pytest.mark.parametrize("kind", REFUSED)
def test_damaged_masks_are_listed_and_left_out(damaged, kind):
    number = list(REFUSED).index(kind)
    mask = f"K{number}_A02_T3_S2_m{number}c.png"
    issues = read_table(damaged.folder / QA)
    expected = "Several pages or frames" if kind in SEVERAL else "File not found or corrupted"
    assert list(issues[issues["mask"] == mask]["issue"]) == [expected]
    assert (damaged.output / "quarantine" / mask).read_bytes() == REFUSED[kind]
    assert mask not in (damaged.folder / METRICS).read_text("utf-8")


@pytest.mark.parametrize("extra", [[], ["max_image_pixels=700"]], ids=["60,000 x 60,000", "a key of 700 pixels"])
def test_pictures_above_the_limit_are_refused_before_they_are_decoded(run, extra):
    data = bomb(60_000)
    assert len(data) < 600_000
    (run.raw / "segs" / "raw_NA.png").write_bytes(data)
    succeed("create_dataset", run.output, raw=run.raw)
    succeed("move_dataset", run.output, raw=run.raw)
    tracemalloc.start()
    started = time.monotonic()
    code, said = run_here("mask_qa", run.output, *extra)
    assert time.monotonic() - started < 20
    assert tracemalloc.get_traced_memory()[1] < 60_000_000
    tracemalloc.stop()
    if extra:
        # It would be all masks, which is no fault of theirs.
        assert code == 1
        assert "at most 700 pixels (max_image_pixels)" in said
        assert not (run.output / "quarantine").exists()
        return
    assert code == 0
    issues = read_table(run.output / "metadata" / QA)
    assert list(issues[issues["issue"] == "File not found or corrupted"]["mask"]) == ["IMG_01_A02_T2_S1_NA.png"]
    assert "moved to quarantine: IMG_01_A02_T2_S1_NA.png" in said


def test_masks_of_one_image_that_differ_in_size_are_listed(run):
    write_png(run.raw / "segs" / "raw_NA.png", box(1, 1, 5, 5, shape=(23, 32)))
    done = run.chain()
    failures = read_table(done.folder / FAILURES)
    assert list(zip(failures["stage"], failures["img_id"], strict=True)) == [
        ("create_consensus_masks", "IMG_01.JPG"),
        ("compute_IAA_metrics", "IMG_01.JPG"),
    ]
    assert failures["reason"].str.contains("IMG_01_A02_T2_S1_NA.png: 32 x 23", regex=False).all()
    assert images_with_metrics(done) == ["IMG 02 ü.JPG", "IMG_05.JPG"]


def test_masks_that_differ_in_size_from_their_image_are_warned_of(run):
    Image.new("RGB", (64, 48)).save(run.raw / "images" / "IMG_01.jpg")
    done = run.chain()
    assert "IMG_01_A02_T2_S1_NA.png is 32 x 24, its image 64 x 48" in done.said
    assert "IMG_05_A01_T3_S2_f3.png is" not in done.said
    assert images_with_metrics(done) == ["IMG_01.JPG", "IMG 02 ü.JPG", "IMG_05.JPG"]


def test_images_that_are_no_pictures_are_warned_of(run):
    damaged = {"IMG_01": b"", "IMG 02 ü": b"no picture", "IMG_05": b"\xff\xd8\xff\xe1\xff\xff cut"}
    for isic_id, data in damaged.items():
        (run.raw / "images" / f"{isic_id}.jpg").write_bytes(data)
    done = run.chain()
    for isic_id in damaged:
        assert f"{isic_id}.JPG cannot be read as a picture" in done.said
    assert done.said.count("read as a picture: no image of a known format") == 2 and "<_io" not in done.said
    assert "IMG_03.JPG cannot be read as a picture" not in done.said
    assert images_with_metrics(done) == ["IMG_01.JPG", "IMG 02 ü.JPG", "IMG_05.JPG"]


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "PNG", "WEBP"])
def test_images_of_several_pages_count_as_their_first_and_are_warned_of(tmp_path, kind):
    raw = make_raw_set(tmp_path / "raw", rows_of_image("K", "m", MASK, MASK), size=MASK.shape[::-1])
    (raw / "images" / "K.jpg").unlink()
    (raw / "images" / f"K.{kind.lower()}").write_bytes(several(kind))
    images = f"orig_imgs_dirs={{{kind.lower()}: [{raw / 'images'}]}}"
    for stage in ("create_dataset", "move_dataset"):
        succeed(stage, tmp_path / "output", images, raw=raw)
    said = succeed("mask_qa", tmp_path / "output")
    assert "has 2 pages or frames, of which only the first is shown: save the one that its masks were drawn" in said
    shown = load_image(next((tmp_path / "output" / "images").iterdir()))
    assert ((shown[..., 0] > 127) == MASK).all()


def test_an_image_that_is_damaged_behind_its_first_page_is_still_compared_with_its_masks(tmp_path):
    (tmp_path / "a.gif").write_bytes(SEVERAL["animated GIF"][:74])
    write_png(tmp_path / "mask.png", MASK.T)
    (_, pages), (mask, size) = size_mismatch.faults_of_image((tmp_path / "a.gif", [tmp_path / "mask.png"]))
    assert pages.startswith("the pages of a.gif cannot be counted: ")
    assert (mask, size) == ("mask.png", "mask.png is 6 x 9, its image 9 x 6 pixels")


def test_a_raw_mask_that_is_a_link_to_elsewhere_is_read_and_never_written(run, tmp_path):
    elsewhere = tmp_path / "elsewhere.png"
    shutil.move(run.raw / "segs" / "raw_NA.png", elsewhere)
    (run.raw / "segs" / "raw_NA.png").symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    done = run.chain()
    assert "IMG_01_A02_T2_S1_NA.png" in (done.folder / METRICS).read_text("utf-8")
    assert elsewhere.read_bytes() == before
    assert not (run.output / "seg_masks" / "IMG_01_A02_T2_S1_NA.png").is_symlink()


def test_masks_of_the_size_of_one_pixel_and_one_row(run):
    for object_id, mask in zip(("5841e138", "001", "NA"), np.ones((3, 1, 9), dtype=bool), strict=True):
        write_png(run.raw / "segs" / f"raw_{object_id}.png", mask)
    for object_id in ("b1", "b2"):
        write_png(run.raw / "segs" / f"raw_{object_id}.png", np.ones((1, 1), dtype=bool))
    done = run.chain()
    assert images_with_metrics(done) == ["IMG_01.JPG", "IMG 02 ü.JPG", "IMG_05.JPG"]


def test_a_size_check_that_was_killed_is_warned_of_and_ends_nothing(tmp_path, monkeypatch):
    images = [(tmp_path / name, []) for name in ("a.jpg", "b.jpg")]
    results = [Failure("killed"), [(None, "b.jpg is odd")]]
    monkeypatch.setattr(size_mismatch, "map_items", lambda *_, **__: iter(results))
    lines = []
    sink = logger.add(lines.append, format="{message}")
    size_mismatch.masks_of_other_size(images, IN_THIS_PROCESS)
    logger.remove(sink)
    assert [str(line).strip() for line in lines] == ["the size of a.jpg was not checked: killed", "b.jpg is odd"]
