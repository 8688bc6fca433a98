"""Figures of the dataset and of the metrics: what they count and show, files, faults, and the same bytes twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from support.figure_dataset import figures, make_figure_dataset, metadata_row, pair_row
from support.files import unpack_released_tables
from support.run import run_stage, succeed
from support.trees import tree

from multiannotator_analysis.visualization_scripts import plot_dataset_distribution as distribution
from multiannotator_analysis.visualization_scripts import plot_individual_metrics as individual
from utils.naming import human_pairs_only, humans_only

SCRIPTS = ("plot_dataset_distribution", "plot_individual_metrics", "plot_overlaid_segmentations")
DRAWN = ("distribution", "individual_metrics", "ISIC_1", "ISIC_2")


def test_images_are_counted_by_their_number_of_masks_without_gaps():
    table = pd.DataFrame({"ISIC_id": ["a", "b", "b", "b", "b", "c"]})
    assert distribution.images_by_number_of_masks(table).to_dict() == {1: 2, 2: 0, 3: 0, 4: 1}
    assert distribution.images_by_number_of_masks(table[:0]).empty


def test_masks_are_counted_by_level_in_the_order_of_names():
    table = pd.DataFrame({"tool": ["T2", "T1", "T2", "T10"]})
    assert list(distribution.masks_by(table, "tool").items()) == [("T1", 1), ("T10", 1), ("T2", 2)]


def test_every_bar_of_the_distribution_has_its_count():
    rows = [metadata_row("I1", "A00"), metadata_row("I1", "A01", "T2"), metadata_row("I2", "A00", "T1", "S2")]
    figure = distribution.draw(pd.DataFrame(rows))
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert texts == [["1", "1"], ["2", "1"], ["2\n67%", "1\n33%"], ["2\n67%", "1\n33%"]]
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear", "linear", "linear"]


def test_a_single_tool_or_skill_level_is_not_drawn_and_codes_are_explained():
    several = pd.DataFrame([metadata_row("I1", "A00"), metadata_row("I1", "A01", "T3")])
    single = several.assign(tool="T2")

    tools = distribution.draw(several)
    assert [axes.get_xlabel() for axes in tools.axes] == ["Masks of an image", "Annotator", "Tool"]
    assert tools.texts[-1].get_text() == "T1 manual pointlist, T3 autofill"
    assert [axes.get_xlabel() for axes in distribution.draw(single).axes] == ["Masks of an image", "Annotator"]


def test_histograms_say_how_many_pairs_by_one_annotator_twice_they_leave_out():
    pairs = pd.DataFrame([pair_row("I1", "A00", "A01", 0.5)])

    assert individual.draw(pairs, 0).texts[0].get_text() == "1 pairs by two annotators, of 1 images"
    assert individual.draw(pairs, 7).texts[0].get_text().endswith("\npairs by one annotator twice, left out: 7")


def test_a_spread_has_the_percentiles_of_the_numbers_without_nan():
    values = np.array([np.nan, *range(101)])
    assert individual.spread(values) == individual.Spread(101, 5, 25, 50, 75, 95)


def test_the_spread_of_no_numbers_is_nan():
    empty = individual.spread(np.array([np.nan]))
    assert empty.n == 0
    assert np.isnan(empty.median)


def test_histograms_hold_every_pair_and_say_how_many_have_no_distance():
    pairs = pd.DataFrame([pair_row("I1", "A00", "A01", dice) for dice in (0.0, 0.5, 1.0)])
    pairs.loc[0, "assd_score_normalized"] = np.nan
    panels = individual.draw(pairs, 0).axes[:5]
    held = [int(axes.patches[0].get_data()[0].sum()) for axes in panels]
    assert held == [3, 3, 3, 3, 2]
    assert [("n = 2" in axes.texts[0].get_text()) for axes in panels] == [False] * 4 + [True]
    assert "median 0.500" in panels[0].texts[0].get_text()


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_metrics_that_are_all_zero_or_all_missing_are_drawn(value):
    pairs = pd.DataFrame([pair_row("I1", "A00", "A01", value)])
    pairs[list(individual.NAMES)] = value
    assert len(individual.draw(pairs, 0).axes) == 6


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Give a dataset with its figures, each script having run in a process of its own."""
    folder = make_figure_dataset(tmp_path_factory.mktemp("drawn"))
    for script in SCRIPTS:
        done = run_stage(script, folder, "num_workers=1")
        assert done.returncode == 0, done.stderr
    return folder


def test_all_figures_appear_in_three_formats_and_the_same_bytes_twice(drawn, figure_folder):
    for script in SCRIPTS:
        succeed(script, figure_folder)
    made = tree(figure_folder / "visualizations")
    assert made == tree(drawn / "visualizations")
    folders = ("dataset_statistics", "metrics", "overlaid_segs", "overlaid_segs")
    names = [f"{folder}/{name}" for folder, name in zip(folders, DRAWN, strict=True)]
    assert set(made) == {name + suffix for name in names for suffix in (".png", ".svg", ".pdf")}


def test_figures_are_as_wide_as_a_column_at_300_dpi(drawn):
    from PIL import Image

    paths = list((drawn / "visualizations").rglob("*.png"))
    assert len(paths) == len(DRAWN)
    for path in paths:
        with Image.open(path) as image:
            assert round(image.info["dpi"][0]) == 300
            assert 84 < image.width / 300 * 25.4 < 90, path


@pytest.mark.parametrize(
    ("script", "table", "column", "figure"),
    [
        ("plot_dataset_distribution", "IMAplusplus_seg_metadata", "tool", "distribution"),
        (
            "plot_individual_metrics",
            "IMAplusplus_multiannotator_subset_IAA_metrics",
            "hd95_score_normalized",
            "individual_metrics",
        ),
    ],
)
def test_a_figure_whose_column_is_missing_is_skipped_and_named(figure_folder, script, table, column, figure):
    path = figure_folder / "metadata" / f"{table}.csv"
    pd.read_csv(path).drop(columns=column).to_csv(path, index=False)
    text = succeed(script, figure_folder)
    assert f"{figure} skipped" in text
    assert column in text
    assert figures(figure_folder) == set()


@pytest.mark.parametrize(
    ("script", "table"),
    [
        ("plot_dataset_distribution", "IMAplusplus_seg_metadata"),
        ("plot_individual_metrics", "IMAplusplus_multiannotator_subset_IAA_metrics"),
    ],
)
def test_a_table_without_rows_gives_no_figure(figure_folder, script, table):
    path = figure_folder / "metadata" / f"{table}.csv"
    pd.read_csv(path)[:0].to_csv(path, index=False)
    assert "skipped" in succeed(script, figure_folder)
    assert figures(figure_folder) == set()


def test_the_released_metadata_has_the_published_counts(released_table):
    table = humans_only(released_table("IMAplusplus_seg_metadata"))
    images = distribution.images_by_number_of_masks(table)
    assert images.sum() == table["ISIC_id"].nunique() == 14967
    assert (images * images.index).sum() == len(table) == 17684
    assert images.loc[2:].sum() == 2394


def test_the_released_pairs_have_the_published_spread(released_table):
    pairs = human_pairs_only(released_table("IMAplusplus_multiannotator_subset_IAA_metrics"))
    summary = released_table("IMAplusplus_multiannotator_subset_IAA_metrics_summary").set_index("Unnamed: 0")
    for column in individual.NAMES:
        spread = individual.spread(pairs[column].to_numpy())
        assert spread.median == pytest.approx(summary.loc["Median", column], rel=1e-12)
        assert spread.q3 - spread.q1 == pytest.approx(summary.loc["IQR", column], rel=1e-9)


def test_the_released_tables_are_drawn(reference, tmp_path):
    unpack_released_tables(reference, tmp_path / "metadata")
    for script in SCRIPTS:
        succeed(script, tmp_path)
    assert len(figures(tmp_path)) == 6
