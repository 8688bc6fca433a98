"""How much larger or smaller an annotator draws than the others, from areas of masks of the same image alone.

The logarithm of the ratio of two areas is a difference on the graph of annotators: for mask i by a and mask j by c,
log(area_i / area_j) = b_a - b_c + e. Least squares on all pairs gives b up to a constant in each connected component
(HodgeRank), and exp(b) is the area factor.

References
----------
.. [1] Jiang, X., Lim, L.-H., Yao, Y., Ye, Y. "Statistical ranking and combinatorial Hodge theory." Mathematical
   Programming 127, 203-244 (2011). https://doi.org/10.1007/s10107-010-0419-x
.. [2] Cameron, A.C., Gelbach, J.B., Miller, D.L. "Bootstrap-based improvements for inference with clustered errors."
   Review of Economics and Statistics 90(3), 414-427 (2008). https://doi.org/10.1162/rest.90.3.414
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..lazy import pd
from .annotator_links import components, graph_of, halves_that_hardly_meet
from .bootstrap import LEAST_CLUSTERS
from .cautions import FACTORS, few_clusters, few_effective_clusters, join_cautions, levels_of_one_annotator
from .joints import LEAST_MASKS, weak_joints
from .regression import clustered_least_squares, effective_clusters, holm, variance_shares

if TYPE_CHECKING:
    from pandas import DataFrame, Series
    from pandas.core.groupby import DataFrameGroupBy
    from statsmodels.regression.linear_model import RegressionResultsWrapper

LARGEST_RATIO = 3.0
ANNOTATORS, WITH_LEVELS = "annotators", "annotators, tools and skill levels"
ALL_PAIRS, WITHOUT_LARGE_RATIOS = "all", f"ratios up to {LARGEST_RATIO:g}"
FACTOR_COLUMNS = (
    "model",
    "pairs",
    "term",
    "factor",
    "low",
    "high",
    "p_value",
    "p_holm",
    "masks",
    "images",
    "clusters",
    "component",
    "caution",
)
# Standard errors on either side of an estimate. The reference values have the rounded quantile of annotators, and the
# exact one of levels; they differ by four hundred-thousandths of the standard error.
_OF_ANNOTATORS, _OF_LEVELS = 1.96, 1.959963984540054
# A factor compares with the mean of all masks, so it crosses each joint, be it ever so little. It rests on those that
# supply more than this share of its variance: what one image supplies there no error shows, and 95 % intervals without
# a fifth of the variance cover some 92 %, as those of ten clusters do.
_RESTS_ON = 0.2
_OWN_CLUSTERS = f"{few_clusters(0)} of their own masks"
_NOT_TOLD_APART = "cannot be told from the annotators who used it"


def area_factors(ratios: DataFrame) -> DataFrame:
    """Estimate the area factor of each annotator; and of tools and skill levels, annotators held fixed.

    Parameters
    ----------
    ratios : DataFrame
        Pairs by two annotators with log_ratio, as `areas.log_area_ratios` returns them: ISIC_id, cluster, mask1,
        mask2, annotator1, annotator2, tool1, tool2, skill_level1, skill_level2. Each image weighs 1, whatever the
        number of its pairs.

    Returns
    -------
    DataFrame
        `FACTOR_COLUMNS`. Of the model ``annotators`` a row each annotator with at least `LEAST_MASKS` masks: the factor
        compares with the mean mask of the component (geometric), 1.2: areas are 20 % larger. Of the model with tools
        and skill levels a row each level above the first: T3 over T1 is the ratio of areas that one annotator draws
        with either; empty, with a caution, where annotators do not differ from themselves in it. Both again without
        pairs whose areas differ more than `LARGEST_RATIO` times, which single mistakes rule less. 95 % intervals and
        p values from cluster-robust errors, empty below 10 clusters of the component; where a factor rests on joints of
        fewer (`joints.weak_joints`); and where a level rests on fewer (`regression.effective_clusters`). The errors do
        not know of such a lack: what a single image alone tells fits it perfectly. p_holm: Holm's within model and
        pairs. masks, images, clusters: how many the row's term was in. No rows without pairs.
    """
    near = ratios[ratios["log_ratio"].abs() <= math.log(LARGEST_RATIO)]
    tables = []
    for name, chosen in ((ALL_PAIRS, ratios), (WITHOUT_LARGE_RATIOS, near)):
        used = _annotators_with_masks(chosen)
        if len(used):
            tables += [_of_annotators(used).assign(pairs=name), _of_levels(used).assign(pairs=name)]
    if not tables:
        return pd.DataFrame(columns=FACTOR_COLUMNS)
    return pd.concat([table for table in tables if len(table)], ignore_index=True)[list(FACTOR_COLUMNS)].astype(
        {"component": "Int64"}
    )


def _annotators_with_masks(ratios: DataFrame) -> DataFrame:
    """Drop the pairs of annotators with few masks, until everyone who is left has enough."""
    while len(ratios):
        counts = _masks(ratios).groupby("annotator", observed=True).size()
        few = counts.index[counts < LEAST_MASKS]
        if few.empty:
            break
        ratios = ratios[~(ratios["annotator1"].isin(few) | ratios["annotator2"].isin(few))]
    return ratios


def _of_annotators(ratios: DataFrame) -> DataFrame:
    masks = _masks(ratios)
    table = _counts(masks.groupby("annotator", observed=True)).rename_axis("term").reset_index()
    table["term"] = table["term"].astype(object)
    table["component"] = table["term"].map(_components(ratios))
    design, kept = _annotator_design(ratios)
    fitted = _fitted(ratios, design)
    # Each annotator less the mean over the masks of the component.
    together = np.equal.outer(*[table["component"].to_numpy()] * 2) * table["masks"].to_numpy()
    contrasts = (np.eye(len(table)) - together / together.sum(axis=1, keepdims=True))[:, kept]
    said_of_joints = _cautions_of_joints(ratios, variance_shares(fitted, contrasts))
    clusters = table["component"].map(_clusters_of_components(ratios))
    halves = halves_that_hardly_meet(ratios)
    apart = {} if halves is None else dict.fromkeys([*halves.first, *halves.second], halves.sentence())
    few = np.where(table["clusters"] < LEAST_CLUSTERS, _OWN_CLUSTERS, "")
    table["caution"] = [
        join_cautions([own, apart.get(name, ""), joints, few_clusters(number)])
        for own, name, joints, number in zip(few, table["term"], said_of_joints, clusters, strict=True)
    ]
    known = (clusters >= LEAST_CLUSTERS).to_numpy() & (np.array(said_of_joints) == "")
    return _estimated(table, fitted, contrasts, known, _OF_ANNOTATORS).assign(model=ANNOTATORS)


def _cautions_of_joints(ratios: DataFrame, shares: np.ndarray) -> list[str]:
    """Name the joints of few clusters that each factor rests on, by shares of shape (factors, pairs)."""
    joints = weak_joints(ratios)
    if not joints:
        return [""] * len(shares)
    supplied = np.column_stack([shares[:, joint.crossing].sum(axis=1) for joint in joints])
    said = []
    for row in supplied:
        # Of many that supply little each, but much together, the first.
        least = min(_RESTS_ON, row.max()) if row.sum() > _RESTS_ON else np.inf
        said.append(join_cautions(joint.sentence() for joint, part in zip(joints, row, strict=True) if part >= least))
    return said


def _of_levels(ratios: DataFrame) -> DataFrame:
    masks = _masks(ratios)
    alone = levels_of_one_annotator(masks)
    design, _ = _annotator_design(ratios)
    known, unknown = [], []
    for factor in FACTORS:
        counts = _counts(masks.groupby(factor, observed=True))
        for level in counts.index[1:]:
            row = {"term": f"{level} over {counts.index[0]}", **counts.loc[level], "caution": alone.get(level, "")}
            used = [(ratios[f"{factor}{end}"] == level).to_numpy(dtype=float) for end in (1, 2)]
            with_level = np.column_stack([design, used[0] - used[1]])
            if np.linalg.matrix_rank(with_level.T @ with_level) == with_level.shape[1]:
                design = with_level
                known.append(row)
            else:
                unknown.append({**row, "caution": join_cautions([row["caution"], _NOT_TOLD_APART])})
    table = pd.DataFrame(known, columns=["term", "masks", "images", "clusters", "caution"])
    if known:
        fitted, terms = _fitted(ratios, design), np.eye(design.shape[1])[-len(known) :]
        clusters = ratios["cluster"].nunique()
        rests_on = effective_clusters(variance_shares(fitted, terms), ratios["cluster"])
        table["caution"] = [
            join_cautions([said, few_clusters(clusters) or few_effective_clusters(number)])
            for said, number in zip(table["caution"], rests_on, strict=True)
        ]
        table = _estimated(table, fitted, terms, rests_on >= LEAST_CLUSTERS, _OF_LEVELS)
    return pd.concat([table, pd.DataFrame(unknown)]).assign(model=WITH_LEVELS, component=np.nan)


def _masks(ratios: DataFrame) -> DataFrame:
    """Return the masks that the pairs are of, each once: mask, annotator, tool, skill_level, ISIC_id, cluster."""
    own = ["mask", "annotator", *FACTORS]
    ends = [
        ratios[[*(f"{name}{end}" for name in own), "ISIC_id", "cluster"]].set_axis([*own, "ISIC_id", "cluster"], axis=1)
        for end in (1, 2)
    ]
    return pd.concat(ends, ignore_index=True).drop_duplicates("mask")


def _counts(masks: DataFrameGroupBy) -> DataFrame:
    return masks.agg(masks=("mask", "size"), images=("ISIC_id", "nunique"), clusters=("cluster", "nunique"))


def _components(ratios: DataFrame) -> dict[str, int]:
    links = ratios[["annotator1", "annotator2"]].drop_duplicates()
    return components(graph_of(links.assign(images=1)))


def _clusters_of_components(ratios: DataFrame) -> Series:
    component = ratios["annotator1"].astype(object).map(_components(ratios))
    return ratios["cluster"].groupby(component).nunique()


def _annotator_design(ratios: DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return columns of 1 for the annotator of mask1 and -1 for that of mask2, and which annotators these are of.

    The first annotator of each component has none: the others are compared with that one.
    """
    component = _components(ratios)
    names = sorted(component)
    design, rows = np.zeros((len(ratios), len(names))), np.arange(len(ratios))
    for end, sign in ((1, 1), (2, -1)):
        design[rows, pd.Categorical(ratios[f"annotator{end}"], names).codes] += sign
    kept = pd.Series(names).map(component).duplicated().to_numpy()
    return design[:, kept], kept


def _fitted(ratios: DataFrame, design: np.ndarray) -> RegressionResultsWrapper:
    weights = 1 / ratios.groupby("ISIC_id", observed=True)["log_ratio"].transform("size").to_numpy()
    return clustered_least_squares(ratios["log_ratio"].to_numpy(), design, ratios["cluster"], weights)


def _estimated(
    table: DataFrame, fitted: RegressionResultsWrapper, terms: np.ndarray, known: np.ndarray, quantile: float
) -> DataFrame:
    """Add what least squares finds of linear combinations of coefficients, shape (rows of the table, columns).

    Only those that are known (bool, by row) have intervals and p values.
    """
    from scipy.stats import norm

    estimates = terms @ fitted.params
    errors = np.full(len(terms), np.nan)
    errors[known] = np.sqrt(np.diag(terms[known] @ fitted.cov_params() @ terms[known].T))
    with np.errstate(divide="ignore", invalid="ignore"):  # areas that fit without error
        p_values = 2 * norm.sf(np.abs(estimates / errors))
    return table.assign(
        factor=np.exp(estimates),
        low=np.exp(estimates - quantile * errors),
        high=np.exp(estimates + quantile * errors),
        p_value=p_values,
        p_holm=holm(p_values),
    )
