"""Agreement of groups of pairs: of one kind, two tools, two skill levels, images with so many masks, a diagnosis."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd
from ..naming import BOUNDARY_COLUMNS, NORMALIZED_COLUMNS, OVERLAP_COLUMNS
from . import cautions
from .bootstrap import group_means
from .pair_kinds import masks_of_image, unordered_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame, Series

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
    place = members["place"].to_numpy()
    chosen = pairs[["ISIC_id", "cluster", *metrics]].iloc[place].assign(group=members["group"].to_numpy())
    of_pairs = chosen.groupby("group", observed=True)[metrics].agg(["count", "mean"])
    of_images = chosen.groupby(["group", "ISIC_id", "cluster"], observed=True)[metrics].mean()
    long = of_images.reset_index().melt(["group", "ISIC_id", "cluster"], var_name="metric")
    table = group_means(long, ["metric", "group"], resamples, seed).reset_index()
    keys = list(zip(table["metric"], table["group"], strict=True))
    table["pairs"] = [of_pairs.loc[group, (metric, "count")] for metric, group in keys]
    table["pair_mean"] = [of_pairs.loc[group, (metric, "mean")] for metric, group in keys]
    said = _cautions(pairs, members, masks)
    table["caution"] = [
        cautions.join_cautions([said[row.group], cautions.few_clusters(row.clusters)]) for row in table.itertuples()
    ]
    groups = list(members["group"].cat.categories)
    in_order = sorted(range(len(keys)), key=lambda row: (metrics.index(keys[row][0]), groups.index(keys[row][1])))
    return table.iloc[in_order][list(COLUMNS)].reset_index(drop=True)


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
    """Return place (number of the pair) and group (ordered categories) of each membership."""
    parts = list(_groups(pairs, diagnoses))
    names = pd.concat([names for _, names in parts], ignore_index=True)
    # Short names first, so that 10 masks come after 9.
    in_order = (sorted(names.unique(), key=lambda name: (len(name), name)) for _, names in parts)
    group = pd.Categorical(names, list(dict.fromkeys(chain.from_iterable(in_order))))
    return pd.DataFrame({"place": np.concatenate([places for places, _ in parts]), "group": group})


def _groups(pairs: DataFrame, diagnoses: Series | None) -> Iterator[tuple[np.ndarray, Series]]:
    places, inter = np.arange(len(pairs)), pairs["inter"].to_numpy()
    for name, chosen in {
        "all": np.ones(len(pairs), dtype=bool),
        "inter": inter,
        "intra": ~inter,
        "intra without conflicting labels": ~inter & ~pairs["conflicting"].to_numpy(),
    }.items():
        yield places[chosen], pd.Series(name, index=range(chosen.sum()))
    of_two = pairs[inter]
    for label, column in _PAIR_FACTORS.items():
        yield places[inter], f"inter, {label} " + unordered_names(of_two[f"{column}1"], of_two[f"{column}2"])
    yield places[inter], "inter, " + masks_of_image(pairs)[inter].astype(str) + " masks"
    if diagnoses is not None:
        known = diagnoses.str.strip().str.lower().replace("", WITHOUT_DIAGNOSIS)
        yield places[inter], "inter, diagnosis " + of_two["ISIC_id"].map(known).fillna(WITHOUT_DIAGNOSIS)


def _cautions(pairs: DataFrame, members: DataFrame, masks: DataFrame) -> dict[str, str]:
    levels = cautions.levels_of_one_annotator(masks)
    people = unordered_names(pairs["annotator1"], pairs["annotator2"], " with ")
    said = {}
    for group, places in members.groupby("group", observed=True)["place"]:
        kind, _, label = group.partition(", ")
        whole, twice = len(places), int((~pairs["inter"].to_numpy()[places]).sum())
        if kind == "all":
            found = [cautions.share(twice, whole, "are one annotator twice")]
        elif kind.startswith("intra"):
            names = pairs["annotator1"].iloc[places]
            conflicting = int(pairs["conflicting"].to_numpy()[places].sum())
            found = [
                cautions.most_frequent(names, "are by annotator"),
                cautions.share(conflicting, whole, "have two skill labels"),
            ]
        else:
            found = [levels.get(level, "") for level in dict.fromkeys(label.rpartition(" ")[2].split("-"))]
            found.append(cautions.most_frequent(people.iloc[places], "are"))
            found.append(_BY_WHOM if label.startswith("diagnosis") else "")
        said[group] = cautions.join_cautions(found)
    return said
