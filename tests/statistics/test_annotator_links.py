"""Who works with whom: links, parts and halves of drawn networks."""

from __future__ import annotations

import numpy as np
import pytest
from support.statistics_tables import drawn_log_areas, images_of, tables_of

from utils.statistics.annotator_links import (
    LEAST_IMAGES,
    annotator_links,
    components,
    graph_of,
    half_of_annotator,
    halves_that_hardly_meet,
)
from utils.statistics.areas import log_area_ratios


def links_of(rows, dice=None, bias=None):
    tables = tables_of(rows, dice)
    areas = drawn_log_areas(tables.subset, bias or dict.fromkeys(tables.subset["annotator"], 0.0))
    return annotator_links(tables.pairs, log_area_ratios(tables.pairs, areas))


def test_links_count_images_and_average_them_in_either_order():
    links = links_of([("I1", "b"), ("I1", "a"), ("I2", "a"), ("I2", "b"), ("I2", "b")], [0.5, 0.2, 0.4, 0.9])

    assert len(links) == 1
    row = links.iloc[0]
    assert (row["annotator1"], row["annotator2"], row["images"], row["area_images"]) == ("a", "b", 2, 2)
    assert row["mean_dice"] == pytest.approx((0.5 + (0.2 + 0.4) / 2) / 2)
    assert "fewer than 30 images" in row["caution"]


def test_ratios_are_of_the_first_name_to_the_second_with_limits_from_thirty_images():
    rows = images_of(("ba", LEAST_IMAGES))
    tables = tables_of(rows)
    spread = np.tile([-0.1, 0.1], LEAST_IMAGES // 2)
    ratios = log_area_ratios(tables.pairs, drawn_log_areas(tables.subset, {"a": np.log(2), "b": 0.0}))
    ratios["log_ratio"] -= spread

    row, fewer = (annotator_links(tables.pairs, table).iloc[0] for table in (ratios, ratios[1:]))

    half = 1.96 * np.std(spread, ddof=1)
    assert row["area_ratio"] == pytest.approx(2)
    assert row["area_ratio_limit_low"] == pytest.approx(2 * np.exp(-half))
    assert row["area_ratio_limit_high"] == pytest.approx(2 * np.exp(half))
    assert row["caution"] == "all that joins its two sides"
    assert np.isnan(fewer["area_ratio_limit_low"]) and fewer["area_images"] == LEAST_IMAGES - 1


def test_bridges_and_parts_are_named():
    links = links_of(images_of(("ab", 1), ("bc", 1), ("ac", 1), ("cd", 1), ("xy", 1)))

    bridges = links[links["bridge"] == "yes"]
    assert list(bridges[["annotator1", "annotator2"]].itertuples(index=False, name=None)) == [("c", "d"), ("x", "y")]
    assert components(graph_of(links)) == {"a": 1, "b": 1, "c": 1, "d": 1, "x": 2, "y": 2}
    assert dict(zip(links["annotator1"], links["component"], strict=True)) == {"a": 1, "b": 1, "c": 1, "x": 2}


def test_halves_that_few_images_join_are_found_and_said():
    pairs = tables_of(images_of(("ab", 40), ("cd", 40), ("bc", 9), ("ae", 3))).pairs

    halves = halves_that_hardly_meet(pairs)

    assert halves == (("a", "b"), ("c", "d"), 9, 92)
    assert halves.sentence() == "a+b and c+d are joined by 9 of 92 images"
    assert half_of_annotator(pairs) == {"a": 1, "b": 1, "c": 2, "d": 2}


@pytest.mark.parametrize(
    "sets",
    [
        [("ab", 40), ("cd", 40), ("bc", 30), ("ad", 30)],  # joined well
        [("abcd", 40)],
        [("ab", 40), ("cd", 40)],  # not joined at all: two components
        [("ab", 40), ("bc", 5)],  # two annotators with images enough
        [("ab", 10), ("cd", 10), ("bc", 1)],  # too few images
    ],
)
def test_other_networks_have_no_halves(sets):
    pairs = tables_of(images_of(*sets)).pairs
    assert halves_that_hardly_meet(pairs) is None
    assert half_of_annotator(pairs) == {}


def test_links_say_whether_they_join_the_halves():
    links = links_of(images_of(("ab", 40), ("cd", 40), ("bc", 9)))
    assert dict(zip(links["annotator1"] + links["annotator2"], links["joins_halves"], strict=True)) == {
        "ab": "", "bc": "yes", "cd": "",
    }  # fmt: skip


def test_without_pairs_by_two_annotators_there_are_no_links():
    assert links_of([("I1", "a"), ("I1", "a")]).empty
