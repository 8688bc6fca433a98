"""The walk-through for masks of one's own, run as it is printed, in a copy of the project."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.checkout import check_run, copy_project
from support.files import table_rows
from support.run import ROOT

PAGE = ROOT / "docs" / "own_masks.md"
HEADING = "## A first try"
ANNOTATORS = ("leonora", "matilda", "octavia")
IMAGES = [f"cell_{number}" for number in range(1, 5)]


def section() -> str:
    """Return the page's text under the heading, up to the next of its rank."""
    text = PAGE.read_text(encoding="utf-8")
    (found,) = re.findall(rf"^{re.escape(HEADING)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found


def fenced(language: str) -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", section(), re.MULTILINE | re.DOTALL)
    return [text for kind, text in blocks if kind == language]


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """Run all bash blocks in one shell that stops at the first failing line: (project folder, console text)."""
    base = tmp_path_factory.mktemp("walk")
    project = copy_project(base / "the project")
    python = base / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n")
    python.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IMAPP_")}
    environment["VIRTUAL_ENV"] = str(python.parent.parent)
    environment["PATH"] = f"{python.parent}:{environment['PATH']}"
    blocks = fenced("bash")
    assert blocks, "the section has no commands"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "".join(blocks)],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
    return project, done.stdout


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_commands_are_the_whole_way():
    commands = "".join(fenced("bash"))
    assert re.findall(r"\w+\.(?:py|sh)\b", commands) == ["make_raw_tables.py", "overall_script.sh"]
    assert "export" not in commands and "--from" not in commands


def test_the_raw_tables_hold_every_mask_that_was_drawn(walked):
    raw = walked[0] / "toy" / "raw"
    found = {(row["ISIC_id"], row["creator"]) for row in table_rows(raw / "raw_ISIC_segmasks_metadata.csv")}
    assert found == {(image, annotator) for image in IMAGES for annotator in ANNOTATORS}
    assert [row["isic_id"] for row in table_rows(raw / "raw_ISIC_images_metadata.csv")] == IMAGES
    for row in table_rows(raw / "raw_ISIC_segmasks_metadata.csv"):
        drawn = read(walked[0] / "toy" / "masks" / f"{row['ISIC_id']}_{row['creator']}.png")
        assert drawn.max() == 1
        np.testing.assert_array_equal(read(raw / "segs" / row["filename"]), drawn * np.uint8(255))


@pytest.mark.parametrize("image", IMAGES)
def test_the_majority_vote_is_that_of_the_drawn_masks(walked, image):
    drawn = [read(walked[0] / "toy" / "masks" / f"{image}_{annotator}.png") for annotator in ANNOTATORS]
    made = read(walked[0] / "toy" / "output" / "seg_masks" / f"{image}_MV_MV_MV_MV.png")
    np.testing.assert_array_equal(made, np.where(np.sum(drawn, axis=0) >= 2, 255, 0))


def test_every_image_has_its_consensus_masks_and_pairs(walked):
    output = walked[0] / "toy" / "output"
    table = table_rows(output / "metadata" / "IMAplusplus_seg_metadata.csv")
    assert sorted((row["ISIC_id"], row["annotator"]) for row in table) == [
        (image, annotator) for image in IMAGES for annotator in ("A00", "A01", "A02", "MV", "ST")
    ]
    assert {path.name for path in (output / "seg_masks").iterdir()} == {row["seg_filename"] for row in table}
    pairs = table_rows(output / "metadata" / "IMAplusplus_multiannotator_subset_IAA_metrics.csv")
    assert len(pairs) == len(IMAGES) * 10
    # Neighbouring annotators drew the same ellipse, four pixels apart.
    assert all(0.8 < float(row["dice_score"]) <= 1 for row in pairs)


def test_the_printed_counts_are_the_promised_ones(walked):
    (promised,) = fenced("")
    assert len(promised.splitlines()) >= 5
    assert [line for line in promised.splitlines() if line not in walked[1].splitlines()] == []


def test_annotators_are_named_in_the_raw_folder_alone(walked):
    output = walked[0] / "toy" / "output"
    assert [name for name in ANNOTATORS if name in walked[1]] == []
    texts = [path for path in output.rglob("*") if path.suffix in (".csv", ".txt", ".log", ".html", ".json", ".svg")]
    assert len(texts) > 20
    for path in texts:
        words = set(re.split(r"[^a-z]+", path.read_text(encoding="utf-8").lower()))
        assert words & set(ANNOTATORS) == set(), path


def test_the_check_finds_nothing_wrong_afterwards(walked):
    project, toy = walked[0], walked[0] / "toy"
    code, text = check_run(project, toy / "output", "--any-stage", "--dataset", toy / "my_dataset.yaml")
    assert code == 0 and "WARNING" not in text, text
