"""What a partition is to balance, counted by hand."""

from __future__ import annotations

import pandas as pd
from support.partition_tables import image_table, masks_of

from utils.partitions.labels import ALL, ONE, SEVERAL, ImageLabels, Label, diagnoses, image_labels

IMAGES = image_table(["", "", "", "", ""], diagnoses=["Malignant", "BENIGN ", "Indeterminate", "", "Benign"])


def totals(labels: ImageLabels) -> dict[Label, int]:
    return dict(zip(labels.names, labels.totals.tolist(), strict=True))


def test_images_with_several_masks_and_with_one_are_counted_apart():
    labels = image_labels(IMAGES, masks_of(IMAGES, ["ab", "abcde", "a", "b", "abc"]))

    assert totals(labels) == {
        Label(ALL, "number of images", ""): 5,
        Label(SEVERAL, "number of images", ""): 3,
        Label(SEVERAL, "diagnosis", "benign"): 2,
        Label(SEVERAL, "diagnosis", "malignant"): 1,
        Label(SEVERAL, "number of masks", "2"): 1,
        Label(SEVERAL, "number of masks", "3"): 1,
        Label(SEVERAL, "number of masks", "4 or more"): 1,
        # Ten masks of one tool and skill level on images with several; no annotator has so many.
        Label(SEVERAL, "tool", "T1"): 10,
        Label(SEVERAL, "skill_level", "S1"): 10,
        Label(ONE, "number of images", ""): 2,
        Label(ONE, "diagnosis", "other"): 2,
    }
    assert labels.num_masks.tolist() == [2, 5, 1, 1, 3]


def test_masks_are_counted_and_not_images():
    images, a = image_table([""] * 4), Label(SEVERAL, "annotator", "a")
    labels = image_labels(images, masks_of(images, ["aaa", "aaaa", "aaab", "b"]))

    of_image = zip(labels.image.tolist(), labels.label.tolist(), labels.times.tolist(), strict=True)
    assert totals(labels)[a] == 10
    assert [(image, times) for image, label, times in of_image if labels.names[label] == a] == [(0, 3), (1, 4), (2, 3)]
    assert (a.unit, Label(ONE, "diagnosis", "other").unit) == ("masks", "images")


def test_labels_of_fewer_than_ten_masks_are_left_out():
    images, a = image_table([""] * 4), Label(SEVERAL, "annotator", "a")
    assert a not in totals(image_labels(images, masks_of(images, ["aaa", "aaa", "aaab", "b"])))


def test_a_table_without_diagnoses_has_others_only():
    assert diagnoses(pd.DataFrame({"isic_id": ["a", "b"]})).tolist() == ["other", "other"]


def test_no_images_have_no_labels():
    images = image_table([])
    labels = image_labels(images, masks_of(images, []))
    assert (labels.names, labels.totals.size, labels.image.size) == ([], 0, 0)
