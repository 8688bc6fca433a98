"""What the pages of the report say in their tables: agreement, annotators, predictions, the run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from support.report_files import report_data
from support.run import run_here

from utils.report.agreement import agreement_table
from utils.report.annotators import caution_text, network_notes
from utils.report.figure_captions import caption_of, place_of
from utils.report.page_table import count_text, interval_text

NAN = float("nan")
PREFIX = "IMAplusplus_multiannotator_subset_"


def statistics(*groups: str) -> pd.DataFrame:
    rows = [("dice_score", group, 1234, 20, 0.5, 0.4, 0.6, "few; two labels") for group in groups]
    return pd.DataFrame(rows, columns=["metric", "group", "pairs", "images", "mean", "low", "high", "caution"])


def test_intervals_are_written_behind_values_as_far_as_they_are_known():
    assert interval_text(-0.0314, -0.05, 0.01) == "−0.031 [−0.050, 0.010]"
    assert interval_text(0.5, NAN, NAN, 2) == "0.50"
    assert interval_text(NAN, NAN, NAN) == count_text(NAN) == "–"
    assert count_text(1234.0) == "1,234"


def test_two_annotators_and_one_twice_stand_apart_with_cautions():
    table = agreement_table(statistics("all", "inter", "intra", "inter, 2 masks"), skills=True)
    assert [row.cells for row in table.rows] == [["1,234", "20", "0.500 [0.400, 0.600]"]] * 3
    assert [row.label.partition(" ")[0] for row in table.rows] == [
        "two annotators",
        "one annotator twice",
        "all pairs together",
    ]
    assert table.notes.count("two labels") == 1
    assert agreement_table(statistics(), skills=True).rows == []


@pytest.mark.parametrize("skills", [True, False])
def test_labels_are_in_conflict_only_where_there_are_several(skills):
    table = agreement_table(statistics("intra without conflicting labels"), skills)
    assert len(table.rows) == skills


def test_cautions_have_the_names_of_the_page():
    caution = "annotator A00 has S1 alone; mean_dice_with_others, staple_sensitivity: fewer than 10 clusters"
    assert caution_text(caution) == (
        "annotator A00 has S1 alone; Dice with others, STAPLE’s sensitivity: fewer than 10 clusters"
    )
    joint = "rests on 1 image that joins two parts of the annotators, A00 and A01"
    assert caution_text(f"area_factor: {joint}") == f"area factor: {joint}"


def test_what_the_network_cannot_compare_is_said_aloud():
    known = pd.DataFrame(
        [("a", "1", "1"), ("b", "1", "2"), ("c", "2", ""), ("d", "2", ""), ("e", "", "")],
        columns=["annotator", "component", "half"],
    )
    links = pd.DataFrame(
        [("a", "b", 3.0, "yes"), ("c", "d", 40.0, "")], columns=["annotator1", "annotator2", "images", "joins_halves"]
    )
    apart, alone, halves = network_notes(known, links)
    assert "a, b; c, d" in apart and "by e." in alone
    assert "a on one side, b on the other. 1 of 2 links" in halves and "3 of 43 shared images" in halves
    assert network_notes(known[:1].assign(half=""), links) == []


def test_figures_are_on_their_page_in_its_order_and_a_model_may_have_the_name_of_a_figure():
    names = ["overlaid_segs/x", "metrics/unknown_one", "metrics/iaa_cdfs", "dataset_statistics/distribution"]
    paths = [Path(f"{name}.png") for name in names]
    assert [path.stem for path in sorted(paths, key=place_of)] == ["distribution", "iaa_cdfs", "unknown_one", "x"]
    assert caption_of(Path("predictions/distribution.png")).page == "predictions"
    assert caption_of(Path("metrics/annotator_network.png")).page == "annotators"
    assert caption_of(Path("metrics/unknown_one.png")).text == "unknown one"


def test_without_statistics_the_pages_are_left_out_and_named(rerun):
    for name in ("agreement_statistics", "annotator_metrics", "annotator_links", "mask_agreement"):
        (rerun / "metadata" / f"{PREFIX}{name}.csv").unlink(missing_ok=True)
    shutil.rmtree(rerun / "visualizations", ignore_errors=True)
    shutil.rmtree(rerun / "predictions", ignore_errors=True)
    code, shown = run_here("make_report", rerun)
    assert code == 0, shown
    page = (rerun / "report" / "index.html").read_text(encoding="utf-8")
    for text in ("no page of annotators", "one twice, apart and with intervals", "no Dice of each mask"):
        assert text in shown and text in page
    assert 'id="section-annotators"' not in page and 'id="section-predictions"' not in page
    assert {tuple(row["others"]) for row in report_data(rerun / "report", "images")} == {()}
    copied = {path.name for path in (rerun / "report" / "tables").rglob("*.csv")}
    assert f"{PREFIX}IAA_metrics.csv" in copied and f"{PREFIX}annotator_metrics.csv" not in copied
    assert "IMAplusplus_img_metadata.csv" not in copied


def test_the_title_can_be_given_and_settings_name_no_place(rerun):
    code, shown = run_here("make_report", rerun, "report_title=Nevi of <two> clinics")
    assert code == 0, shown
    page = (rerun / "report" / "index.html").read_text(encoding="utf-8")
    assert "<title>Nevi of &lt;two&gt; clinics</title>" in page
    assert "staple_max_iterations" in page and "_dir</th>" not in page and str(rerun) not in page
