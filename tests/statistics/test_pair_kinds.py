"""Kinds of pairs, sets of annotators, and numbers of masks, counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from support.statistics_tables import all_pairs_of, mask_rows, tables_of

from utils.errors import PipelineError
from utils.statistics.clusters import image_clusters
from utils.statistics.pair_kinds import classified_pairs, looked_up, masks_of_image, sets_of_image, unordered_names

ROWS = [
    ("I1", "A01"), ("I1", "A00"), ("I1", "A01", "T3", "S2"), ("I1", "ST", "ST", "ST"),
    ("I2", "A02"), ("I2", "A02", "T3"),
]  # fmt: skip


def test_pairs_are_inter_intra_or_conflicting():
    pairs = tables_of(ROWS).pairs

    kinds = list(pairs[["annotator1", "annotator2", "inter", "conflicting"]].itertuples(index=False, name=None))
    assert kinds == [
        ("A01", "A00", True, False),
        ("A01", "A01", False, True),
        ("A00", "A01", True, False),
        ("A02", "A02", False, False),
    ]
    assert pairs["ISIC_id"].tolist() == ["I1", "I1", "I1", "I2"]


def test_an_image_without_metadata_is_a_cluster_of_its_own():
    tables = tables_of(ROWS)
    known = image_clusters(pd.DataFrame({"isic_id": ["I0", "I1"], "patient_id": ["p", "p"]}))

    pairs = classified_pairs(tables.all_pairs, tables.subset, known)

    assert pairs["cluster"].tolist() == ["I0", "I0", "I0", "I2"]


def test_pairs_of_images_that_the_subset_lacks_are_refused():
    tables = tables_of(ROWS)
    with pytest.raises(PipelineError, match="I1.JPG") as caught:
        classified_pairs(tables.all_pairs, tables.subset[tables.subset["ISIC_id"] == "I2"], pd.Series(dtype=object))
    assert caught.value.offenders == ["I1.JPG"]


def test_names_of_pairs_do_not_depend_on_their_order():
    pairs = tables_of(ROWS).pairs
    assert list(unordered_names(pairs["annotator1"], pairs["annotator2"])) == [
        "A00-A01", "A01-A01", "A00-A01", "A02-A02",
    ]  # fmt: skip


def test_sets_name_an_annotator_as_often_as_they_outlined_the_image():
    subset = mask_rows(ROWS)
    assert sets_of_image(subset, "annotator").to_dict() == {"I1": "A00+A01+A01", "I2": "A02+A02"}
    assert sets_of_image(subset, "annotator", "tool")["I1"] == "A00 T1+A01 T1+A01 T3"


def test_masks_are_counted_by_image():
    assert masks_of_image(tables_of(ROWS).pairs).tolist() == [3, 3, 3, 2]


def test_values_are_looked_up_by_name():
    pairs = tables_of(ROWS).pairs
    assert looked_up(pairs["ISIC_id"], pd.Series({"I2": 2.0, "I9": 9.0})).tolist()[3] == 2.0
    assert pd.isna(looked_up(pairs["ISIC_id"], pd.Series({"I2": 2.0}))[0])


def test_no_pairs_give_no_pairs():
    subset = mask_rows([("I1", "A00"), ("I1", "ST", "ST", "ST")])
    assert classified_pairs(all_pairs_of(subset, lambda *_: 1.0), subset, pd.Series(dtype=object)).empty
