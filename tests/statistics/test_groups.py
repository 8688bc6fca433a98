"""Agreement of groups of pairs, and what is said of them, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.statistics_tables import human_masks, tables_of

from utils.statistics.cautions import confounded_annotators, levels_of_one_annotator
from utils.statistics.groups import COLUMNS, agreement_of_groups, factor_counts

ROWS = [
    ("I1", "a", "T2"), ("I1", "b"), ("I1", "b", "T3", "S2"),
    ("I2", "a", "T2"), ("I2", "b"),
    ("I3", "c"), ("I3", "c"),
]  # fmt: skip
DICE = [0.2, 0.4, 0.9, 0.6, 1.0]
DIAGNOSES = pd.Series({"I1": "Malignant", "I2": " ", "I3": "benign"})


def groups_of(tables, diagnoses=DIAGNOSES, resamples=50) -> pd.DataFrame:
    return agreement_of_groups(tables.pairs, human_masks(tables), diagnoses, resamples, 0)


def test_an_image_counts_once_in_each_group_with_the_mean_of_its_pairs():
    table = groups_of(tables_of(ROWS, DICE)).query("metric == 'dice_score'").set_index("group")

    found = {name: (row["pairs"], row["images"]) for name, row in table.iterrows()}
    assert found == {
        "all": (5, 3),
        "inter": (3, 2),
        "intra": (2, 2),
        "intra without conflicting labels": (1, 1),
        "inter, tool T1-T2": (2, 2),
        "inter, tool T2-T3": (1, 1),
        "inter, skill S1-S1": (2, 2),
        "inter, skill S1-S2": (1, 1),
        "inter, 2 masks": (1, 1),
        "inter, 3 masks": (2, 1),
        "inter, diagnosis unknown": (1, 1),
        "inter, diagnosis malignant": (2, 1),
    }
    assert table["mean"][["all", "inter", "intra"]].tolist() == pytest.approx([(0.5 + 0.6 + 1) / 3, 0.45, 0.95])
    assert table.loc["inter", ["pair_mean", "median"]].tolist() == pytest.approx([0.4, 0.45])


def test_every_metric_that_is_there_has_its_rows_in_the_same_order():
    tables = tables_of(ROWS, DICE)
    more = tables._replace(pairs=tables.pairs.assign(nsd_score=0.25))

    table = groups_of(more)

    assert list(table.columns) == list(COLUMNS)
    metrics = ["dice_score", "jaccard_score", "hd95_score_normalized", "assd_score_normalized", "nsd_score"]
    assert list(dict.fromkeys(table["metric"])) == metrics
    orders = {tuple(rows["group"]) for _, rows in table.groupby("metric")}
    assert len(orders) == 1
    assert set(table.query("metric == 'nsd_score'")["mean"]) == {0.25}


def test_cautions_say_what_is_confounded():
    said = groups_of(tables_of(ROWS, DICE)).query("metric == 'dice_score'").set_index("group")["caution"].to_dict()
    few = "; fewer than 10 clusters"

    assert said["all"] == "one annotator twice: 2 of 5 pairs" + few
    assert said["intra"] == "annotator b: 1 of 2 pairs; two skill labels: 1 of 2 pairs" + few
    assert said["inter, tool T1-T2"] == "level T2 is annotator a alone; a with b: 2 of 2 pairs" + few
    assert said["inter, tool T2-T3"].startswith("level T2 is annotator a alone; level T3 is annotator b alone")
    assert "not compared within sets of annotators" in said["inter, diagnosis malignant"]


def test_groups_by_number_of_masks_are_in_order_of_the_number():
    rows = [(f"I{n}", person) for n in (2, 9, 10) for person in "abcdefghij"[:n]]
    table = groups_of(tables_of(rows), None)
    assert [name for name in table["group"].unique() if "masks" in name] == [
        "inter, 2 masks", "inter, 9 masks", "inter, 10 masks",
    ]  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(st.permutations("abc"), st.integers(0, 1000))
def test_names_of_annotators_and_the_order_of_pairs_do_not_matter(names, seed):
    generator = np.random.default_rng(seed)
    rows = [(f"I{n:02d}", person) for n in range(15) for person in generator.permutation(list("abc"))[:2]]
    dice = generator.random(15)
    new = dict(zip("abc", names, strict=True))
    order = generator.permutation(15)
    mixed = [(image, new[person]) for n in order for image, person in rows[2 * n : 2 * n + 2]]

    table, other = groups_of(tables_of(rows, dice), None), groups_of(tables_of(mixed, dice[order]), None)

    pd.testing.assert_frame_equal(table.drop(columns="caution"), other.drop(columns="caution"))


def test_no_pairs_give_no_groups():
    assert groups_of(tables_of([("I1", "a"), ("I2", "b"), ("I3", "a"), ("I3", "b")])._replace(
        pairs=tables_of(ROWS).pairs[:0]
    )).empty  # fmt: skip


def test_masks_are_counted_by_annotator_tool_and_skill_level():
    table = factor_counts(human_masks(tables_of(ROWS)))

    rows = list(table.drop(columns="caution").itertuples(index=False, name=None))
    assert rows == [
        ("a", "T2", "S1", 2, 2), ("b", "T1", "S1", 2, 2), ("b", "T3", "S2", 1, 1), ("c", "T1", "S1", 2, 1),
    ]  # fmt: skip
    assert table["caution"].tolist()[0] == "level T2 is annotator a alone; annotator a has T2 and S1 alone"


def test_levels_and_annotators_that_cannot_be_told_apart_are_found():
    masks = human_masks(tables_of(ROWS))

    assert levels_of_one_annotator(masks) == {
        "T2": "level T2 is annotator a alone",
        "T3": "level T3 is annotator b alone",
        "S2": "level S2 is annotator b alone",
    }
    found = confounded_annotators(masks)
    assert found["c"] == "annotator c has T1 and S1 alone"
    assert found["b"] == "level T3 is annotator b alone; level S2 is annotator b alone"


def test_a_factor_with_one_level_in_all_is_not_spoken_of():
    masks = human_masks(tables_of([("I1", "a"), ("I1", "b"), ("I2", "a", "T3")]))
    assert confounded_annotators(masks) == {"a": "level T3 is annotator a alone", "b": "annotator b has T1 alone"}
    assert levels_of_one_annotator(human_masks(tables_of([("I1", "a"), ("I1", "a")]))) == {}
