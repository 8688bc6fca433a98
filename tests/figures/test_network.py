"""The network of annotators: where each stands, how wide lines are, what is dashed and counted."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from support.figure_texts import texts
from support.statistics_tables import annotator_rows

from utils.figures.network import draw_network, link_width, places_around

NAN = math.nan


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
