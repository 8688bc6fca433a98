"""The report's data: what its files say is what tables, masks and images say."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.drawn_report import (
    ANNOTATORS,
    HOSTILE_DIAGNOSIS,
    HOSTILE_ID,
    isic_id,
    make_drawn_report,
)
from support.files import table_rows
from support.report_files import report_data, report_details
from support.trees import tree

from utils.data import load_mask
from utils.report.report_folder import image_key, rounded, script_json

IMAGES = 24


@pytest.fixture(scope="module")
def output(tmp_path_factory) -> Path:
    """Output folder of a drawn dataset with its report; read only."""
    return make_drawn_report(tmp_path_factory.mktemp("drawn"), IMAGES, "num_workers=1").parent


def rows_of(output: Path, name: str) -> list[dict[str, str]]:
    return table_rows(output / "metadata" / name)


def detail(output: Path, image: str) -> dict:
    assert image_key(image) == hashlib.sha256(image.encode()).hexdigest()[:16]
    return report_details(output / "report", image_key(image))


def test_the_index_has_a_row_for_each_image_in_metadata_order(output):
    rows = report_data(output / "report", "images")
    assert [row["id"] for row in rows] == [isic_id(number) for number in range(IMAGES)]
    subset = rows_of(output, "IMAplusplus_multiannotator_subset_seg_metadata.csv")
    for row in rows:
        humans = [mask for mask in subset if mask["ISIC_id"] == row["id"] and mask["annotator"] in ANNOTATORS]
        assert (row["key"], row["img"], row["n"]) == (image_key(row["id"]), humans[0]["img_filename"], len(humans))
        assert row["annotators"] == [mask["annotator"] for mask in humans]
        assert row["tools"] == sorted({mask["tool"] for mask in humans})
        assert row["skills"] == sorted({mask["skill_level"] for mask in humans})
        assert row["thumb"] is True
        assert ",".join(row) == (
            "key,id,img,n,annotators,others,tools,skills,diagnosis,dice,hd95,gci,disputed,entropy,thumb,degenerate,failed"
        )


def test_the_index_has_the_means_over_human_pairs_and_what_went_wrong(output):
    rows = report_data(output / "report", "images")
    pairs = rows_of(output, "IMAplusplus_multiannotator_subset_IAA_metrics.csv")
    for row in rows:
        own = [pair for pair in pairs if pair["img_id"] == row["img"]]
        human = [pair for pair in own if {pair["annotator1"], pair["annotator2"]} <= set(ANNOTATORS)]
        assert row["dice"] == pytest.approx(np.mean([float(pair["dice_score"]) for pair in human]), rel=1e-5)
        distances = [float(pair["hd95_score"]) for pair in human if pair["hd95_score"]]
        assert row["hd95"] == (pytest.approx(np.mean(distances), rel=1e-5) if distances else None)
    assert [row["diagnosis"] for row in rows[:4]] == ["Benign", "Malignant", None, HOSTILE_DIAGNOSIS]
    assert [row["id"] for row in rows if row["degenerate"]] == [isic_id(3)]
    assert [(row["id"], row["failed"]) for row in rows if row["failed"]] == [(isic_id(0), "drawn <b>failure</b>")]


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_details_describe_the_masks_of_an_image(output, number):
    data = detail(output, isic_id(number))
    assert (data["id"], data["width"], data["height"], data["thumb"]) == (isic_id(number), 96, 72, True)
    assert (data["thumb_width"], data["thumb_height"], data["iterations"]) == (96, 72, 20 + number)
    names = [mask["annotator"] for mask in data["masks"]]
    assert names[-2:] == ["ST", "MV"]
    assert [mask["human"] for mask in data["masks"]] == [name in ANNOTATORS for name in names]
    for mask in data["masks"]:
        pixels = load_mask(output / "seg_masks" / mask["file"])
        assert mask["area"] == np.count_nonzero(pixels)
        assert (mask["path"] == "") == (not pixels.any())
        assert (mask["sensitivity"] is None) == (not mask["human"])


def test_details_have_every_pair_of_the_table(output):
    table = rows_of(output, "IMAplusplus_multiannotator_subset_IAA_metrics.csv")
    found = 0
    for number in range(IMAGES):
        data = detail(output, isic_id(number))
        own = [pair for pair in table if pair["img_id"] == data["img"]]
        for pair, row in zip(data["pairs"], own, strict=True):
            assert (data["masks"][pair["a"]]["file"], data["masks"][pair["b"]]["file"]) == (row["mask1"], row["mask2"])
            for name in set(pair) - {"a", "b"}:
                measure, _, normalized = name.partition("_")
                cell = row[f"{measure}_score" + (f"_{normalized}" if normalized else "")]
                assert pair[name] == (pytest.approx(float(cell), rel=1e-5) if cell else None)
            found += 1
    assert found == len(table)


def test_the_vote_map_counts_the_human_masks(output):
    data = detail(output, isic_id(1))
    humans = [load_mask(output / "seg_masks" / mask["file"]) for mask in data["masks"] if mask["human"]]
    assert data["votes"]["max"] == len(humans) == len(data["votes"]["colours"])
    assert data["votes"]["file"] is True
    with Image.open(output / "report" / "votes" / f"{data['key']}.png") as votes:
        assert (np.asarray(votes) == np.sum(humans, axis=0)).all()


def test_quality_shows_issues_failures_quarantine_and_degenerate_results(output):
    quality = report_data(output / "report", "quality")
    first, second, third, gone = quality["issues"]
    assert (first["id"], first["severity"], first["thumb"], first["quarantined"]) == ("ISIC_single", "low", True, False)
    assert (first["width"], first["height"], first["path"][:1], first["annotator"]) == (96, 72, "M", "A00")
    assert second["path"] == detail(output, isic_id(0))["masks"][0]["path"] != third["path"]
    assert (gone["path"], gone["quarantined"], gone["annotator"], gone["width"]) == ("", True, "A11", 96)
    assert [row["mask"] for row in quality["quarantined"]] == [gone["mask"]]
    assert [(row["stage"], row["reason"]) for row in quality["failures"]] == [
        ("compute_IAA_metrics", "drawn <b>failure</b>")
    ]
    assert [(row["id"], row["iterations"]) for row in quality["degenerate"]] == [(isic_id(3), 23)]
    assert not (output / "report" / "details" / f"{image_key('ISIC_single')}.js").exists()
    assert (output / "report" / "thumbs" / f"{image_key('ISIC_single')}.jpg").is_file()


def test_text_of_tables_is_escaped_everywhere(output):
    for path in (output / "report").rglob("*.js"):
        if path.parent.name in ("data", "details"):
            assert "<" not in path.read_text(encoding="ascii"), path
    page = (output / "report" / "index.html").read_text(encoding="utf-8")
    assert HOSTILE_ID not in page
    assert "drawn <b>" not in page
    assert script_json({"a": HOSTILE_ID}).count("<") == 0
    assert json.loads(script_json({"a": HOSTILE_ID})) == {"a": HOSTILE_ID}


def test_numbers_that_json_lacks_become_null():
    assert [rounded(value) for value in (None, float("nan"), float("inf"), 0.123456789, 1234567.0)] == [
        *(None, None, None),
        *(0.123457, 1234570.0),
    ]
    with pytest.raises(ValueError, match="JSON"):
        script_json(float("nan"))


def test_the_same_data_give_the_same_bytes_with_any_number_of_workers(output, tmp_path):
    again = make_drawn_report(tmp_path, IMAGES, "num_workers=2")
    assert tree(again) == tree(output / "report")


def test_other_data_have_another_stamp(output, tmp_path):
    other = make_drawn_report(tmp_path, 2, photos=False)
    stamps = [
        re.search(r'IMAPP\.stamp = "(\w+)"', (place / "data" / "images.js").read_text()).group(1)
        for place in (other, output / "report")
    ]
    assert stamps[0] != stamps[1]
    assert f"data/images.js?v={stamps[0]}" in (other / "index.html").read_text(encoding="utf-8")


def test_the_page_of_the_whole_subset_is_small(tmp_path, full):
    number = 2394 if full else 60
    report = make_drawn_report(tmp_path, number, photos=False)
    assert len(list((report / "details").iterdir())) == number
    assert (report / "index.html").stat().st_size < 100_000
    assert (report / "data" / "images.js").stat().st_size < 330 * number


def test_measures_of_images_and_masks_come_from_the_agreement(demo_report):
    output = demo_report.parent
    rows = {row["id"]: row for row in report_data(demo_report, "images")}
    prefix = "IMAplusplus_multiannotator_subset_"
    for image in rows_of(output, f"{prefix}image_agreement.csv"):
        row = rows[image["ISIC_id"]]
        columns = {"gci": "generalised_conformity_index", "disputed": "disputed_share", "entropy": "mean_vote_entropy"}
        for name, column in columns.items():
            assert row[name] == (pytest.approx(float(image[column]), rel=1e-5) if image[column] else None)
    masks = {mask["file"]: mask for row in rows.values() for mask in detail(output, row["id"])["masks"]}
    known = {row["seg_filename"]: row["dice_to_others"] for row in rows_of(output, f"{prefix}mask_agreement.csv")}
    for name, mask in masks.items():
        expected = pytest.approx(float(known[name]), rel=1e-5) if known.get(name) else None
        assert mask["others"] == expected, name
