"""Area factors: recovered from areas of known bias, whatever the names and the order of masks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.drawing import disc
from support.statistics_tables import drawn_log_areas, images_of, renamed, tables_of

from utils.statistics.area_factors import ANNOTATORS, FACTOR_COLUMNS, area_factors
from utils.statistics.areas import log_area_ratios, log_areas
from utils.statistics.clusters import image_clusters
from utils.statistics.pair_kinds import classified_pairs

PEOPLE = "abcde"
BIASES = st.lists(st.floats(-0.5, 0.5), min_size=5, max_size=5)


def drawn_rows(seed: int, images: int = 40, people: str = PEOPLE) -> list[tuple[str, str]]:
    """Return masks of images by two or three of the annotators, everyone having some with their neighbour."""
    generator, rows = np.random.default_rng(seed), []
    for number in range(images):
        first = number % len(people)
        chosen = {people[first], people[(first + 1) % len(people)], *generator.choice(list(people), number % 2)}
        rows += [(f"I{number:03d}", person) for person in generator.permutation(sorted(chosen))]
    return rows


def factors_of(tables, areas: pd.Series) -> pd.DataFrame:
    return area_factors(log_area_ratios(tables.pairs, areas))


def of_annotators(factors: pd.DataFrame, pairs: str = "all") -> pd.DataFrame:
    return factors[(factors["model"] == ANNOTATORS) & (factors["pairs"] == pairs)].set_index("term")


def expected_factors(subset: pd.DataFrame, bias: dict[str, float]) -> dict[str, float]:
    """Return exp of each bias less its mean over masks."""
    mean = subset["annotator"].map(bias).mean()
    return {name: np.exp(value - mean) for name, value in bias.items()}


@settings(max_examples=8, deadline=None)
@given(BIASES, st.integers(0, 100))
def test_known_biases_are_recovered(values, seed):
    tables, bias = tables_of(drawn_rows(seed)), dict(zip(PEOPLE, values, strict=True))

    found = of_annotators(factors_of(tables, drawn_log_areas(tables.subset, bias)))

    assert found["factor"].to_dict() == pytest.approx(expected_factors(tables.subset, bias))
    assert found["masks"].to_dict() == tables.subset["annotator"].value_counts().to_dict()


def test_known_biases_are_recovered_from_drawn_masks():
    tables, generator = tables_of(drawn_rows(0)), np.random.default_rng(0)
    radius = {"a": 1.0, "b": 1.2, "c": 0.8, "d": 1.1, "e": 0.9}
    sizes = {image: generator.uniform(40, 60) for image in tables.images["isic_id"]}
    bias = {name: 2 * np.log(factor) for name, factor in radius.items()}
    areas = [
        disc((160, 160), (80, 80), sizes[row.ISIC_id] * radius[row.annotator]).sum()
        for row in tables.subset.itertuples()
    ]
    table = pd.DataFrame({"seg_filename": tables.subset["seg_filename"], "area": np.array(areas, dtype=float)})

    found = of_annotators(factors_of(tables, log_areas(table)))

    assert found["factor"].to_dict() == pytest.approx(expected_factors(tables.subset, bias), rel=0.005)


@settings(max_examples=5, deadline=None)
@given(st.permutations(PEOPLE), st.integers(0, 100))
def test_names_of_annotators_and_the_order_of_masks_do_not_matter(names, seed):
    tables = tables_of(drawn_rows(seed))
    areas = drawn_log_areas(tables.subset, dict.fromkeys(PEOPLE, 0.0), seed, noise=0.2)
    new = dict(zip(PEOPLE, names, strict=True))
    pairs = tables.all_pairs.sample(frac=1, random_state=seed)
    turned = {f"{name}{end}": f"{name}{3 - end}" for name in ("mask", "annotator", "tool") for end in (1, 2)}
    pairs = pairs.rename(columns=turned).replace({"annotator1": new, "annotator2": new})
    other = classified_pairs(pairs, renamed(tables.subset, new), image_clusters(tables.images))

    found, after = of_annotators(factors_of(tables, areas)), of_annotators(area_factors(log_area_ratios(other, areas)))

    columns = ["factor", "low", "high", "p_value", "p_holm"]
    pd.testing.assert_frame_equal(found.rename(index=new).sort_index()[columns], after.sort_index()[columns], rtol=1e-9)


def test_each_image_weighs_the_same_whatever_its_number_of_pairs():
    rows = [(f"I{n}", person) for n in range(20) for person in "ab"]
    rows += [(f"J{n}", person) for n in range(20) for person in "aaab"]
    tables = tables_of(rows)
    first = tables.subset["ISIC_id"].str.startswith("I") & (tables.subset["annotator"] == "a")
    areas = pd.Series(np.where(first, np.log(4), 0.0), index=tables.subset["seg_filename"])

    found = of_annotators(factors_of(tables, areas))["factor"]

    assert found["a"] / found["b"] == pytest.approx(2)


def test_the_effect_of_a_tool_is_told_from_annotators_who_used_both():
    rows = [(f"I{n:02d}", *mask) for n in range(30) for mask in (("a", ("T1", "T3")[n % 2]), ("b", "T1"))]
    tables = tables_of(rows)
    tool = tables.subset["tool"].eq("T3").to_numpy() * np.log(0.8)
    areas = drawn_log_areas(tables.subset, {"a": 0.3, "b": 0.0}) + tool

    levels = factors_of(tables, areas).query("model != 'annotators' and pairs == 'all'").set_index("term")

    assert levels["factor"].to_dict() == pytest.approx({"T3 over T1": 0.8})
    assert levels.loc["T3 over T1", "masks"] == 15


def test_the_effect_of_a_tool_that_one_annotator_alone_used_is_not_told():
    rows = [(f"I{n:02d}", *mask) for n in range(30) for mask in (("a", "T2"), ("b", "T1"))]
    tables = tables_of(rows)

    levels = factors_of(tables, drawn_log_areas(tables.subset, {"a": 0.3, "b": 0.0})).query("model != 'annotators'")

    assert levels["factor"].isna().all() and levels["low"].isna().all()
    assert set(levels["caution"]) == {
        "level T2 is annotator a alone; cannot be told from the annotators who used it",
    }


def test_parts_of_the_network_have_a_mean_of_their_own():
    rows = [(f"I{n:02d}", person) for n in range(20) for person in ("ab" if n % 2 else "xy")]
    tables = tables_of(rows)

    found = of_annotators(factors_of(tables, drawn_log_areas(tables.subset, {"a": 0.2, "b": 0, "x": 5, "y": 4})))

    assert np.log(found["factor"]).to_dict() == pytest.approx({"a": 0.1, "b": -0.1, "x": 0.5, "y": -0.5})
    assert found["component"].to_dict() == {"a": 1, "b": 1, "x": 2, "y": 2}


def test_annotators_with_few_masks_are_left_out_until_everyone_has_enough():
    rows = [(f"I{n}", person) for n in range(8) for person in "ab"]
    rows += [(f"J{n}", person) for n in range(4) for person in "bc"] + [("K", "c"), ("K", "d")]

    found = of_annotators(
        factors_of(tables_of(rows), drawn_log_areas(tables_of(rows).subset, dict.fromkeys("abcd", 0)))
    )

    # d has 1 mask; without d, c has 4.
    assert list(found.index) == ["a", "b"]
    assert found["masks"].to_dict() == {"a": 8, "b": 8}


def test_pairs_that_differ_more_than_threefold_count_in_the_first_rows_alone():
    tables = tables_of([(f"I{n:02d}", person) for n in range(24) for person in "ab"])
    areas = drawn_log_areas(tables.subset, {"a": np.log(2), "b": 0.0})
    areas.iloc[0] += np.log(10)

    factors = factors_of(tables, areas)

    trimmed, of_all = of_annotators(factors, "ratios up to 3"), of_annotators(factors)
    assert trimmed.loc["a", "factor"] / trimmed.loc["b", "factor"] == pytest.approx(2)
    assert of_all.loc["a", "factor"] / of_all.loc["b", "factor"] == pytest.approx(2 * 10 ** (1 / 24))


def test_few_clusters_have_factors_without_intervals():
    rows = [(f"I{n}", person) for n in range(9) for person in "ab"]
    tables = tables_of(rows)

    found = of_annotators(factors_of(tables, drawn_log_areas(tables.subset, {"a": 0.2, "b": 0.0}, noise=0.1)))

    assert found["factor"].notna().all()
    assert found[["low", "high", "p_value", "p_holm"]].isna().all(axis=None)
    assert found["caution"].str.contains("fewer than 10 clusters").all()


UNKNOWN = ["low", "high", "p_value", "p_holm"]


def factors_of_sets(*sets: tuple[str, int], noise: float = 0.2, **links) -> pd.DataFrame:
    tables = tables_of(images_of(*sets), **links)
    bias = {name: 0.1 * number for number, name in enumerate("abcdefxyz")}
    return of_annotators(factors_of(tables, drawn_log_areas(tables.subset, bias, noise=noise)))


@pytest.mark.parametrize("joining", [1, 2, 9])
def test_factors_across_few_joining_images_have_no_interval_and_say_how_many(joining):
    found = factors_of_sets(("ab", 50), ("cd", 50), ("bc", joining))

    assert found[UNKNOWN].isna().all(axis=None)
    assert (found["factor"] > 0).all()
    images = "1 image that joins" if joining == 1 else f"{joining} images that join"
    told = f"rests on {images} two parts of the annotators, a+b and c+d"
    assert all(told in caution for caution in found["caution"])


def test_factors_across_a_joint_are_those_of_the_images_that_make_it():
    found = factors_of_sets(("ab", 50), ("cd", 50), ("bc", 1), noise=0.0)["factor"]
    assert np.log(found / found["a"]).to_dict() == pytest.approx({"a": 0, "b": 0.1, "c": 0.2, "d": 0.3})


def test_ten_joining_images_are_enough_and_ten_of_one_patient_are_not():
    joining = ("ab", 50), ("cd", 50), ("bc", 10)
    one_patient = {f"I{n:03d}": "p" for n in range(100, 110)}

    enough, of_one = factors_of_sets(*joining), factors_of_sets(*joining, patient_id=one_patient)

    assert enough[UNKNOWN].notna().all(axis=None) and not enough["caution"].str.contains("rests on").any()
    assert of_one[UNKNOWN].isna().all(axis=None)
    assert of_one["caution"].str.contains("rests on 10 images in 1 cluster that join").all()


def test_a_small_part_behind_a_joint_leaves_the_others_their_intervals():
    # All compare with the mean of all masks, of which few are behind the joint.
    found = factors_of_sets(("abc", 200), ("xy", 6), ("cx", 1))

    assert found.loc[["x", "y"], UNKNOWN].isna().all(axis=None)
    assert found.loc[["a", "b", "c"], UNKNOWN].notna().all(axis=None)
    assert not found.loc[["a", "b", "c"], "caution"].str.contains("rests on").any()


def test_of_three_parts_each_names_the_joints_that_it_rests_on():
    found = factors_of_sets(("ab", 300), ("cd", 300), ("bc", 40), ("xy", 8), ("dx", 1))["caution"]

    told = "rests on 1 image that joins two parts of the annotators, a+b+c+d and x+y"
    assert told in found["x"] and told in found["y"]
    assert not found[list("abcd")].str.contains("rests on").any()
    row = factors_of_sets(("ab", 30), ("cd", 30), ("ef", 30), ("bc", 1), ("de", 2)).loc["c"]
    assert np.isnan(row["low"]) and "1 image that joins" in row["caution"] and "2 images that join" in row["caution"]


def test_a_chain_of_many_parts_has_no_interval_though_no_joint_supplies_much():
    parts = ["ab", "cd", "ef", "gh", "ij", "kl", "mn", "op", "qr", "st", "uv", "wx"]
    joining = [(first[1] + second[0], 1) for first, second in zip(parts, parts[1:], strict=False)]
    rows = images_of(*((part, 10) for part in parts), *joining)
    tables = tables_of(rows)
    bias = dict.fromkeys("".join(parts), 0.0)

    found = of_annotators(factors_of(tables, drawn_log_areas(tables.subset, bias, noise=0.2)))

    assert found[UNKNOWN].isna().all(axis=None)
    assert found["caution"].str.contains("rests on 1 image that joins").all()


def test_one_annotator_with_few_images_has_an_interval_from_five_up():
    found = factors_of_sets(("ab", 50), ("az", 5))
    assert found[UNKNOWN].notna().all(axis=None)
    assert "fewer than 10 clusters of their own masks" in found.loc["z", "caution"]

    of_a_patient = factors_of_sets(("ab", 50), ("az", 5), patient_id={"I050": "p", "I051": "p"})
    assert of_a_patient.loc["z", UNKNOWN].isna().all()
    assert "rests on 5 images in 4 clusters that join" in of_a_patient.loc["z", "caution"]


def test_a_part_without_joint_needs_ten_clusters_of_its_own():
    found = factors_of_sets(("ab", 50), ("xy", 9))

    assert found.loc[["a", "b"], UNKNOWN].notna().all(axis=None)
    assert found.loc[["x", "y"], UNKNOWN].isna().all(axis=None)
    assert found.loc[["x", "y"], "caution"].str.endswith("fewer than 10 clusters").all()


@pytest.mark.parametrize(("with_both", "told"), [(1, "rests on about 1 cluster"), (3, "rests on about 3 clusters")])
def test_a_level_that_few_images_tell_of_has_no_interval(with_both, told):
    # a has T3 on all masks; only b has both tools, T3 on few.
    rows = [(f"I{n:02d}", *mask) for n in range(60) for mask in (("a", "T3"), ("b", "T3" if n < with_both else "T1"))]
    tables = tables_of(rows)
    areas = drawn_log_areas(tables.subset, {"a": 0.3, "b": 0.0}, noise=0.2)

    row = factors_of(tables, areas).query("model != 'annotators' and pairs == 'all'").set_index("term").iloc[0]

    assert row["clusters"] == 60 and row["factor"] > 0
    assert row[UNKNOWN].isna().all() and row["caution"] == told


def test_images_of_one_patient_alone_have_factors_without_intervals():
    found = factors_of_sets(("ab", 6), patient_id={f"I{n:03d}": "p" for n in range(6)})
    assert (found["factor"] > 0).all() and found[UNKNOWN].isna().all(axis=None)
    assert found["caution"].str.endswith("fewer than 10 clusters").all()


def test_without_pairs_there_are_no_factors():
    tables = tables_of([("I1", "a"), ("I1", "a")])
    factors = factors_of(tables, drawn_log_areas(tables.subset, {"a": 0.0}))
    assert factors.empty and list(factors.columns) == list(FACTOR_COLUMNS)
