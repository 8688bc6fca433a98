"""The scripts that draw the statistics: the released tables, small ones, and those without pairs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.agreement_pairs import PAIRS, subset_of
from support.files import unpack_released_tables
from support.run import run_here, succeed
from support.trees import tree

from utils.naming import METRIC_COLUMNS

SUBSET = "IMAplusplus_multiannotator_subset_"
TABLES = ("compute_annotator_metrics", "compute_agreement_statistics")
SCRIPTS = ("plot_annotator_metrics", "plot_agreement_statistics", "plot_iaa_by_diagnosis")
FIGURES = (
    "metrics/annotator_network",
    "metrics/annotator_area_factors",
    "metrics/annotator_dice_with_others",
    "metrics/agreement_statistics",
    "dataset_statistics/iaa_cdfs",
)


@pytest.fixture(scope="module")
def released(reference, tmp_path_factory) -> Path:
    """Output folder of the statistics and their figures on the released tables."""
    folder = tmp_path_factory.mktemp("statistics")
    unpack_released_tables(reference, folder / "metadata")
    for script in (*TABLES, *SCRIPTS):
        succeed(script, folder)
    return folder


def give(folder: Path, pairs: pd.DataFrame) -> Path:
    """Write pairs, the metadata of their masks and of their images."""
    metadata = folder / "metadata"
    metadata.mkdir()
    subset = subset_of(pairs)
    images = pd.DataFrame({"isic_id": subset["ISIC_id"].unique()})
    missing = {name: 0.25 for name in METRIC_COLUMNS if name not in pairs}
    pairs.assign(**missing).to_csv(metadata / f"{SUBSET}IAA_metrics.csv", index=False)
    subset.to_csv(metadata / f"{SUBSET}seg_metadata.csv", index=False)
    images.to_csv(metadata / "IMAplusplus_img_metadata.csv", index=False)
    return folder


# --- Forests ---------------------------------------------------------------------------------------------


def test_released_tables_give_every_figure_within_a_page(released):
    from PIL import Image

    files = tree(released / "visualizations")

    expected = {base + suffix for base in FIGURES for suffix in (".png", ".svg", ".pdf")}
    assert {name for name in files if not name.endswith(".csv")} == expected
    for base in FIGURES:
        with Image.open(released / "visualizations" / f"{base}.png") as image:
            assert round(image.info["dpi"][0]) == 300
            assert 100 < image.width / 300 * 25.4 <= 180
            assert image.height / 300 * 25.4 < 240


def test_a_second_run_gives_the_same_bytes(released):
    before = tree(released / "metadata") | tree(released / "visualizations")

    for script in (*TABLES, *SCRIPTS):
        succeed(script, released)

    assert tree(released / "metadata") | tree(released / "visualizations") == before


def test_released_tables_leave_empty_what_they_do_not_know(released):
    table = pd.read_csv(released / "metadata" / f"{SUBSET}annotator_metrics.csv").set_index("annotator")

    assert table[["dice_with_vote_of_others", "staple_sensitivity", "staple_specificity"]].isna().all(axis=None)
    assert table["area_factor"].notna().sum() == 11
    metrics = pd.read_csv(released / "metadata" / f"{SUBSET}agreement_statistics.csv")["metric"].unique()
    assert "nsd_score" not in metrics
    for script, told in (
        (TABLES[0], "mask_agreement.csv: areas are known"),
        (TABLES[1], "has no nsd_score and bf1_score"),
    ):
        assert told in succeed(script, released)


def test_small_tables_go_through_and_what_cannot_be_drawn_is_skipped_and_named(tmp_path):
    folder = give(tmp_path, PAIRS)

    for script in TABLES:
        succeed(script, folder)
    told = [succeed(script, folder) for script in SCRIPTS]

    assert "annotator_area_factors skipped" in told[0]
    assert "no column diagnosis_1 or benign_malignant" in told[2]
    names = {name.split(".")[0] for name in tree(folder / "visualizations")}
    assert names == {"metrics/annotator_network", "metrics/annotator_dice_with_others", "metrics/agreement_statistics"}


@pytest.mark.parametrize("chosen", [[], [5]])  # no pairs, and one annotator twice alone
def test_without_pairs_by_two_annotators_stages_end_well(tmp_path, chosen):
    folder = give(tmp_path, PAIRS.iloc[[*chosen, 2]])  # pair of consensus masks

    for script in TABLES:
        succeed(script, folder)
    told = [succeed(script, folder) for script in SCRIPTS[:2]]

    assert "annotator figures skipped" in told[0]
    assert ("agreement_statistics skipped" in told[1]) == (not chosen)


@pytest.mark.parametrize("script", [*TABLES, *SCRIPTS])
def test_a_missing_table_is_named(tmp_path, script):
    code, text = run_here(script, tmp_path)
    assert (code, SUBSET in text) == (1, True)
