"""The table of annotators, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.statistics_tables import drawn_log_areas, tables_of

from utils.statistics.annotator_links import annotator_links
from utils.statistics.annotators import AVERAGES, annotator_table, image_values
from utils.statistics.area_factors import area_factors
from utils.statistics.areas import log_area_ratios
from utils.statistics.bootstrap import group_means

ROWS = [
    ("I1", "a", "T2"), ("I1", "b"), ("I1", "b", "T3", "S2"),
    ("I2", "a", "T2"), ("I2", "b"), ("I2", "c"), ("I2", "d"),
]  # fmt: skip
DICE = [0.2, 0.4, 0.9, *(0.1, 0.2, 0.3, 0.4, 0.5, 0.6)]


def averages_of(tables, agreement=None, staple=None) -> pd.DataFrame:
    return group_means(image_values(tables.pairs, tables.subset, agreement, staple), ["average", "annotator"], 50, 0)


def table_of(tables, agreement=None, staple=None) -> pd.DataFrame:
    ratios = log_area_ratios(tables.pairs, drawn_log_areas(tables.subset, dict.fromkeys("abcd", 0.0)))
    links, factors = annotator_links(tables.pairs, ratios), area_factors(ratios)
    table = annotator_table(tables.subset, tables.pairs, links, factors, averages_of(tables, agreement, staple))
    return table.set_index("annotator")


def test_dice_with_others_is_a_mean_over_images_of_their_pairs_with_others():
    found = averages_of(tables_of(ROWS, DICE)).loc["mean_dice_with_others"]

    # a: 0.2 and 0.4 with b in I1; 0.1, 0.2 and 0.3 with b, c, d in I2. b: the same in I1; 0.1, 0.4 and 0.5 in I2.
    assert found.loc["a", "mean"] == pytest.approx((0.3 + 0.2) / 2)
    assert found.loc["b", "mean"] == pytest.approx((0.3 + 1.0 / 3) / 2)
    assert found["images"].to_dict() == {"a": 2, "b": 2, "c": 1, "d": 1}


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 3))
def test_a_copy_of_ones_own_mask_does_not_change_dice_with_others(copies):
    once, again = tables_of(ROWS[3:], DICE[3:]), None
    rows = [ROWS[3]] * copies + ROWS[3:]
    of = {name: value for name, value in zip(["ab", "ac", "ad", "bc", "bd", "cd"], DICE[3:], strict=True)}
    letters = [row[1] for row in rows]
    pairs = [(letters[i], letters[j]) for i in range(len(rows)) for j in range(i + 1, len(rows))]
    again = tables_of(rows, [of.get("".join(sorted(pair)), 1.0) for pair in pairs])

    first, second = (averages_of(tables).loc["mean_dice_with_others", "mean"] for tables in (once, again))

    assert second["a"] == pytest.approx(first["a"])


def test_the_vote_of_others_and_staple_count_only_where_three_can_tell():
    tables = tables_of(ROWS, DICE)
    masks = tables.subset.assign(
        dice_to_others=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], other_annotators=[1, 1, 1, 3, 3, 3, 2]
    )
    staple = tables.subset[["seg_filename"]].assign(sensitivity=np.arange(7) / 10, specificity=1.0)

    found = averages_of(tables, masks, staple)

    assert found.loc["dice_with_vote_of_others", "mean"].to_dict() == pytest.approx({"a": 0.4, "b": 0.5, "c": 0.6})
    expected = {"a": 0.3, "b": 0.4, "c": 0.5, "d": 0.6}
    assert found.loc["staple_sensitivity", "mean"].to_dict() == pytest.approx(expected)
    assert (found.loc["staple_specificity", "mean"] == 1).all()


def test_the_table_counts_masks_partners_and_repeats():
    found = table_of(tables_of(ROWS, DICE))

    b = found.loc["b"]
    assert (b["masks"], b["images"], b["tools"], b["skill_levels"]) == (3, 2, "T1 (2), T3 (1)", "S1 (2), S2 (1)")
    assert (b["partners"], b["component"]) == ("a (2), c (1), d (1)", 1)
    assert (b["pairs_one_annotator_twice"], b["pairs_with_conflicting_skills"]) == (1, 1)
    assert (b["dice_one_annotator_twice"], b["dice_one_annotator_twice_images"]) == (0.9, 1)
    assert found.loc["a", "pairs_one_annotator_twice"] == 0


def test_what_is_not_known_is_empty_and_said():
    found = table_of(tables_of(ROWS, DICE))

    assert found[["dice_with_vote_of_others", "staple_sensitivity", "area_factor"]].isna().all(axis=None)
    assert (found[[f"{name}_images" for name in AVERAGES[1:4]]] == 0).all(axis=None)
    assert found.loc["a", "caution"] == (
        "level T2 is annotator a alone; annotator a has T2 and S1 alone; mean_dice_with_others: fewer than 10 "
        "clusters; area_factor: fewer than 5 masks of known area"
    )


def test_someone_alone_on_every_image_has_a_row():
    found = table_of(tables_of([*ROWS, ("I3", "z"), ("I3", "z")], [*DICE, 0.7]))

    row = found.loc["z"]
    assert (row["partners"], row["dice_one_annotator_twice"]) == ("", 0.7)
    assert pd.isna(row["component"]) and pd.isna(row["mean_dice_with_others"])


def test_area_factors_and_halves_are_taken_over():
    rows = [(f"{people}{n:02d}", person) for people in ("ab", "cd") for n in range(40) for person in people]
    rows += [(f"J{n}", person) for n in range(5) for person in "bc"]

    found = table_of(tables_of(rows))

    assert found["half"].to_dict() == {"a": 1, "b": 1, "c": 2, "d": 2}
    assert found["area_factor"].to_numpy() == pytest.approx(1.0)
    assert found["area_factor_masks"].to_dict() == {"a": 40, "b": 45, "c": 45, "d": 40}
    assert "area_factor: a+b and c+d are joined by 5 of 85 images" in found.loc["a", "caution"]


def test_each_part_of_what_is_said_of_a_factor_names_it():
    rows = [(f"{people}{n:02d}", person) for people in ("ab", "cd") for n in range(40) for person in people]

    found = table_of(tables_of([*rows, ("J", "b"), ("J", "c")]))

    assert found["area_factor"].notna().all() and found["area_factor_low"].isna().all()
    assert found.loc["a", "caution"].split("; ") == [
        "area_factor: a+b and c+d are joined by 1 of 81 images",
        "area_factor: rests on 1 image that joins two parts of the annotators, a+b and c+d",
    ]
