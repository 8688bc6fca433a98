"""Agreement on malignant and on benign images as it stands, whoever outlined them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..agreement.two_samples import cliffs_delta, kolmogorov_smirnov, mann_whitney
from ..lazy import pd
from .bootstrap import LEAST_CLUSTERS, bootstrap_distribution, percentile_interval, resampled_means
from .pair_kinds import sets_of_image
from .permutation import cluster_permutation

if TYPE_CHECKING:
    from pandas import DataFrame, Series

MALIGNANT, BENIGN = "malignant", "benign"
UNKNOWN = "without diagnosis"
LEAST_IMAGES = 10  # of each diagnosis, for an interval; so many clusters, too
FEW_IMAGES = f"fewer than {LEAST_IMAGES} images of a diagnosis, or clusters"


def images_by_diagnosis(pairs: DataFrame, subset: DataFrame, diagnoses: Series) -> DataFrame:
    """Bring together what is known of each image that two annotators or more outlined.

    Parameters
    ----------
    pairs : DataFrame
        Of human masks, as `pair_kinds.classified_pairs` returns them, with dice_score.
    subset : DataFrame
        Metadata of the subset's masks.
    diagnoses : Series of str
        Diagnosis by ISIC_id; case and outer blanks do not count.

    Returns
    -------
    DataFrame
        Index ISIC_id, sorted: value (mean Dice over the pairs by two annotators), cluster, diagnosis in lower case (or
        "without diagnosis"), set: the annotators of its masks (A00+A00+A03), set_with_tools (A00 T2+A00 T2+A03 T1).
    """
    of_images = pairs[pairs["inter"]].groupby("ISIC_id", observed=True)
    table = of_images.agg(value=("dice_score", "mean"), cluster=("cluster", "first")).dropna(subset="value")
    table.index = table.index.astype(object)
    known = diagnoses.str.strip().str.lower().replace("", UNKNOWN)
    return table.assign(
        diagnosis=known.reindex(table.index).fillna(UNKNOWN),
        set=sets_of_image(subset, "annotator").reindex(table.index),
        set_with_tools=sets_of_image(subset, "annotator", "tool").reindex(table.index),
    )


def malignant_and_benign(images: DataFrame) -> DataFrame:
    """Return the images of these two diagnoses, with the column malignant (bool)."""
    chosen = images[images["diagnosis"].isin([MALIGNANT, BENIGN])]
    return chosen.assign(malignant=chosen["diagnosis"] == MALIGNANT)


def enough_for_interval(images: DataFrame) -> bool:
    """Tell whether both diagnoses have images and clusters enough for an interval.

    Ten images of one patient are one cluster: draws of clusters hold all of them or none.
    """
    of_diagnoses = images.groupby("malignant").agg(images=("value", "size"), clusters=("cluster", "nunique"))
    fewest = of_diagnoses.reindex([True, False], fill_value=0).min()
    return bool(fewest["images"] >= LEAST_IMAGES and fewest["clusters"] >= LEAST_CLUSTERS)


def unadjusted_comparison(images: DataFrame, resamples: int, seed: int) -> dict[str, float]:
    """Compare malignant with benign images, whoever outlined them.

    Parameters
    ----------
    images : DataFrame
        value, cluster, malignant, as `malignant_and_benign` returns them; both must occur.
    resamples, seed : int
        Of the cluster bootstrap, which draws both groups at once.

    Returns
    -------
    dict of str to float
        Numbers and medians of images; Mann-Whitney's and Kolmogorov-Smirnov's test, which take images for independent;
        Cliff's delta, -1 to 1, below 0 where malignant images have less agreement; both means and their difference,
        malignant - benign, in units of Dice; Cohen's d with the pooled standard deviation (NaN when that is 0); the p
        value of the difference by `permutation.cluster_permutation`. 95 % intervals are NaN where
        `enough_for_interval` says no.
    """
    chosen = images["malignant"].to_numpy()
    values = images["value"].to_numpy()
    first, second = values[chosen], values[~chosen]
    ranks, distributions = mann_whitney(first, second), kolmogorov_smirnov(first, second)
    delta_ends, ends = np.full(2, np.nan), np.full(2, np.nan)
    if enough_for_interval(images):
        drawn = resampled_means(values, (~chosen).astype(int), images["cluster"], resamples, seed)
        delta_ends, ends = _delta_interval(images, resamples, seed), percentile_interval(drawn[0] - drawn[1])
    test = cluster_permutation(values, chosen, images["cluster"], seed)
    return {
        "n_malignant": len(first),
        "n_benign": len(second),
        "median_malignant": np.median(first),
        "median_benign": np.median(second),
        "mann_whitney_u": ranks.statistic,
        "mann_whitney_p": ranks.p_value,
        "kolmogorov_smirnov_d": distributions.statistic,
        "kolmogorov_smirnov_p": distributions.p_value,
        "cliffs_delta": cliffs_delta(first, second),
        "cliffs_delta_low": delta_ends[0],
        "cliffs_delta_high": delta_ends[1],
        "bootstrap_resamples": resamples,
        "bootstrap_seed": seed,
        "clusters": images["cluster"].nunique(),
        "mean_malignant": first.mean(),
        "mean_benign": second.mean(),
        "difference": first.mean() - second.mean(),
        "difference_low": ends[0],
        "difference_high": ends[1],
        "cohens_d": cohens_d(first, second),
        "permutation_p": test.p_value,
        "permutations": test.permutations,
    }


def cohens_d(first: np.ndarray, second: np.ndarray) -> float:
    """Return the difference of means in units of the pooled standard deviation; NaN when that is 0 or unknown.

    References
    ----------
    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, doi:10.4324/9780203771587.
    """
    freedom = len(first) + len(second) - 2
    squares = ((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum()
    return (first.mean() - second.mean()) / np.sqrt(squares / freedom) if freedom and squares else np.nan


def _delta_interval(images: DataFrame, resamples: int, seed: int) -> np.ndarray:
    """Return the interval of Cliff's delta by cluster bootstrap: an image counts as often as its cluster is drawn."""
    images = images.sort_values("value")
    cluster, names = pd.factorize(images["cluster"], sort=True)
    values, malignant = images["value"].to_numpy(), images["malignant"].to_numpy()
    below, not_above = (
        np.searchsorted(values, values[malignant], "left"),
        np.searchsorted(values, values[malignant], "right"),
    )

    def delta(counts: np.ndarray) -> np.ndarray:
        of_images = counts[:, cluster]
        benign = np.cumsum(np.where(malignant, 0, of_images), axis=1)
        benign = np.concatenate([np.zeros((len(counts), 1)), benign], axis=1)
        first, all_benign = of_images[:, malignant], benign[:, -1]
        wins = (first * (benign[:, below] + benign[:, not_above] - all_benign[:, None])).sum(axis=1)
        with np.errstate(invalid="ignore"):  # 0 / 0 in a draw with one diagnosis alone
            return wins / (first.sum(axis=1) * all_benign)

    return percentile_interval(bootstrap_distribution(delta, len(names), resamples, seed))


def cumulative_shares(images: DataFrame) -> DataFrame:
    """Return the curves of the figure: diagnosis, dice, and the share of its images with this Dice or less."""
    curves = []
    for name in (MALIGNANT, BENIGN):
        values = np.sort(images["value"][images["diagnosis"] == name].to_numpy())
        steps, counts = np.unique(values, return_counts=True)
        curves.append(pd.DataFrame({"diagnosis": name, "dice": steps, "images": np.cumsum(counts)}))
        curves[-1]["cumulative_share"] = curves[-1]["images"] / len(values)
    return pd.concat(curves, ignore_index=True)
