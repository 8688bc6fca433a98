"""From tables to the tasks of the report's images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import naming
from .image_task import ReportMask, ReportTask, SourceFile
from .read_tables import ReportTables, image_ids, masks_by_id, records, records_by, table_sizes
from .report_folder import image_key, rounded

if TYPE_CHECKING:
    from ..settings import MultiannotatorSettings

# What the details file calls a metric -> its column.
_PAIR_VALUES = {column.replace("_score", ""): column for column in naming.METRIC_COLUMNS}


def report_tasks(tables: ReportTables, config: MultiannotatorSettings) -> dict[str, ReportTask]:
    """Return one task for each image of the subset, then for each other one with QA issues, by ISIC_id."""
    sizes, issues = table_sizes(tables.images), issues_by_id(tables)
    details, entries = details_by_id(tables), entries_by_id(tables)
    tasks = {}
    for isic_id in dict.fromkeys([*entries, *issues]):
        known, judged = entries.get(isic_id, {}), [row["mask"] for row in issues.get(isic_id, [])]
        image = details[isic_id]["img"] if isic_id in details else issues[isic_id][0]["image"]
        tasks[isic_id] = ReportTask(
            key=image_key(isic_id),
            photo=_find(config, config.new_dataset_images_dir, image),
            masks=tuple(
                ReportMask(_find(config, config.new_dataset_masks_dir, name), known.get(name), name in judged)
                for name in dict.fromkeys([*known, *judged])
            ),
            details=details.get(isic_id),
            table_size=sizes.get(isic_id),
            thumbnail_pixels=config.report_thumbnail_pixels,
        )
    return tasks


def issues_by_id(tables: ReportTables) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the QA results by the ISIC_id of their image."""
    ids = image_ids(tables)
    return records_by(tables.qa.assign(ISIC_id=[ids[image] for image in tables.qa["image"]]), "ISIC_id")


def _find(config: MultiannotatorSettings, folder: Path, name: str) -> SourceFile:
    """Look for a file in the dataset's folder, then in quarantine."""
    for path in (folder / name, config.output_dir / naming.QUARANTINE_FOLDER / name):
        if path.is_file():
            return SourceFile(path, there=True)
    return SourceFile(folder / name, there=False)


def details_by_id(tables: ReportTables) -> dict[str, dict[str, Any]]:
    """Return what tables say of each image of the subset, by ISIC_id."""
    performance = records_by(tables.performance, "img_filename")
    pairs = records_by(tables.pairs, "img_id")
    details = {}
    for isic_id, rows in masks_by_id(tables.subset).items():
        image = rows[0]["img_filename"]
        staple = performance.get(image, [{"iterations": "", "degenerate": ""}])[0]
        places = {row["seg_filename"]: place for place, row in enumerate(rows)}
        known = [row for row in pairs.get(image, []) if {row["mask1"], row["mask2"]} <= set(places)]
        details[isic_id] = {
            "key": image_key(isic_id),
            "id": isic_id,
            "img": image,
            "iterations": whole_number(staple["iterations"]),
            "degenerate": staple["degenerate"],
            "pairs": [_pair(row, places) for row in known],
        }
    return details


def whole_number(text: str) -> int | None:
    """Return the number that a table's cell holds; None for an empty cell."""
    return int(text) if text.isdecimal() else None


def _pair(row: dict[str, Any], places: dict[str, int]) -> dict[str, Any]:
    values = {name: rounded(row[column]) for name, column in _PAIR_VALUES.items()}
    return {"a": places[row["mask1"]], "b": places[row["mask2"]], **values}


def entries_by_id(tables: ReportTables) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what tables say of each mask of the subset: ISIC_id -> seg_filename -> entry."""
    known: dict[str, dict[str, Any]] = {}
    for table in (tables.performance, tables.mask_agreement):
        for row in records(table):
            known.setdefault(row["seg_filename"], {}).update(row)
    return {
        isic_id: {row["seg_filename"]: _entry(row, known.get(row["seg_filename"], {})) for row in rows}
        for isic_id, rows in masks_by_id(tables.subset).items()
    }


def _entry(row: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    return {
        "file": row["seg_filename"],
        "annotator": row["annotator"],
        "tool": row["tool"],
        "skill": row["skill_level"],
        "human": row["annotator"] not in naming.CONSENSUS,
        "others": rounded(known.get("dice_to_others")),
        "sensitivity": rounded(known.get("sensitivity")),
        "specificity": rounded(known.get("specificity")),
    }
