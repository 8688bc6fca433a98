"""Malignant beside benign images: as it stands and within sets of annotators, against other ways to the same."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support.statistics_tables import tables_of

from utils.statistics.diagnosis import (
    cohens_d,
    cumulative_shares,
    enough_for_interval,
    images_by_diagnosis,
    malignant_and_benign,
    unadjusted_comparison,
)
from utils.statistics.diagnosis_tables import (
    DIFFERENCE_COLUMNS,
    adjustment_sentence,
    differences_by_adjustment,
    differences_of_sets,
)
from utils.statistics.permutation import cluster_permutation
from utils.statistics.within_sets import difference_within, stratified_ranks


def drawn_images(seed: int = 0, number: int = 90, effect: float = 0.0, of_sets: float = 0.3) -> pd.DataFrame:
    """Return images of two sets of annotators; the second has more malignant ones and a lower Dice."""
    generator = np.random.default_rng(seed)
    second = np.arange(number) % 2 == 1
    malignant = generator.random(number) < np.where(second, 0.7, 0.3)
    value = generator.normal(0.8, 0.05, number) - of_sets * second - effect * malignant
    return pd.DataFrame(
        {
            "value": value,
            "cluster": [f"c{n // 2:03d}" for n in range(number)],
            "diagnosis": np.where(malignant, "malignant", "benign"),
            "malignant": malignant,
            "set": np.where(second, "A02+A03", "A00+A01"),
            "set_with_tools": np.where(second, "A02 T1+A03 T1", "A00 T1+A01 T1"),
        },
        index=pd.Index([f"I{n:03d}" for n in range(number)], name="ISIC_id"),
    )


def test_images_have_the_mean_of_their_pairs_by_two_their_set_and_diagnosis():
    rows = [("I1", "a"), ("I1", "a", "T3"), ("I1", "b"), ("I2", "b"), ("I2", "b"), ("I3", "a"), ("I3", "b")]
    tables = tables_of(rows, [0.9, 0.2, 0.4, 1.0, 0.5], patient_id={"I1": "p", "I3": "p"})

    images = images_by_diagnosis(tables.pairs, tables.subset, pd.Series({"I1": " Malignant ", "I3": ""}))

    assert images["value"].to_dict() == pytest.approx({"I1": 0.3, "I3": 0.5})
    assert images["diagnosis"].tolist() == ["malignant", "without diagnosis"]
    assert images["set"].tolist() == ["a+a+b", "a+b"]
    assert images.loc["I1", "set_with_tools"] == "a T1+a T3+b T1"
    assert set(images["cluster"]) == {"I1"}
    assert malignant_and_benign(images).index.tolist() == ["I1"]


def test_the_unadjusted_comparison_is_that_of_scipy():
    images = drawn_images()
    first, second = (images["value"][images["malignant"] == kind].to_numpy() for kind in (True, False))

    found = unadjusted_comparison(images, 200, 0)

    test = stats.mannwhitneyu(first, second)
    assert found["mann_whitney_p"] == test.pvalue
    assert found["cliffs_delta"] == pytest.approx(2 * test.statistic / len(first) / len(second) - 1)
    assert found["kolmogorov_smirnov_p"] == stats.ks_2samp(first, second).pvalue
    assert found["difference"] == pytest.approx(first.mean() - second.mean())
    assert found["difference_low"] < found["difference"] < found["difference_high"] < 0
    assert found["cliffs_delta_low"] < found["cliffs_delta"] < found["cliffs_delta_high"] < 0
    assert found["cohens_d"] == pytest.approx(
        np.sqrt(1 / len(first) + 1 / len(second)) * stats.ttest_ind(first, second).statistic
    )


def test_the_interval_of_delta_is_that_of_a_bootstrap_of_clusters_in_a_loop():
    images = drawn_images(3).round({"value": 2})  # with ties
    generator = np.random.default_rng(8)
    values, malignant = images["value"].to_numpy(), images["malignant"].to_numpy()
    places = list(images.groupby("cluster").indices.values())
    deltas = []
    for _ in range(1500):
        drawn = np.concatenate([places[place] for place in generator.integers(0, len(places), len(places))])
        first, second = (values[drawn][malignant[drawn] == kind] for kind in (True, False))
        deltas.append(np.sign(np.subtract.outer(first, second)).mean())

    found = unadjusted_comparison(images, 1500, 1)

    expected = np.percentile(deltas, [2.5, 97.5])
    assert [found["cliffs_delta_low"], found["cliffs_delta_high"]] == pytest.approx(expected.tolist(), abs=0.04)


def test_few_images_of_a_diagnosis_have_no_interval():
    images = drawn_images()
    few = pd.concat([images[~images["malignant"]], images[images["malignant"]][:9]])

    assert enough_for_interval(images) and not enough_for_interval(few)
    assert not enough_for_interval(images.assign(cluster="one"))
    found = unadjusted_comparison(few, 50, 0)
    assert np.isnan([found["difference_low"], found["cliffs_delta_low"]]).all()
    assert np.isfinite(found["permutation_p"])


def test_a_diagnosis_of_few_clusters_has_no_interval():
    images = drawn_images()
    one_patient = images.assign(cluster=np.where(images["malignant"], "p", images.index))

    assert not enough_for_interval(one_patient) and one_patient["cluster"].nunique() > 50
    found = unadjusted_comparison(one_patient, 50, 0)
    assert np.isnan([found["difference_low"], found["cliffs_delta_low"]]).all()
    row = differences_of_sets(one_patient).iloc[0]
    assert np.isnan([row["low"], row["p_value"]]).all() and row["caution"].startswith("fewer than 10 images of a diag")


def test_few_images_in_sets_with_both_diagnoses_have_no_interval_within_sets():
    images = drawn_images()
    alone = np.where(images["malignant"], "A00+A01", "A02+A03")
    few = images.assign(set=np.where(np.arange(len(images)) < 6, "A04+A05", alone), set_with_tools="all")

    table = differences_by_adjustment(few, unadjusted_comparison(few, 50, 0), None).set_index("adjusted_for")

    row = table.loc["sets of annotators"]
    assert row["images_in_sets_with_both"] == 6
    means = few[:6].groupby("malignant")["value"].mean()
    assert row["difference"] == pytest.approx(means[True] - means[False])
    assert np.isnan(row[["low", "high", "p_value", "p_holm"]].to_numpy(dtype=float)).all()
    assert row["caution"] == "fewer than 10 images of a diagnosis, or clusters, in sets with both"
    assert table.loc["none", "low"] < 0 and table.loc["sets of annotators with their tools", "caution"] == ""
    assert "too few images for intervals" in adjustment_sentence(table.reset_index())


def test_a_difference_that_two_images_tell_has_no_interval_however_many_stand_beside_them():
    images = drawn_images()
    images = images.assign(cluster=images.index)
    # Each of both sets has one image of the other diagnosis.
    strata = images["diagnosis"].copy()
    for first in images.groupby("diagnosis").head(1).itertuples():
        strata[first.Index] = "benign" if first.malignant else "malignant"

    found = difference_within(images, strata)

    assert np.isfinite(found["difference"]) and np.isnan([found["low"], found["high"], found["p_value"]]).all()
    assert found["caution"] == "rests on about 2 clusters"


def test_cohens_d_of_values_that_do_not_vary_is_undefined():
    assert cohens_d(np.array([0.0, 2.0]), np.array([1.0, 3.0])) == pytest.approx(-1 / np.sqrt(2))
    assert np.isnan(cohens_d(np.ones(3), np.zeros(2)))
    assert np.isnan(cohens_d(np.ones(1), np.zeros(1)))


def test_permutation_p_is_that_of_all_orders():
    values, labels = np.array([0.1, 0.2, 0.6, 0.9, 0.5]), np.array([True, True, False, False, False])
    every = [
        values[list(order)][labels].mean() - values[list(order)][~labels].mean() for order in permutations(range(5))
    ]
    found = values[labels].mean() - values[~labels].mean()

    test = cluster_permutation(values, labels, pd.Series(list("abcde")), 0, 4000)

    assert test.permutations == 4000
    assert test.p_value == pytest.approx(np.mean(np.abs(every) >= abs(found) - 1e-9), abs=0.02)


def test_labels_move_with_their_cluster_between_clusters_of_the_same_size():
    # Each of two pairs is one of a kind: of the four ways to move their labels and those of c and d, half keep it.
    values, labels = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0]), np.array([True, True, False, False, True, False])

    test = cluster_permutation(values, labels, pd.Series(list("aabbcd")), 0, 4000)

    # The difference is as large when both move, or neither.
    assert test.p_value == pytest.approx(0.5, abs=0.03)


def test_the_difference_within_sets_is_that_of_a_model_with_a_term_for_each_set():
    images = drawn_images(1, effect=0.04)
    design = np.column_stack([images["malignant"], images["set"] == "A00+A01", images["set"] != "A00+A01"]).astype(
        float
    )
    covariate = pd.Series(np.random.default_rng(0).random(len(images)), index=images.index)

    found = difference_within(images, images["set"])
    with_size = difference_within(images, images["set"], covariate)

    assert found["difference"] == pytest.approx(np.linalg.lstsq(design, images["value"], rcond=None)[0][0])
    assert found["low"] < found["difference"] < found["high"] < 0
    design = np.column_stack([design, covariate])
    assert with_size["difference"] == pytest.approx(np.linalg.lstsq(design, images["value"], rcond=None)[0][0])


def test_within_one_stratum_the_ranks_are_those_of_mann_whitney():
    images = drawn_images(2).round({"value": 2})
    strata = pd.Series("all", index=images.index)
    first, second = (images["value"][images["malignant"] == kind] for kind in (True, False))

    found = stratified_ranks(images, strata)

    test = stats.mannwhitneyu(first, second, method="asymptotic", use_continuity=False)
    assert found.p_value == pytest.approx(test.pvalue)
    assert found.cliffs_delta == pytest.approx(2 * test.statistic / len(first) / len(second) - 1)
    assert found.images == len(images)


def test_strata_with_one_diagnosis_say_nothing():
    images = drawn_images(2)
    alone = images.assign(set=images["diagnosis"])

    assert stratified_ranks(alone, alone["set"])[3] == 0
    assert np.isnan(stratified_ranks(alone, alone["set"])[:3]).all()
    assert np.isnan(difference_within(alone, alone["set"])["difference"])
    differences = differences_by_adjustment(alone, unadjusted_comparison(alone, 50, 0), None)
    assert "No set of annotators outlined both" in adjustment_sentence(differences)


def test_equal_values_have_no_z():
    images = drawn_images().assign(value=0.5)
    found = stratified_ranks(images, images["set"])
    assert np.isnan(found.z) and found.cliffs_delta == 0


def test_differences_stand_beside_each_other_with_holm_and_cautions():
    images = drawn_images()
    sizes = pd.Series(1.0, index=images.index[5:]) * np.arange(len(images) - 5)

    table = differences_by_adjustment(images, unadjusted_comparison(images, 100, 0), sizes)

    assert list(table.columns) == list(DIFFERENCE_COLUMNS)
    assert table["images"].tolist() == [90, 90, 90, 85]
    assert table.loc[0, "difference"] < table.loc[0, "high"] < 0
    assert table.loc[1, "low"] < 0 < table.loc[1, "high"]
    assert (table["p_holm"] >= table["p_value"]).all()
    assert "not compared within sets" in table.loc[0, "caution"]


@pytest.mark.parametrize(
    ("effect", "of_sets", "told"),
    [
        (0.0, 0.3, "no difference can be told: who outlined what may explain all of it"),
        (0.1, 0.3, "show the difference as well"),
        (0.0, 0.0, "Neither tells a difference"),
        (-0.1, 0.6, "turns round"),
        (-0.1, 0.25, "Only among images by the same annotators can a difference be told"),
    ],
)
def test_the_sentence_says_what_the_adjustment_does(effect, of_sets, told):
    images = drawn_images(5, effect=effect, of_sets=of_sets)
    sentence = adjustment_sentence(differences_by_adjustment(images, unadjusted_comparison(images, 200, 0), None))
    assert told in sentence


def test_the_sentence_of_few_images_claims_nothing():
    images = drawn_images(number=16)
    sentence = adjustment_sentence(differences_by_adjustment(images, unadjusted_comparison(images, 50, 0), None))
    assert sentence.endswith("There are too few images for intervals.") and "[" not in sentence


def test_sets_with_images_enough_have_a_row_each():
    images = drawn_images(number=70)
    few = images[:20].assign(set="A04+A05")
    alone = images[images["malignant"]].assign(set="A06+A07")

    table = differences_of_sets(pd.concat([images, few, alone]))

    assert table["set"].tolist() == ["A00+A01", "A02+A03"]
    assert (table["malignant"] + table["benign"] == table["images"]).all()
    own = images[images["set"] == "A00+A01"]
    means = own.groupby("malignant")["value"].mean()
    assert table.loc[0, "difference"] == pytest.approx(means[True] - means[False])


def test_curves_reach_one_and_count_ties_once():
    images = pd.DataFrame({"value": [0.5, 0.5, 0.9, 0.1], "diagnosis": ["malignant"] * 3 + ["benign"]})
    rows = list(cumulative_shares(images).itertuples(index=False, name=None))
    assert rows == [("malignant", 0.5, 2, 2 / 3), ("malignant", 0.9, 3, 1.0), ("benign", 0.1, 1, 1.0)]
