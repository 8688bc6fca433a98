"""Agreement of each two levels of a factor: by two annotators, by one annotator twice, and with a consensus mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd
from ..naming import CONSENSUS, MAJORITY_VOTE, STAPLE, human_pairs_only, humans_only
from . import cautions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pandas import DataFrame

ANNOTATORS, PART_AND_WHOLE, TWO_CONSENSUS = "annotators", "mask and consensus", "two consensus masks"
COLUMNS = (
    "metric",
    "level1",
    "level2",
    "compared",
    "pairs",
    "images",
    "mean",
    "inter_pairs",
    "inter_images",
    "inter_mean",
    "intra_pairs",
    "intra_images",
    "intra_mean",
    "caution",
)
_COUNTS = [f"{kind}{what}" for kind in ("", "inter_", "intra_") for what in ("pairs", "images")]
_ENDS = ("level1", "level2")
_CONSENSUS_LAST = {MAJORITY_VOTE: 1, STAPLE: 2}


def agreement_of_levels(
    pairs: DataFrame, factor: str, metrics: Sequence[str], said: Mapping[str, str] | None = None
) -> DataFrame:
    """Average metrics over the pairs of each two levels of a factor, in either order.

    Parameters
    ----------
    pairs : DataFrame
        img_id, annotator1, annotator2, ``{factor}1``, ``{factor}2`` and the metrics (float64); NaN is left out.
    factor : str
        tool, skill_level or annotator.
    metrics : sequence of str
        Columns to average.
    said : mapping of str to str, optional
        Caution of a level, as `cautions_of_levels` returns them.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row a metric and two levels that have pairs; levels in the order of `sorted_levels`, level1 not
        behind level2. compared: `ANNOTATORS`; `PART_AND_WHOLE`, a mask with a consensus that was made of it too; or
        `TWO_CONSENSUS`, two consensus of the same masks. Means are over pairs, in units of the metric: of all pairs;
        of those by two annotators (inter); of those by one annotator twice (intra). NaN without such pairs.
    """
    levels = sorted_levels(pairs[[f"{factor}1", f"{factor}2"]].to_numpy().ravel())
    codes = [pd.Categorical(pairs[f"{factor}{end}"], levels).codes for end in (1, 2)]
    ordered = pd.DataFrame(np.sort(np.column_stack(codes), axis=1), columns=_ENDS)
    consensus = sum(pairs[f"annotator{end}"].isin(CONSENSUS).to_numpy(int) for end in (1, 2))
    names = np.array([ANNOTATORS, PART_AND_WHOLE, TWO_CONSENSUS], dtype=object)
    same = (pairs["annotator1"] == pairs["annotator2"]).to_numpy()
    facts = ordered.assign(image=pd.factorize(pairs["img_id"])[0], compared=pd.Categorical(names[consensus]))
    parts = []
    for metric in metrics:
        known = facts.assign(value=pairs[metric].to_numpy())
        of_humans, kept = (consensus == 0), known["value"].notna().to_numpy()
        cells = _cells(known[kept], "", "compared")
        cells = cells.join(_cells(known[kept & of_humans & ~same], "inter_"))
        cells = cells.join(_cells(known[kept & of_humans & same], "intra_"))
        parts.append(cells.reset_index().assign(metric=metric))
    table = pd.concat(parts, ignore_index=True)
    table = table.fillna(dict.fromkeys(_COUNTS, 0)).astype({**dict.fromkeys(_COUNTS, int), "compared": object})
    table = table.assign(**{end: np.array(levels, dtype=object)[table[end]] for end in _ENDS})
    return table.assign(caution=_cautions(table, said or {})).reindex(columns=COLUMNS)


def _cells(known: DataFrame, kind: str, *also: str) -> DataFrame:
    """Count and average what is known of each two levels."""
    wanted = {
        f"{kind}pairs": ("value", "size"),
        f"{kind}images": ("image", "nunique"),
        f"{kind}mean": ("value", "mean"),
    }
    return known.groupby(list(_ENDS)).agg(**wanted, **{name: (name, "first") for name in also})


def _cautions(table: DataFrame, said: Mapping[str, str]) -> list[str]:
    rows = table[[*_ENDS, "intra_pairs", "pairs"]].itertuples(index=False, name=None)
    return [
        cautions.join_cautions(
            [
                *dict.fromkeys(said.get(level, "") for level in (first, second)),
                cautions.share("one annotator twice", twice, whole),
            ]
        )
        for first, second, twice, whole in rows
    ]


def sorted_levels(names: Iterable[str]) -> list[str]:
    """Return the different levels by name, and the majority vote and STAPLE behind those of people."""
    return sorted(set(names), key=lambda name: (_CONSENSUS_LAST.get(name, 0), name))


def masks_of_pairs(pairs: DataFrame) -> DataFrame:
    """Return annotator, tool and skill_level of the human masks that pairs are of, each combination once."""
    columns = ["annotator", "tool", "skill_level"]
    ends = [pairs[[f"{name}{end}" for name in columns]].set_axis(columns, axis=1) for end in (1, 2)]
    return humans_only(pd.concat(ends, ignore_index=True).drop_duplicates())


def cautions_of_levels(masks: DataFrame, factor: str) -> dict[str, str]:
    """Say of each level of a factor what cannot be told apart, as `cautions` does.

    Parameters
    ----------
    masks : DataFrame
        Human masks: annotator, tool, skill_level.
    factor : str
        tool, skill_level or annotator.

    Returns
    -------
    dict of str to str
        Only levels of which there is something to say.
    """
    of_annotators = factor == "annotator"
    said = cautions.confounded_annotators(masks) if of_annotators else cautions.levels_of_one_annotator(masks)
    return {level: text for level, text in said.items() if text and level in set(masks[factor])}


def as_statistics_take_them(pairs: DataFrame) -> DataFrame:
    """Return the pairs of human masks with the name of their image as ISIC_id, and inter: drawn by two annotators."""
    humans = human_pairs_only(pairs)
    return humans.assign(ISIC_id=humans["img_id"], inter=humans["annotator1"] != humans["annotator2"])
