"""The overview's table of agreement: people with each other, and one person twice, apart, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..figures.forest import Footnotes
from .page_table import METRICS, UNKNOWN, PageRow, PageTable, count_text, interval_text
from .read_tables import records_by

if TYPE_CHECKING:
    from pandas import DataFrame

_AT_ONE_LEVEL = "intra without conflicting labels"
# Groups of the statistics -> what the page calls them.
_GROUPS = {
    "inter": "two annotators",
    "intra": "one annotator twice",
    _AT_ONE_LEVEL: "one annotator twice, at one skill level",
    "all": "all pairs together",
}
_HINT = (
    "Means over images, each the mean over its pairs of that kind, with 95 % intervals by drawing clusters of images: "
    "what other images would give with these annotators. Dice, Jaccard and NSD: more is better; HD95, as a share "
    "of the image’s diagonal: less is."
)
_SHOWN = ("dice_score", "jaccard_score", "hd95_score_normalized", "nsd_score")


def agreement_table(statistics: DataFrame, skills: bool) -> PageTable:
    """Return the agreement by kind of pair.

    Parameters
    ----------
    statistics : DataFrame
        metric, group, caution; pairs, images, mean, low, high as numbers.
    skills : bool
        Whether the data tell skill levels apart; if not, no labels are in conflict.
    """
    groups = records_by(statistics, "group")
    shown = [name for name in _SHOWN if name in set(statistics["metric"])]
    notes, rows = Footnotes(), []
    for group, name in _GROUPS.items():
        by_metric = {row["metric"]: row for row in groups.get(group, [])}
        if not by_metric or (group == _AT_ONE_LEVEL and not skills):
            continue
        values = [
            interval_text(row["mean"], row["low"], row["high"]) if (row := by_metric.get(metric)) else UNKNOWN
            for metric in shown
        ]
        first = next(iter(by_metric.values()))
        label = notes.mark(name, first["caution"])
        rows.append(PageRow(label, [count_text(first["pairs"]), count_text(first["images"]), *values]))
    columns = ["Pairs of masks by", "Pairs", "Images", *(METRICS[name] for name in shown)]
    title = "Agreement between annotators, and of one annotator twice"
    return PageTable(title, columns, rows, ["agreement_statistics"], _HINT, notes.text())
