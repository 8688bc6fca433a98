"""Tables of scores: by reference, by image, their averages with intervals, and models compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ..lazy import pd
from ..naming import ALL_IMAGES, CONSENSUS, HUMAN_LEVEL, MODEL, MODEL_BESIDE, MODEL_LESS_HUMAN, names_of_masks
from ..statistics.bootstrap import group_means
from .human_level import METRICS, mean_of_known
from .score_task import ImageScores, ScoreTask

if TYPE_CHECKING:
    from pandas import DataFrame

WHOLE = ("ged_squared", "qubiq_dice", "brier")
BY_REFERENCE_COLUMNS = ("ISIC_id", "sample", "reference", *METRICS)
OVER_ANNOTATORS: dict[str, Callable[[list[float]], float]] = {"mean": mean_of_known, "min": min, "max": max}
BY_IMAGE_COLUMNS = (
    *("ISIC_id", "num_samples", "num_masks"),
    *(f"{metric}_{statistic}" for metric in METRICS for statistic in OVER_ANNOTATORS),
    *WHOLE,
    *(f"human_{metric}_mean" for metric in METRICS),
)
SUMMARY_COLUMNS = ("partition", "metric", "compared", "images", "clusters", "mean", "low", "high", "median")
COMPARISON_COLUMNS = ("partition", "metric", "model", "less", "images", "clusters", "mean", "low", "high", "median")
Interval = tuple[int, int]  # resamples and seed of the bootstrap


def rows_by_reference(task: ScoreTask, samples: Sequence[str], scores: ImageScores) -> list[dict[str, Any]]:
    """Return a row for each sample and mask of one image."""
    names = names_of_masks(task.annotators)
    return [
        {"ISIC_id": task.isic_id, "sample": sample, "reference": name, **row}
        for sample, rows in zip(samples, scores.references, strict=True)
        for name, row in zip(names, rows, strict=True)
    ]


def row_by_image(task: ScoreTask, scores: ImageScores) -> dict[str, Any]:
    """Return the scores of one image: over all its samples and annotators' masks, consensus masks aside."""
    humans = [place for place, annotator in enumerate(task.annotators) if annotator not in CONSENSUS]
    rows = [of_sample[place] for of_sample in scores.references for place in humans]
    values = {metric: [row[metric] for row in rows if not math.isnan(row[metric])] for metric in METRICS}
    over = {
        f"{metric}_{statistic}": reduce(values[metric]) if values[metric] else math.nan
        for metric in METRICS
        for statistic, reduce in OVER_ANNOTATORS.items()
    }
    numbers = {"ISIC_id": task.isic_id, "num_samples": len(scores.references), "num_masks": len(humans)}
    return numbers | over | scores.whole | {f"human_{metric}_mean": scores.human[metric] for metric in METRICS}


def score_summary(
    by_image: DataFrame,
    by_reference: DataFrame,
    clusters: Mapping[str, str],
    partitions: Mapping[str, str],
    bootstrap: Interval,
) -> DataFrame:
    """Average the scores of images, with cluster bootstrap intervals.

    Parameters
    ----------
    by_image, by_reference : DataFrame
        `BY_IMAGE_COLUMNS` and `BY_REFERENCE_COLUMNS`.
    clusters : mapping
        Cluster of each ISIC_id; one that is missing stands alone.
    partitions : mapping
        Partition of each ISIC_id, where there are partitions.
    bootstrap : (int, int)
        Resamples and seed.

    Returns
    -------
    DataFrame
        `SUMMARY_COLUMNS`: for all images and each partition, of each metric: the model with the annotators; the same
        on the images of several annotators, the annotators with each other there, and the difference of both (paired);
        the model with ST and MV; and the scores of whole images. Intervals are 95 %, empty below 10 clusters.
    """
    parts = [_long(by_image, METRICS, "{}_mean", MODEL), _long(by_image, WHOLE, "{}", MODEL)]
    several = by_image.dropna(subset=[f"human_{METRICS[0]}_mean"])
    beside = _long(several, METRICS, "{}_mean", MODEL_BESIDE)
    humans = _long(several, METRICS, "human_{}_mean", HUMAN_LEVEL)
    parts += [beside, humans, beside.assign(compared=MODEL_LESS_HUMAN, value=beside["value"] - humans["value"])]
    for label in CONSENSUS:
        of_label = by_reference[by_reference["reference"] == label]
        means = of_label.groupby("ISIC_id", sort=False)[list(METRICS)].mean().reset_index()
        parts.append(_long(means, METRICS, "{}", f"model with {label}"))
    return _averaged(_together(parts), ["metric", "compared"], clusters, partitions, bootstrap)[list(SUMMARY_COLUMNS)]


def compare_models(
    models: Mapping[str, DataFrame], clusters: Mapping[str, str], partitions: Mapping[str, str], bootstrap: Interval
) -> DataFrame:
    """Compare models on the images that both of a pair were scored on.

    Parameters
    ----------
    models : mapping of str to DataFrame
        `BY_IMAGE_COLUMNS` of each model.
    clusters, partitions, bootstrap
        As in `score_summary`.

    Returns
    -------
    DataFrame
        `COMPARISON_COLUMNS`: for each pair of models and metric the mean of (model - less), paired by image, with its
        interval; where `less` is empty, the mean of the model on all its images. No rows without models.
    """
    wanted = [*(f"{metric}_mean" for metric in METRICS), *WHOLE]
    parts = [_long(table, wanted, "{}", name).assign(less="") for name, table in models.items()]
    for (first, one), (second, other) in combinations(models.items(), 2):
        both = one.merge(other, on="ISIC_id", suffixes=("", "_of_other"))
        differences = both[["ISIC_id"]].assign(**{name: both[name] - both[f"{name}_of_other"] for name in wanted})
        parts.append(_long(differences, wanted, "{}", first).assign(less=second))
    if not parts:
        return pd.DataFrame(columns=COMPARISON_COLUMNS)
    table = _together(parts).rename(columns={"compared": "model"})
    table["metric"] = table["metric"].str.removesuffix("_mean")
    return _averaged(table, ["metric", "model", "less"], clusters, partitions, bootstrap)[list(COMPARISON_COLUMNS)]


def _long(table: DataFrame, metrics: Iterable[str], column: str, compared: str) -> DataFrame:
    """Return a row for each image and metric: ISIC_id, metric, value, compared."""
    columns = {column.format(metric): metric for metric in metrics}
    rows = table[["ISIC_id", *columns]].rename(columns=columns).melt("ISIC_id", var_name="metric", value_name="value")
    return rows.assign(compared=compared)


def _together(parts: Iterable[DataFrame]) -> DataFrame:
    """Return the rows of all parts that have a value."""
    known = [part.dropna(subset="value") for part in parts]
    return pd.concat([part for part in known if len(part)] or known[:1])


def _averaged(
    table: DataFrame,
    by: list[str],
    clusters: Mapping[str, str],
    partitions: Mapping[str, str],
    bootstrap: Interval,
) -> DataFrame:
    """Average values of images over all of them and over each partition, groups in order of first appearance."""
    ids = table["ISIC_id"]
    table = table.assign(cluster=ids.map(clusters).fillna(ids), partition=ALL_IMAGES)
    within = table.assign(partition=ids.map(partitions)).dropna(subset="partition")
    keys = ["partition", *by]
    places = {key: place for place, key in enumerate(table[by].drop_duplicates().itertuples(index=False, name=None))}
    means = group_means(pd.concat([table, within]), keys, *bootstrap).reset_index()
    means["place"] = [places[key] for key in means[by].itertuples(index=False, name=None)]
    first = means["partition"] != ALL_IMAGES
    return means.assign(first=first).sort_values(["first", "partition", "place"], ignore_index=True)
