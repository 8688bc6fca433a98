"""Raw files to metrics on the golden sets: real images with outlines by two and by up to seventeen people."""

from __future__ import annotations

import hashlib
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from support.run import run_chain, run_stage
from support.trees import tree

from utils.agreement.image_tasks import is_audited
from utils.data import load_mask

PREFIX = "IMAplusplus_"
SUBSET = f"{PREFIX}multiannotator_subset_"
SUMMARY_HEADER = (
    ",dice_score,jaccard_score,hd_score,hd95_score,assd_score,"
    "hd_score_normalized,hd95_score_normalized,assd_score_normalized,nsd_score,bf1_score"
)
PAIR_KEY = ["img_id", "mask1", "mask2"]
EXTRA_COLUMNS = [
    "hd95_score_normalized_mean",
    "hd95_score_normalized_std",
    "assd_score_normalized_mean",
    "assd_score_normalized_std",
    "num_pairs",
    "nsd_score_mean",
    "nsd_score_std",
    "bf1_score_mean",
    "bf1_score_std",
    "dice_inter_mean",
    "hd95_normalized_inter_mean",
    "num_inter_pairs",
    "ISIC_id",
]
# MedPy takes half a minute of a core for all pairs of the small images, and half an hour for those of `bubil`.
AUDITED_SHARE_IN_FULL = {"isic_1718": 1.0, "bubil": 0.1}
AUDITED_SHARE = 0.05
IMAGES = {"isic_1718": 91, "bubil": 24}


class Golden(NamedTuple):
    """One golden set and the output of the chain on it."""

    name: str
    raw: Path
    expected: Path
    output: Path

    def tables(self, name: str) -> tuple[Path, Path]:
        """Return the paths of our table and of the expected one."""
        return self.output / "metadata" / f"{name}.csv", self.expected / f"{name}.csv"


@pytest.fixture(scope="module", params=sorted(IMAGES))
def golden(request, reference, tmp_path_factory) -> Golden:
    folder = reference / "golden" / request.param
    output = tmp_path_factory.mktemp(request.param)
    run_chain(folder / "raw", output, "num_workers=1")
    return Golden(request.param, folder / "raw", folder / "expected", output)


def read(path: Path) -> pd.DataFrame:
    """Read a table of metrics; text stays text, and every digit of a number counts."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""], float_precision="round_trip")


def assert_tables_equal(ours: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare names and order of columns, text exactly, numbers with the tolerance of re-read text."""
    pd.testing.assert_frame_equal(ours, expected, rtol=1e-12, atol=1e-15)


def human_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    is_human = pairs[["annotator1", "annotator2"]].apply(lambda names: names.str.fullmatch(r"A\d+"))
    return pairs[is_human.all(axis=1)]


@pytest.mark.parametrize("name", ["seg_metadata", "img_metadata", "multiannotator_subset_seg_metadata"])
def test_metadata_tables_are_byte_equal(golden, name):
    ours, expected = golden.tables(PREFIX + name)

    assert ours.read_bytes() == expected.read_bytes()


def test_id_list_follows_the_image_table(golden):
    images = read(golden.expected / f"{PREFIX}img_metadata.csv")
    lines = (golden.output / "metadata" / "ISIC_ids.txt").read_text(encoding="utf-8")

    assert lines == "".join(f"{isic_id}\n" for isic_id in images["isic_id"])
    assert len(images) == IMAGES[golden.name]


def test_consensus_masks_are_byte_identical(golden):
    expected = tree(golden.expected / "consensus")
    made = {
        path.name: path.read_bytes()
        for label in ("ST", "MV")
        for path in (golden.output / "seg_masks").glob(f"*_{label}_{label}_{label}_{label}.png")
    }

    assert sorted(made) == sorted(expected)
    assert [name for name in expected if made[name] != expected[name]] == []
    assert len(made) == 2 * IMAGES[golden.name]


def test_soft_labels_give_the_published_consensus_masks(golden, tmp_path):
    made = run_stage(
        "create_soft_labels", golden.output, "soft_labels=true", f"soft_labels_dir={tmp_path}", "cache_dir=null"
    )
    assert made.returncode == 0, made.stderr
    metadata = read(golden.expected / f"{PREFIX}multiannotator_subset_seg_metadata.csv")
    humans = metadata[metadata["annotator"].str.fullmatch(r"A\d+")]["ISIC_id"].value_counts()
    for isic_id, masks in humans.items():
        for kind, label, foreground in (
            ("votes", "MV", lambda votes, n=masks: 2 * votes.astype(int) >= n),
            ("staple", "ST", lambda posterior: posterior > 32767.5),
        ):
            expected = load_mask(golden.expected / "consensus" / f"{isic_id}_{label}_{label}_{label}_{label}.png")
            with Image.open(tmp_path / f"{isic_id}_{kind}.png") as image:
                assert np.array_equal(foreground(np.asarray(image)), expected), (isic_id, kind)
    assert len(humans) == IMAGES[golden.name]


def test_dataset_holds_the_files_of_its_metadata(golden):
    metadata = read(golden.tables(f"{PREFIX}seg_metadata")[0])
    masks = {name: hashlib.md5(data).hexdigest() for name, data in tree(golden.output / "seg_masks").items()}
    images = {Path(name).stem: data for name, data in tree(golden.output / "images").items()}
    raw_images = {Path(name).stem: data for name, data in tree(golden.raw / "images").items()}

    assert masks == dict(zip(metadata["seg_filename"], metadata["mask_md5"], strict=True))
    assert images == raw_images


def test_qa_rows_are_equal(golden):
    ours, expected = golden.tables(f"{PREFIX}seg_metadata_qa_results")

    assert ours.read_text().splitlines() == expected.read_text().splitlines()
    assert len(read(ours)) == {"isic_1718": 14, "bubil": 0}[golden.name]


def test_pairs_are_equal_and_in_metadata_order(golden):
    ours, expected = map(read, golden.tables(f"{SUBSET}IAA_metrics"))
    subset = read(golden.expected / f"{SUBSET}seg_metadata.csv")
    in_metadata_order = [
        (image, first, second)
        for image, masks in subset.groupby("img_filename", sort=False)["seg_filename"]
        for first, second in combinations(masks, 2)
    ]

    assert list(ours[PAIR_KEY].itertuples(index=False, name=None)) == in_metadata_order
    by_key = expected.set_index(PAIR_KEY, verify_integrity=True).loc[in_metadata_order].reset_index()
    assert len(expected) == len(in_metadata_order)
    assert list(ours.columns) == [*by_key.columns, "nsd_score", "bf1_score"]
    assert_tables_equal(ours[list(by_key.columns)], by_key)


def test_pairs_carry_the_factors_of_the_metadata(golden):
    pairs = read(golden.tables(f"{SUBSET}IAA_metrics")[0])
    factors = read(golden.expected / f"{SUBSET}seg_metadata.csv").set_index("seg_filename")

    for place in "12":
        for column in ("annotator", "tool", "skill_level"):
            from_metadata = factors.loc[pairs[f"mask{place}"], column]
            assert pairs[f"{column}{place}"].tolist() == from_metadata.tolist()


def test_summary_is_equal_with_its_row_labels(golden):
    ours, expected = golden.tables(f"{SUBSET}IAA_metrics_summary")

    assert ours.read_text().splitlines()[0] == SUMMARY_HEADER
    released = read(expected)
    assert_tables_equal(read(ours)[list(released.columns)], released)


def test_image_level_metrics_are_equal_and_have_the_further_columns(golden):
    ours, expected = map(read, golden.tables(f"{SUBSET}image_level_metrics"))
    released = list(expected.columns)

    assert list(ours.columns) == released + EXTRA_COLUMNS
    assert_tables_equal(ours[released], expected)


def test_further_image_level_columns_average_the_human_pairs(golden):
    ours = read(golden.tables(f"{SUBSET}image_level_metrics")[0])
    groups = human_pairs(read(golden.tables(f"{SUBSET}IAA_metrics")[0])).groupby("img_id")

    for row in ours.itertuples(index=False):
        pairs = groups.get_group(row.img_id)
        assert row.num_pairs == len(pairs)
        inter = pairs[pairs["annotator1"] != pairs["annotator2"]]
        assert (row.num_inter_pairs, row.ISIC_id) == (len(inter), row.img_id.removesuffix(Path(row.img_id).suffix))
        means = inter[["dice_score", "hd95_score_normalized"]].mean().tolist()
        np.testing.assert_allclose([row.dice_inter_mean, row.hd95_normalized_inter_mean], means, rtol=1e-12)
        for metric in ("hd95_score_normalized", "assd_score_normalized", "nsd_score", "bf1_score"):
            values = pairs[metric].to_numpy()
            deviation = np.std(values, ddof=1) if len(values) > 1 else np.nan
            np.testing.assert_allclose(getattr(row, f"{metric}_mean"), np.mean(values), rtol=1e-12)
            np.testing.assert_allclose(getattr(row, f"{metric}_std"), deviation, rtol=1e-9)


def test_nothing_fails_and_no_staple_result_degenerates(golden):
    metadata = golden.output / "metadata"
    performance = read(metadata / f"{SUBSET}staple_performance.csv")
    humans = read(golden.expected / f"{SUBSET}seg_metadata.csv").query("annotator not in ('ST', 'MV')")

    assert len(read(metadata / f"{SUBSET}failures.csv")) == 0
    assert list((golden.output / "quarantine").glob("*.png")) == []
    assert performance["seg_filename"].tolist() == humans["seg_filename"].tolist()
    assert performance["degenerate"].isna().all()
    for column in ("sensitivity", "specificity"):
        assert performance[column].between(0, 1).all()
    assert performance.groupby("ISIC_id")["iterations"].nunique().eq(1).all()


def test_two_workers_and_auditors_change_no_byte(golden, full, tmp_path):
    if golden.name == "bubil" and not full:
        pytest.skip("MedPy is slow on images of a megapixel: only with --full")
    share = AUDITED_SHARE_IN_FULL[golden.name] if full else AUDITED_SHARE
    ids = read(golden.expected / f"{PREFIX}img_metadata.csv")["isic_id"]
    assert sum(is_audited(isic_id, share, 0) for isic_id in ids) >= 2

    run_chain(golden.raw, tmp_path, "num_workers=2", until="create_multiannotator_subset")
    for stage in ("create_consensus_masks", "compute_IAA_metrics", "compute_image_level_metrics"):
        done = run_stage(stage, tmp_path, "num_workers=2", f"audit_fraction={share}")
        assert done.returncode == 0, f"{stage}:\n{done.stderr}"

    assert tree(tmp_path) == tree(golden.output)
