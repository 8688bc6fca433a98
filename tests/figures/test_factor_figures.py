"""Agreement by factor and by set of annotators: numbers and pictures."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from support.agreement_pairs import PAIR_NAMES, PAIRS

from multiannotator_analysis.visualization_scripts import plot_annotator_intersections as intersections
from utils.figures.colour_scale import DICE, span_text
from utils.figures.heatmap import METRICS, draw_heatmaps
from utils.statistics.level_pairs import agreement_of_levels, cautions_of_levels, masks_of_pairs, sorted_levels

# --- Factors ---------------------------------------------------------------------------------------------

NAMES = [metric.name for metric in METRICS]
# The pairs of three images as before, with one of T1 by one annotator twice beside one by two.
MIXED = pd.concat([PAIRS, PAIRS.iloc[[0]].assign(tool2="T1", dice_score=0.4)], ignore_index=True)


def cell(table: pd.DataFrame, first: str, second: str, metric: str = "dice_score") -> pd.Series:
    return table.set_index(["metric", "level1", "level2"]).loc[(metric, first, second)]


def drawn(pairs: pd.DataFrame, factor: str, said=None, notes=()):
    table = agreement_of_levels(pairs, factor, NAMES)
    levels = sorted_levels(pairs[[f"{factor}1", f"{factor}2"]].to_numpy().ravel())
    return draw_heatmaps(table, levels, said or {}, notes)


def panels(figure) -> list:
    return [axes for axes in figure.axes if axes.get_title()]


def test_pairs_count_in_either_order_and_consensus_comes_last():
    table = agreement_of_levels(PAIRS, "annotator", NAMES)

    assert sorted_levels(["ST", "A10", "MV", "A02", "A10"]) == ["A02", "A10", "MV", "ST"]
    dice = table[table["metric"] == "dice_score"]
    cells = dice[["level1", "level2", "compared", "pairs", "images"]].to_numpy().tolist()
    assert cells == [
        ["A00", "A01", "annotators", 3, 2],
        ["A00", "ST", "mask and consensus", 1, 1],
        ["A02", "A02", "annotators", 1, 1],
        ["MV", "ST", "two consensus masks", 1, 1],
    ]
    assert cell(table, "A00", "A01")[["mean", "inter_mean"]].tolist() == [0.5, 0.5]
    assert cell(table, "A02", "A02")[["inter_pairs", "intra_pairs", "intra_mean"]].tolist() == [0, 1, 1.0]
    assert np.isnan(cell(table, "A02", "A02")["inter_mean"])
    assert cell(table, "A00", "ST")[["inter_pairs", "intra_pairs"]].tolist() == [0, 0]


def test_one_annotator_twice_is_told_apart_within_a_cell():
    row = cell(agreement_of_levels(MIXED, "tool", NAMES), "T1", "T1")

    assert row[["pairs", "images", "inter_pairs", "inter_images", "intra_pairs", "intra_images"]].tolist() == [
        2,
        2,
        1,
        1,
        1,
        1,
    ]
    assert row[["mean", "inter_mean", "intra_mean"]].tolist() == pytest.approx([0.7, 0.4, 1.0])
    assert row["caution"] == "one annotator twice: 1 of 2 pairs"


def test_pairs_without_a_value_are_not_counted():
    row = cell(agreement_of_levels(PAIRS, "tool", NAMES), "T1", "T2", "hd95_score_normalized")

    assert row["pairs"] == row["inter_pairs"] == 2
    assert row["mean"] == pytest.approx(0.2)


def test_no_pairs_give_no_rows():
    assert agreement_of_levels(PAIRS.iloc[:0], "tool", NAMES).empty


def test_levels_of_one_annotator_and_annotators_of_one_level_are_said():
    masks = masks_of_pairs(PAIRS)

    assert masks.to_numpy().tolist() == [["A00", "T1", "S1"], ["A01", "T2", "S1"], ["A02", "T1", "S1"]]
    assert cautions_of_levels(masks, "tool") == {"T2": "level T2 is annotator A01 alone"}
    assert cautions_of_levels(masks, "skill_level") == {}
    assert cautions_of_levels(masks, "annotator")["A00"] == "annotator A00 has T1 alone"


def test_heatmap_shows_the_lower_triangle_with_counts_and_marks_cells_without_pairs():
    dice, distance = panels(drawn(PAIRS, "tool"))

    cells = {tuple(text.get_position()): text.get_text() for text in dice.texts}
    assert len(cells) == 10
    assert all(x <= y for x, y in cells)
    assert cells[0.5, 0.5] == "1.00\n1"
    assert cells[0.5, 1.5] == "0.50\n3"
    assert cells[2.5, 3.5] == "0.80\n1"
    assert cells[1.5, 1.5] == "–"
    assert sorted(cells.values()).count("–") == 6
    assert "0.200\n2" in [text.get_text() for text in distance.texts]
    assert [label.get_text() for label in dice.get_xticklabels()] == ["T1", "T2", "MV", "ST"]


def test_the_mean_of_a_cell_is_of_two_annotators_and_what_is_not_is_marked():
    figure = drawn(MIXED, "tool")
    dice, _ = panels(figure)

    cells = {tuple(text.get_position()): text.get_text() for text in dice.texts}
    assert cells[0.5, 0.5] == "0.40\n1\n+1"
    assert len(dice.lines) == 0  # no cell is of one annotator twice alone
    assert len(dice.patches) == 2  # T1 with ST, MV with ST
    note = figure.texts[0].get_text().replace("\n", " ")
    assert "+n: further pairs by one annotator twice" in note and "Framed" not in note and "part and whole" in note

    framed, _ = panels(drawn(PAIRS, "annotator"))
    (frame,) = framed.lines  # A02 with A02
    assert frame.get_xdata().min() > 2 and frame.get_xdata().max() < 3


def test_cautions_are_footnotes_to_the_names_of_levels():
    figure = drawn(PAIRS, "annotator", {"A01": "annotator A01 has T2 alone"}, ["A and B are joined by 1 of 9 images."])

    labels = [label.get_text() for label in panels(figure)[0].get_yticklabels()]
    assert labels == ["A00", "A01\N{THIN SPACE}¹", "A02", "MV", "ST"]
    note = figure.texts[0].get_text()
    assert "¹\N{NO-BREAK SPACE}has T2 alone." in note and "joined by 1 of 9 images." in note


def test_good_agreement_is_bright_in_both_panels_and_text_stands_out():
    for axes in panels(drawn(PAIRS.iloc[[0, 5]].assign(hd95_score_normalized=[0.2, 0.0]), "tool")):
        colours = {text.get_text().split("\n")[0]: to_hex(text.get_color()) for text in axes.texts}
        good, bad = ("1.00", "0.50") if axes.get_title().startswith("Dice") else ("0.000", "0.200")
        assert (colours[good], colours[bad]) == ("#000000", "#ffffff")


@pytest.mark.parametrize(
    ("values", "span"),
    [([0.8, 0.96], (0.5, 1.0)), ([0.47, math.nan], (0.4, 1.0)), ([0.3], (0.3, 1.0)), ([], (0.5, 1.0))],
)
def test_colours_span_a_metric_widely_and_say_so(values, span):
    assert DICE.span(values) == span
    assert span_text(span) == f"colours from {span[0]:g} to 1"


def test_the_span_is_that_of_the_colours():
    dice, distance = panels(drawn(PAIRS.assign(dice_score=0.9), "tool"))

    assert dice.collections[0].get_clim() == (0.5, 1.0) and "colours from 0.5 to 1" in dice.get_title()
    assert distance.collections[0].get_clim() == (0.0, 0.2) and "colours from 0 to 0.2" in distance.get_title()


@pytest.mark.parametrize("levels", [1, 2, 5, 18])
def test_text_stays_within_its_cell_and_the_figure_within_a_page(levels):
    names = [f"A{n:02d}" for n in range(levels)]
    table = pd.DataFrame(
        [
            {
                "metric": metric,
                "level1": first,
                "level2": second,
                **{f"{kind}mean": 0.888 for kind in ("", "inter_", "intra_")},
                **{f"{kind}pairs": 9999 for kind in ("", "inter_")},
                "intra_pairs": 999 if levels < 6 else 0,
            }
            for metric in NAMES
            for first, second in itertools.combinations_with_replacement(names, 2)
        ]
    )

    figure = draw_heatmaps(table, names, {})

    width, height = figure.get_size_inches() * 25.4
    assert width <= 180 and height <= 247
    figure.canvas.draw()
    for axes in panels(figure):
        extent_of_all = axes.get_window_extent()
        for text in axes.texts:
            assert text.get_fontsize() >= 7
            extent = text.get_window_extent()
            assert extent.width <= extent_of_all.width / levels and extent.height <= extent_of_all.height / levels


# --- Sets of annotators ----------------------------------------------------------------------------------


def test_images_are_grouped_by_their_exact_annotators():
    groups = intersections.images_by_annotators(PAIRS)

    assert list(groups) == [("A00", "A01"), ("A02",)]
    assert groups["A00", "A01"]["dice_score"].to_dict() == {"I1.JPG": 0.5, "I2.JPG": 0.5}
    assert groups["A00", "A01"]["hd95_score_normalized"].tolist() == pytest.approx([0.1, 0.3])
    assert groups["A02",].index.tolist() == ["I3.JPG"]


def test_equally_frequent_sets_come_by_name_and_larger_sets_are_sets_of_their_own():
    rows = [("I9", "B", "A"), ("I8", "C", "A"), ("I7", "A", "B"), ("I7", "A", "C"), ("I7", "B", "C")]
    pairs = pd.DataFrame(rows, columns=PAIR_NAMES[:3]).assign(dice_score=0.5, hd95_score_normalized=0.1)

    assert list(intersections.images_by_annotators(pairs)) == [("A", "B"), ("A", "B", "C"), ("A", "C")]


def test_the_value_of_an_image_by_several_people_is_of_two_of_them():
    rows = [("I1", "A", "A", "T1", "T1", 1.0, 0.0), ("I1", "A", "B", "T1", "T1", 0.5, 0.2)]
    rows += [("I1", "A", "B", "T1", "T1", 0.25, 0.3), ("I2", "A", "A", "T1", "T1", 0.75, 0.1)]
    pairs = pd.DataFrame(rows, columns=PAIR_NAMES)

    groups = intersections.images_by_annotators(pairs)

    assert groups["A", "B"]["dice_score"].tolist() == [0.375]
    assert groups["A",]["dice_score"].tolist() == [0.75]
    told = intersections.note(pairs, groups)
    assert told.startswith("Means over pairs by two annotators (2 in all)")
    assert told.endswith("orange: one annotator twice or more; pairs by one annotator twice: 2")


def test_consensus_alone_gives_no_sets():
    assert intersections.images_by_annotators(PAIRS.iloc[1:3]) == {}


def test_every_image_is_a_point_and_every_set_a_labelled_row():
    groups = intersections.images_by_annotators(PAIRS)

    dice, distance = intersections.draw(groups, "Title").axes

    assert [len(points.get_offsets()) for points in dice.collections] == [2, 1]
    assert [text.get_text() for text in dice.get_yticklabels()] == [
        "A00 + A01 (n = 2)",
        "A02 twice or more (n = 1)",
    ]
    assert "Dice" in dice.get_xlabel() and "HD95" in distance.get_xlabel()


def test_a_set_whose_distances_are_all_missing_keeps_its_row():
    groups = intersections.images_by_annotators(PAIRS.assign(hd95_score_normalized=np.nan))

    _, distance = intersections.draw(groups, "Title").axes

    assert [len(points.get_offsets()) for points in distance.collections] == [0, 0]
