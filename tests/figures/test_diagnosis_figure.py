"""Malignant beside benign images: curves, differences, sets, and what is not drawn."""

from __future__ import annotations

import math

import pandas as pd
from support.figure_texts import texts

from utils.figures.diagnosis import draw_diagnosis

NAN = math.nan


def diagnosis_figure(sets: int = 1, **within):
    curves = pd.DataFrame(
        [("malignant", 0.2, 1, 0.5), ("malignant", 0.5, 2, 1.0), ("benign", 0.9, 1, 1.0)],
        columns=["diagnosis", "dice", "images", "cumulative_share"],
    )
    row = {"difference": -0.1, "low": -0.2, "high": 0.05, "p_holm": 0.0004, "malignant": 20, "benign": 30}
    differences = pd.DataFrame([{"adjusted_for": name, **row} for name in ("none", "sets of annotators")])
    differences = differences.assign(caution="").astype({"low": float})
    for column, value in within.items():
        differences.loc[1, column] = value
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


def test_what_no_number_of_images_explains_is_a_footnote_of_a_hollow_row():
    told = texts(diagnosis_figure(low=NAN, high=NAN, caution="rests on about 2 clusters"))
    assert "same annotators\N{THIN SPACE}¹" in told and "rests on about 2 clusters." in told
    few = texts(diagnosis_figure(low=NAN, high=NAN, caution="fewer than 10 images", benign=9))
    assert "fewer than 10 images." not in few
    assert "rests on" not in texts(diagnosis_figure(caution="rests on about 2 clusters"))


def test_of_many_sets_the_largest_are_drawn_and_none_is_no_heading():
    assert "5 smaller sets of annotators are in iaa_cdfs_sets.csv." in texts(diagnosis_figure(25))
    assert "Sets of annotators" not in texts(diagnosis_figure(0))


# --- Scripts ---------------------------------------------------------------------------------------------
