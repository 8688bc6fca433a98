"""Tables of the difference between malignant and benign images, and the sentence that sums them up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..agreement.two_samples import cliffs_delta
from ..lazy import pd
from .cautions import join_cautions
from .diagnosis import FEW_IMAGES, enough_for_interval
from .regression import holm
from .within_sets import difference_within, stratified_ranks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandas import DataFrame, Series

LEAST_OF_SET = 30  # images of a set that is shown by itself
AS_IT_STANDS = "none"
WITHIN_SETS, WITHIN_TOOLS = "sets of annotators", "sets of annotators with their tools"
WITHIN_SIZES = "sets of annotators, and lesion size"
_COMPARED = (
    "images",
    "malignant",
    "benign",
    "clusters",
    "difference",
    "low",
    "high",
    "p_value",
    "p_holm",
    "cliffs_delta",
)
DIFFERENCE_COLUMNS = (
    "adjusted_for",
    "sets",
    *_COMPARED,
    "cliffs_delta_low",
    "cliffs_delta_high",
    "rank_z",
    "rank_p",
    "rank_p_holm",
    "images_in_sets_with_both",
    "caution",
)
SET_COLUMNS = ("set", *_COMPARED, "caution")


def differences_by_adjustment(images: DataFrame, unadjusted: Mapping[str, float], log_area: Series | None) -> DataFrame:
    """Put the difference as it stands beside those within sets of annotators.

    Parameters
    ----------
    images : DataFrame
        Malignant and benign ones: value, cluster, malignant, set, set_with_tools.
    unadjusted : mapping of str to float
        As `diagnosis.unadjusted_comparison` returns it.
    log_area : Series of float64, optional
        Logarithm of the mean area of each image's masks, by ISIC_id; images without are left out of its row.

    Returns
    -------
    DataFrame
        `DIFFERENCE_COLUMNS`, one row an adjustment: none; sets of annotators (the primary one); with their tools; with
        lesion size where areas are known. p_value is of the difference: by permutation of clusters, else from least
        squares; rank_p of Cliff's delta: Mann-Whitney's, else van Elteren's; each with Holm's beside it.
    """
    rows = [_as_it_stands(images, unadjusted)]
    for name, column in ((WITHIN_SETS, "set"), (WITHIN_TOOLS, "set_with_tools")):
        rows.append({"adjusted_for": name, **_within(images, images[column], None)})
    if log_area is not None:
        known = images[log_area.reindex(images.index).notna()]
        rows.append({"adjusted_for": WITHIN_SIZES, **_within(known, known["set"], log_area.reindex(known.index))})
    table = pd.DataFrame(rows)
    for raw, adjusted in (("p_value", "p_holm"), ("rank_p", "rank_p_holm")):
        table[adjusted] = holm(table[raw].to_numpy(dtype=float))
    return table.reindex(columns=DIFFERENCE_COLUMNS).astype({"images_in_sets_with_both": "Int64"})


def _counts(images: DataFrame) -> dict[str, int]:
    malignant = int(images["malignant"].sum())
    return {
        "images": len(images),
        "malignant": malignant,
        "benign": len(images) - malignant,
        "clusters": images["cluster"].nunique(),
    }


def _as_it_stands(images: DataFrame, unadjusted: Mapping[str, float]) -> dict:
    delta = {name: unadjusted[name] for name in ("cliffs_delta", "cliffs_delta_low", "cliffs_delta_high")}
    found = {"difference": "difference", "low": "difference_low", "high": "difference_high", "p_value": "permutation_p"}
    return {
        "adjusted_for": AS_IT_STANDS,
        "sets": images["set"].nunique(),
        **_counts(images),
        **{name: unadjusted[key] for name, key in found.items()},
        **delta,
        "rank_p": unadjusted["mann_whitney_p"],
        "caution": join_cautions(
            ["not compared within sets of annotators", "" if enough_for_interval(images) else FEW_IMAGES]
        ),
    }


def _within(images: DataFrame, strata: Series, covariate: Series | None) -> dict:
    ranks = stratified_ranks(images, strata)
    # Ranks within sets do not hold a covariate fixed.
    of_ranks = {"cliffs_delta": ranks.cliffs_delta, "rank_z": ranks.z, "rank_p": ranks.p_value}
    return {
        "sets": strata.nunique(),
        **_counts(images),
        **difference_within(images, strata, covariate),
        **(of_ranks if covariate is None else {}),
        "images_in_sets_with_both": ranks.images,
    }


def differences_of_sets(images: DataFrame) -> DataFrame:
    """Compare malignant with benign images in each set of annotators by itself.

    Parameters
    ----------
    images : DataFrame
        Malignant and benign ones: value, cluster, malignant, set.

    Returns
    -------
    DataFrame
        `SET_COLUMNS`, one row a set with `LEAST_OF_SET` images or more and both diagnoses, most images first. The
        difference has a cluster-robust interval and p value, with Holm's beside it, both empty below 10 images or 10
        clusters of a diagnosis.
    """
    rows = []
    for name, own in images.groupby("set"):
        if len(own) < LEAST_OF_SET or own["malignant"].nunique() < 2:
            continue
        values, malignant = own["value"].to_numpy(), own["malignant"].to_numpy()
        delta = cliffs_delta(values[malignant], values[~malignant])
        rows.append({"set": name, **_counts(own), **difference_within(own, own["set"]), "cliffs_delta": delta})
    table = pd.DataFrame(rows, columns=[name for name in SET_COLUMNS if name != "p_holm"])
    table["p_holm"] = holm(table["p_value"].to_numpy(dtype=float))
    order = np.lexsort([table["set"], -table["images"]])
    return table.iloc[order][list(SET_COLUMNS)].reset_index(drop=True)


def adjustment_sentence(differences: DataFrame) -> str:
    """State what comparing within sets of annotators does to the difference.

    Parameters
    ----------
    differences : DataFrame
        As `differences_by_adjustment` returns it.

    Returns
    -------
    str
        One or two sentences, with the intervals where they are known.
    """
    rows = {row["adjusted_for"]: row for row in differences.to_dict("records")}
    raw, within = rows[AS_IT_STANDS], rows[WITHIN_SETS]
    told = f"Malignant less benign, mean Dice: {_with_interval(raw)} as it stands"
    if np.isnan(within["difference"]):
        return f"{told}. No set of annotators outlined both, so who outlined cannot be told from the diagnosis."
    told += f", {_with_interval(within)} within sets of annotators."
    if np.isnan([raw["low"], within["low"]]).any():
        return f"{told} There are too few images for intervals."
    return f"{told} {_conclusion(_away_from_zero(raw), _away_from_zero(within))}"


def _conclusion(raw: int, within: int) -> str:
    if raw == within:
        return "The same annotators show the difference as well." if raw else "Neither tells a difference."
    if not within:
        return "Among images by the same annotators no difference can be told: who outlined what may explain all of it."
    if not raw:
        return "Only among images by the same annotators can a difference be told."
    return "Among images by the same annotators the difference turns round."


def _away_from_zero(row: Mapping) -> int:
    """Return the sign of the difference if its interval leaves out 0, else 0."""
    return int(row["low"] > 0) - int(row["high"] < 0)


def _with_interval(row: Mapping) -> str:
    interval = "" if np.isnan(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]"
    return f"{row['difference']:.3f}{interval}".replace("-", "\N{MINUS SIGN}")
