"""The balance of a partition, in fractions that can be seen."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
from support.partition_tables import image_table, masks_of

from utils.partitions.balance import BALANCE_COLUMNS, balance_table, deviation_in_words
from utils.partitions.labels import image_labels


def test_percents_and_deviations_are_these_fractions():
    images = image_table([""] * 4, diagnoses=["Malignant", "Benign", "Benign", "Benign"])
    labels = image_labels(images, masks_of(images, "aaaa"))
    shares = {"train": Fraction(3, 4), "test": Fraction(1, 4)}

    table = balance_table(labels, pd.Series(["test", "train", "train", "test"]), shares)

    assert tuple(table.columns) == BALANCE_COLUMNS
    rows = {tuple(row[:3]) + (row[5],): row[6:] for row in table.to_numpy().tolist()}
    assert rows["all", "number of images", "", "train"] == [2, 50.0, 75.0, -25.0]
    assert rows["one mask", "diagnosis", "malignant", "train"] == [0, 0.0, 75.0, -75.0]
    assert rows["one mask", "diagnosis", "benign", "test"] == [1, 100 / 3, 25.0, 100 / 3 - 25]


def test_images_in_no_part_do_not_count():
    images = image_table([""] * 4)
    labels = image_labels(images, masks_of(images, "aaaa"))

    table = balance_table(labels, pd.Series(["a", "b", "", ""]), {"a": 0.5, "b": 0.5})

    assert (table["total"] == 2).all() and (table["deviation"] == 0).all()
    assert balance_table(labels, pd.Series([""] * 4), {}).empty


def test_the_largest_deviation_is_of_a_common_label():
    images = image_table([""] * 100, diagnoses=["Malignant"] + ["Benign"] * 99)
    labels = image_labels(images, masks_of(images, "a" * 100))
    parts = pd.Series(["test"] * 21 + ["train"] * 79)

    table = balance_table(labels, parts, {"train": 0.8, "test": 0.2})

    assert deviation_in_words(table) == ["largest deviation 1.00 points (number of images, train)"]
    assert deviation_in_words(table[table["total"] < 100]) == []
