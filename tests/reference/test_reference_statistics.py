"""Statistics of the released tables, and of the areas of a golden set, against independent implementations."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from support.statistics_tables import human_masks

from utils.statistics.annotator_links import annotator_links, halves_that_hardly_meet
from utils.statistics.annotators import image_values
from utils.statistics.area_factors import ALL_PAIRS, ANNOTATORS, WITH_LEVELS, area_factors
from utils.statistics.areas import log_area_ratios, log_areas_in_union
from utils.statistics.bootstrap import group_means
from utils.statistics.clusters import image_clusters
from utils.statistics.diagnosis import images_by_diagnosis, malignant_and_benign, unadjusted_comparison
from utils.statistics.diagnosis_tables import differences_by_adjustment, differences_of_sets
from utils.statistics.groups import agreement_of_groups
from utils.statistics.pair_kinds import classified_pairs

RESAMPLES, SEED = 2000, 0  # as config.yaml has them
INTERVALS = 0.003  # of groups, in units of the metric
# Beginnings of the names of accepted values, by what becomes of them.
COMPARED_HERE = (
    *("count.", "dice_score:", "hd95_score_normalized:", "assd_score_normalized:", "cell.", "malignancy."),
    *("area_factor", "graph", "dice_with_others.", "bland_altman."),
)
COMPARED_BY_AGREEMENT = (  # test_reference_agreement.py
    *("ged.diversity", "ged.ged2_ST", "ged.ged2_MV", "boundary.", "leave_one_out.isic_1718"),
    *(f"pixels.{name}.{what}_persons" for name in ("bubil", "isic_1718") for what in ("gci", "dice_pooled", "kappa")),
    *(f"pixels.{name}.{what}" for name in ("bubil", "isic_1718") for what in ("disputed_share", "mean_entropy")),
    *(f"pixels.isic_1718.{what}" for what in ("gci", "dice_pooled", "fleiss_closed")),
)
MADE_BY_NO_STATISTIC = {
    "pairs.": "mixed and fractional models of pairs are left out on purpose",
    "icc_log_area:": "intraclass correlations are left out on purpose",
    "ged.ged2_random_annotator": "no stage draws an annotator by lot",
    "pixels.bubil.gci": "counts masks, where the tables count persons",
    "pixels.bubil.dice_pooled": "counts masks, where the tables count persons",
    "pixels.bubil.fleiss_closed": "counts masks, where the tables count persons",
    "pixels.bubil.alpha_closed": "Krippendorff's alpha, which kappa nears as pixels grow",
    "pixels.isic_1718.alpha_closed": "Krippendorff's alpha, which kappa nears as pixels grow",
    "leave_one_out.bubil": "the vote of persons, where the table has that of masks; each mask's values are compared",
    "splits.": "partitions are not statistics of agreement",
}


@pytest.fixture(scope="module")
def accepted(reference) -> dict[str, tuple]:
    """Value and tolerance by name."""
    rows = json.loads((reference / "reference_statistics" / "acceptance.json").read_text(encoding="utf-8"))
    return {row["name"]: (row["value"], row["tolerance"]) for row in rows}


@pytest.fixture(scope="module")
def agreement(reference) -> dict:
    return json.loads((reference / "reference_statistics" / "published_agreement.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ratios(released_statistics) -> pd.DataFrame:
    tables = released_statistics
    return log_area_ratios(tables.pairs, log_areas_in_union(tables.all_pairs, tables.subset))


@pytest.fixture(scope="module")
def factors(ratios) -> pd.DataFrame:
    return area_factors(ratios)


@pytest.fixture(scope="module")
def links(released_statistics, ratios) -> pd.DataFrame:
    return annotator_links(released_statistics.pairs, ratios)


@pytest.fixture(scope="module")
def groups(released_statistics) -> pd.DataFrame:
    tables = released_statistics
    diagnoses = tables.images.set_index("isic_id")["diagnosis_1"]
    return agreement_of_groups(tables.pairs, human_masks(tables), diagnoses, RESAMPLES, SEED)


@pytest.fixture(scope="module")
def diagnosed(released_statistics) -> pd.DataFrame:
    tables = released_statistics
    diagnoses = tables.images.set_index("isic_id")["diagnosis_1"]
    return malignant_and_benign(images_by_diagnosis(tables.pairs, tables.subset, diagnoses))


@pytest.fixture(scope="module")
def unadjusted(diagnosed) -> dict[str, float]:
    return unadjusted_comparison(diagnosed, RESAMPLES, SEED)


def close(found, accepted: tuple) -> None:
    """Compare with a value, or a list of them, within its tolerance."""
    value, tolerance = accepted
    np.testing.assert_allclose(np.asarray(found, dtype=float), np.asarray(value, dtype=float), rtol=0, atol=tolerance)


def test_every_accepted_value_is_compared_or_made_by_no_statistic(accepted):
    known = (*COMPARED_HERE, *COMPARED_BY_AGREEMENT, *MADE_BY_NO_STATISTIC)
    assert {name for name in accepted if not name.startswith(known)} == set()
    assert {start for start in known if not any(name.startswith(start) for name in accepted)} == set()


def test_counts_of_images_clusters_and_pairs(released_statistics, accepted):
    tables = released_statistics
    pairs, clusters = tables.pairs, image_clusters(tables.images)
    images = tables.images.set_index("isic_id").loc[human_masks(tables)["ISIC_id"].unique()]
    sizes = clusters[images.index].value_counts()
    patients = images["patient_id"][images["patient_id"] != ""].value_counts()
    intra, inter = pairs[~pairs["inter"]], pairs[pairs["inter"]]
    found = {
        "images": len(images),
        "clusters": len(sizes),
        "images_in_clusters_of_2_or_more": sizes[sizes > 1].sum(),
        "largest_cluster": sizes.max(),
        "images_with_patient_id": patients.sum(),
        "patients": len(patients),
        "images_sharing_a_patient": patients[patients > 1].sum(),
        "images_with_neither_id": ((images["patient_id"] == "") & (images["lesion_id"] == "")).sum(),
        "pairs": len(pairs),
        "inter_pairs": len(inter),
        "intra_pairs": len(intra),
        "intra_pairs_of_A00": (intra["annotator1"] == "A00").sum(),
        "intra_pairs_with_two_skill_labels": intra["conflicting"].sum(),
        "images_with_inter_pair": inter["ISIC_id"].nunique(),
        "images_with_intra_pair": intra["ISIC_id"].nunique(),
        "images_with_intra_only": len(set(intra["ISIC_id"]) - set(inter["ISIC_id"])),
    }
    assert {f"count.{name}" for name in found} == {name for name in accepted if name.startswith("count.")}
    for name, value in found.items():
        close(value, accepted[f"count.{name}"])


@pytest.mark.parametrize("kind", ["inter", "intra"])
@pytest.mark.parametrize("metric", ["dice_score", "hd95_score_normalized", "assd_score_normalized"])
def test_means_and_intervals_of_kinds(groups, accepted, metric, kind):
    row = groups.set_index(["metric", "group"]).loc[(metric, kind)]
    columns = {"mean": "mean", "median": "median", "percentile_low": "low", "percentile_high": "high"}
    known = {end: column for end, column in columns.items() if f"{metric}:{kind}.{end}" in accepted}
    assert known or kind == "intra"
    for end, column in known.items():
        close(row[column], accepted[f"{metric}:{kind}.{end}"])


def test_one_annotator_twice_without_the_most_frequent(released_statistics, accepted):
    pairs = released_statistics.pairs
    of_images = pairs[~pairs["inter"] & (pairs["annotator1"] != "A00")].groupby("ISIC_id", observed=True)
    table = of_images.agg(value=("dice_score", "mean"), cluster=("cluster", "first")).assign(group="intra")

    row = group_means(table, ["group"], RESAMPLES, SEED).loc["intra"]

    for end, column in (("mean", "mean"), ("median", "median"), ("percentile_low", "low"), ("percentile_high", "high")):
        close(row[column], accepted[f"dice_score:intra_without_A00.{end}"])


def test_groups_have_the_means_and_intervals_of_the_reference(groups, agreement):
    rows = groups[groups["metric"] == "dice_score"].set_index("group")
    names = {"all human pairs": "all"}
    known = {names.get(name, name): value for name, value in agreement.items() if "pair_mean" in value}
    assert len(known) == 11
    for name, expected in known.items():
        row = rows.loc[name]
        assert row[["pairs", "images", "clusters"]].tolist() == [
            expected[key] for key in ("pairs", "images", "clusters")
        ]
        assert row[["mean", "pair_mean"]].tolist() == pytest.approx(
            [expected["mean"], expected["pair_mean"]], abs=1e-12
        )
        if expected["clusters"] >= 10:
            ends = [expected["low"], expected["high"]]
            assert row[["low", "high"]].tolist() == pytest.approx(ends, abs=INTERVALS)
        else:
            assert row[["low", "high"]].isna().all()


def test_groups_say_what_is_confounded(groups):
    said = groups[groups["metric"] == "dice_score"].set_index("group")["caution"]
    assert said["inter, tool T1-T2"].startswith("level T2 is annotator A00 alone; A00 with A03")
    assert said["intra"] == "annotator A00: 151 of 225 pairs; two skill labels: 133 of 225 pairs"
    assert "fewer than 10 clusters" in said["inter, skill S2-S2"]


def test_cells_of_one_annotator_are_counted(released_statistics, accepted):
    pairs = released_statistics.pairs
    cells = {name: value for name, value in accepted.items() if name.startswith("cell.")}
    assert len(cells) == 9
    for name, (expected, _) in cells.items():
        first, second = name.split(".")[1].split("-")
        column = "tool" if first.startswith("T") else "skill_level"
        ends = pairs[[f"{column}1", f"{column}2"]].astype(str).to_numpy()
        chosen = [sorted(end) == [first, second] for end in ends]
        assert [sum(chosen), int((~pairs["inter"])[chosen].sum())] == expected, name


def test_area_factors_of_annotators(factors, accepted):
    rows = factors[(factors["model"] == ANNOTATORS) & (factors["pairs"] == ALL_PAIRS)].set_index("term")
    assert {f"area_factor.{name}" for name in rows.index} == {
        name for name in accepted if name.startswith("area_factor.")
    }
    for name, row in rows.iterrows():
        close(row[["factor", "low", "high"]], accepted[f"area_factor.{name}"])


@pytest.mark.parametrize("pairs", ["all", "ratios up to 3"])
@pytest.mark.parametrize("term", ["T3 over T1", "S2 over S1"])
def test_area_factors_of_tools_and_skill_levels(factors, accepted, term, pairs):
    rows = factors[(factors["model"] == WITH_LEVELS) & (factors["pairs"] == pairs)].set_index("term")
    value, tolerance = accepted[f"area_factor:{term.replace(' ', '_')}"]
    expected = value["ols_cluster" if pairs == "all" else "ols_without_ratios_above_3"]
    close(rows.loc[term, ["factor", "low", "high"]], (list(expected.values()), tolerance))
    assert rows.loc["T2 over T1", "caution"].startswith("level T2 is annotator A00 alone")


def test_network(links, ratios, factors, accepted):
    expected = accepted["graph"][0]
    bridges = links.loc[links["bridge"] == "yes", ["annotator1", "annotator2"]].to_numpy().tolist()
    assert {*links["annotator1"], *links["annotator2"]} == {f"A{n:02d}" for n in range(16) if n != 13}
    assert expected["annotators"] == 15
    assert (len(links), (links["images"] >= 30).sum()) == (expected["edges"], expected["edges_with_30_images_or_more"])
    assert bridges == expected["bridges"]
    joining = accepted["graph.joining_the_halves"][0]
    told = factors[factors["term"] == "A00"].iloc[0]["caution"]
    halves = "A00+A03+A08+A09 and A01+A02+A04+A05+A06"
    assert told == f"{halves} are joined by {joining['two_mask']} of {joining['of']:,} images"
    assert halves_that_hardly_meet(ratios).joining == joining["two_mask"]


def test_dice_with_others(released_statistics, accepted, agreement):
    tables = released_statistics
    values = image_values(tables.pairs, tables.subset, None, None)
    found = group_means(values, ["average", "annotator"], RESAMPLES, SEED).loc["mean_dice_with_others"]
    names = [name for name in accepted if name.startswith("dice_with_others.")]
    assert len(names) == len(found) == 15
    for name in names:
        row = found.loc[name.split(".")[1]]
        close(row[["images", "mean"]], accepted[name])
    for expected in agreement["annotators"]:
        row = found.loc[expected["annotator"]]
        if row["clusters"] >= 10:
            # No tolerance is given; of the widest interval, A08's .08, both ends vary by some .0015 between seeds.
            assert row[["low", "high"]].tolist() == pytest.approx([expected["low"], expected["high"]], abs=0.005)


def test_malignant_and_benign_as_they_stand(unadjusted, accepted):
    names = [name.rpartition(".")[2] for name in accepted if name.startswith("malignancy.inter.")]
    assert len(names) == 6
    for name in names:
        close(unadjusted[name], accepted[f"malignancy.inter.{name}"])
    close(unadjusted["permutation_p"], accepted["malignancy.cluster_permutation_p"])
    assert unadjusted["permutations"] == 9999
    for name in ("difference", "cliffs_delta"):
        ends = [unadjusted[f"{name}_low"], unadjusted[f"{name}_high"]]
        close(ends, accepted[f"malignancy.cluster_bootstrap.{name}"])


@pytest.mark.parametrize(
    ("name", "adjusted_for"),
    [("annotators", "sets of annotators"), ("annotators+tools", "sets of annotators with their tools")],
)
def test_malignant_and_benign_within_sets(diagnosed, unadjusted, accepted, name, adjusted_for):
    row = differences_by_adjustment(diagnosed, unadjusted, None).set_index("adjusted_for").loc[adjusted_for]
    value, tolerance = accepted[f"malignancy.within_{name}"]
    close(row[["sets", "difference", "low", "high", "p_value"]], (list(value.values()), tolerance))
    value, tolerance = accepted[f"malignancy.within_{name}.van_elteren"]
    close(row[["rank_z", "rank_p", "cliffs_delta", "images_in_sets_with_both"]], (list(value.values()), tolerance))


def test_sets_of_annotators_disagree_in_sign(diagnosed):
    deltas = differences_of_sets(diagnosed).set_index("set")["cliffs_delta"]
    assert deltas[["A00+A03", "A01+A05"]].tolist() == pytest.approx([-0.19, 0.53], abs=0.005)


def test_limits_of_agreement_of_a_golden_set(reference, accepted):
    expected, tolerance = accepted["bland_altman.isic_1718"]
    areas = pd.read_csv(reference / "reference_statistics" / "golden_areas.csv", dtype={"image": str})
    log_areas = np.log(areas[areas["set"] == "isic_1718"].set_index("seg_filename")["area"])
    folder = reference / "golden" / "isic_1718" / "expected"
    subset, all_pairs = (
        pd.read_csv(folder / f"IMAplusplus_multiannotator_subset_{name}.csv")
        for name in ("seg_metadata", "IAA_metrics")
    )
    images = pd.DataFrame({"isic_id": subset["ISIC_id"].unique()})
    pairs = classified_pairs(all_pairs, subset, image_clusters(images))

    row = annotator_links(pairs, log_area_ratios(pairs, log_areas)).iloc[0]

    assert row["area_images"] == expected["n"]
    close(row["area_ratio"], (expected["geometric_mean_ratio_A00_to_A01"], tolerance))
    limits = row[["area_ratio_limit_low", "area_ratio_limit_high"]].to_numpy(dtype=float)
    close(limits, (expected["limits_of_agreement"], tolerance))
    close(np.log(limits[1] / row["area_ratio"]) / 1.96, (expected["sd_log_ratio"], tolerance))
