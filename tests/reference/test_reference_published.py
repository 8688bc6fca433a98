"""The released tables: what the stages make of them, and the facts that are known of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.files import unpack_released_tables
from support.run import run_stage

from utils import naming
from utils.agreement.aggregate import summary_of_pairs
from utils.data import encode_mask
from utils.md5 import md5_of_bytes
from utils.metrics import empty_mask_row
from utils.naming import METRIC_COLUMNS
from utils.quality import mask_issues
from utils.tables import read_table

PREFIX = "IMAplusplus_"
SUBSET = f"{PREFIX}multiannotator_subset_"
EMPTY_STAPLE = "ISIC_0013567"
ANNOTATORS = (3437, 3043, 2719, 2646, 2626, 1903, 675, 378, 137, 93, 10, 9, 4, 2, 1, 1)


@pytest.fixture(scope="module")
def published(reference, tmp_path_factory) -> Path:
    """Folder of the released tables as plain csv."""
    return unpack_released_tables(reference, tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def masks(published) -> pd.DataFrame:
    return read_text(published / f"{PREFIX}seg_metadata.csv")


@pytest.fixture(scope="module")
def humans(masks) -> pd.DataFrame:
    return naming.humans_only(masks)


@pytest.fixture(scope="module")
def consensus(masks, humans) -> pd.DataFrame:
    return masks.drop(humans.index)


@pytest.fixture(scope="module")
def pairs(published) -> pd.DataFrame:
    return read_table(published / f"{SUBSET}IAA_metrics.csv", numeric=METRIC_COLUMNS)


def read_text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, na_values=[""], float_precision="round_trip")


def give(published: Path, output: Path, table: str) -> Path:
    """Copy one released table to where a stage looks for it, and return the folder of tables."""
    folder = output / "metadata"
    folder.mkdir()
    (folder / table).write_bytes((published / table).read_bytes())
    return folder


def test_subset_comes_out_of_the_released_metadata(published, tmp_path):
    folder = give(published, tmp_path, f"{PREFIX}seg_metadata.csv")
    released = (published / f"{SUBSET}seg_metadata.csv").read_bytes().splitlines(keepends=True)
    human_lines = [line for line in released if line.split(b",")[3] not in (b"ST", b"MV")]

    done = run_stage("create_multiannotator_subset", tmp_path)

    assert done.returncode == 0, done.stderr
    made = (folder / f"{SUBSET}seg_metadata.csv").read_bytes().splitlines(keepends=True)
    assert made == human_lines
    assert len(made) == 1 + 5111


def test_image_level_metrics_come_out_of_the_released_pairs(published, tmp_path):
    folder = give(published, tmp_path, f"{SUBSET}IAA_metrics.csv")
    expected = read(published / f"{SUBSET}image_level_metrics.csv")

    done = run_stage("compute_image_level_metrics", tmp_path)

    assert done.returncode == 0, done.stderr
    made = read(folder / f"{SUBSET}image_level_metrics.csv")
    released = list(expected.columns)
    assert list(made.columns[:13]) == released
    assert (made["num_pairs"].sum(), made["num_inter_pairs"].sum()) == (3103, 2878)
    # What the release does not have stays empty, and is told in one line each.
    unknown = [f"{metric}_{value}" for metric in ("nsd_score", "bf1_score") for value in ("mean", "std")]
    assert made[[*unknown, "ISIC_id"]].isna().all(axis=None)
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert ["nsd_score, bf1_score stay empty" in warnings[0], "ISIC_id stays empty" in warnings[1]] == [True, True]
    assert len(warnings) == 2
    pd.testing.assert_frame_equal(made[released], expected, rtol=1e-12, atol=1e-15)


def test_summary_comes_out_of_the_released_pairs(published, pairs, tmp_path):
    path = tmp_path / "summary.csv"
    summary_of_pairs(pairs).to_csv(path, index=False)

    expected = read(published / f"{SUBSET}IAA_metrics_summary.csv")
    assert list(expected.iloc[:, 0]) == ["Mean", "Std. Dev.", "Minimum", "Maximum", "Median", "IQR"]
    made = read(path)
    pd.testing.assert_frame_equal(made[list(expected.columns)], expected, rtol=1e-12, atol=1e-15)
    assert made[["nsd_score", "bf1_score"]].isna().all(axis=None)


def test_mask_names_are_built_from_the_metadata(humans):
    parts = humans[["ISIC_id", "annotator", "tool", "skill_level", "mskObjectID"]]

    built = [naming.seg_filename(*row, ".png") for row in parts.itertuples(index=False)]

    assert built == humans["seg_filename"].tolist()
    assert len(built) == 17684


def test_consensus_rows_are_built_from_the_metadata(consensus):
    built = [
        naming.consensus_row(row.ISIC_id, row.img_filename, row.annotator, row.mask_md5)
        for row in consensus.itertuples()
    ]

    assert built == consensus.to_dict("records")
    assert len(built) == 4788


def test_consensus_rows_follow_the_human_ones_image_by_image(masks, humans, consensus):
    several = humans[humans["ISIC_id"].duplicated(keep=False)]["ISIC_id"].unique()

    assert masks.index[: len(humans)].equals(humans.index)
    rows = list(consensus[["ISIC_id", "annotator"]].itertuples(index=False, name=None))
    assert rows == [(isic_id, label) for isic_id in several for label in ("ST", "MV")]


def test_empty_staple_mask_has_the_released_hash(published, consensus):
    images = read_text(published / f"{PREFIX}img_metadata.csv").set_index("isic_id")
    width, height = images.loc[EMPTY_STAPLE, ["pixels_x", "pixels_y"]].astype(int)
    row = consensus[(consensus["ISIC_id"] == EMPTY_STAPLE) & (consensus["annotator"] == "ST")]

    blank = encode_mask(np.zeros((height, width), dtype=bool))

    assert [md5_of_bytes(blank)] == row["mask_md5"].tolist()


def test_pairs_with_an_empty_mask_follow_the_rule(pairs, masks):
    rows = pairs[pairs["img_id"] == f"{EMPTY_STAPLE}.JPG"]
    names = masks[masks["ISIC_id"] == EMPTY_STAPLE]["seg_filename"].tolist()
    with_empty = rows[(rows["annotator1"] == "ST") | (rows["annotator2"] == "ST")]
    others = rows.drop(with_empty.index)

    every_pair = {frozenset((first, second)) for first in names for second in names if first != second}
    assert len(rows) == 6
    assert {frozenset(key) for key in zip(rows["mask1"], rows["mask2"], strict=True)} == every_pair
    assert len(with_empty) == 3
    expected = pd.DataFrame([empty_mask_row(1)] * 3, index=with_empty.index)
    pd.testing.assert_frame_equal(with_empty[list(METRIC_COLUMNS)], expected[list(METRIC_COLUMNS)], check_exact=True)
    assert np.isfinite(others[list(METRIC_COLUMNS)]).all(axis=None)
    assert (others["dice_score"] > 0).all()
    # Nowhere else in the release is a distance missing.
    assert pairs.index[pairs["hd_score"].isna()].equals(with_empty.index)


def test_facts_of_the_masks(masks, humans):
    assert len(masks) == 22472
    assert len(humans) == 17684
    by_annotator = {f"A{number:02d}": count for number, count in enumerate(ANNOTATORS)}
    assert humans["annotator"].value_counts().to_dict() == by_annotator
    assert humans["tool"].value_counts().to_dict() == {"T1": 7415, "T2": 3437, "T3": 6832}
    assert humans["skill_level"].value_counts().to_dict() == {"S1": 12454, "S2": 5230}
    assert humans["mskObjectID"].is_unique
    per_image = humans["ISIC_id"].value_counts()
    assert per_image.value_counts().to_dict() == {1: 12573, 2: 2130, 3: 209, 4: 51, 5: 4}
    assert (humans[["ISIC_id", "annotator"]].value_counts() > 1).sum() == 218


def test_facts_of_the_subset(published):
    subset = naming.humans_only(read_text(published / f"{SUBSET}seg_metadata.csv"))

    assert (len(subset), subset["ISIC_id"].nunique(), subset["annotator"].nunique()) == (5111, 2394, 15)


def test_facts_of_the_images(published, reference, humans):
    images = read_text(published / f"{PREFIX}img_metadata.csv")
    megapixels = images["pixels_x"].astype(float) * images["pixels_y"].astype(float) / 1e6
    several = humans[humans["ISIC_id"].duplicated()]["ISIC_id"]
    in_subset = megapixels[images["isic_id"].isin(several)]

    assert len(images) == 14967
    assert set(images["isic_id"]) == set(humans["ISIC_id"])
    assert (reference / "published" / "ISIC_ids.txt").read_text().split() == images["isic_id"].tolist()
    assert [round(value, 1) for value in megapixels.quantile([0, 0.5, 1])] == [0.3, 6.1, 36.2]
    assert [round(f(), 1) for f in (in_subset.median, in_subset.mean, in_subset.max)] == [6.1, 10.7, 30.8]


def test_facts_of_the_pairs(pairs):
    human = naming.human_pairs_only(pairs)

    assert len(pairs) == 15719
    assert len(human) == 3103
    assert round(human["dice_score"].mean(), 4) == 0.7813


def test_facts_of_the_qa_results(published, humans):
    results = read_text(published / f"{PREFIX}seg_metadata_qa_results.csv")
    border, empty, whole = mask_issues.BORDER, mask_issues.EMPTY, mask_issues.FULL

    counts = results[["issue", "severity"]].value_counts().to_dict()
    assert counts == {tuple(border[:2]): 1129, tuple(empty[:2]): 59, tuple(whole[:2]): 3}
    assert list(results.columns) == list(naming.QA_COLUMNS)
    # Empty masks left the metadata; all others are in it, and the results keep its order.
    is_empty = results["issue"] == empty.issue
    places = pd.Series(range(len(humans)), index=humans["seg_filename"])
    assert not results["mask"][is_empty].isin(places.index).any()
    assert places.loc[results["mask"][~is_empty]].is_monotonic_increasing
