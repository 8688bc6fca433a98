"""Tables of a release against recomputed ones: what counts as equal."""

from __future__ import annotations

import pandas as pd

from utils.release.compare_tables import compare_tables


def test_cells_that_are_empty_on_both_sides_are_equal_and_numbers_differ_beyond_rounding():
    def table(*values):
        return pd.DataFrame({"img_id": list("abcd"), "hd_score": values})

    nan = float("nan")
    released = table(nan, 1.0, 2.0 + 1e-11, 3.0 + 1e-12)

    found = compare_tables("pair", table(nan, nan, 2.0, 3.0), released, {"image": "img_id"}, ["hd_score"])

    assert [(row.image, row.expected, row.found) for row in found] == [("b", "", "1.0"), ("c", "2.0", "2.00000000001")]


def test_two_empty_tables_are_equal():
    empty = pd.DataFrame(columns=["img_id", "mask1", "mask2", "tool1"])
    keys = {"image": "img_id", "file": "mask1", "second_file": "mask2"}

    assert compare_tables("pair", empty, empty, keys) == []
