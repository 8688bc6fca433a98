"""Agreement of pairs at tolerances, of images and of masks on the golden sets, against independent implementations."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.run import succeed

from utils.agreement.image_agreement import disagreement_of_masks
from utils.naming import (
    CONSENSUS,
    IMAGE_AGREEMENT_COLUMNS,
    MASK_AGREEMENT_COLUMNS,
    human_pairs_only,
    humans_only,
    inter_pairs_only,
)

PREFIX = "IMAplusplus_"
SUBSET = f"{PREFIX}multiannotator_subset_"
TOLERANCES = (0.005, 0.01, 0.02)
# Our columns -> those of the reference.
OF_IMAGES = {
    "num_masks": "n_masks",
    "num_annotators": "n_persons",
    "foreground_share": "foreground_share_persons",
    "dice_pooled": "dice_pooled_persons",
    "generalised_conformity_index": "gci_persons",
    "kappa": "kappa_persons",
    "disputed_share": "disputed_share_of_union",
    "mean_vote_entropy": "mean_entropy_bits_in_union",
}


def read(path: Path) -> pd.DataFrame:
    text = dict.fromkeys(["ISIC_id", "cluster", "image", "mskObjectID", "mskObjectID1", "mskObjectID2"], str)
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""], float_precision="round_trip")


@pytest.fixture(scope="module", params=["bubil", "isic_1718"])
def golden(request, reference, tmp_path_factory) -> tuple[str, Path]:
    """Name of a golden set, and an output folder that holds it as it is before the agreement is computed."""
    folder, output = reference / "golden" / request.param, tmp_path_factory.mktemp(request.param)
    raw = pd.read_csv(folder / "raw" / "raw_ISIC_segmasks_metadata.csv", dtype=str).set_index("mskObjectID")["filename"]
    for name in ("metadata", "seg_masks"):
        (output / name).mkdir()
    for name in (f"{PREFIX}img_metadata.csv", f"{SUBSET}seg_metadata.csv"):
        (output / "metadata" / name).write_bytes((folder / "expected" / name).read_bytes())
    for row in read(output / "metadata" / f"{SUBSET}seg_metadata.csv").itertuples():
        is_human = row.annotator not in CONSENSUS
        mask = folder / "raw" / "segs" / raw[row.mskObjectID] if is_human else None
        (output / "seg_masks" / row.seg_filename).symlink_to(
            mask or folder / "expected" / "consensus" / row.seg_filename
        )
    return request.param, output


@pytest.fixture(scope="module", params=TOLERANCES)
def tables(request, golden) -> tuple[str, float, dict[str, pd.DataFrame]]:
    """Name of the set, tolerance, and the tables of agreement, with the subset's metadata."""
    name, output = golden
    succeed("compute_IAA_metrics", output, f"nsd_tolerance={request.param}", "cache_dir=null")
    names = ("seg_metadata", "IAA_metrics", "image_agreement", "mask_agreement")
    return name, request.param, {table: read(output / "metadata" / f"{SUBSET}{table}.csv") for table in names}


@pytest.fixture(scope="module")
def accepted(reference) -> dict[str, dict]:
    """Value, tolerance and source by name."""
    rows = json.loads((reference / "reference_statistics" / "acceptance.json").read_text(encoding="utf-8"))
    return {row["name"]: row for row in rows}


def close(ours: pd.Series, expected: pd.Series, tolerance: float = 1e-12) -> None:
    assert len(ours) == len(expected) > 0
    np.testing.assert_allclose(ours.to_numpy(float), expected.to_numpy(float), rtol=0, atol=tolerance)


def test_borders_at_a_tolerance(reference, tables):
    name, tolerance, found = tables
    objects = found["seg_metadata"].set_index("seg_filename")["mskObjectID"]
    pairs = human_pairs_only(found["IAA_metrics"])
    pairs = pairs.assign(**{f"mskObjectID{place}": objects[pairs[f"mask{place}"]].to_numpy() for place in "12"})
    expected = read(reference / "reference_statistics" / f"{name}_pairs_boundary.csv")
    both = pairs.merge(expected, on=["mskObjectID1", "mskObjectID2"], validate="one_to_one")

    assert len(both) == len(pairs) == len(expected)
    close(both["nsd_score"], both[f"nsd_{tolerance}"])
    close(both["bf1_score"], both[f"bf1_{tolerance}"])


def test_agreement_of_images_in_metadata_order(reference, tables):
    name, _, found = tables
    expected = read(reference / "reference_statistics" / "golden_image_agreement.csv").query("set == @name")
    ours, expected = found["image_agreement"], expected.set_index("image")

    assert tuple(ours.columns) == IMAGE_AGREEMENT_COLUMNS
    assert ours["ISIC_id"].tolist() == found["seg_metadata"]["ISIC_id"].unique().tolist()
    assert len(ours) == len(expected)
    expected = expected.loc[ours["ISIC_id"]]
    for column, theirs in OF_IMAGES.items():
        close(ours[column], expected[theirs], 1e-9 if column == "kappa" else 1e-12)
    if name == "isic_1718":  # with one mask a person it is what statsmodels computes from the pixels
        assert (expected["n_masks"] == expected["n_persons"]).all()
        close(ours["kappa"], expected["fleiss_statsmodels"], 1e-9)


def test_means_over_a_golden_set_are_the_accepted_ones(accepted, tables):
    name, tolerance, found = tables
    images, masks, pairs = found["image_agreement"], found["mask_agreement"], inter_pairs_only(found["IAA_metrics"])
    of_images = pairs.groupby("img_id")[["dice_score", "nsd_score", "assd_score", "hd95_score"]].mean().mean()
    means = {f"pixels.{name}.{theirs}": images[ours].mean() for ours, theirs in list(OF_IMAGES.items())[3:]}
    if (images["num_masks"] == images["num_annotators"]).all():  # each mask is a person's, and counts as one
        of_masks = {"generalised_conformity_index": "gci", "dice_pooled": "dice_pooled", "kappa": "fleiss_closed"}
        means |= {f"pixels.{name}.{theirs}": images[ours].mean() for ours, theirs in of_masks.items()}
        of_pairs_with_others = {"mean_dice_with_others": of_images["dice_score"]}
        of_others = {"dice_with_majority_of_others": masks["dice_to_others"].mean()}
        means[f"leave_one_out.{name}"] = of_pairs_with_others | of_others
    of_pairs = {f"nsd_{tolerance}": "nsd_score", "assd_px": "assd_score", "hd95_px": "hd95_score"}
    means[f"boundary.{name}"] = {theirs: of_images[ours] for theirs, ours in of_pairs.items()}

    assert len(means) == (6 if name == "bubil" else 10)
    for value_name, ours in means.items():
        value, within = accepted[value_name]["value"], accepted[value_name]["tolerance"]
        expected = value if isinstance(value, float) else {key: value[key] for key in ours}
        assert ours == pytest.approx(expected, rel=0, abs=within), value_name


def test_diversity_and_energy_distances_follow_from_the_pairs(tables):
    _, _, found = tables
    ours = found["image_agreement"].set_index("img_filename")
    for image, pairs in found["IAA_metrics"].groupby("img_id"):
        distance = 1 - pairs["jaccard_score"]
        consensus = pairs[["annotator1", "annotator2"]].isin(CONSENSUS)
        humans, masks = distance[~consensus.any(axis=1)], ours.loc[image, "num_masks"]
        assert ours.loc[image, "diversity"] == pytest.approx(humans.mean(), rel=1e-12)
        for label in CONSENSUS:
            to_consensus = distance[(pairs["annotator2"] == label) & ~consensus["annotator1"]]
            expected = 2 * to_consensus.mean() - 2 * humans.sum() / masks**2
            assert ours.loc[image, f"ged2_{label}"] == pytest.approx(expected, abs=1e-12)


def test_agreement_of_masks_in_metadata_order(reference, tables):
    name, _, found = tables
    folder = reference / "reference_statistics"
    expected, areas = read(folder / f"{name}_masks_to_others.csv"), read(folder / "golden_areas.csv")
    ours, humans = found["mask_agreement"], humans_only(found["seg_metadata"])

    assert tuple(ours.columns) == MASK_AGREEMENT_COLUMNS
    pd.testing.assert_frame_equal(ours[humans.columns], humans.reset_index(drop=True))
    both = ours.merge(expected, on=["ISIC_id", "mskObjectID"], suffixes=("", "_expected"), validate="one_to_one")
    assert len(both) == len(ours) == len(expected)
    for column in expected.columns[2:]:
        close(both[column], both[f"{column}_expected"])
    both = ours.merge(areas, on="seg_filename", suffixes=("", "_expected"))
    assert len(both) == len(ours) and both["area"].equals(both["area_expected"])
    persons = humans.groupby("ISIC_id")["annotator"].nunique()
    assert ours["other_annotators"].tolist() == (persons[ours["ISIC_id"]] - 1).tolist()


def test_areas_of_images_are_those_of_their_masks(tables):
    _, _, found = tables
    areas = found["mask_agreement"].groupby("ISIC_id")["area"]
    ours = found["image_agreement"].set_index("ISIC_id")
    close(ours["area_mean"], areas.mean()[ours.index])
    close(ours["area_cv"], (areas.std() / areas.mean())[ours.index])


def test_diversity_and_energy_distances_of_the_released_pairs(reference, accepted):
    folder = reference / "reference_statistics"
    expected = read(folder / "published_diversity_ged.csv.gz").set_index("isic_id")
    pairs = read(reference / "published" / f"{SUBSET}IAA_metrics.csv.gz")
    subset = read(reference / "published" / f"{SUBSET}seg_metadata.csv.gz")
    jaccards = {
        frozenset(masks): value
        for *masks, value in pairs[["mask1", "mask2", "jaccard_score"]].itertuples(index=False, name=None)
    }
    found = {}
    for isic_id, rows in subset.groupby("ISIC_id"):
        of_pairs = [jaccards[frozenset(masks)] for masks in combinations(rows["seg_filename"], 2)]
        found[isic_id] = disagreement_of_masks(rows["annotator"].tolist(), of_pairs)
    ours = pd.DataFrame(found).T

    assert len(ours) == len(expected) == 2394
    for column in ("diversity", "ged2_ST", "ged2_MV"):
        close(ours[column], expected.loc[ours.index, column])
        value = accepted[f"ged.{column}"]
        assert ours[column].mean() == pytest.approx(value["value"], rel=0, abs=value["tolerance"])
