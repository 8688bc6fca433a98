"""The stage that makes partitions: its tables, few images, own data without ids, wrong input."""

from __future__ import annotations

import pytest
from support.files import table_rows, write_file
from support.partition_tables import IMAGES, MASKS, image_table, masks_of, write_dataset
from support.run import run_here, succeed
from support.trees import tree

STAGE = "create_partitions"
PARTITIONS = "IMAplusplus_partitions.csv"
METRICS = "IMAplusplus_multiannotator_subset_image_level_metrics.csv"


@pytest.fixture
def dataset(tmp_path):
    """Write twenty images, two patients with three of them each, and every other image with two masks."""
    patients = ["p", "q"] * 3 + [""] * 14
    diagnoses = ["Malignant", "Benign", "Indeterminate", ""] * 5
    images = image_table(patients, diagnoses=diagnoses)
    write_dataset(tmp_path, images, masks_of(images, ["ab", "a"] * 10))
    return tmp_path


def rows(output, name=PARTITIONS) -> list[dict[str, str]]:
    return table_rows(output / "metadata" / name)


def test_each_image_has_one_partition_and_clusters_stay_together(dataset):
    text = succeed(STAGE, dataset)

    table = rows(dataset)
    assert [row["ISIC_id"] for row in table] == [f"I{number:02d}" for number in range(20)]
    assert list(table[0]) == ["ISIC_id", "partition", "cluster", "num_masks"]
    assert [row["num_masks"] for row in table] == ["2", "1"] * 10
    for patient in (0, 1):
        assert len({row["partition"] for row in table[patient:6:2]}) == 1
    assert {row["cluster"] for row in table[0:6:2]} == {"I00"}
    sizes = [sum(row["partition"] == name for row in table) for name in ("train", "val", "test")]
    assert f"{' / '.join(map(str, sizes))} images in train / val / test" in text and "16 clusters" in text


def test_another_partition_elsewhere_leaves_the_first_alone(dataset):
    succeed(STAGE, dataset)
    before = tree(dataset)
    names = {"partitions_path": "b.csv", "partition_balance_path": "c.csv", "partitions_dir": "parts"}
    keys = [f"{key}={dataset / 'other' / name}" for key, name in names.items()]
    assert "removed" not in succeed(STAGE, dataset, "partition_seed=7", *keys)
    after = tree(dataset)
    assert {name: after[name] for name in before} == before and len(after) == len(before) + 5


def test_lists_of_other_datasets_are_columns(dataset):
    lists = dataset / "lists"
    write_file(lists / "ISIC2018" / "test.txt", "I03\nI05\nX\n")
    write_file(lists / "PH2" / "segs.txt", "IMD1\n")
    succeed(STAGE, dataset, f"other_datasets_dir={lists}")

    table = rows(dataset)
    assert list(table[0])[4:] == ["ISIC2018/test", "PH2/segs"]
    assert [row["ISIC_id"] for row in table if row["ISIC2018/test"] == "1"] == ["I03", "I05"]
    assert {row["PH2/segs"] for row in table} == {"0"}


def test_tables_for_training_hold_the_images_with_several_masks(dataset):
    write_file(dataset / "metadata" / METRICS, "img_id,dice_score_mean\nI00.JPG,0.1\nI02.JPG,0.30000000000000004\n")
    succeed(STAGE, dataset)

    found = {row["image"]: row for name in ("train", "val", "test") for row in rows(dataset, f"partitions/{name}.csv")}
    assert sorted(found) == [f"I{number:02d}.JPG" for number in range(0, 20, 2)]
    assert found["I00.JPG"] == {"image": "I00.JPG", "malignancy": "1", "dice_score_mean": "0.1"}
    assert found["I02.JPG"] == {"image": "I02.JPG", "malignancy": "", "dice_score_mean": "0.30000000000000004"}
    assert found["I04.JPG"]["dice_score_mean"] == ""
    for name in ("train", "val", "test"):
        of_partition = {row["ISIC_id"] for row in rows(dataset) if row["partition"] == name}
        assert {row["image"].removesuffix(".JPG") for row in rows(dataset, f"partitions/{name}.csv")} <= of_partition


def test_dice_stays_empty_with_a_warning_before_it_is_known(dataset):
    assert "dice_score_mean stays empty" in succeed(STAGE, dataset)
    assert {row["dice_score_mean"] for row in rows(dataset, "partitions/train.csv")} == {""}


def test_again_gives_the_same_bytes_and_another_seed_others(dataset):
    succeed(STAGE, dataset)
    first = tree(dataset)
    succeed(STAGE, dataset)
    assert tree(dataset) == first
    succeed(STAGE, dataset, "partition_seed=1")
    assert tree(dataset).keys() == first.keys() and tree(dataset) != first


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_few_images_of_data_without_ids(tmp_path, number):
    images = image_table([""] * number)[["isic_id"]]
    write_dataset(tmp_path, images, masks_of(images, ["ab"] * number))

    text = succeed(STAGE, tmp_path)

    assert len(rows(tmp_path)) == number
    assert f"{number} in {number} clusters are too few" in text
    assert all((tmp_path / "metadata" / "partitions" / f"{name}.csv").is_file() for name in ("train", "val", "test"))


def test_a_share_of_0_leaves_a_partition_empty_without_a_warning(dataset):
    text = succeed(STAGE, dataset, "partition_shares=80:0:20")
    assert "val" not in {row["partition"] for row in rows(dataset)}
    assert "too few" not in text and "images in train / test" in text


@pytest.mark.parametrize("shares", ["70:10", "0:0:0", "a:b:c", "1:-1:1", "", "70,10,20"])
def test_wrong_shares_are_refused_before_anything_is_read(tmp_path, shares):
    code, text = run_here(STAGE, tmp_path, f"partition_shares={shares}")
    assert code == 2
    assert "partition_shares" in text and "three numbers, not all 0, as in 70:10:20" in text


def test_shares_that_yaml_takes_for_a_time_are_refused(tmp_path):
    config = write_file(tmp_path / "mine.yaml", "partition_shares: 70:10:20\n")
    code, text = run_here(STAGE, tmp_path, "--dataset", config)
    assert code == 2 and "put it in quotes" in text


def test_tables_that_do_not_fit_are_named(dataset):
    images, masks = dataset / "metadata" / IMAGES, dataset / "metadata" / MASKS
    whole = images.read_text()
    images.write_text(whole + "I03,,,\n")
    code, text = run_here(STAGE, dataset)
    assert code == 1 and "Images have several rows" in text and "- I03" in text
    images.write_text(whole)
    masks.write_text(masks.read_text().replace("I03,", "I99,"))
    code, text = run_here(STAGE, dataset)
    assert code == 1 and "without a row in the image metadata" in text and "- I99" in text


def test_a_missing_table_names_the_stage_that_makes_it(tmp_path):
    code, text = run_here(STAGE, tmp_path)
    assert code == 1 and "run create_dataset first" in text
