"""Who works with whom: the annotators as a graph, joined by the images that both outlined."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..lazy import pd
from .cautions import join_cautions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from networkx import Graph
    from pandas import DataFrame

# networkx takes long to import, and --help does not need it: functions import it.

LEAST_IMAGES = 30  # of limits of agreement, and of an annotator who counts for the halves
LINK_COLUMNS = (
    "annotator1",
    "annotator2",
    "images",
    "mean_dice",
    "area_images",
    "area_ratio",
    "area_ratio_limit_low",
    "area_ratio_limit_high",
    "component",
    "bridge",
    "joins_halves",
    "caution",
)
_FEW_IMAGES = f"fewer than {LEAST_IMAGES} images"
_ONE_LINK = "all that joins its two sides"
_WEAK = 0.2  # share of images; two halves of which each image had anyone would share about a half
_LIMITS = 1.96  # standard deviations


class Halves(NamedTuple):
    """Two groups of annotators that hardly meet: their names, the images that join them, and how many there are."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    joining: int
    images: int

    def sentence(self) -> str:
        """Say so."""
        return (
            f"{'+'.join(self.first)} and {'+'.join(self.second)} are joined by {self.joining:,} of "
            f"{self.images:,} images"
        )


def annotator_links(pairs: DataFrame, ratios: DataFrame) -> DataFrame:
    """List each two annotators who outlined the same image.

    Parameters
    ----------
    pairs : DataFrame
        Of human masks, as `pair_kinds.classified_pairs` returns them, with dice_score.
    ratios : DataFrame
        Those whose areas are known, as `areas.log_area_ratios` returns them.

    Returns
    -------
    DataFrame
        `LINK_COLUMNS`, sorted by names, annotator1 < annotator2. images: that both outlined; mean_dice: over these,
        each the mean of its pairs, 0 to 1; area_ratio: geometric mean over the area_images whose areas are known of
        area of annotator1 / area of annotator2; its limits hold 95 % of single images when ratios are log-normal
        (Bland and Altman), from `LEAST_IMAGES` images up; component: number of the connected part of the graph, the
        first holds most annotators; bridge, joins_halves: "yes" or empty. No rows without pairs by two annotators.

    References
    ----------
    Bland and Altman (1986), Statistical methods for assessing agreement between two methods of clinical measurement,
    doi:10.1016/S0140-6736(86)90837-8.
    """
    inter = _in_order(pairs[pairs["inter"]])
    people = ["annotator1", "annotator2"]
    of_images = inter.groupby([*people, "ISIC_id"], observed=True)["dice_score"].mean()
    links = of_images.groupby(people, observed=True).agg(images="size", mean_dice="mean")
    links = links.join(_area_ratios(_in_order(ratios))).fillna({"area_images": 0}).astype({"area_images": int})
    links = links.reset_index().astype(dict.fromkeys(people, object))
    graph, halves = graph_of(links), halves_that_hardly_meet(pairs)
    component, bridges = components(graph), _bridges(graph)
    apart = [] if halves is None else [set(halves.first), set(halves.second)]
    links["component"] = links["annotator1"].map(component)
    names = list(links[people].itertuples(index=False, name=None))
    links["bridge"] = ["yes" if frozenset(name) in bridges else "" for name in names]
    links["joins_halves"] = ["yes" if apart and all(half & set(name) for half in apart) else "" for name in names]
    few = np.where(links["images"] < LEAST_IMAGES, _FEW_IMAGES, "")
    alone = np.where(links["bridge"] != "", _ONE_LINK, "")
    links["caution"] = [join_cautions(said) for said in zip(few, alone, strict=True)]
    return links.reindex(columns=LINK_COLUMNS)


def _in_order(pairs: DataFrame) -> DataFrame:
    """Have the smaller name come first, and turn the ratio with it."""
    first, second = pairs["annotator1"], pairs["annotator2"]
    swapped = first > second
    turned = {"annotator1": first.where(~swapped, second), "annotator2": second.where(~swapped, first)}
    if "log_ratio" in pairs:
        turned["log_ratio"] = pairs["log_ratio"].where(~swapped, -pairs["log_ratio"])
    return pairs.assign(**turned)


def _area_ratios(ratios: DataFrame) -> DataFrame:
    of_images = ratios.groupby(["annotator1", "annotator2", "ISIC_id"], observed=True)["log_ratio"].mean()
    links = of_images.groupby(["annotator1", "annotator2"], observed=True).agg(["size", "mean", "std"])
    spread = _LIMITS * links["std"].where(links["size"] >= LEAST_IMAGES)
    return pd.DataFrame(
        {
            "area_images": links["size"],
            "area_ratio": np.exp(links["mean"]),
            "area_ratio_limit_low": np.exp(links["mean"] - spread),
            "area_ratio_limit_high": np.exp(links["mean"] + spread),
        }
    )


def graph_of(links: DataFrame) -> Graph:
    """Return the graph of annotators, with the number of images on each edge; nodes in order of their names."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(sorted({*links["annotator1"], *links["annotator2"]}))
    rows = links[["annotator1", "annotator2", "images"]].itertuples(index=False, name=None)
    graph.add_weighted_edges_from(((first, second, int(images)) for first, second, images in rows), weight="images")
    return graph


def components(graph: Graph) -> dict[str, int]:
    """Return the connected part that each annotator is in, numbered from 1, most annotators first, then by name."""
    import networkx as nx

    parts = sorted(nx.connected_components(graph), key=lambda part: (-len(part), min(part)))
    return {name: number for number, part in enumerate(parts, start=1) for name in part}


def _bridges(graph: Graph) -> set[frozenset[str]]:
    import networkx as nx

    return {frozenset(edge) for edge in nx.bridges(graph)}


def halves_that_hardly_meet(pairs: DataFrame) -> Halves | None:
    """Find two groups of annotators whom few images join.

    The graph is cut by the sign of the Fiedler vector of its normalised Laplacian, edges weighted by images; only
    annotators with at least `LEAST_IMAGES` images count.

    Parameters
    ----------
    pairs : DataFrame
        ISIC_id, annotator1, annotator2, inter.

    Returns
    -------
    Halves or None
        images: those with a pair by two annotators; joining: those of them with someone of each half. None when a
        fifth of the images or more join them, when the graph is not connected, or when there are fewer than four such
        annotators.

    References
    ----------
    Shi and Malik (2000), Normalized cuts and image segmentation, doi:10.1109/34.868688.
    """
    import networkx as nx

    people = _people_of_images(pairs)
    counts = people["annotator"].value_counts()
    core = people[people["annotator"].isin(counts.index[counts >= LEAST_IMAGES])]
    met = core.merge(core, on="ISIC_id", suffixes=("1", "2"))
    met = met[met["annotator1"] < met["annotator2"]]
    shared = met.groupby(["annotator1", "annotator2"], observed=True).agg(images=("ISIC_id", "size"))
    graph = graph_of(shared.reset_index())
    if len(graph) < 4 or not nx.is_connected(graph):
        return None
    first, second = _cut(graph)
    sides = core.assign(side=core["annotator"].isin(first))[["ISIC_id", "side"]].drop_duplicates()
    joining, images = int(sides["ISIC_id"].duplicated().sum()), people["ISIC_id"].nunique()
    return Halves(first, second, joining, images) if joining < _WEAK * images else None


def half_of_annotator(pairs: DataFrame) -> dict[str, int]:
    """Return 1 or 2 for each annotator who is in one of two halves that hardly meet, as above; else nothing."""
    halves = halves_that_hardly_meet(pairs)
    return {} if halves is None else dict.fromkeys(halves.first, 1) | dict.fromkeys(halves.second, 2)


def _cut(graph: Graph) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return both sides of a connected graph, names sorted, the side of the first name first."""
    import networkx as nx

    names = list(graph)
    # Dense, since it is small; networkx' own iteration may not end where all are joined alike.
    _, vectors = np.linalg.eigh(nx.normalized_laplacian_matrix(graph, names, "images").toarray())
    above = vectors[:, 1] > 0
    first = tuple(name for name, up in zip(names, above, strict=True) if up == above[0])
    return first, tuple(name for name in names if name not in first)


def _people_of_images(pairs: DataFrame) -> DataFrame:
    inter = pairs[pairs["inter"]]
    ends: Sequence[DataFrame] = [
        inter[["ISIC_id", name]].set_axis(["ISIC_id", "annotator"], axis=1) for name in ("annotator1", "annotator2")
    ]
    return pd.concat(ends, ignore_index=True).drop_duplicates()
