"""What is known of each annotator: masks, agreement with others and with whom, repeats, size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import pd
from ..naming import humans_only
from . import cautions
from .annotator_links import half_of_annotator
from .area_factors import ALL_PAIRS, ANNOTATORS
from .joints import LEAST_MASKS

if TYPE_CHECKING:
    from pandas import DataFrame, Series

LEAST_OTHERS = 3  # people whose vote a mask is compared with
LEAST_ANNOTATORS = 3  # of an image on which STAPLE can tell who is right
WITH_OTHERS, WITH_VOTE, TWICE = "mean_dice_with_others", "dice_with_vote_of_others", "dice_one_annotator_twice"
SENSITIVITY, SPECIFICITY = "staple_sensitivity", "staple_specificity"
AVERAGES = (WITH_OTHERS, WITH_VOTE, SENSITIVITY, SPECIFICITY, TWICE)
_TWICE_COLUMNS = {"size": "pairs_one_annotator_twice", "sum": "pairs_with_conflicting_skills"}
_FACTOR_COLUMNS = {
    "factor": "area_factor",
    "low": "area_factor_low",
    "high": "area_factor_high",
    "p_holm": "area_factor_p_holm",
    "masks": "area_factor_masks",
    "caution": "of_factor",
}
_FEW_MASKS = f"fewer than {LEAST_MASKS} masks of known area"


def image_values(
    pairs: DataFrame, subset: DataFrame, agreement: DataFrame | None, staple: DataFrame | None
) -> DataFrame:
    """Collect the values of each image that are averaged by annotator.

    Parameters
    ----------
    pairs : DataFrame
        Of human masks, as `pair_kinds.classified_pairs` returns them, with dice_score.
    subset : DataFrame
        Metadata of the subset's masks.
    agreement : DataFrame, optional
        Agreement of each mask with the vote of others: ISIC_id, annotator, dice_to_others, other_annotators.
    staple : DataFrame, optional
        STAPLE's estimates: seg_filename, sensitivity, specificity.

    Returns
    -------
    DataFrame
        average (of `AVERAGES`), annotator, ISIC_id, cluster, value (0 to 1), one row each; NaN is left out.
        ``mean_dice_with_others``: mean over the pairs with others, and so depends on whom they were paired with.
        ``dice_with_vote_of_others``: only of images with `LEAST_OTHERS` other annotators or more. STAPLE's: only of
        images with `LEAST_ANNOTATORS` or more; with two it does not tell who is right. ``dice_one_annotator_twice``.
    """
    inter, twice = pairs[pairs["inter"]], pairs[~pairs["inter"]]
    parts = {
        WITH_OTHERS: [_values(inter, end, "dice_score") for end in ("annotator1", "annotator2")],
        TWICE: [_values(twice, "annotator1", "dice_score")],
    }
    if agreement is not None:
        enough = agreement[agreement["other_annotators"] >= LEAST_OTHERS]
        parts[WITH_VOTE] = [_values(enough, "annotator", "dice_to_others")]
    if staple is not None:
        masks = humans_only(subset).merge(staple, on="seg_filename", suffixes=("", "_of_staple"))
        enough = masks[masks.groupby("ISIC_id")["annotator"].transform("nunique") >= LEAST_ANNOTATORS]
        parts[SENSITIVITY] = [_values(enough, "annotator", "sensitivity")]
        parts[SPECIFICITY] = [_values(enough, "annotator", "specificity")]
    cluster = pairs.drop_duplicates("ISIC_id").set_index("ISIC_id")["cluster"]
    tables = []
    for average, values in parts.items():
        of_images = pd.concat(values).groupby(["annotator", "ISIC_id"], observed=True)["value"].mean().reset_index()
        of_images["cluster"] = cluster.reindex(of_images["ISIC_id"]).to_numpy()
        tables.append(of_images.assign(average=average).astype({"annotator": object, "ISIC_id": object}))
    return pd.concat(tables, ignore_index=True).dropna(subset="value").astype({"average": "category"})


def _values(table: DataFrame, annotator: str, value: str) -> DataFrame:
    return table[[annotator, "ISIC_id", value]].set_axis(["annotator", "ISIC_id", "value"], axis=1)


def annotator_table(
    subset: DataFrame, pairs: DataFrame, links: DataFrame, factors: DataFrame, averages: DataFrame
) -> DataFrame:
    """Bring together what is known of each annotator.

    Parameters
    ----------
    subset : DataFrame
        Metadata of the subset's masks.
    pairs, links, factors : DataFrame
        As `pair_kinds.classified_pairs`, `annotator_links.annotator_links` and `area_factors.area_factors` return them.
    averages : DataFrame
        `image_values`, averaged by `bootstrap.group_means` by average and annotator.

    Returns
    -------
    DataFrame
        One row an annotator of the subset, sorted by name: masks, images; tools, skill_levels and partners with their
        numbers of masks or of shared images; component of the graph; half: 1 or 2, where two halves hardly meet; of
        each of `AVERAGES` the mean over images, its 95 % interval and the number of images;
        pairs_one_annotator_twice, and how many of them have two skill levels;
        area_factor with its interval and p value after Holm; caution. An empty cell is not known.
    """
    masks = humans_only(subset)
    table = _counts(masks).join(_partners(links))
    table["half"] = table.index.map(half_of_annotator(pairs)).astype("Int64")
    for name in AVERAGES:
        own = averages.loc[[name]].droplevel(0) if name in averages.index else averages[:0].droplevel(0)
        own = own[["mean", "low", "high", "images"]]
        table = table.join(own.set_axis([name, *(f"{name}_{column}" for column in own.columns[1:])], axis=1))
    twice = pairs[~pairs["inter"]].groupby("annotator1", observed=True)["conflicting"].agg(list(_TWICE_COLUMNS))
    known = (factors["model"] == ANNOTATORS) & (factors["pairs"] == ALL_PAIRS)
    own = factors[known].set_index("term")[list(_FACTOR_COLUMNS)]
    table = table.join(twice.rename(columns=_TWICE_COLUMNS)).join(own.rename(columns=_FACTOR_COLUMNS))
    numbers = [f"{name}_images" for name in AVERAGES] + [*_TWICE_COLUMNS.values(), "area_factor_masks"]
    table[numbers] = table[numbers].astype(float).fillna(0).astype(int)
    table["caution"] = _cautions(table, masks)
    return table.drop(columns="of_factor").fillna({"partners": ""}).rename_axis("annotator").reset_index()


def _counts(masks: DataFrame) -> DataFrame:
    table = masks.groupby("annotator").agg(masks=("ISIC_id", "size"), images=("ISIC_id", "nunique"))
    for column, name in (("tool", "tools"), ("skill_level", "skill_levels")):
        table[name] = _listed(masks.groupby(["annotator", column]).size())
    return table


def _partners(links: DataFrame) -> DataFrame:
    sides = [
        links[[one, other, "images", "component"]].set_axis(["annotator", "partner", "images", "component"], axis=1)
        for one, other in (("annotator1", "annotator2"), ("annotator2", "annotator1"))
    ]
    both = pd.concat(sides).sort_values(["images", "partner"], ascending=[False, True])
    partners = _listed(both.set_index(["annotator", "partner"])["images"])
    component = both.groupby("annotator")["component"].first().astype("Int64")
    return pd.DataFrame({"partners": partners, "component": component})


def _listed(counts: Series) -> Series:
    """Write the numbers by annotator and name as text: T1 (12), T3 (40)."""
    names = counts.index.get_level_values(1)
    texts = [f"{name} ({number})" for name, number in zip(names, counts, strict=True)]
    return pd.Series(texts, index=counts.index.get_level_values(0), dtype=object).groupby(level=0).agg(", ".join)


def _cautions(table: DataFrame, masks: DataFrame) -> list[str]:
    confounded, said = cautions.confounded_annotators(masks), []
    for row in table.rename_axis("annotator").reset_index().to_dict("records"):
        few = ", ".join(average for average in AVERAGES if _lacks_interval(row, average))
        of_factor = row["of_factor"] if row["area_factor_masks"] else _FEW_MASKS
        few = few and f"{few}: {cautions.FEW_CLUSTERS}"
        # Before each of its parts, since readers take a caution apart.
        parts = [f"area_factor: {part}" for part in of_factor.split("; ") if part]
        said.append(cautions.join_cautions([confounded[row["annotator"]], few, *parts]))
    return said


def _lacks_interval(row: dict, average: str) -> bool:
    return pd.notna(row[average]) and pd.isna(row[f"{average}_low"])
