"""The page of predictions: each model beside the annotators, and models beside each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import naming
from ..lazy import pd
from ..tables import read_table
from .page_table import METRICS, UNKNOWN, PageRow, PageTable, count_text, interval_text
from .read_tables import records, records_by
from .this_run import Outdated

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..settings import MultiannotatorSettings

_OTHERS = (naming.SCORES_BY_IMAGE, naming.SCORES_BY_REFERENCE, naming.SCORES_FAILURES)
_NUMBERS = ("images", "clusters", "mean", "low", "high")
_METRICS = METRICS | {"ged_squared": "GED²", "qubiq_dice": "QUBIQ Dice", "brier": "Brier"}
_BESIDE = ("dice_score", "hd95_score_normalized", "nsd_score", "ged_squared", "qubiq_dice", "brier")
_COMPARED = {
    naming.MODEL: "Model with annotators, all images",
    naming.MODEL_BESIDE: "Model with annotators, images of several",
    naming.HUMAN_LEVEL: "Annotators with each other, there",
    naming.MODEL_LESS_HUMAN: "Difference",
    **{f"model with {label}": f"Model with {label}" for label in naming.CONSENSUS},
}
_HINT = (
    "Means over images with 95 % intervals. A model can at best be expected to agree with people as people do with "
    "each other: compare the second column with the third; the difference is of the same images. ST and MV are made of "
    "the masks that the model is scored against too."
)


@dataclass(frozen=True)
class Scores:
    """Scores of the models.

    Attributes
    ----------
    summaries : dict of str to DataFrame
        Summary of each model.
    comparison : DataFrame
        Of all models; no rows when there is none.
    files : dict of str to Path
        The csv files, by what the page calls them.
    missing : list of str
        What is left out, and why.
    """

    summaries: dict[str, DataFrame]
    comparison: DataFrame
    files: dict[str, Path]
    missing: list[str] = field(default_factory=list)


def read_scores(config: MultiannotatorSettings) -> Scores:
    """Read the scores that belong to the present dataset.

    Raises
    ------
    PipelineError
        If a table is damaged or lacks columns.
    """
    folder, outdated = config.predictions_output_dir, Outdated(config)
    paths = [*sorted(folder.glob(f"*/{naming.SCORES_SUMMARY}")), folder / naming.MODELS_COMPARED]
    stages = {path: outdated.stage_of(path) for path in paths if path.is_file()}
    missing = [
        f"{path.relative_to(folder).as_posix()} is of an earlier state of the dataset (run {stage} again)"
        for path, stage in stages.items()
        if stage
    ]
    unrecorded = [path for path in stages if outdated.is_unrecorded(path)]
    missing += [f"{path.relative_to(folder).as_posix()}: no stage has recorded it" for path in unrecorded]
    current = [path for path, stage in stages.items() if stage is None and path not in unrecorded]
    summaries: dict[str, DataFrame] = {}
    files: dict[str, Path] = {}
    for path in (path for path in current if path.name == naming.SCORES_SUMMARY):
        model = path.parent.name
        summaries[model] = read_table(path, ("partition", "metric", "compared"), _NUMBERS)
        present = (path, *(path.with_name(name) for name in _OTHERS))
        files |= {f"{model}/{file.name}": file for file in present if file.is_file()}
    comparison = pd.DataFrame(columns=["partition", "metric", "model", "less", *_NUMBERS], dtype=object)
    if folder / naming.MODELS_COMPARED in current:
        comparison = read_table(folder / naming.MODELS_COMPARED, ("partition", "metric", "model", "less"), _NUMBERS)
        files[naming.MODELS_COMPARED] = folder / naming.MODELS_COMPARED
    return Scores(summaries, comparison, files, missing)


def predictions_page(scores: Scores) -> dict[str, Any]:
    """Return what the page shows: the comparison, and of each model a table of all images and one a partition."""
    models = []
    for model, summary in scores.summaries.items():
        tables = [_summary_table(model, name, rows) for name, rows in records_by(summary, "partition").items()]
        models.append({"name": model, "table": tables[0], "partitions": tables[1:]} if tables else {"name": model})
    return {"comparison": _comparison_table(scores.comparison), "models": [one for one in models if "table" in one]}


def _summary_table(model: str, partition: str, rows: list[dict[str, Any]]) -> PageTable:
    known = {(row["metric"], row["compared"]): row for row in rows}
    compared = [name for name in _COMPARED if any(name == row["compared"] for row in rows)]
    lines = [
        PageRow(title, [_value(known.get((metric, name))) for name in compared])
        for metric, title in _METRICS.items()
        if any(metric == row["metric"] for row in rows)
    ]
    images = [next((row["images"] for row in rows if row["compared"] == name), float("nan")) for name in compared]
    lines.append(PageRow("Images", [count_text(number) for number in images]))
    title = f"{model} beside the annotators" if partition == naming.ALL_IMAGES else f"{model}, partition {partition}"
    files = [f"{model}/{name}" for name in (naming.SCORES_SUMMARY, *_OTHERS)]
    columns = ["Metric", *(_COMPARED[name] for name in compared)]
    return PageTable(title, columns, lines, files, _HINT if partition == naming.ALL_IMAGES else "")


def _value(row: dict[str, Any] | None) -> str:
    return UNKNOWN if row is None else interval_text(row["mean"], row["low"], row["high"])


def _comparison_table(comparison: DataFrame) -> PageTable:
    known: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in records(comparison[comparison["partition"] == naming.ALL_IMAGES]):
        known.setdefault((row["model"], row["less"]), {})[row["metric"]] = row
    shown = [name for name in _BESIDE if any(name in rows for rows in known.values())]
    lines = []
    for (model, less), rows in known.items():
        images = count_text(next(iter(rows.values()))["images"])
        label = f"{model} less {less}" if less else model
        lines.append(PageRow(label, [images, *(_value(rows.get(name)) for name in shown)]))
    hint = (
        "Each model with the annotators, and for each two the mean of the differences image by image. Dice, NSD and "
        "QUBIQ Dice: more is better; HD95, GED² and Brier: less is."
    )
    columns = ["Model", "Images", *(_METRICS[name] for name in shown)]
    return PageTable("Models beside each other", columns, lines, [naming.MODELS_COMPARED], hint)
