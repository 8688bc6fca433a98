"""A finished run as one object: tables joined by id, masks by annotator, partitions, and use by a data loader."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from support.small_set import SMALL_ROWS

import utils
from utils.dataset.dataset import Dataset
from utils.errors import ConfigError, PipelineError
from utils.metrics import pairwise_agreement

DRAWN = {row[2]: row[5] for row in SMALL_ROWS}
THREE, DISJOINT, ALONE = "IMG_01", "IMG 02 ü", "IMG_03"


@pytest.fixture(scope="module")
def dataset(small_run) -> Dataset:
    return Dataset(small_run)


@pytest.fixture
def parted(rerun) -> Dataset:
    ids = list(Dataset(rerun).images.index)
    rows = pd.DataFrame({"ISIC_id": ids, "partition": ["test", *["train"] * (len(ids) - 1)], "cluster": ids})
    rows.to_csv(rerun / "metadata" / "IMAplusplus_partitions.csv", index=False)
    return Dataset(rerun, choose="MV")


def test_the_package_names_it():
    assert utils.Dataset is Dataset
    assert not hasattr(utils, "Datasets")


def test_images_join_the_tables_by_id(dataset):
    images = dataset.images
    assert list(images.index) == dataset.ids and len(dataset) == len(images) == 4
    assert images.loc[THREE, "img_filename"] == "IMG_01.JPG"
    assert images.loc[THREE, "num_pairs"] == 3 and images.loc[THREE, "num_annotators"] == 3
    assert images.loc[DISJOINT, "dice_score_mean"] == 0
    assert np.isnan(images.loc[ALONE, "dice_score_mean"])
    assert not any(name.endswith(("_x", "_y")) and name not in ("pixels_x", "pixels_y") for name in images)


def test_masks_have_their_agreement_with_the_others(dataset):
    masks = dataset.masks.loc[lambda table: table["mskObjectID"] == "b1"].iloc[0]
    assert masks["dice_to_others"] == 0 and masks["area"] == DRAWN["b1"].sum()
    assert set(dataset.masks.loc[lambda table: table["ISIC_id"] == THREE, "annotator"]) == {
        "A00",
        "A01",
        "A02",
        "ST",
        "MV",
    }


def test_an_image_gives_photo_masks_votes_and_consensus(dataset):
    image = dataset[THREE]
    drawn = [DRAWN[name] for name in ("5841e138", "001", "NA")]
    assert image.photo.shape == (*drawn[0].shape, 3) and image.photo.dtype == np.uint8
    assert list(image.masks) == ["A00", "A01", "A02"]
    for mask, expected in zip(image.masks.values(), drawn, strict=True):
        np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(image.votes, np.sum(drawn, axis=0))
    np.testing.assert_array_equal(image.soft_label, np.sum(drawn, axis=0).astype(np.float32) / np.float32(3))
    assert image.votes.dtype == np.uint16 and image.soft_label.dtype == np.float32
    np.testing.assert_array_equal(image.consensus("ST"), drawn[0])
    np.testing.assert_array_equal(image.consensus("MV"), np.sum(drawn, axis=0) >= 2)


def test_its_agreement_is_that_of_its_masks(dataset):
    image = dataset[THREE]
    masks = [*image.masks.values(), image.consensus("ST"), image.consensus("MV")]
    computed = pairwise_agreement(masks)
    assert list(image.agreement["dice_score"]) == [pair["dice_score"] for pair in computed]
    assert dataset[ALONE].agreement.empty


def test_a_single_mask_is_its_own_consensus(dataset):
    image = dataset[ALONE]
    for label in ("ST", "MV"):
        np.testing.assert_array_equal(image.consensus(label), DRAWN["d1"])
    with pytest.raises(PipelineError, match="no such consensus"):
        image.consensus("A00")


def test_a_consensus_that_failed_is_not_replaced(rerun):
    path = rerun / "metadata" / "IMAplusplus_seg_metadata.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows[rows["annotator"] != "ST"].to_csv(path, index=False)
    with pytest.raises(PipelineError, match="no ST mask"):
        Dataset(rerun)[THREE].consensus("ST")


def test_the_second_mask_by_one_annotator_has_a_name_of_its_own(rerun):
    path = rerun / "metadata" / "IMAplusplus_seg_metadata.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows.assign(annotator=rows["annotator"].replace("A02", "A00")).to_csv(path, index=False)
    assert list(Dataset(rerun)[THREE].masks) == ["A00", "A01", "A00#2"]


def test_partitions_are_datasets(parted):
    train, test = parted.partition("train"), parted.partition("test")
    assert [*test.ids, *train.ids] == parted.ids and len(train) == len(parted) - 1
    assert set(train.masks["ISIC_id"]) <= set(train.ids) and train.choose == "MV"
    assert [image.isic_id for image in train] == train.ids
    with pytest.raises(KeyError, match="not among the 1 images"):
        test[train.ids[0]]
    with pytest.raises(PipelineError, match="no such partition") as raised:
        parted.partition("validation")
    assert "test, train" in str(raised.value)


def test_parts_of_a_subclass_are_of_the_subclass(parted):
    class Small(Dataset):
        def __getitem__(self, which):
            return "small"

    for part in (Small(parted.config.output_dir).partition("train"), Small(parted.config.output_dir).only([THREE])):
        assert type(part) is Small and part[0] == "small"


def test_ids_are_in_the_dataset_and_its_parts(parted):
    first, *others = parted.ids
    assert first in parted and "IMG" not in parted and 0 not in parted
    assert first not in parted.partition("train") and others[0] in parted.partition("train")


def test_lists_of_other_datasets_are_numbers(parted):
    table = parted.config.partitions_path
    pd.read_csv(table, dtype=str).assign(**{"ISIC2018/test": ["1", "0", "0", "1"]}).to_csv(table, index=False)
    assert (Dataset(parted.config.output_dir).images["ISIC2018/test"] == 0).sum() == 2


def test_an_image_without_masks_is_told(rerun):
    table = rerun / "metadata" / "IMAplusplus_seg_metadata.csv"
    masks = pd.read_csv(table, dtype=str, keep_default_na=False)
    masks[masks["ISIC_id"] != ALONE].to_csv(table, index=False)
    with pytest.raises(PipelineError, match=f"{ALONE} has no masks"):
        Dataset(rerun)[ALONE]


def test_without_partitions_it_says_which_stage_makes_them(dataset):
    with pytest.raises(PipelineError, match="create_partitions"):
        dataset.partition("train")


@pytest.mark.parametrize(
    ("choose", "shape", "dtype"),
    [("all", 3, bool), ("random", 2, bool), ("ST", 2, bool), ("MV", 2, bool), ("soft", 2, np.float32)],
)
def test_a_place_gives_photo_and_target(small_run, choose, shape, dtype):
    dataset = Dataset(small_run, choose=choose)
    for place in range(len(dataset)):
        photo, target = dataset[place]
        assert target.ndim == shape and target.dtype == dtype and target.shape[-2:] == photo.shape[:2]
    with pytest.raises(IndexError):
        dataset[len(dataset)]


def test_random_targets_follow_seed_and_epoch(small_run):
    def drawn(seed: int, epoch: int) -> list[bytes]:
        dataset = Dataset(small_run, choose="random", seed=seed).only([THREE])
        dataset.set_epoch(epoch)
        return [dataset[0][1].tobytes()]

    rounds = [(seed, epoch) for seed in range(4) for epoch in range(5)]
    assert [drawn(*each) for each in rounds] == [drawn(*each) for each in rounds]
    assert len({drawn(0, epoch)[0] for epoch in range(20)}) == 3, "each mask has its turn"
    assert len({tuple(drawn(seed, epoch)[0] for epoch in range(5)) for seed in range(4)}) > 1


def test_a_pickled_dataset_is_small_and_goes_on(parted):
    dataset = parted.partition("train")
    expected = dataset[0]
    packed = pickle.dumps(dataset)
    assert b"pandas" not in packed  # no table goes with it: what is left are paths, which 3.14 writes in parts
    assert len(packed) < 20_000
    np.testing.assert_equal(pickle.loads(packed)[0], expected)


def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    dataset = Dataset(tmp_path)
    with pytest.raises(PipelineError, match="create_dataset"):
        len(dataset)


def test_wrong_arguments_are_told(small_run, tmp_path):
    with pytest.raises(PipelineError, match="output folder does not exist"):
        Dataset(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="choice of targets"):
        Dataset(small_run, choose="mean")
    with pytest.raises(ConfigError, match="masks_folder"):
        Dataset(small_run, masks_folder="x")
    with pytest.raises(KeyError, match="ISIC_99"):
        Dataset(small_run)["ISIC_99"]
    with pytest.raises(KeyError, match="ISIC_99"):
        Dataset(small_run).only(["ISIC_99"])


def test_folders_of_another_name_are_given_by_their_keys(rerun):
    (rerun / "seg_masks").rename(rerun / "outlines")
    dataset = Dataset(rerun, new_dataset_masks_dir=rerun / "outlines")
    np.testing.assert_array_equal(dataset[ALONE].masks["A00"], DRAWN["d1"])
