"""The figure of the balance of partitions: what it shows, and its script."""

from __future__ import annotations

import pandas as pd
import pytest
from support.partition_tables import image_table, masks_of, write_dataset
from support.run import succeed
from support.trees import tree

from utils.figures.partition_balance import draw_partition_balance
from utils.partitions.balance import LEAST_TOTAL, balance_table
from utils.partitions.labels import image_labels

SHARES = {"train": 0.75, "test": 0.25}


def balance(annotators: list[str]) -> pd.DataFrame:
    """Return the balance of images of which every fifth is in the test partition."""
    images = image_table([""] * len(annotators))
    parts = pd.Series(["test" if place % 5 == 0 else "train" for place in range(len(annotators))])
    return balance_table(image_labels(images, masks_of(images, annotators)), parts, SHARES)


def points(axes, hollow: bool) -> list[float]:
    """Return where the points of a panel are, filled ones or hollow ones."""
    lines = (line for line in axes.lines if line.get_marker() not in ("None", None, ""))
    return sorted(
        round(float(line.get_xdata()[0]), 9) for line in lines if (line.get_markerfacecolor() == "white") == hollow
    )


def test_points_are_deviations_and_hollow_where_there_are_few():
    figure = draw_partition_balance(balance(["a"] * 100 + ["ab"] * 20), LEAST_TOTAL)

    several, one = figure.axes
    assert (several.get_title(), one.get_title()) == ("images with several masks", "images with one mask")
    # 20 of 100 are 5 points below the target of the test partition, and so are 4 of 20.
    assert set(points(one, hollow=False)) == {-5.0, 5.0} and points(one, hollow=True) == []
    assert set(points(several, hollow=True)) == {-5.0, 5.0} and points(several, hollow=False) == []
    rows = [label.get_text() for label in several.get_yticklabels()]
    assert rows == [
        *("number of images", "diagnosis other", "number of masks 2", "annotator a", "annotator b"),
        *("tool T1", "skill level S1"),
    ]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["train (target 75 %)", "test (target 25 %)"]
    assert "T1 manual pointlist" in figure._supxlabel.get_text()
    assert several.get_xlim() == one.get_xlim()


def test_one_group_of_images_is_one_panel():
    assert [axes.get_title() for axes in draw_partition_balance(balance(["a"] * 5), LEAST_TOTAL).axes] == [
        "images with one mask"
    ]


@pytest.mark.parametrize("number", [0, 1, 12])
def test_the_script_draws_what_there_is(tmp_path, number):
    images = image_table([""] * number)
    write_dataset(tmp_path, images, masks_of(images, ["ab"] * number))
    succeed("create_partitions", tmp_path)

    told = succeed("plot_partition_balance", tmp_path)

    drawn = {name: data for name, data in tree(tmp_path).items() if name.startswith("visualizations")}
    suffixes = ("png", "svg", "pdf") if number else ()
    assert set(drawn) == {f"visualizations/metrics/partition_balance.{suffix}" for suffix in suffixes}
    assert ("skipped" in told) == (not number)
    succeed("plot_partition_balance", tmp_path)
    assert {name: tree(tmp_path)[name] for name in drawn} == drawn
