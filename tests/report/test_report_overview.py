"""The report's first page: counts, factors, the table of agreement, the graph of annotators."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from utils import naming
from utils.report.overview import GRAPH_SIZE, annotator_graph, levels, overview, summary
from utils.report.page_table import UNKNOWN
from utils.report.read_tables import ReportTables, diagnoses, image_ids, masks_by_id, table_sizes

MASKS = (
    ("x", "A00", "T1", "S1"),
    ("x", "A01", "T2", "S1"),
    ("y", "A00", "T1", "S1"),
    ("y", "A01", "T2", "S1"),
    ("y", "A02", "T3", "S2"),
    ("y", "A02", "T1", "S2"),
    ("z", "A03", "T1", "S1"),
)


def seg_rows(*masks: tuple[str, str, str, str]) -> pd.DataFrame:
    rows = [
        (image, f"{image}.JPG", f"{image}_{number}", annotator, tool, skill, str(number), "")
        for number, (image, annotator, tool, skill) in enumerate(masks)
    ]
    return pd.DataFrame(rows, columns=naming.SEG_COLUMNS)


def tables(**given: pd.DataFrame) -> ReportTables:
    """Tables without rows, but for those given, which have files."""
    columns = {
        "pairs": naming.PAIR_COLUMNS,
        "per_image": ("img_id",),
        "summary": ("", *naming.METRIC_COLUMNS),
        "performance": ("img_filename", "degenerate"),
        "qa": naming.QA_COLUMNS,
        "failures": naming.FAILURE_COLUMNS,
        "images": ("isic_id",),
        "image_agreement": ("ISIC_id",),
        "mask_agreement": ("seg_filename",),
        "agreement_statistics": ("metric", "group", "caution"),
        "annotator_metrics": ("annotator",),
        "annotator_links": ("annotator1", "annotator2"),
        "area_factors": (),
        "quarantined": naming.QUARANTINE_COLUMNS,
        "subset": naming.SEG_COLUMNS,
        "metadata": naming.SEG_COLUMNS,
    }
    empty = {name: pd.DataFrame(columns=list(names), dtype=object) for name, names in columns.items()}
    return ReportTables(**{**empty, **given}, files={name: Path(f"{name}.csv") for name in given})


def test_counts_leave_consensus_masks_out():
    metadata = seg_rows(*MASKS, ("x", "ST", "ST", "ST"), ("x", "MV", "MV", "MV"))
    subset = metadata[metadata["ISIC_id"] != "z"]
    pairs = pd.DataFrame({"annotator1": ["A00", "A00", "ST"], "annotator2": ["A01", "ST", "MV"]})
    counts = dict(overview(tables(metadata=metadata, subset=subset, pairs=pairs))["counts"])
    assert counts["images"] == "3"
    assert counts["masks by annotators"] == "7"
    assert counts["annotators"] == "4"
    assert counts["images with several masks"] == "2"
    assert counts["pairs of annotators' masks"] == "1"
    assert counts["pairs of masks, consensus included"] == "3"


def test_an_overview_without_any_rows_is_empty():
    page = overview(tables())
    counted = dict(page["counts"])
    # Of a table that is not there nobody knows what it would count.
    assert {label for label, value in counted.items() if value == UNKNOWN} == {
        "pairs of annotators' masks",
        "of them by one annotator twice",
        "pairs of masks, consensus included",
        "mask QA issues",
        "degenerate STAPLE results",
        "failed images",
    }
    assert set(counted.values()) == {"0", UNKNOWN}
    assert dict(overview(tables(qa=pd.DataFrame()))["counts"])["mask QA issues"] == "0"
    assert (page["graph"]["nodes"], page["graph"]["edges"], page["masks_per_image"]) == ([], [], [])
    assert page["factors"] == {"annotator": []}, "tools and skill levels are shown where there are several"
    assert page["summary"]["rows"] == []


def test_factors_count_masks_and_images_most_masks_first():
    humans = seg_rows(*MASKS)
    assert levels(humans, "annotator") == [("A00", 2, 2), ("A01", 2, 2), ("A02", 2, 1), ("A03", 1, 1)]
    assert levels(humans, "tool") == [("T1", 4, 3), ("T2", 2, 2), ("T3", 1, 1)]
    assert overview(tables(metadata=humans))["masks_per_image"] == [(1, 1), (2, 1), (4, 1)]


def test_the_graph_joins_annotators_who_share_images_each_image_once():
    graph = annotator_graph(seg_rows(*MASKS))
    assert [(node["name"], node["masks"]) for node in graph["nodes"]] == [
        ("A00", 2),
        ("A01", 2),
        ("A02", 2),
        ("A03", 1),
    ]
    edges = {(edge["a"], edge["b"]): edge["images"] for edge in graph["edges"]}
    assert edges == {("A00", "A01"): 2, ("A00", "A02"): 1, ("A01", "A02"): 1}
    widths = {edge["images"]: edge["width"] for edge in graph["edges"]}
    assert widths[2] > widths[1] > 0


@pytest.mark.parametrize("number", [1, 2, 7, 16])
def test_the_graph_is_a_circle_with_the_first_on_top(number):
    graph = annotator_graph(seg_rows(*(("x", f"A{i:02}", "T1", "S1") for i in range(number))))
    places = [(node["x"], node["y"]) for node in graph["nodes"]]
    assert len(set(places)) == number
    assert places[0] == (GRAPH_SIZE / 2, 0)
    middle = (GRAPH_SIZE / 2, GRAPH_SIZE / 2)
    assert [math.dist(place, middle) for place in places] == pytest.approx([GRAPH_SIZE / 2] * number, abs=0.1)


def test_the_summary_shows_shares_to_four_decimals_and_pixels_to_one():
    table = pd.DataFrame([["Mean", *[0.123456] * 8], ["Std. Dev.", *[float("nan")] * 8]])
    table.columns = ["", *naming.METRIC_COLUMNS]
    shown = summary(table)
    assert shown["columns"][:3] == ["Dice", "Jaccard", "HD (px)"]
    assert shown["rows"] == [
        ("Mean", ["0.1235", "0.1235", "0.1", "0.1", "0.1", "0.1235", "0.1235", "0.1235"]),
        ("Std. Dev.", ["–"] * 8),
    ]


def test_masks_are_in_metadata_order_with_consensus_masks_last():
    table = seg_rows(
        ("b", "MV", "", ""), ("b", "A05", "", ""), ("a", "A01", "", ""), ("b", "ST", "", ""), ("b", "A02", "", "")
    )
    found = masks_by_id(table)
    assert list(found) == ["b", "a"]
    assert [row["annotator"] for row in found["b"]] == ["A05", "A02", "ST", "MV"]


def test_the_diagnosis_is_that_of_the_first_column_there_is():
    table = pd.DataFrame(
        {"isic_id": ["a", "b"], "benign_malignant": ["benign", "x"], "diagnosis_1": [" Malignant ", " "]}
    )
    assert diagnoses(table) == {"a": "Malignant"}
    assert diagnoses(table.drop(columns="diagnosis_1")) == {"a": "benign", "b": "x"}
    assert diagnoses(table[["isic_id"]]) == {}


def test_sizes_that_are_no_numbers_are_unknown():
    table = pd.DataFrame(
        {"isic_id": list("abcd"), "pixels_x": ["10", "", "0", "1.5"], "pixels_y": ["20", "3", "3", "3"]}
    )
    assert table_sizes(table) == {"a": (10, 20)}
    assert table_sizes(table[["isic_id", "pixels_x"]]) == {}


def test_ids_come_from_tables_and_from_file_names_only_without_one():
    qa = pd.DataFrame([("x.JPG", "m", "i", "low"), ("other.JPG", "n", "i", "low")], columns=naming.QA_COLUMNS)
    metadata = seg_rows(("x", "A00", "T1", "S1")).assign(ISIC_id="true id")
    assert image_ids(tables(qa=qa, metadata=metadata)) == {"x.JPG": "true id", "other.JPG": "other"}
