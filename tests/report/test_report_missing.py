"""The report of what is there: missing tables, photos, masks and figures are named, and the rest is shown."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from support.drawing import box
from support.drawn_report import draw_dataset, isic_id
from support.files import unpack_released_tables
from support.report_files import record_figures, report_data, report_details
from support.run import run_here

from utils.data import encode_mask
from utils.report.report_folder import image_key
from utils.running.run_manifest import read_manifest, write_manifest

SUBSET = "IMAplusplus_multiannotator_subset_seg_metadata.csv"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("drawn") / "output"
    draw_dataset(output, 4)
    return output


@pytest.fixture
def output(drawn, tmp_path) -> Path:
    return shutil.copytree(drawn, tmp_path / "output")


def make(output: Path) -> tuple[int, str]:
    """Run the stage in this process: exit code and console text."""
    return run_here("make_report", output)


def succeed(output: Path) -> str:
    """Run the stage, which must succeed; return its console text."""
    code, text = make(output)
    assert code == 0, text
    return text


def page(output: Path) -> str:
    return (output / "report" / "index.html").read_text(encoding="utf-8")


def detail(output: Path, number: int) -> dict:
    return report_details(output / "report", image_key(isic_id(number)))


def test_the_subset_alone_makes_a_report_that_names_what_it_lacks(output):
    for path in [*(output / "metadata").iterdir(), *(output / "quarantine").iterdir()]:
        if path.name != SUBSET:
            path.unlink()
    shutil.rmtree(output / "seg_masks")
    shutil.rmtree(output / "images")
    shown = succeed(output)
    lacking = ("no agreement of pairs", "no STAPLE estimates", "no mask QA issues", "no diagnoses")
    for text in (*lacking, "photo not found (4)", "mask not found (", "no figures"):
        assert text in shown
        assert text in page(output)
    assert str(output) not in page(output)
    rows = report_data(output / "report", "images")
    assert [(row["dice"], row["hd95"], row["thumb"]) for row in rows] == [(None, None, False)] * 4
    data = detail(output, 2)
    assert (data["width"], data["thumb_width"], data["pairs"], data["votes"]["file"]) == (None, None, [], False)
    assert [mask["path"] for mask in data["masks"]] == [""] * 4
    assert report_data(output / "report", "quality") == {
        name: [] for name in ("issues", "failures", "quarantined", "degenerate")
    }


def test_agreement_of_images_is_averaged_from_pairs_without_its_table(output):
    succeed(output)
    with_table = report_data(output / "report", "images")
    (output / "metadata" / "IMAplusplus_multiannotator_subset_image_level_metrics.csv").unlink()
    shown = succeed(output)
    assert "averaged from pairs" in shown
    assert report_data(output / "report", "images") == with_table


def test_a_subset_without_images_makes_an_empty_report(output):
    table = output / "metadata" / SUBSET
    table.write_text(table.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    succeed(output)
    assert report_data(output / "report", "images") == []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (SUBSET, None, "multiannotator_subset_metadata_path"),
        ("IMAplusplus_multiannotator_subset_IAA_metrics.csv", "img_id\nx\n", "lacks columns"),
    ],
    ids=["no subset", "damaged"],
)
def test_a_missing_subset_and_a_damaged_table_are_errors(output, name, text, expected):
    path = output / "metadata" / name
    path.unlink()
    if text is not None:
        path.write_text(text)
    code, shown = make(output)
    assert code == 1
    assert expected in shown


def test_unusable_files_are_named_and_the_image_shown_without_them(output):
    masks = sorted((output / "seg_masks").glob("ISIC_0000002_A*"))
    masks[0].write_bytes(b"no image")
    masks[1].write_bytes(encode_mask(box(10, 10, 20, 20, (72, 96))))
    (output / "seg_masks" / "ISIC_0000002_ST_ST_ST_ST.png").write_bytes(encode_mask(box(1, 1, 2, 2, (36, 48))))
    Image.new("RGB", (30, 300)).save(output / "images" / "ISIC_0000002.JPG")
    shown = succeed(output)
    assert f"mask that cannot be decoded (2): gone_A11_T3_S2_g.png, {masks[0].name}" in shown
    assert "mask that differs in size from the first of its image (1): ISIC_0000002_ST_ST_ST_ST.png" in shown
    assert "photo with another aspect ratio than its masks (1): ISIC_0000002.JPG" in shown
    data = detail(output, 2)
    assert (data["thumb"], data["width"], data["height"]) == (False, 96, 72)
    assert [(mask["area"], mask["path"] != "") for mask in data["masks"][:3]] == [
        (None, False),
        (100, True),
        (1, False),
    ]
    assert not (output / "report" / "thumbs" / f"{image_key(isic_id(2))}.jpg").exists()


def test_without_files_an_image_has_the_size_of_its_table(output):
    shutil.rmtree(output / "seg_masks")
    shutil.rmtree(output / "images")
    table = output / "metadata" / "IMAplusplus_img_metadata.csv"
    rows = ["ISIC_0000000,2000,1000", "ISIC_0000002,,7", "ISIC_0000003,0,7"]
    table.write_text("\n".join(["isic_id,pixels_x,pixels_y", *rows]) + "\n", encoding="utf-8")
    succeed(output)
    data = detail(output, 0)
    sizes = ("width", "height", "thumb_width", "thumb_height")
    assert [data[name] for name in sizes] == [2000, 1000, 640, 320]
    assert [detail(output, number)["width"] for number in (2, 3)] == [None, None]
    assert [row["diagnosis"] for row in report_data(output / "report", "images")] == [None] * 4


def test_figures_are_copied_and_downscaled(output):
    folder = output / "visualizations"
    for name, width in (("metrics/individual_metrics", 2000), ("overlaid_segs/ISIC_2", 900), ("metrics/my_<own>", 10)):
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGBA", (width, 400), (0, 90, 0, 255)).save(path)
    (folder / "metrics" / "broken.png").write_bytes(b"no image")
    record_figures(output)
    shown = succeed(output)
    assert "figure metrics-broken.png" in shown
    copies = {}
    for path in (output / "report" / "assets" / "figures").iterdir():
        with Image.open(path) as copy:
            copies[path.name] = copy.size
    assert copies == {
        "metrics-individual_metrics.png": (1600, 320),
        "overlaid_segs-ISIC_2.png": (900, 400),
        "metrics-my_<own>.png": (10, 400),
    }
    sources = re.findall(r'<img[^>]*src="(assets/figures/[^"?]*)', page(output))
    assert sources == [
        f"assets/figures/{name}"
        for name in ("metrics-individual_metrics.png", "metrics-my_%3Cown%3E.png", "overlaid_segs-ISIC_2.png")
    ]
    assert "Distributions of the agreement metrics" in page(output)


def test_figures_that_nobody_recorded_or_of_another_dataset_are_named_and_not_shown(output):
    (output / "visualizations").mkdir()
    Image.new("L", (4, 4)).save(output / "visualizations" / "mine.png")
    text = "figure of another dataset, or that no stage has recorded (1): mine.png"
    assert text in succeed(output)
    record_figures(output, "one dataset")
    assert text not in succeed(output) and "assets/figures/mine.png" in page(output)
    write_manifest(output, {**read_manifest(output), "dataset": {"stamp": "another", "is_demo": False}})
    assert "figure of an earlier state of the dataset (1): mine.png" in succeed(output)
    assert "mine.png?" not in page(output)


def test_scores_that_no_stage_has_recorded_are_named_and_not_shown(output):
    scores = output / "predictions" / "of_others" / "scores_summary.csv"
    scores.parent.mkdir(parents=True)
    scores.write_text("partition,metric,compared\n")
    assert "of_others/scores_summary.csv: no stage has recorded it" in succeed(output)
    assert "of_others</" not in page(output)


def test_tables_of_an_earlier_state_of_the_dataset_are_named_and_not_shown(output):
    manifest = read_manifest(output)
    table = "metadata/IMAplusplus_seg_metadata_qa_results.csv"
    record = {**dict.fromkeys(("script", "settings", "inputs", "counts"), {}), "environment": "e", "dataset": "before"}
    manifest |= {"environments": {"e": {}}, "dataset": {"stamp": "now", "is_demo": False}}
    write_manifest(output, {**manifest, "stages": {"mask_qa": {**record, "outputs": {table: ""}}}})
    assert "is of an earlier state of the dataset (run mask_qa again): no mask QA issues" in succeed(output)
    assert report_data(output / "report", "quality")["issues"] == []


def test_overlay_figures_are_limited(output):
    folder = output / "visualizations" / "overlaid_segs"
    folder.mkdir(parents=True)
    for number in range(15):
        Image.new("L", (4, 4)).save(folder / f"ISIC_{number:02}.png")
    record_figures(output)
    assert "3 overlay figures" in succeed(output)
    assert len(list((output / "report" / "assets" / "figures").iterdir())) == 12


def test_the_released_tables_alone_make_a_report(reference, tmp_path):
    unpack_released_tables(reference, tmp_path / "output" / "metadata")
    succeed(tmp_path / "output")
    report = tmp_path / "output" / "report"
    rows = report_data(report, "images")
    assert (len(rows), sum(row["n"] for row in rows)) == (2394, 5111)
    assert len(list((report / "details").iterdir())) == 2394
    assert (report / "index.html").stat().st_size < 100_000
    assert (report / "data" / "images.js").stat().st_size < 800_000
    quality = report_data(report, "quality")
    assert [sum(issue["severity"] == level for issue in quality["issues"]) for level in ("high", "low")] == [62, 1129]
    text = page(tmp_path / "output")
    for number in ("14,967", "17,684", "3,103", "15,719"):
        assert number in text
