"""Agreement of groups of pairs: of one kind, two tools, two skill levels, images with so many masks, a diagnosis."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd
from ..naming import BOUNDARY_COLUMNS, NORMALIZED_COLUMNS, OVERLAP_COLUMNS
from . import cautions
from .bootstrap import group_means
from .pair_kinds import looked_up, masks_of_image, unordered_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import Categorical, DataFrame, Series

# Distances in pixels are left out: they depend on the size of the image.
GROUP_METRICS = (*OVERLAP_COLUMNS, *NORMALIZED_COLUMNS[1:], *BOUNDARY_COLUMNS)
COLUMNS = (
    "metric",
    "group",
    "pairs",
    "images",
    "clusters",
    "mean",
    "low",
    "high",
    "median",
    "pair_mean",
    "caution",
)
WITHOUT_DIAGNOSIS = "unknown"
_BY_WHOM = "not compared within sets of annotators, as iaa_cdfs.csv is"
_PAIR_FACTORS = {"tool": "tool", "skill": "skill_level"}


def agreement_of_groups(
    pairs: DataFrame, masks: DataFrame, diagnoses: Series | None, resamples: int, seed: int
) -> DataFrame:
    """Average each metric over the images of each group of pairs.

    Parameters
    ----------
    pairs : DataFrame
        Of human masks, as `pair_kinds.classified_pairs` returns them, with those of `GROUP_METRICS` that are known.
    masks : DataFrame
        The human masks of the subset: annotator, tool, skill_level.
    diagnoses : Series of str, optional
        Diagnosis by ISIC_id; case and outer blanks do not count.
    resamples, seed : int
        Of the bootstrap, which draws whole clusters.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row a metric and group that has pairs. An image's value is the mean over its pairs of that
        group; mean, 95 % interval [low, high] and median are over images, pair_mean is over pairs. The interval
        holds for these annotators, and is empty below 10 clusters. No rows for no pairs.
    """
    metrics = [metric for metric in GROUP_METRICS if metric in pairs]
    members = _members(pairs, diagnoses)
    if members.empty:
        return pd.DataFrame(columns=COLUMNS)
    long = _values_of_images(pairs, members, metrics)
    table = group_means(long, ["metric", "group"], resamples, seed).reset_index()
    chosen = pairs[metrics].iloc[members["place"].to_numpy()]
    of_pairs = chosen.groupby(members["group"].array, observed=True).agg(["count", "mean"])
    keys = list(zip(table["metric"], table["group"], strict=True))
    table["pairs"] = [of_pairs.loc[group, (metric, "count")] for metric, group in keys]
    table["pair_mean"] = [of_pairs.loc[group, (metric, "mean")] for metric, group in keys]
    said = _cautions(pairs, members, masks)
    table["caution"] = [
        cautions.join_cautions([said[group], cautions.few_clusters(clusters)])
        for group, clusters in zip(table["group"], table["clusters"], strict=True)
    ]
    return table[list(COLUMNS)].astype({"metric": object, "group": object})


def _values_of_images(pairs: DataFrame, members: DataFrame, metrics: list[str]) -> DataFrame:
    """Return the mean of each metric over the pairs of each image in each group: metric, group, cluster, value."""
    image, cluster = (pairs[name].cat.codes.to_numpy() for name in ("ISIC_id", "cluster"))
    place = members["place"].to_numpy()
    chosen = pairs[metrics].iloc[place].assign(group=members["group"].array, image=image[place], cluster=cluster[place])
    of_images = (
        chosen.groupby(["group", "image", "cluster"], observed=True)[metrics].mean().reset_index("image", drop=True)
    )
    long = of_images.reset_index().melt(["group", "cluster"], var_name="metric")
    return long.assign(metric=pd.Categorical(long["metric"], metrics))


def factor_counts(masks: DataFrame) -> DataFrame:
    """Count the masks and images of each annotator with each tool at each skill level.

    Parameters
    ----------
    masks : DataFrame
        Human masks: ISIC_id, annotator, tool, skill_level.

    Returns
    -------
    DataFrame
        annotator, tool, skill_level, masks, images (int64), and caution: what cannot be told apart. Sorted;
        combinations that do not occur have no row.
    """
    factors = ["annotator", *cautions.FACTORS]
    table = masks.groupby(factors)["ISIC_id"].agg(masks="size", images="nunique").reset_index()
    table["caution"] = table["annotator"].map(cautions.confounded_annotators(masks))
    return table


def _members(pairs: DataFrame, diagnoses: Series | None) -> DataFrame:
    """Return place (number of the pair) and group (categories in the order of the table) of each membership."""
    parts = list(_groups(pairs, diagnoses))
    # Short names first, so that 10 masks come after 9.
    names = [sorted(part.categories, key=lambda name: (len(name), name)) for _, part in parts]
    group = pd.api.types.union_categoricals([part for _, part in parts]).reorder_categories(list(chain(*names)))
    return pd.DataFrame({"place": np.concatenate([places for places, _ in parts]), "group": group})


def _groups(pairs: DataFrame, diagnoses: Series | None) -> Iterator[tuple[np.ndarray, Categorical]]:
    places, inter = np.arange(len(pairs)), pairs["inter"].to_numpy()
    for name, chosen in {
        "all": np.ones(len(pairs), dtype=bool),
        "inter": inter,
        "intra": ~inter,
        "intra without conflicting labels": ~inter & ~pairs["conflicting"].to_numpy(),
    }.items():
        yield places[chosen], pd.Categorical([name] * int(chosen.sum()), [name])
    places, of_two = places[inter], pairs[inter]
    for label, column in _PAIR_FACTORS.items():
        names = unordered_names(of_two[f"{column}1"], of_two[f"{column}2"])
        yield places, names.rename_categories(f"inter, {label} {{}}".format)
    yield places, pd.Categorical(masks_of_image(pairs)[inter]).rename_categories("inter, {} masks".format)
    if diagnoses is not None:
        known = diagnoses.str.strip().str.lower().replace("", WITHOUT_DIAGNOSIS)
        of_images = pd.Series(looked_up(of_two["ISIC_id"], known), dtype=object).fillna(WITHOUT_DIAGNOSIS)
        yield places, pd.Categorical(of_images).rename_categories("inter, diagnosis {}".format)


def _cautions(pairs: DataFrame, members: DataFrame, masks: DataFrame) -> dict[str, str]:
    levels = cautions.levels_of_one_annotator(masks)
    people = unordered_names(pairs["annotator1"], pairs["annotator2"], " with ")
    persons = pairs["annotator1"].array.rename_categories("annotator {}".format)
    said = {}
    for group, table in members.groupby("group", observed=True):
        places = table["place"].to_numpy()
        kind, _, label = str(group).partition(", ")
        whole, twice = len(places), int((~pairs["inter"].to_numpy()[places]).sum())
        if kind == "all":
            found = [cautions.share("one annotator twice", twice, whole)]
        elif kind.startswith("intra"):
            conflicting = int(pairs["conflicting"].to_numpy()[places].sum())
            found = [
                cautions.most_frequent(persons[places]),
                cautions.share("two skill labels", conflicting, whole),
            ]
        else:
            found = [levels.get(level, "") for level in dict.fromkeys(label.rpartition(" ")[2].split("-"))]
            found.append(cautions.most_frequent(people[places]))
            found.append(_BY_WHOM if label.startswith("diagnosis") else "")
        said[str(group)] = cautions.join_cautions(found)
    return said
