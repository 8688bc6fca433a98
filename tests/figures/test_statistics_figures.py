"""Figures of the statistics: forests with footnotes, the network, diagnoses; what they show, and the scripts."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.agreement_pairs import PAIRS, subset_of
from support.run import run_here, succeed
from support.trees import tree

from multiannotator_analysis.visualization_scripts import plot_agreement_statistics as statistics_script
from utils.figures.annotators import draw_area_factors, draw_dice_with_others
from utils.figures.diagnosis import draw_diagnosis
from utils.figures.forest import Estimate, Footnotes, ForestRow, draw_forest, written
from utils.figures.network import draw_network, link_width, places_around
from utils.naming import METRIC_COLUMNS, levels_explained

SUBSET = "IMAplusplus_multiannotator_subset_"
TABLES = ("compute_annotator_metrics", "compute_agreement_statistics")
SCRIPTS = ("plot_annotator_metrics", "plot_agreement_statistics", "plot_iaa_by_diagnosis")
FIGURES = (
    "metrics/annotator_network",
    "metrics/annotator_area_factors",
    "metrics/annotator_dice_with_others",
    "metrics/agreement_statistics",
    "dataset_statistics/iaa_cdfs",
)
NAN = math.nan


def texts(figure) -> str:
    """Return everything that is written in a figure."""
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


@pytest.fixture(scope="module")
def released(reference, tmp_path_factory) -> Path:
    """Output folder of the statistics and their figures on the released tables."""
    folder = tmp_path_factory.mktemp("statistics")
    (folder / "metadata").mkdir()
    for packed in (reference / "published").glob("*.csv.gz"):
        (folder / "metadata" / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    for script in (*TABLES, *SCRIPTS):
        succeed(script, folder)
    return folder


def give(folder: Path, pairs: pd.DataFrame) -> Path:
    """Write pairs, the metadata of their masks and of their images."""
    metadata = folder / "metadata"
    metadata.mkdir()
    subset = subset_of(pairs)
    images = pd.DataFrame({"isic_id": subset["ISIC_id"].unique()})
    missing = {name: 0.25 for name in METRIC_COLUMNS if name not in pairs}
    pairs.assign(**missing).to_csv(metadata / f"{SUBSET}IAA_metrics.csv", index=False)
    subset.to_csv(metadata / f"{SUBSET}seg_metadata.csv", index=False)
    images.to_csv(metadata / "IMAplusplus_img_metadata.csv", index=False)
    return folder


# --- Forests ---------------------------------------------------------------------------------------------


def test_a_caution_has_one_number_however_many_rows_it_is_of():
    notes = Footnotes()
    labels = [notes.mark("A", "x; y"), notes.mark("B", ""), notes.mark("C", "z; x")]

    assert [label.replace("\N{THIN SPACE}", " ") for label in labels] == ["A ¹ ²", "B", "C ¹ ³"]
    assert notes.text(200).replace("\N{NO-BREAK SPACE}", " ") == "¹ x.  ² y.  ³ z."


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.5, 0.25, 0.75), "0.50 [0.25, 0.75]"),
        (Estimate(-0.5), "\N{MINUS SIGN}0.50"),
        (Estimate(NAN), "–"),
    ],
)
def test_estimates_are_written_with_what_is_known_of_them(estimate, text):
    assert written(estimate, 2) == text


def test_a_forest_has_a_row_each_from_the_top_hollow_without_an_interval():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    rows = [
        ForestRow("Title", heading=True),
        ForestRow("first", Estimate(0.5, 0.4, 0.6), Estimate(0.7), texts=("a",)),
        ForestRow("second", Estimate(0.2), texts=("b",)),
        ForestRow("none", Estimate(NAN), texts=("c",)),
    ]

    draw_forest(axes, rows, ("column",), reference=0)

    points = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [(line.get_xdata()[0], line.get_markerfacecolor() == "white") for line in points] == [
        (0.5, False), (0.7, True), (0.2, True),
    ]  # fmt: skip
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Title", "first", "second", "none"]
    assert axes.yaxis_inverted()
    assert [text.get_text() for text in axes.texts] == ["column", "", "a", "b", "c"]


def test_codes_of_levels_are_explained_where_they_stand():
    assert levels_explained(["inter, tool T1-T3", "A00", "S2 (4)"]) == "T1 manual pointlist, T3 autofill, S2 novice"
    assert levels_explained(["A01", "TS1"]) == ""


def test_groups_stand_under_headings_with_their_cautions():
    row = {"images": 3, "pairs": 4, "mean": 0.5, "low": NAN, "high": NAN}
    groups = {"all": "", "intra": "c", "inter, tool T1-T1": "", "inter, tool T1-T3": "", "inter, skill S1-S1": ""}
    groups |= {"inter, 2 masks": "", "inter, diagnosis benign": "c"}
    table = pd.DataFrame(
        [
            {"metric": metric.name, "group": group, "caution": caution, **row}
            for metric in statistics_script.METRICS
            for group, caution in groups.items()
        ]
    )

    figure = statistics_script.draw(table)

    labels = [label.get_text().split("\N{THIN SPACE}")[0] for label in figure.axes[0].get_yticklabels()]
    assert labels == [
        "Pairs of masks", "all", "by one annotator twice", "Two annotators: tools", "T1-T1", "T1-T3",
        "Two annotators: masks", "2 masks", "Two annotators: diagnoses", "benign",
    ]  # fmt: skip
    # There is one skill level, which tells nothing apart.
    assert "T1 manual pointlist, T3 autofill." in texts(figure)
    assert [axes.get_xlabel() for axes in figure.axes] == ["Dice", "HD95 / image diagonal"]


def factor_rows(*rows: tuple) -> pd.DataFrame:
    columns = ["model", "pairs", "term", "factor", "low", "high", "masks", "caution"]
    return pd.DataFrame(rows, columns=columns)


def test_area_factors_are_on_a_logarithmic_axis_with_both_estimates():
    table = factor_rows(
        ("annotators", "all", "A00", 2.0, 1.5, 3.0, 20.0, ""),
        (
            "annotators, tools and skill levels",
            "all",
            "T3 over T1",
            NAN,
            NAN,
            NAN,
            9.0,
            "level T3 is annotator A00 alone",
        ),
        ("annotators", "ratios up to 3", "A00", 1.5, 1.2, 1.8, 18.0, ""),
    )

    figure = draw_area_factors(table)

    axes = figure.axes[0]
    points = [line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() == "o"]
    assert points == [2.0, 1.5]
    assert axes.get_xscale() == "log"
    told = texts(figure)
    assert "2.00 [1.50, 3.00]" in told and "1.50 [1.20, 1.80]" in told and "level T3 is annotator A00 alone." in told


def annotator_rows(*names: str, **more) -> pd.DataFrame:
    columns = {
        "masks": 5.0, "half": NAN, "partners": "A01 (3), A02 (2), A03 (2), A04 (1), A05 (1)", "tools": "T1 (5)",
        "skill_levels": "S1 (5)", "caution": "", "mean_dice_with_others": 0.8, "mean_dice_with_others_low": NAN,
        "mean_dice_with_others_high": NAN, "mean_dice_with_others_images": 3.0, "dice_with_vote_of_others": NAN,
        "dice_with_vote_of_others_low": NAN, "dice_with_vote_of_others_high": NAN,
    }  # fmt: skip
    return pd.DataFrame({"annotator": names}).assign(**{**columns, **more})


def test_dice_with_others_says_with_whom_and_of_what_it_cannot_be_told():
    caution = "annotator A00 has T1 alone; mean_dice_with_others: fewer than 10 clusters"
    figure = draw_dice_with_others(annotator_rows("A00", caution=caution))
    with_vote = draw_dice_with_others(annotator_rows("A00", dice_with_vote_of_others=0.9))

    told = texts(figure)
    assert "A01 (3), A02 (2), A03 (2), A04 (1), …" in told
    assert "has T1 alone." in told and "10 clusters" not in told
    assert "depends on whom they were paired with" in told.replace("\n", " ")
    assert "vote of at least three" not in told and "vote of at least three" in texts(with_vote)


# --- Network ---------------------------------------------------------------------------------------------


def links(*rows: tuple[str, str, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["annotator1", "annotator2", "images"])
    return table.assign(mean_dice=np.linspace(0.5, 0.9, len(table)), bridge="", joins_halves="")


def test_halves_stand_on_the_left_and_the_right_and_others_with_whom_they_share_most():
    places = places_around(
        {"A": 1.0, "B": 1.0, "C": 2.0, "D": 2.0, "E": NAN},
        links(("A", "B", 9), ("C", "D", 9), ("A", "E", 1), ("C", "E", 3)),
    )

    assert {name for name, (x, _) in places.items() if x < 0} == {"A", "B"}
    assert all(math.hypot(x, y) == pytest.approx(1) for x, y in places.values())


def test_without_halves_annotators_stand_around_the_circle_in_order():
    places = places_around(dict.fromkeys("ABCD", NAN), links(("A", "B", 1)))
    angles = [math.atan2(x, y) % (2 * math.pi) for x, y in (places[name] for name in "ABCD")]
    assert angles == pytest.approx([math.pi / 4, 3 * math.pi / 4, 5 * math.pi / 4, 7 * math.pi / 4])


def test_lines_are_as_wide_as_images_are_many():
    figure = draw_network(annotator_rows("A00", "A01", "A02", "A03"), links(("A00", "A01", 100), ("A01", "A02", 4)))

    widths = [line.get_linewidth() for line in figure.axes[0].get_lines() if len(line.get_xdata()) == 2]
    assert widths == pytest.approx([link_width(100, 100), link_width(4, 100)])
    assert widths[0] > widths[1] > 0
    assert "A01 (5)" in texts(figure) and "A03 (5)" not in texts(figure)
    assert "Not drawn: 1 of 4 annotators." in texts(figure)


def test_links_that_hold_the_network_together_are_dashed_and_those_between_halves_counted():
    table = links(("A00", "A01", 100), ("A01", "A02", 4), ("A02", "A03", 50))
    table = table.assign(bridge=["", "yes", ""], joins_halves=["", "yes", ""])
    rows = annotator_rows("A00", "A01", "A02", "A03", half=[1, 1, 2, 2])

    figure = draw_network(rows, table)

    lines = [line for line in figure.axes[0].get_lines() if len(line.get_xdata()) == 2]
    assert [line.get_linestyle() for line in lines] == ["-", "-", "--"]  # the widest first
    assert "The halves are joined by 1 of 3 links, with 4 of 154 images" in texts(figure)
    assert "Dashed: without this link" in texts(figure)
    assert "Dashed" not in texts(draw_network(rows, table.assign(bridge="")))


def test_the_colours_of_the_network_span_dice_widely():
    figure = draw_network(annotator_rows("A00", "A01"), links(("A00", "A01", 5)).assign(mean_dice=0.93))

    assert figure.axes[1].get_ylim() == (0.5, 1.0)
    assert "colours from 0.5 to 1" in figure.axes[1].get_ylabel()


def test_many_annotators_fit_the_page():
    names = [f"A{n:03d}" for n in range(150)]
    rows = annotator_rows(*names, masks=np.arange(150.0) + 1)

    figure = draw_network(rows, links(*((first, second, 2) for first, second in zip(names, names[1:], strict=False))))

    assert "Not drawn: 90 of 150 annotators." in texts(figure)
    assert figure.get_size_inches()[0] * 25.4 < 180


# --- Diagnosis -------------------------------------------------------------------------------------------


def diagnosis_figure(sets: int = 1):
    curves = pd.DataFrame(
        [("malignant", 0.2, 1, 0.5), ("malignant", 0.5, 2, 1.0), ("benign", 0.9, 1, 1.0)],
        columns=["diagnosis", "dice", "images", "cumulative_share"],
    )
    row = {"difference": -0.1, "low": -0.2, "high": 0.05, "p_holm": 0.0004, "malignant": 20, "benign": 30}
    differences = pd.DataFrame([{"adjusted_for": name, **row} for name in ("none", "sets of annotators")])
    table = pd.DataFrame([{"set": f"A{n:02d}+A98+A99+A97+A96", **row} for n in range(sets)], columns=["set", *row])
    return draw_diagnosis(curves, differences, table, "The sentence.", {"indeterminate": 1500})


def test_curves_are_the_cumulative_shares():
    axes = diagnosis_figure().axes[0]

    first, second = axes.get_lines()
    assert first.get_xdata().tolist() == [0, 0.2, 0.5, 1] and first.get_ydata().tolist() == [0, 0.5, 1, 1]
    assert first.get_linestyle() != second.get_linestyle()
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["malignant (n = 2)", "benign (n = 1)"]


def test_differences_are_said_with_the_sentence_and_what_is_not_drawn():
    told = texts(diagnosis_figure())

    for part in (
        "The sentence.",
        "−0.100 [−0.200, 0.050]",
        "<0.001",
        "not drawn: indeterminate 1,500",
        "A00+…+A96, 5 (20, 30)",
    ):
        assert part in told


def test_of_many_sets_the_largest_are_drawn_and_none_is_no_heading():
    assert "5 smaller sets of annotators are in iaa_cdfs_sets.csv." in texts(diagnosis_figure(25))
    assert "Sets of annotators" not in texts(diagnosis_figure(0))


# --- Scripts ---------------------------------------------------------------------------------------------


def test_released_tables_give_every_figure_within_a_page(released):
    from PIL import Image

    files = tree(released / "visualizations")

    expected = {base + suffix for base in FIGURES for suffix in (".png", ".svg", ".pdf")}
    assert {name for name in files if not name.endswith(".csv")} == expected
    for base in FIGURES:
        with Image.open(released / "visualizations" / f"{base}.png") as image:
            assert round(image.info["dpi"][0]) == 300
            assert 100 < image.width / 300 * 25.4 <= 180
            assert image.height / 300 * 25.4 < 240


def test_a_second_run_gives_the_same_bytes(released):
    before = tree(released / "metadata") | tree(released / "visualizations")

    for script in (*TABLES, *SCRIPTS):
        succeed(script, released)

    assert tree(released / "metadata") | tree(released / "visualizations") == before


def test_released_tables_leave_empty_what_they_do_not_know(released):
    table = pd.read_csv(released / "metadata" / f"{SUBSET}annotator_metrics.csv").set_index("annotator")

    assert table[["dice_with_vote_of_others", "staple_sensitivity", "staple_specificity"]].isna().all(axis=None)
    assert table["area_factor"].notna().sum() == 11
    metrics = pd.read_csv(released / "metadata" / f"{SUBSET}agreement_statistics.csv")["metric"].unique()
    assert "nsd_score" not in metrics
    for script, told in (
        (TABLES[0], "mask_agreement.csv: areas are known"),
        (TABLES[1], "has no nsd_score and bf1_score"),
    ):
        assert told in succeed(script, released)


def test_small_tables_go_through_and_what_cannot_be_drawn_is_skipped_and_named(tmp_path):
    folder = give(tmp_path, PAIRS)

    for script in TABLES:
        succeed(script, folder)
    told = [succeed(script, folder) for script in SCRIPTS]

    assert "annotator_area_factors skipped" in told[0]
    assert "no column diagnosis_1 or benign_malignant" in told[2]
    names = {name.split(".")[0] for name in tree(folder / "visualizations")}
    assert names == {"metrics/annotator_network", "metrics/annotator_dice_with_others", "metrics/agreement_statistics"}


@pytest.mark.parametrize("chosen", [[], [5]])  # no pairs, and one annotator twice alone
def test_without_pairs_by_two_annotators_stages_end_well(tmp_path, chosen):
    folder = give(tmp_path, PAIRS.iloc[[*chosen, 2]])  # pair of consensus masks

    for script in TABLES:
        succeed(script, folder)
    told = [succeed(script, folder) for script in SCRIPTS[:2]]

    assert "annotator figures skipped" in told[0]
    assert ("agreement_statistics skipped" in told[1]) == (not chosen)


@pytest.mark.parametrize("script", [*TABLES, *SCRIPTS])
def test_a_missing_table_is_named(tmp_path, script):
    code, text = run_here(script, tmp_path)
    assert (code, SUBSET in text) == (1, True)
