"""The cluster bootstrap: against scipy on sums and numbers, by hand, and laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from utils.statistics.bootstrap import (
    LEAST_CLUSTERS,
    bootstrap_distribution,
    group_means,
    percentile_interval,
    resampled_means,
)


def drawn_table(seed: int = 0, images: int = 60, clusters: int = 25) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    cluster = pd.Series(generator.integers(0, clusters, images)).map("c{:02d}".format)
    return pd.DataFrame({"group": "g", "cluster": cluster, "value": generator.random(images)})


def test_means_are_those_of_scipy_paired_on_sums_and_numbers_with_the_same_seed():
    table = drawn_table()
    of_clusters = table.groupby("cluster")["value"].agg(["sum", "size"]).to_numpy(dtype=float)
    theirs = stats.bootstrap(
        tuple(of_clusters.T),
        lambda sums, numbers, axis: sums.sum(axis=axis) / numbers.sum(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=500,
        rng=np.random.default_rng(3),
    )

    row = group_means(table, ["group"], 500, 3).loc["g"]

    assert (row["low"], row["high"]) == pytest.approx(tuple(theirs.confidence_interval), abs=1e-14)
    assert row["mean"] == pytest.approx(table["value"].mean(), abs=1e-15)
    assert row["median"] == table["value"].median()
    assert (row["images"], row["clusters"]) == (60, table["cluster"].nunique())


def test_a_cluster_counts_as_often_as_it_is_drawn():
    drawn = resampled_means(np.array([0.0, 1.0, 1.0]), np.zeros(3, dtype=int), pd.Series(list("abb")), 400, 0)

    # a and b twice, a once of both, b once of both: 0, 2/3, 1.
    assert sorted(set(drawn[0].round(9))) == [0, round(2 / 3, 9), 1]
    assert np.mean(drawn[0] == 1) == pytest.approx(0.25, abs=0.06)


def test_all_groups_come_from_one_draw():
    table = drawn_table()
    both = pd.concat([table, table.assign(group="h", value=table["value"] + 0.25)])
    groups = (both["group"] == "h").astype(int).to_numpy()

    first, second = resampled_means(both["value"].to_numpy(), groups, both["cluster"], 200, 0)

    np.testing.assert_allclose(second - first, 0.25, atol=1e-12)


def test_more_groups_than_are_drawn_at_once_come_from_the_same_draws():
    table = drawn_table()
    many = pd.concat([table.assign(group=number) for number in range(150)])

    drawn = resampled_means(many["value"].to_numpy(), many["group"].to_numpy(), many["cluster"], 50, 0)

    assert drawn.shape == (150, 50)
    assert (drawn == drawn[0]).all()


def test_few_clusters_have_a_mean_and_no_interval():
    table = drawn_table(images=LEAST_CLUSTERS).assign(cluster=[f"c{n}" for n in range(LEAST_CLUSTERS)])
    row = group_means(table, ["group"], 100, 0).loc["g"]
    fewer = group_means(table[1:], ["group"], 100, 0).loc["g"]

    assert row["low"] < row["mean"] < row["high"]
    assert np.isnan(fewer[["low", "high"]].to_numpy(dtype=float)).all()
    assert fewer["mean"] == pytest.approx(table["value"][1:].mean())


def test_draws_without_a_group_do_not_spoil_its_interval():
    rare = drawn_table(images=40).assign(cluster=[f"c{n:02d}" for n in range(40)])
    rare["group"] = ["rare"] * LEAST_CLUSTERS + ["other"] * 30
    drawn = resampled_means(rare["value"].to_numpy(), (rare["group"] == "other").astype(int), rare["cluster"], 50, 0)
    drawn[0, :5] = np.nan

    assert np.isfinite(percentile_interval(drawn)).all()


def test_values_that_are_missing_are_left_out_and_no_rows_give_no_rows():
    table = drawn_table()
    table.loc[:9, "value"] = np.nan

    assert group_means(table, ["group"], 50, 0).loc["g", "images"] == 50
    assert group_means(table[:0], ["group"], 50, 0).empty


def test_a_statistic_of_several_values_keeps_its_shape():
    drawn = bootstrap_distribution(lambda counts: np.stack([counts.sum(axis=1), counts[:, 0]]), 12, 30, 0)

    assert drawn.shape == (2, 30)
    assert (drawn[0] == 12).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_intervals_are_ordered_within_the_values_and_do_not_depend_on_the_order_of_rows(seed, random):
    table = drawn_table(seed)
    shuffled = table.sample(frac=1, random_state=random.randrange(10_000))

    row, other = (group_means(rows, ["group"], 100, 1).loc["g"] for rows in (table, shuffled))

    assert table["value"].min() <= row["low"] <= row["high"] <= table["value"].max()
    assert other.to_dict() == pytest.approx(row.to_dict(), abs=1e-12)
