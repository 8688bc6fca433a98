"""Partitions of the released images, against those that an independent implementation made."""

from __future__ import annotations

import pytest
from support.files import table_rows
from support.run import run_here, succeed

from utils.id_lists import read_lists
from utils.tables import read_table

PARTITIONS = "IMAplusplus_partitions.csv"


@pytest.fixture(scope="module")
def released(reference) -> list[str]:
    """Arguments that point the stages at the released tables and lists."""
    folder = reference / "published"
    return [
        f"output_img_metadata_path={folder / 'IMAplusplus_img_metadata.csv.gz'}",
        f"output_seg_masks_metadata_path={folder / 'IMAplusplus_seg_metadata.csv.gz'}",
        f"image_level_metrics_path={folder / 'IMAplusplus_multiannotator_subset_image_level_metrics.csv.gz'}",
        f"other_datasets_dir={folder / 'other_dataset_ids'}",
    ]


@pytest.fixture(scope="module")
def made(released, tmp_path_factory):
    output = tmp_path_factory.mktemp("partitions")
    succeed("create_partitions", output, *released)
    return output


@pytest.fixture(scope="module")
def expected(reference) -> list[dict[str, str]]:
    return read_table(reference / "reference_statistics" / "partitions_seed_0.csv.gz").to_dict("records")


def test_every_image_is_where_the_reference_has_it(made, expected):
    rows = table_rows(made / "metadata" / PARTITIONS)
    assert len(rows) == 14967
    assert [(row["ISIC_id"], row["partition"], row["cluster"], row["num_masks"]) for row in rows] == [
        (row["ISIC_id"], row["partition"], row["cluster"], row["n_masks"]) for row in expected
    ]


def test_labels_of_100_and_more_are_within_three_quarters_of_a_point(made):
    rows = table_rows(made / "metadata" / "IMAplusplus_partition_balance.csv")
    counts = {
        (row["images"], row["partition"]): int(row["count"]) for row in rows if row["label"] == "number of images"
    }
    assert [counts["all", name] for name in ("train", "val", "test")] == [10477, 1497, 2993]
    assert [counts["several masks", name] for name in ("train", "val", "test")] == [1675, 240, 479]
    deviations = [abs(float(row["deviation"])) for row in rows if int(row["total"]) >= 100]
    assert len(deviations) == 3 * 35
    assert max(deviations) == pytest.approx(0.74, abs=0.005)


def test_tables_for_training_have_the_released_agreement(made, reference):
    name = "IMAplusplus_multiannotator_subset_image_level_metrics.csv.gz"
    dice = {
        row["img_id"]: row["dice_score_mean"] for row in read_table(reference / "published" / name).to_dict("records")
    }
    tables = [table_rows(made / "metadata" / "partitions" / f"{name}.csv") for name in ("train", "val", "test")]
    assert [len(table) for table in tables] == [1675, 240, 479]
    rows = [row for table in tables for row in table]
    assert all(float(row["dice_score_mean"]) == float(dice[row["image"]]) for row in rows)
    malignancy = [row["malignancy"] for row in rows]
    assert [malignancy.count(value) for value in ("1", "0", "")] == [505, 1874, 15]


def test_the_test_list_of_isic_2018_is_a_column(made, reference):
    rows = table_rows(made / "metadata" / PARTITIONS)
    ids = {row["ISIC_id"] for row in rows if row["ISIC2018/test"] == "1"}
    assert len(ids) == 968
    assert ids <= read_lists(reference / "published" / "other_dataset_ids")["ISIC2018"]["test"]


def test_the_reference_is_clean_and_a_random_partition_is_not(released, reference, expected, tmp_path):
    given = reference / "reference_statistics" / "partitions_seed_0.csv.gz"
    text = succeed("check_partitions", tmp_path, *released, f"partitions={given}")
    assert "no leak found: 10477 train, 2993 test, 1497 val" in text
    assert "659 images of the list ISIC2018/test are in train" in text
    shuffled = tmp_path / "shuffled.csv"
    parts = ["test" if place % 5 == 0 else "train" for place in range(len(expected))]
    lines = [f"{row['ISIC_id']},{part}" for row, part in zip(expected, parts, strict=True)]
    shuffled.write_text("\n".join(["image,fold", *lines]))
    code, text = run_here("check_partitions", tmp_path, *released, f"partitions={shuffled}")
    assert code == 1
    leaking = {row["cluster"] for row in expected} - _whole(expected, parts)
    assert f"cluster in several parts: {len(leaking)};" in text
    assert all(f"- cluster {name}: " in text for name in leaking)


def _whole(expected: list[dict[str, str]], parts: list[str]) -> set[str]:
    """Return the clusters of which all images are in one part."""
    of_cluster: dict[str, set[str]] = {}
    for row, part in zip(expected, parts, strict=True):
        of_cluster.setdefault(row["cluster"], set()).add(part)
    return {name for name, found in of_cluster.items() if len(found) == 1}
