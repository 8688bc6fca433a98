"""The tables that the report is made from; all but one may be missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import naming
from ..agreement.aggregate import metrics_per_image
from ..lazy import pd
from ..quality.quarantine import QUARANTINE_TABLE, read_quarantine
from ..tables import read_input
from .this_run import Outdated

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..settings import MultiannotatorSettings


@dataclass(frozen=True)
class _Source:
    """The key that names a table's file, the columns that the report reads, and what it lacks without the table."""

    key: str
    lacking: str
    columns: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


_NOT_LINKED = "images"
_ANNOTATOR_TEXTS = ("annotator", "tools", "skill_levels", "partners", "component", "half", "caution")
_ANNOTATOR_NUMBERS = (
    *("masks", "images", "staple_sensitivity_images", "pairs_one_annotator_twice", "pairs_with_conflicting_skills"),
    *(
        f"{name}{end}"
        for name in (
            "area_factor",
            "mean_dice_with_others",
            "dice_with_vote_of_others",
            "dice_one_annotator_twice",
            "staple_sensitivity",
            "staple_specificity",
        )
        for end in ("", "_low", "_high")
    ),
)
_SOURCES = {
    "metadata": _Source(
        "output_seg_masks_metadata_path", "the counts are those of the multi-annotator subset", naming.SEG_COLUMNS
    ),
    "pairs": _Source(
        "all_pairwise_IAA_metrics_path", "no agreement of pairs", naming.PAIR_COLUMNS[:5], naming.METRIC_COLUMNS
    ),
    "per_image": _Source(
        "image_level_metrics_path",
        "the agreement of images is averaged from pairs",
        ("img_id",),
        ("dice_score_mean", "hd95_score_mean"),
    ),
    "summary": _Source("IAA_metrics_summary_path", "no summary of agreement", numbers=naming.METRIC_COLUMNS),
    "performance": _Source(
        "staple_performance_path",
        "no STAPLE estimates",
        ("img_filename", "seg_filename", "iterations", "degenerate"),
        ("sensitivity", "specificity"),
    ),
    "qa": _Source("output_seg_masks_metadata_qa_results_path", "no mask QA issues", naming.QA_COLUMNS),
    "failures": _Source("failures_path", "no failed images", naming.FAILURE_COLUMNS),
    "images": _Source("output_img_metadata_path", "no diagnoses", ("isic_id",)),
    "image_agreement": _Source(
        "image_agreement_path",
        "no conformity, disputed share and entropy of images",
        ("ISIC_id",),
        ("generalised_conformity_index", "disputed_share", "mean_vote_entropy"),
    ),
    "mask_agreement": _Source(
        "mask_agreement_path", "no Dice of each mask with the others", ("seg_filename",), ("dice_to_others",)
    ),
    "agreement_statistics": _Source(
        "agreement_statistics_path",
        "no agreement of two annotators and of one twice, apart and with intervals",
        ("metric", "group", "caution"),
        ("pairs", "images", "mean", "low", "high"),
    ),
    "annotator_metrics": _Source(
        "annotator_metrics_path", "no page of annotators", _ANNOTATOR_TEXTS, _ANNOTATOR_NUMBERS
    ),
    "annotator_links": _Source(
        "annotator_links_path",
        "no notes on the network of annotators",
        ("annotator1", "annotator2", "joins_halves"),
        ("images",),
    ),
    "area_factors": _Source("area_factors_path", "no link to this table"),
}


@dataclass
class ReportTables:
    """The tables as they were read; a missing one has its columns and no rows.

    Attributes
    ----------
    subset : DataFrame
        Masks of images with several masks, humans and consensus.
    metadata : DataFrame
        All masks; those of the subset when the table is missing.
    pairs, per_image, summary, performance, qa, failures, images, quarantined : DataFrame
        As the stages write them; `images` is the image metadata. `per_image` is averaged from `pairs` when it is
        missing.
    image_agreement, mask_agreement : DataFrame
        Of each image and of each human mask; only the columns that are shown are numbers.
    agreement_statistics, annotator_metrics, annotator_links, area_factors : DataFrame
        Of kinds of pairs, annotators and pairs of annotators; only the columns that are shown are numbers.
    missing : list of str
        The missing tables, and what the report lacks without each.
    files : dict of str to Path
        The csv files that the pages link to, by the names above. The image metadata are none of them: they tell more
        of patients than the pages show.
    """

    subset: DataFrame
    metadata: DataFrame
    pairs: DataFrame
    per_image: DataFrame
    summary: DataFrame
    performance: DataFrame
    qa: DataFrame
    failures: DataFrame
    images: DataFrame
    image_agreement: DataFrame
    mask_agreement: DataFrame
    agreement_statistics: DataFrame
    annotator_metrics: DataFrame
    annotator_links: DataFrame
    area_factors: DataFrame
    quarantined: DataFrame
    missing: list[str] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)


def read_report_tables(config: MultiannotatorSettings) -> ReportTables:
    """Read those of the report's tables that exist.

    Raises
    ------
    PipelineError
        If the metadata of the subset is missing, or if a table is damaged or lacks columns.
    """
    key, made_by = "multiannotator_subset_metadata_path", "create_multiannotator_subset"
    subset = read_input(config, key, naming.SEG_COLUMNS, made_by=made_by)
    outdated = Outdated(config)
    found, missing, files = {}, [], {"subset": Path(config.multiannotator_subset_metadata_path)}
    for name, source in _SOURCES.items():
        path = Path(getattr(config, source.key))
        stage = outdated.stage_of(path)
        if path.is_file() and stage is None:
            boundary = naming.BOUNDARY_COLUMNS
            found[name] = read_input(config, source.key, source.columns, source.numbers, numeric_if_there=boundary)
            files |= {name: path} if name != _NOT_LINKED else {}
        else:
            found[name] = pd.DataFrame(columns=[*source.columns, *source.numbers], dtype=object)
            of_before = f"is of an earlier state of the dataset (run {stage} again)"
            missing.append(f"{path.name} {of_before if stage else 'not found'}: {source.lacking}")
    if found["metadata"].empty:
        found["metadata"] = subset
    if found["per_image"].empty and len(found["pairs"]):
        found["per_image"] = metrics_per_image(found["pairs"])
    folder = config.output_dir / naming.QUARANTINE_FOLDER
    quarantined = read_quarantine(folder, found["metadata"])
    if (folder / QUARANTINE_TABLE).is_file():
        files["quarantined"] = folder / QUARANTINE_TABLE
    return ReportTables(subset=subset, quarantined=quarantined, missing=missing, files=files, **found)


def records(table: DataFrame) -> Iterator[dict[str, Any]]:
    """Yield each row of a table as a dict of Python values."""
    rows: list[Any] = table.to_dict("records")
    return iter(rows)


def records_by(table: DataFrame, column: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a table by their value in a column, both in order of first appearance."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in records(table):
        rows.setdefault(row[column], []).append(row)
    return rows


def masks_by_id(subset: DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Return the subset's rows by ISIC_id: humans in their order, then ST and MV."""
    places = {label: place for place, label in enumerate(naming.CONSENSUS, start=1)}
    order = subset["annotator"].map(places).fillna(0).argsort(kind="stable")
    rows = records_by(subset.iloc[order], "ISIC_id")
    return {isic_id: rows[isic_id] for isic_id in subset["ISIC_id"].unique()}


def diagnoses(images: DataFrame) -> dict[str, str]:
    """Return the diagnosis of each ISIC_id that has one; none if the table has no such column."""
    column = naming.diagnosis_column(images)
    if column is None:
        return {}
    return {row["isic_id"]: row[column].strip() for row in records(images) if row[column].strip()}


def table_sizes(images: DataFrame) -> dict[str, tuple[int, int]]:
    """Return width and height of each ISIC_id that has both in pixels_x and pixels_y."""
    if not {"pixels_x", "pixels_y"} <= set(images):
        return {}
    texts = {row["isic_id"]: (row["pixels_x"], row["pixels_y"]) for row in records(images)}
    return {isic_id: (int(x), int(y)) for isic_id, (x, y) in texts.items() if _is_size(x) and _is_size(y)}


def _is_size(text: str) -> bool:
    return text.isdecimal() and int(text) > 0


def image_ids(tables: ReportTables) -> dict[str, str]:
    """Return the ISIC_id of every image with a row in a table, by img_filename.

    An image that only the QA results know has the stem of its file name.
    """
    ids = {image: Path(image).stem for image in tables.qa["image"]}
    for table in (tables.quarantined, tables.metadata, tables.subset):
        ids.update(zip(table["img_filename"], table["ISIC_id"], strict=True))
    return ids
