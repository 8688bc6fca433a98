"""The report's first page: counts, factors, the summary of agreement, who shares images with whom."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any

from .. import naming
from .agreement import agreement_table
from .page_table import UNKNOWN
from .read_tables import ReportTables, records

if TYPE_CHECKING:
    from pandas import DataFrame

GRAPH_SIZE = 640
_GRAPH_RADIUS = GRAPH_SIZE / 2
_THINNEST, _THICKEST = 1.0, 12.0
_COUNTED_IN = {
    "pairs of annotators' masks": "pairs",
    "of them by one annotator twice": "pairs",
    "pairs of masks, consensus included": "pairs",
    "mask QA issues": "qa",
    "degenerate STAPLE results": "performance",
    "failed images": "failures",
}
_COLUMN_NAMES = {
    "dice_score": "Dice",
    "jaccard_score": "Jaccard",
    "hd_score": "HD (px)",
    "hd95_score": "HD95 (px)",
    "assd_score": "ASSD (px)",
    "hd_score_normalized": "HD / diagonal",
    "hd95_score_normalized": "HD95 / diagonal",
    "assd_score_normalized": "ASSD / diagonal",
}


def overview(tables: ReportTables) -> dict[str, Any]:
    """Return what the page shows of the tables: counts, factors, levels, agreement, summary, graph, masks_per_image."""
    humans = naming.humans_only(tables.metadata)
    per_image = Counter(humans["ISIC_id"].value_counts().tolist())
    varying = naming.varying_factors(humans)
    return {
        "counts": counts(tables),
        "factors": {factor: levels(humans, factor) for factor in ("annotator", *varying)},
        "varying": list(varying),
        "levels": naming.levels_explained(name for factor in varying for name in sorted(set(humans[factor]))),
        "agreement": agreement_table(tables.agreement_statistics, "skill_level" in varying),
        "summary": summary(tables.summary),
        "graph": annotator_graph(humans),
        "masks_per_image": sorted(per_image.items()),
    }


def counts(tables: ReportTables) -> list[tuple[str, str]]:
    """Return label and value of each count; a dash where the table that is counted was left out."""
    humans = naming.humans_only(tables.metadata)
    pairs = tables.pairs
    degenerate = tables.performance[tables.performance["degenerate"] != ""]
    numbers = {
        "images": humans["ISIC_id"].nunique(),
        "masks by annotators": len(humans),
        "annotators": humans["annotator"].nunique(),
        "images with several masks": naming.humans_only(tables.subset)["ISIC_id"].nunique(),
        "pairs of annotators' masks": len(naming.human_pairs_only(pairs)),
        "of them by one annotator twice": len(naming.human_pairs_only(pairs)) - len(naming.inter_pairs_only(pairs)),
        "pairs of masks, consensus included": len(pairs),
        "mask QA issues": len(tables.qa),
        "quarantined masks": len(tables.quarantined),
        "degenerate STAPLE results": degenerate["img_filename"].nunique(),
        "failed images": tables.failures["img_id"].nunique(),
    }
    unknown = {label for label, table in _COUNTED_IN.items() if table not in tables.files}
    return [(label, UNKNOWN if label in unknown else f"{number:,}") for label, number in numbers.items()]


def levels(humans: DataFrame, factor: str) -> list[tuple[str, int, int]]:
    """Return each level of a factor with its numbers of masks and of images, most masks first."""
    groups = humans.groupby(factor)["ISIC_id"]
    rows = ((str(level), len(ids), ids.nunique()) for level, ids in groups)
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def summary(table: DataFrame) -> dict[str, Any]:
    """Format the summary of agreement: four decimals for shares, one for pixels, a dash for what is undefined."""
    columns = list(_COLUMN_NAMES)
    cells = ([_cell(row[name], name) for name in columns] for row in records(table))
    rows = list(zip(table.iloc[:, 0], cells, strict=True))
    return {"columns": list(_COLUMN_NAMES.values()), "rows": rows}


def _cell(value: float, column: str) -> str:
    if math.isnan(value):
        return UNKNOWN
    return f"{value:.1f}" if column in naming.DISTANCE_COLUMNS else f"{value:.4f}"


def annotator_graph(humans: DataFrame) -> dict[str, Any]:
    """Lay out the graph of annotators who share images.

    Parameters
    ----------
    humans : DataFrame
        ISIC_id and annotator of each human mask.

    Returns
    -------
    dict
        ``nodes``: name, x, y, masks, on a circle in order of name, the first on top, clockwise; ``edges``: a, b
        (names), images that both outlined, width; ``size``: side of the square that holds it.
    """
    masks = Counter(humans["annotator"])
    names = sorted(masks)
    shared = Counter(
        pair for group in humans.groupby("ISIC_id")["annotator"] for pair in combinations(sorted(set(group[1])), 2)
    )
    most = max(shared.values(), default=1)
    nodes = [
        {"name": name, "x": x, "y": y, "masks": masks[name]}
        for name, (x, y) in zip(names, _circle(len(names)), strict=True)
    ]
    edges = [
        {
            "a": a,
            "b": b,
            "images": images,
            "width": round(_THINNEST + (_THICKEST - _THINNEST) * images / most, 2),
        }
        for (a, b), images in sorted(shared.items())
    ]
    return {"nodes": nodes, "edges": edges, "size": GRAPH_SIZE}


def _circle(number: int) -> list[tuple[float, float]]:
    angles = (2 * math.pi * place / number for place in range(number))
    centre = GRAPH_SIZE / 2
    return [
        (round(centre + _GRAPH_RADIUS * math.sin(angle), 1), round(centre - _GRAPH_RADIUS * math.cos(angle), 1))
        for angle in angles
    ]
