"""Areas from masks and from Dice with the union, against drawn masks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.statistics_tables import all_pairs_of, mask_rows, tables_of

from utils.metrics import pairwise_agreement
from utils.statistics.areas import log_area_ratios, log_areas, log_areas_in_union

CELLS = st.lists(st.booleans(), min_size=12, max_size=12)


def pairs_of_masks(subset: pd.DataFrame, masks: dict[str, np.ndarray]) -> pd.DataFrame:
    return all_pairs_of(subset, lambda *names: pairwise_agreement([masks[name] for name in names])[0]["dice_score"])


@given(CELLS, CELLS)
def test_dice_with_the_union_gives_the_share_of_it(first, second):
    subset = mask_rows([("I1", "A00"), ("I1", "A01"), ("I1", "MV", "MV", "MV"), ("I1", "ST", "ST", "ST")])
    drawn = [np.array(cells).reshape(3, 4) for cells in (first, second)]
    masks = dict(zip(subset["seg_filename"], [*drawn, drawn[0] | drawn[1], drawn[0]], strict=True))

    found = log_areas_in_union(pairs_of_masks(subset, masks), subset)

    union = (drawn[0] | drawn[1]).sum()
    assert set(found.index) == set(subset["seg_filename"][:2])
    for name in found.index:
        area = masks[name].sum()
        if area:
            assert found[name] == pytest.approx(np.log(area / union))
        else:  # two empty masks have Dice 1 with their empty union, and no areas to compare
            assert np.isnan(found[name]) or union == 0


def test_only_images_with_two_masks_tell_of_areas():
    rows = [("I1", "A00"), ("I1", "A01"), ("I1", "A02"), ("I1", "MV", "MV", "MV")]
    assert log_areas_in_union(tables_of(rows).all_pairs, mask_rows(rows)).empty


def test_the_vote_may_stand_on_either_side_of_a_pair():
    rows = [("I1", "MV", "MV", "MV"), ("I1", "A00"), ("I1", "A01")]
    tables = tables_of(rows, [0.8, 1.0, 0.8])

    found = log_areas_in_union(tables.all_pairs, tables.subset)

    assert np.exp(found).tolist() == pytest.approx([0.8 / 1.2, 1.0])


def test_ratios_are_of_two_annotators_and_of_masks_that_are_not_empty():
    tables = tables_of([("I1", "A00"), ("I1", "A00"), ("I1", "A01"), ("I1", "A02")])
    areas = log_areas(pd.DataFrame({"seg_filename": tables.subset["seg_filename"], "area": [20.0, 10.0, 5.0, 0.0]}))

    ratios = log_area_ratios(tables.pairs, areas)

    assert np.exp(ratios["log_ratio"]).tolist() == pytest.approx([4, 2])
    assert list(ratios["annotator2"]) == ["A01", "A01"]
