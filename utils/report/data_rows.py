"""Rows of the report's two data files: the browser's index and the quality page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import naming
from .image_files import ImageResult
from .read_tables import ReportTables, diagnoses, image_ids, records, records_by
from .report_folder import image_key, rounded
from .tasks import whole_number

_DIGITS_OF_OTHERS = 4  # sorted by, and shown to three decimals
# What the browser calls a measure of an image -> its column.
_IMAGE_VALUES = {"gci": "generalised_conformity_index", "disputed": "disputed_share", "entropy": "mean_vote_entropy"}


def index_rows(tables: ReportTables, results: Mapping[str, ImageResult]) -> list[dict[str, Any]]:
    """Return the browser's row of each image of the subset, in metadata order.

    Agreement is the mean over the image's pairs of human masks, to six digits; None where it is undefined. `others` has
    the Dice of each annotator's mask, in the order of `annotators`, with the vote of the others.
    """
    means = {row["img_id"]: row for row in records(tables.per_image)}
    measures = {row["ISIC_id"]: row for row in records(tables.image_agreement)}
    others = {row["seg_filename"]: row["dice_to_others"] for row in records(tables.mask_agreement)}
    failures = records_by(tables.failures, "img_id")
    degenerate = {row["img_filename"]: row["degenerate"] for row in records(tables.performance)}
    diagnosis = diagnoses(tables.images)
    index = []
    for isic_id, masks in records_by(naming.humans_only(tables.subset), "ISIC_id").items():
        image = masks[0]["img_filename"]
        index.append(
            {
                "key": image_key(isic_id),
                "id": isic_id,
                "img": image,
                "n": len(masks),
                "annotators": [mask["annotator"] for mask in masks],
                "others": [rounded(others.get(mask["seg_filename"]), _DIGITS_OF_OTHERS) for mask in masks]
                if others
                else [],
                "tools": sorted({mask["tool"] for mask in masks}),
                "skills": sorted({mask["skill_level"] for mask in masks}),
                "diagnosis": diagnosis.get(isic_id),
                "dice": rounded(means.get(image, {}).get("dice_score_mean")),
                "hd95": rounded(means.get(image, {}).get("hd95_score_mean")),
                **{name: rounded(measures.get(isic_id, {}).get(column)) for name, column in _IMAGE_VALUES.items()},
                "thumb": results[isic_id].thumb,
                "degenerate": degenerate.get(image, ""),
                "failed": "; ".join(failure["reason"] for failure in failures.get(image, [])),
            }
        )
    return index


def quality_data(tables: ReportTables, results: Mapping[str, ImageResult]) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of the quality page: issues, failures, quarantined, degenerate."""
    return {
        "issues": issue_rows(tables, results),
        "failures": [
            {"stage": row["stage"], "img": row["img_id"], "reason": row["reason"]} for row in records(tables.failures)
        ],
        "quarantined": [
            {"mask": row["seg_filename"], "id": row["ISIC_id"], "issue": row["issue"], "severity": row["severity"]}
            for row in records(tables.quarantined)
        ],
        "degenerate": degenerate_rows(tables),
    }


def issue_rows(tables: ReportTables, results: Mapping[str, ImageResult]) -> list[dict[str, Any]]:
    """Return each QA issue, with whether its image has a thumbnail and with the outline of its mask."""
    ids = image_ids(tables)
    annotators = {
        row["seg_filename"]: row["annotator"]
        for table in (tables.quarantined, tables.metadata)
        for row in records(table)
    }
    quarantined = set(tables.quarantined["seg_filename"])
    rows = []
    for row in records(tables.qa):
        isic_id = ids[row["image"]]
        result = results[isic_id]
        width, height, path = result.judged.get(row["mask"], (0, 0, ""))
        rows.append(
            {
                "key": image_key(isic_id),
                "id": isic_id,
                "mask": row["mask"],
                "issue": row["issue"],
                "severity": row["severity"],
                "annotator": annotators.get(row["mask"], ""),
                "thumb": result.thumb,
                "width": width,
                "height": height,
                "path": path,
                "quarantined": row["mask"] in quarantined,
            }
        )
    return rows


def degenerate_rows(tables: ReportTables) -> list[dict[str, Any]]:
    """Return each image with a degenerate STAPLE result, once."""
    degenerate = tables.performance[tables.performance["degenerate"] != ""].drop_duplicates("img_filename")
    ids = image_ids(tables)
    return [
        {
            "key": image_key(ids[row["img_filename"]]),
            "id": ids[row["img_filename"]],
            "img": row["img_filename"],
            "degenerate": row["degenerate"],
            "iterations": whole_number(row["iterations"]),
        }
        for row in records(degenerate)
        if row["img_filename"] in ids
    ]
