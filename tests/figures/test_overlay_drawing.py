"""Outlines over images: their lines, the part of the image that is shown, and the locator."""

from __future__ import annotations

import numpy as np
import pytest
from support.drawing import box

from utils.figures.outline_lines import fraying, lines_of
from utils.figures.overlay import Drawn, crop_of, draw_overlay

PEOPLE = ("A00", "A01", "A02")


def locator(figure) -> list:
    return [axes for axes in figure.axes if axes.get_label() == "locator"]


def test_an_annotator_has_the_same_colour_in_every_image_and_another_dash_for_a_second_mask():
    first, again, third = lines_of(["A02", "A02", "A02"], PEOPLE)
    (alone,) = lines_of(["A02"], PEOPLE)
    assert alone == first
    assert first.colour == again.colour == third.colour
    assert len({str(line.dash) for line in (first, again, third)}) == 3


def test_up_to_twenty_one_annotators_differ_also_from_second_masks():
    everyone = [f"A{number:02d}" for number in range(21)]
    lines = [(line.colour, str(line.dash)) for line in lines_of([*everyone, *everyone], everyone)]
    assert len({colour for colour, _ in lines[:7]}) == 7
    assert len(set(lines)) == 42


@pytest.mark.parametrize("name", ["ST", "MV"])
def test_consensus_lines_have_a_casing_that_is_visible_on_white_and_on_black(name):
    (line,) = lines_of([name], PEOPLE)
    assert {line.colour, line.casing_colour} == {"white", "black"}
    assert line.casing >= line.width


def test_frayed_outlines_have_thinner_lines():
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]])
    assert fraying([square], 100) == pytest.approx(2 / np.sqrt(np.pi))
    assert fraying([square, square], 100) == pytest.approx(4 / np.sqrt(np.pi))
    assert fraying([], 0) == 0
    (line,) = lines_of(["A00"], PEOPLE)
    assert line.thinned(0) == line.thinned(2) == line
    assert line.thinned(8).width == pytest.approx(line.width / 2)
    assert line.thinned(8).casing == pytest.approx(line.casing / 2)
    assert line.thinned(1e6).width > 0.4  # points


def test_the_picture_is_cropped_to_all_masks_with_a_margin():
    masks = [box(40, 60, 60, 80, (100, 200)), box(50, 70, 70, 80, (100, 200))]
    assert crop_of(masks) == (34, 76, 54, 86)  # rows 40-70, columns 60-80, a fifth of 30 around them; 20 + 2 x 6 >= 21


def test_a_long_outline_is_shown_at_least_half_as_wide():
    crop = crop_of([box(50, 50, 52, 150, (100, 200))])
    assert crop.shape == (70, 140)
    assert crop_of([box(0, 50, 2, 150, (100, 200))]).top == 0


def test_outlines_that_are_large_or_nowhere_show_the_whole_image():
    whole = (0, 100, 0, 200)
    assert crop_of([box(10, 10, 90, 190, (100, 200))]) == whole
    assert crop_of([box(0, 0, 0, 0, (100, 200))]) == whole


def test_a_small_outline_has_a_locator_and_a_large_one_none():
    image = np.full((240, 320, 3), 200, np.uint8)
    line = lines_of(["A00"], PEOPLE)[0]
    small = Drawn(box(100, 100, 120, 130, (240, 320)), "A00", line)
    large = Drawn(box(20, 20, 220, 300, (240, 320)), "A00", line)

    figure = draw_overlay(image, [small], "Title")
    (inset,) = locator(figure)
    assert figure.axes[0].get_xlim() == (93.5, 135.5) and figure.axes[0].get_ylim() == (125.5, 93.5)
    assert inset.get_xlim() == (-0.5, 319.5)
    frame = inset.patches[-1]
    assert (frame.get_x(), frame.get_y(), frame.get_width(), frame.get_height()) == (94, 94, 42, 32)
    figure.canvas.draw()
    legend = figure.axes[0].get_legend().get_window_extent()
    assert not inset.get_window_extent().overlaps(legend)
    assert not inset.get_window_extent().overlaps(figure.axes[0].get_window_extent())
    assert not locator(draw_overlay(image, [large], "Title"))


@pytest.mark.parametrize("masks", [2, 5, 17])
@pytest.mark.parametrize("label", ["A00", "A00, T1, S1 (2)", "A name of 30 characters or so.."])
def test_the_locator_never_lies_on_the_legend(masks, label):
    image = np.full((240, 320, 3), 200, np.uint8)
    small = Drawn(box(100, 100, 120, 130, (240, 320)), label, lines_of(["A00"], PEOPLE)[0])

    figure = draw_overlay(image, [small] * masks, "Title")

    figure.canvas.draw()
    legend = figure.axes[0].get_legend().get_window_extent()
    assert not locator(figure)[0].get_window_extent().overlaps(legend)
    assert legend.y0 >= 0
