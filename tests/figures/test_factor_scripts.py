"""Scripts of agreement by factor, set of annotators and diagnosis: files, keys, faults, and the released tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from scipy import stats
from support.agreement_pairs import PAIRS, subset_of
from support.files import unpack_released_tables
from support.run import run_here, run_stage, succeed
from support.trees import tree

from multiannotator_analysis.visualization_scripts import plot_annotator_intersections as intersections
from utils.naming import human_pairs_only, inter_pairs_only
from utils.statistics.level_pairs import agreement_of_levels, sorted_levels

SCRIPTS = ("plot_inter_intra_factor_agreement", "plot_annotator_intersections", "plot_iaa_by_diagnosis")
SUBSET = "IMAplusplus_multiannotator_subset_"
SUFFIXES = (".png", ".svg", ".pdf")


def give(folder: Path, pairs: pd.DataFrame | None = None, images: str | None = None) -> Path:
    """Write the pairs, the masks that they are of, and the image table to where the scripts look."""
    metadata = folder / "metadata"
    metadata.mkdir()
    if pairs is not None:
        pairs.to_csv(metadata / f"{SUBSET}IAA_metrics.csv", index=False)
        subset_of(pairs).to_csv(metadata / f"{SUBSET}seg_metadata.csv", index=False)
    if images is not None:
        (metadata / "IMAplusplus_img_metadata.csv").write_text(images, encoding="utf-8")
    return folder


def drawn(folder: Path) -> dict[str, bytes]:
    """Return all figures and their tables: relative name -> bytes."""
    return tree(folder / "visualizations")


def width_mm(png: bytes) -> float:
    return int.from_bytes(png[16:20], "big") / 300 * 25.4


@pytest.fixture(scope="module")
def released(reference, tmp_path_factory) -> Path:
    """Output folder of all three scripts on the released tables."""
    folder = tmp_path_factory.mktemp("released")
    unpack_released_tables(reference, folder / "metadata")
    for script in SCRIPTS:
        done = run_stage(script, folder)
        assert done.returncode == 0, done.stderr
        assert "WARNING" not in done.stderr
    return folder


@pytest.mark.parametrize(
    ("images", "told"),
    [
        ("isic_id,sex\nI1,female\n", "diagnosis_1 or benign_malignant"),
        ("isic_id,diagnosis_1\nI1,Benign\nI2,Indeterminate\n", "is malignant in diagnosis_1; nothing to draw"),
        ("isic_id,diagnosis_1\n", "malignant or benign in diagnosis_1; nothing to draw"),
    ],
)
def test_a_figure_without_diagnoses_is_skipped_and_named(tmp_path, images, told):
    text = succeed("plot_iaa_by_diagnosis", give(tmp_path, PAIRS, images))

    assert "WARNING" in text and told in text and "iaa_cdfs skipped" in text
    assert drawn(tmp_path) == {}


@pytest.mark.parametrize(
    "images",
    [
        "isic_id,benign_malignant\nI1,malignant\nI2,benign\nI3,indeterminate/benign\n",
        "isic_id,diagnosis_1,benign_malignant\nI1,melanoma,Malignant\nI2,nevus, benign\nI3,nevus,\n",
    ],
)
def test_benign_malignant_serves_where_diagnosis_1_does_not(tmp_path, images):
    succeed("plot_iaa_by_diagnosis", give(tmp_path, PAIRS, images))

    table = pd.read_csv(tmp_path / "visualizations/dataset_statistics/iaa_cdfs.csv")
    row = table.iloc[0]
    assert len(table) == 1
    assert (row["n_malignant"], row["n_benign"], row["n_other"]) == (1, 1, 0)  # I3 has one annotator
    assert row["diagnosis_column"] == "benign_malignant"


@pytest.mark.parametrize("script", SCRIPTS[:2])
def test_without_pairs_nothing_is_drawn(tmp_path, script):
    text = succeed(script, give(tmp_path, PAIRS.iloc[:0]))

    assert "WARNING" in text and "skipped" in text
    assert drawn(tmp_path) == {}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_missing_table_is_named(tmp_path, script):
    code, text = run_here(script, give(tmp_path, images="isic_id,diagnosis_1\nI1,Benign\n"))

    assert (code, SUBSET in text) == (1, True)


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_describes_the_keys(tmp_path, script):
    text = succeed(script, tmp_path, "--help")

    keys = [line.split(maxsplit=1) for line in text.partition("\nkeys:\n")[2].splitlines()]
    assert ["visualizations_dir", "folder of the figures"] in keys
    assert all(len(key) == 2 for key in keys)


def test_released_tables_give_every_figure_within_a_column(released):
    bases = {
        **{f"metrics/inter_intra_{name}_agreement": 180 for name in ("tool", "skill", "annotator")},
        "annotator_intersection_agreements/all_annotator_intersections": 180,
        "dataset_statistics/iaa_cdfs": 180,
    }
    tables = {f"dataset_statistics/iaa_cdfs{name}.csv" for name in ("", "_curves", "_differences", "_sets")}
    tables |= {f"metrics/inter_intra_{name}_agreement.csv" for name in ("tool", "skill", "annotator")}
    files = drawn(released)

    assert set(files) == {base + suffix for base in bases for suffix in SUFFIXES} | tables
    for base, limit in bases.items():
        assert 60 < width_mm(files[f"{base}.png"]) <= limit


def test_released_pairs_are_all_in_the_cells(released):
    pairs = pd.read_csv(released / "metadata" / f"{SUBSET}IAA_metrics.csv")

    for column, levels in (("tool", 5), ("skill_level", 4), ("annotator", 17)):
        found = agreement_of_levels(pairs, column, ["dice_score"])
        names = sorted_levels({*found["level1"], *found["level2"]})
        assert len(names) == levels and names[-2:] == ["MV", "ST"]
        assert found["pairs"].sum() == len(pairs) == 15719
        assert (found["mean"] * found["pairs"]).sum() == pytest.approx(pairs["dice_score"].sum())
        assert (found["inter_pairs"].sum(), found["intra_pairs"].sum()) == (2878, 225)
        inter = inter_pairs_only(pairs)["dice_score"].sum()
        assert (found["inter_mean"] * found["inter_pairs"]).sum() == pytest.approx(inter)
        assert found.iloc[-1][["level1", "level2", "pairs", "images"]].tolist() == ["MV", "ST", 2394, 2394]


def test_released_cells_are_in_the_csv_beside_the_figure(released):
    pairs = human_pairs_only(pd.read_csv(released / "metadata" / f"{SUBSET}IAA_metrics.csv"))
    table = pd.read_csv(released / "visualizations/metrics/inter_intra_tool_agreement.csv").query(
        "metric == 'dice_score'"
    )
    rows = table.set_index(["level1", "level2"])
    both = pairs[(pairs["tool1"] == "T1") & (pairs["tool2"] == "T1")]
    two = both[both["annotator1"] != both["annotator2"]]

    row = rows.loc[("T1", "T1")]
    assert row[["pairs", "inter_pairs", "intra_pairs"]].tolist() == [438, 414, 24]
    assert row[["images", "inter_images"]].tolist() == [both["img_id"].nunique(), two["img_id"].nunique()]
    assert row["inter_mean"] == pytest.approx(two["dice_score"].mean(), rel=1e-12)
    assert rows.loc[("T2", "T2"), ["inter_pairs", "intra_pairs"]].tolist() == [0, 151]
    assert rows.loc[("T2", "T2"), "caution"] == "level T2 is annotator A00 alone; one annotator twice: 151 of 151 pairs"
    assert rows.loc[("T1", "MV"), "compared"] == "mask and consensus"


def test_a_single_tool_or_skill_level_is_not_drawn(tmp_path):
    own = PAIRS.assign(tool1="T2", tool2="T2").query("annotator1 != 'MV' and annotator2 != 'ST'")

    text = succeed(SCRIPTS[0], give(tmp_path, own))

    assert "inter_intra_tool_agreement skipped: all masks have the same tool" in text
    names = {f"metrics/inter_intra_annotator_agreement{suffix}" for suffix in (*SUFFIXES, ".csv")}
    assert set(drawn(tmp_path)) == names


def test_released_sets_are_those_of_the_segmentation_table(released):
    pairs = pd.read_csv(released / "metadata" / f"{SUBSET}IAA_metrics.csv")
    masks = pd.read_csv(released / "metadata" / f"{SUBSET}seg_metadata.csv", dtype=str)
    people = masks[~masks["annotator"].isin(["ST", "MV"])]
    expected = people.groupby("ISIC_id")["annotator"].agg(lambda names: tuple(sorted(set(names))))

    groups = intersections.images_by_annotators(pairs)

    assert {names: len(table) for names, table in groups.items()} == expected.value_counts().to_dict()
    assert next(iter(groups)) == ("A00", "A03") and len(groups) == 50


def test_released_diagnoses_are_compared_by_image(released):
    row = pd.read_csv(released / "visualizations/dataset_statistics/iaa_cdfs.csv").iloc[0]
    metadata = released / "metadata"
    pairs = pd.read_csv(metadata / f"{SUBSET}IAA_metrics.csv")
    inter = inter_pairs_only(pairs).groupby("img_id")["dice_score"].mean()
    images = pd.read_csv(metadata / "IMAplusplus_img_metadata.csv", dtype=str).set_index("isic_id")
    of_image = images["diagnosis_1"].reindex(inter.index.str.removesuffix(".JPG")).to_numpy()
    malignant, benign = (inter[of_image == name] for name in ("Malignant", "Benign"))

    test = stats.mannwhitneyu(malignant, benign)

    assert (row["n_malignant"], row["n_benign"], row["n_other"]) == (497, 1738, 15)
    assert row["mann_whitney_p"] == pytest.approx(test.pvalue)
    assert row["kolmogorov_smirnov_p"] == pytest.approx(stats.ks_2samp(malignant, benign).pvalue)
    assert row["cliffs_delta"] == pytest.approx(2 * test.statistic / 497 / 1738 - 1)
    assert row["cliffs_delta_low"] < row["cliffs_delta"] < row["cliffs_delta_high"] < 0


def test_curves_differences_and_sets_are_tables(released):
    base = released / "visualizations/dataset_statistics"
    curves, differences, sets = (
        pd.read_csv(base / f"iaa_cdfs_{name}.csv") for name in ("curves", "differences", "sets")
    )

    assert curves.groupby("diagnosis")["images"].max().to_dict() == {"benign": 1738, "malignant": 497}
    assert curves.groupby("diagnosis")["cumulative_share"].max().eq(1).all()
    assert differences["adjusted_for"].tolist() == [
        "none",
        "sets of annotators",
        "sets of annotators with their tools",
    ]
    assert (sets["images"] >= 30).all() and (sets["malignant"] > 0).all() and len(sets) == 11


def test_what_the_adjustment_does_is_said(released):
    text = succeed("plot_iaa_by_diagnosis", released)

    assert "within sets of annotators. Among images by the same annotators no difference can be told" in text
    assert "without IMAplusplus_multiannotator_subset_image_agreement.csv" in text


def test_a_second_run_gives_the_same_bytes(released):
    before = drawn(released)

    for script in SCRIPTS[1:]:
        succeed(script, released)

    assert drawn(released) == before


def test_the_number_of_sets_is_a_key(released, tmp_path):
    text = succeed(SCRIPTS[1], released, "annotator_sets_shown=3", f"visualizations_dir={tmp_path}")

    assert "3 of 50 sets of annotators, 1,464 of 2,394 images" in text
    assert len(list(tmp_path.rglob("*.png"))) == 1
