"""Forest plots: rows, intervals, footnotes; groups of pairs, area factors, and Dice with others in them."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from support.figure_texts import texts
from support.statistics_tables import annotator_rows

from multiannotator_analysis.visualization_scripts import plot_agreement_statistics as statistics_script
from utils.figures.annotators import draw_area_factors, draw_dice_with_others
from utils.figures.forest import Estimate, Footnotes, ForestRow, draw_forest, written
from utils.naming import levels_explained

NAN = math.nan


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


def test_factors_near_one_have_a_scale():
    rows = [("annotators", "all", name, factor, NAN, NAN, 20.0, "") for name, factor in (("A00", 0.95), ("A01", 1.05))]

    axes = draw_area_factors(factor_rows(*rows)).axes[0]

    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.9", "1", "1.1"]
    assert axes.get_xlim()[0] < 0.9 and axes.get_xlim()[1] > 1.1


def test_factors_without_interval_are_hollow_with_the_reason_of_either_estimate():
    joint = "rests on 1 image that joins two parts of the annotators, A00 and A01"
    table = factor_rows(
        ("annotators", "all", "A00", 2.0, NAN, NAN, 20.0, joint),
        ("annotators", "all", "A01", 0.5, 0.4, 0.6, 20.0, ""),
        ("annotators", "ratios up to 3", "A00", 1.5, NAN, NAN, 18.0, joint),
        ("annotators", "ratios up to 3", "A01", 0.6, NAN, NAN, 18.0, "fewer than 10 clusters"),
    )

    figure = draw_area_factors(table)

    faces = [line.get_markerfacecolor() for line in figure.axes[0].get_lines() if line.get_marker() == "o"]
    assert [face == "white" for face in faces] == [True, True, False, True]
    told = " ".join(texts(figure).split())
    assert told.count(f"{joint}.") == 1 and "light: fewer than 10 clusters." in told
    assert "Hollow: no interval." in told and "Hollow" not in texts(draw_area_factors(table[1:2]))


def test_dice_with_others_says_with_whom_and_of_what_it_cannot_be_told():
    caution = (
        "annotator A00 has T1 alone; mean_dice_with_others: fewer than 10 clusters; area_factor: rests on 1 image that "
        "joins two parts of the annotators, A00 and A01"
    )
    figure = draw_dice_with_others(annotator_rows("A00", caution=caution))
    with_vote = draw_dice_with_others(annotator_rows("A00", dice_with_vote_of_others=0.9))

    told = texts(figure)
    assert "A01 (3), A02 (2), A03 (2), A04 (1), …" in told
    assert "has T1 alone." in told and "10 clusters" not in told and "rests on" not in told
    assert "depends on whom they were paired with" in told.replace("\n", " ")
    assert "vote of at least three" not in told and "vote of at least three" in texts(with_vote)


# --- Network ---------------------------------------------------------------------------------------------
