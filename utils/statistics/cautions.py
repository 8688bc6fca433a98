"""What keeps a number from meaning what it seems to, in words: the column ``caution`` of the tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .bootstrap import LEAST_CLUSTERS

if TYPE_CHECKING:
    from pandas import Categorical, DataFrame

FACTORS = ("tool", "skill_level")
FEW_CLUSTERS = f"fewer than {LEAST_CLUSTERS} clusters"
_HALF = 0.5


def join_cautions(cautions: Iterable[str]) -> str:
    """Join what is to be said; nothing is an empty text."""
    return "; ".join(caution for caution in cautions if caution)


def few_clusters(clusters: int) -> str:
    """Say that an interval is missing since there are too few clusters for one."""
    return FEW_CLUSTERS if clusters < LEAST_CLUSTERS else ""


def few_effective_clusters(clusters: float) -> str:
    """Say that an interval is missing since few of many clusters supply nearly all that is known of the number."""
    whole = min(round(clusters), LEAST_CLUSTERS - 1)
    return f"rests on about {whole} cluster{'s' * (whole > 1)}" if clusters < LEAST_CLUSTERS else ""


def levels_of_one_annotator(masks: DataFrame) -> dict[str, str]:
    """Find the tools and skill levels that one annotator alone used.

    Parameters
    ----------
    masks : DataFrame
        Human masks: annotator, tool, skill_level.

    Returns
    -------
    dict of str to str
        Level -> what to say of it: its effect cannot be told from that person's. A factor with one level in the whole
        table is not spoken of.
    """
    return {level: f"level {level} is annotator {name} alone" for level, name in _owners(masks).items()}


def confounded_annotators(masks: DataFrame) -> dict[str, str]:
    """Find the annotators whose own style cannot be told from their tools or skill levels.

    Parameters
    ----------
    masks : DataFrame
        Human masks: annotator, tool, skill_level.

    Returns
    -------
    dict of str to str
        Annotator -> what to say: levels that nobody else used, and factors of which that person has one level alone,
        so that nobody knows what another would give. A factor with one level in the whole table is not spoken of.
    """
    said: dict[str, list[str]] = {name: [] for name in masks["annotator"].unique()}
    levels = levels_of_one_annotator(masks)
    for level, name in _owners(masks).items():
        said[name].append(levels[level])
    of_annotator = {
        factor: masks.groupby("annotator", observed=True)[factor].unique()
        for factor in FACTORS
        if len(masks[factor].unique()) > 1
    }
    for name, cautions in said.items():
        alone = [levels[name][0] for levels in of_annotator.values() if len(levels[name]) == 1]
        if alone:
            cautions.append(f"annotator {name} has {' and '.join(alone)} alone")
    return {name: join_cautions(cautions) for name, cautions in said.items()}


def _owners(masks: DataFrame) -> dict[str, str]:
    """Return the annotator of each level that only one used, of factors that have several levels."""
    people = {
        str(level): names
        for factor in FACTORS
        if len(masks[factor].unique()) > 1
        for level, names in masks.groupby(factor, observed=True)["annotator"].unique().items()
    }
    return {level: names[0] for level, names in people.items() if len(names) == 1}


def share(what: str, part: int, whole: int) -> str:
    """Say how many of a number of pairs are what is named; nothing when none is."""
    return f"{what}: {part:,} of {whole:,} pairs" if part else ""


def most_frequent(names: Categorical) -> str:
    """Name who made most pairs, when that is at least half of them.

    Parameters
    ----------
    names : Categorical
        Who made each pair; at least one.
    """
    counts = names.value_counts()
    if counts.max() < _HALF * counts.sum():
        return ""
    return share(min(counts.index[counts == counts.max()]), int(counts.max()), int(counts.sum()))
