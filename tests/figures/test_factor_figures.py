"""Agreement by factor and by set of annotators: numbers and pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from support.agreement_pairs import PAIR_NAMES, PAIRS

from multiannotator_analysis.visualization_scripts import plot_annotator_intersections as intersections
from multiannotator_analysis.visualization_scripts import plot_inter_intra_factor_agreement as factors

# --- Factors ---------------------------------------------------------------------------------------------


def test_pairs_count_in_either_order_and_consensus_comes_last():
    found = factors.agreement_of_levels(PAIRS, "annotator", "dice_score")

    assert found.levels == ["A00", "A01", "A02", "MV", "ST"]
    assert found.counts.tolist() == [
        [0, 3, 0, 0, 1],
        [3, 0, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 1],
        [1, 0, 0, 1, 0],
    ]
    assert found.means[1, 0] == found.means[0, 1] == pytest.approx(0.5)
    assert found.means[2, 2] == 1
    assert found.means[4, 3] == 0.8
    assert np.array_equal(np.isnan(found.means), found.counts == 0)


def test_pairs_without_a_value_are_not_counted():
    found = factors.agreement_of_levels(PAIRS, "tool", "hd95_score_normalized")

    assert found.levels == ["T1", "T2", "MV", "ST"]
    assert found.counts[1, 0] == 2
    assert found.means[1, 0] == pytest.approx(0.2)


def test_no_pairs_give_no_levels():
    found = factors.agreement_of_levels(PAIRS.iloc[:0], "tool", "dice_score")

    assert found.levels == []
    assert found.means.shape == found.counts.shape == (0, 0)


def test_heatmap_shows_the_lower_triangle_with_counts_and_marks_cells_without_pairs():
    figure = factors.draw([factors.agreement_of_levels(PAIRS, "tool", m.column) for m in factors.METRICS])

    dice, distance = (axes for axes in figure.axes if axes.get_title(loc="left"))
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


def test_good_agreement_is_bright_in_both_panels_and_text_stands_out():
    two = PAIRS.iloc[[0, 5]]
    figure = factors.draw([factors.agreement_of_levels(two, "tool", m.column) for m in factors.METRICS])

    for axes in (axes for axes in figure.axes if axes.get_title(loc="left")):
        colours = {text.get_text().split("\n")[0]: to_hex(text.get_color()) for text in axes.texts}
        good, bad = ("1.00", "0.50") if axes.get_title(loc="left") == "Dice" else ("0.000", "0.100")
        assert (colours[good], colours[bad]) == ("#000000", "#ffffff")


@pytest.mark.parametrize("levels", [1, 2, 5, 18])
def test_text_stays_within_its_cell_and_the_figure_within_a_page(levels):
    means = np.full((levels, levels), 0.888)
    agreement = factors.Agreement(
        [f"A{n:02d}" for n in range(levels)], means, means.astype(int) + 9999 // (levels % 2 + 1)
    )

    figure = factors.draw([agreement, agreement])

    width, height = figure.get_size_inches() * 25.4
    assert width <= 180 and height <= 247
    figure.canvas.draw()
    for axes in (axes for axes in figure.axes if axes.get_title(loc="left")):
        cell = axes.get_window_extent()
        for text in axes.texts:
            assert text.get_fontsize() >= 7
            extent = text.get_window_extent()
            assert extent.width <= cell.width / levels and extent.height <= cell.height / levels


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


def test_consensus_alone_gives_no_sets():
    assert intersections.images_by_annotators(PAIRS.iloc[1:3]) == {}


def test_every_image_is_a_point_and_every_set_a_labelled_row():
    groups = intersections.images_by_annotators(PAIRS)

    dice, distance = intersections.draw(groups, "Title").axes

    assert [len(points.get_offsets()) for points in dice.collections] == [2, 1]
    assert [text.get_text() for text in dice.get_yticklabels()] == [
        "A00 + A01 (n = 2)",
        "A02 more than once (n = 1)",
    ]
    assert "Dice" in dice.get_xlabel() and "HD95" in distance.get_xlabel()


def test_a_set_whose_distances_are_all_missing_keeps_its_row():
    groups = intersections.images_by_annotators(PAIRS.assign(hd95_score_normalized=np.nan))

    _, distance = intersections.draw(groups, "Title").axes

    assert [len(points.get_offsets()) for points in distance.collections] == [0, 0]
