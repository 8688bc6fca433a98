"""The stage that judges partitions: each kind of leak is named, and what is clean passes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from support.drawing import encoded
from support.files import table_rows, write_file
from support.partition_tables import image_table, masks_of, write_dataset
from support.run import run_here, succeed

STAGE = "check_partitions"
CLEAN = {"I00": "train", "I01": "train", "I02": "val", "I03": "test", "I04": "train", "I05": "test"}


@pytest.fixture
def dataset(tmp_path):
    """Write six images: I00 and I01 are of one patient, I01 and I04 of one lesion."""
    images = image_table(["p", "p", "", "", "", ""], ["", "x", "", "", "x", ""])
    write_dataset(tmp_path, images, masks_of(images, ["ab", "a", "b", "a", "ab", "a"]))
    return tmp_path


def partition(output, parts: dict[str, str]) -> str:
    lines = ["who,where", *(f"{name},{part}" for name, part in parts.items())]
    return f"partitions={write_file(output / 'mine.csv', chr(10).join(lines))}"


def findings(output) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in table_rows(output / "metadata" / "partition_check.csv")]


def picture(seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (9, 12), dtype=np.uint8)
    return Image.fromarray(pixels).resize((160, 120), Image.Resampling.BICUBIC)


def put_image(output, name: str, image: Image.Image, **options) -> None:
    write_file(output / "images" / f"{name}.JPG", encoded(image, "JPEG", **options))


def test_what_create_partitions_makes_is_clean(dataset):
    succeed("create_partitions", dataset)
    text = succeed(STAGE, dataset)
    assert "no leak found" in text and findings(dataset) == []
    files = ",".join(str(dataset / "metadata" / "partitions" / f"{name}.csv") for name in ("train", "val", "test"))
    assert "no leak found" in succeed(STAGE, dataset, f"partitions=[{files}]")


def test_a_clean_partition_passes_with_its_sizes_and_balance(dataset):
    text = succeed(STAGE, dataset, partition(dataset, CLEAN))
    assert "no leak found: 3 train, 1 val, 2 test" in text
    balance = table_rows(dataset / "metadata" / "partition_check_balance.csv")
    train = [row for row in balance if (row["images"], row["partition"]) == ("all", "train")]
    assert [(row["count"], row["target_percent"]) for row in train] == [("3", "50.0")]


def test_clusters_in_two_parts_are_named_with_their_images(dataset):
    code, text = run_here(STAGE, dataset, partition(dataset, CLEAN | {"I04": "test"}))
    assert code == 1
    assert "cluster I00: I00 (train), I01 (train), I04 (test)" in text and "cluster in several parts: 1;" in text
    assert [row[:3] for row in findings(dataset)] == [
        ("cluster in several parts", "I00", "train"),
        ("cluster in several parts", "I01", "train"),
        ("cluster in several parts", "I04", "test"),
    ]


def test_unknown_ids_and_images_in_two_parts_are_named(dataset):
    text = "who,where\nI02,train\nI02,test\nI77,val\n"
    code, shown = run_here(STAGE, dataset, f"partitions={write_file(dataset / 'mine.csv', text)}")
    assert code == 1
    assert "unknown id: I77 (val)" in shown and "image in several parts: I02 (train, test)" in shown
    assert "5 images of the dataset are in no part" in shown


def test_images_in_no_part_are_a_warning(dataset):
    text = succeed(STAGE, dataset, partition(dataset, {"I02": "a", "I03": "b"}))
    assert "4 images of the dataset are in no part" in text
    assert [row[1] for row in findings(dataset)] == ["I00", "I01", "I04", "I05"]


def test_equal_and_near_equal_files_in_two_parts_are_named(dataset):
    for name in CLEAN:
        put_image(dataset, name, picture(int(name[1:])))
    put_image(dataset, "I02", picture(1))
    put_image(dataset, "I05", picture(4).resize((320, 240)), quality=60)

    code, text = run_here(STAGE, dataset, partition(dataset, CLEAN))

    assert code == 1
    assert "equal files in two parts: I01 (train) and I02 (val)" in text
    assert "near-equal files in two parts: I04 (train) and I05 (test): " in text
    assert "no leak found" in succeed(STAGE, dataset, partition(dataset, CLEAN), "near_equal_bits=null")


def test_equal_files_in_one_part_are_no_leak(dataset):
    for name in ("I00", "I01"):
        put_image(dataset, name, picture(1))
    text = succeed(STAGE, dataset, partition(dataset, CLEAN))
    assert "files of 2 of 6 images compared" in text


def test_a_damaged_image_is_named_and_the_others_compared(dataset):
    for name in CLEAN:
        put_image(dataset, name, picture(int(name[1:])))
    write_file(dataset / "images" / "I03.JPG", b"no image")
    assert "cannot be read are not compared: I03" in succeed(STAGE, dataset, partition(dataset, CLEAN))


def test_test_lists_of_other_datasets_in_the_training_part_are_a_warning(dataset):
    lists = dataset / "lists"
    write_file(lists / "ISIC2018" / "test.txt", "I00\nI04\nI05\n")
    write_file(lists / "ISIC2018" / "latest.txt", "I00\n")
    text = succeed(STAGE, dataset, partition(dataset, CLEAN), f"other_datasets_dir={lists}")
    assert "2 images of the list ISIC2018/test are in train" in text and "latest" not in text
    assert [row[1] for row in findings(dataset)] == ["I00", "I04"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("isic_train", "isic_test"), {("I00", "isic_train")}),
        (("isicTrain", "constrained"), {("I00", "isicTrain")}),
        (("train_a", "Train B"), {("I00", "train_a"), ("I04", "Train B")}),
        (("some", "more"), {("I04", "more")}),
    ],
)
def test_the_parts_for_training_are_those_called_so_or_the_largest(dataset, names, found):
    lists = dataset / "lists"
    write_file(lists / "Derm_Test" / "ids.txt", "I00\nI04\nI05\n")
    write_file(lists / "Latest" / "ids.txt", "I00\n")
    parts = {"I00": names[0], "I04": names[1], "I02": names[1], "I03": names[1]}
    run_here(STAGE, dataset, partition(dataset, parts), f"other_datasets_dir={lists}")
    tests = {row[1:3] for row in findings(dataset) if row[0] == "test image of another dataset"}
    assert tests == found


@pytest.mark.parametrize("order", [("train", "test"), ("test", "train")])
def test_an_image_of_several_parts_counts_in_each(dataset, order):
    put_image(dataset, "I02", picture(1))
    put_image(dataset, "I03", picture(1))
    write_file(dataset / "lists" / "ISIC2018" / "test.txt", "I02\n")
    rows = [f"I02,{part}" for part in order] + ["I00,test", "I01,train", "I04,test", "I03,val"]
    code, text = run_here(
        *(STAGE, dataset, f"partitions={write_file(dataset / 'mine.csv', chr(10).join(['who,where', *rows]))}"),
        f"other_datasets_dir={dataset / 'lists'}",
    )
    assert code == 1 and "1 images of the list ISIC2018/test are in train" in text
    assert "cluster I00: I00 (test), I01 (train), I04 (test)" in text and "cluster I02" not in text
    assert {(row[1], row[2]) for row in findings(dataset) if row[0].startswith("equal")} == {
        ("I02", "train"),
        ("I02", "test"),
    }


def test_a_missing_partition_is_named(dataset):
    code, text = run_here(STAGE, dataset)
    assert code == 1 and "IMAplusplus_partitions.csv" in text
    code, text = run_here(STAGE, dataset, f"partitions={dataset / 'none.csv'}")
    assert code == 1 and "none.csv" in text
