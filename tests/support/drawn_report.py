"""Draw a dataset of many small images, as the pipeline's stages leave one, and make the report of it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from support.drawing import disc
from support.run import run_stage
from utils import naming
from utils.agreement.aggregate import metrics_per_image, summary_of_pairs
from utils.data import encode_mask
from utils.metrics import pairwise_agreement
from utils.tables import write_table

SHAPE = (72, 96)
# An id, a diagnosis and a QA issue that a page must show as text.
HOSTILE_ID = '<img src=x onerror="window.hacked=1"> & "q" \'ü\''
HOSTILE_DIAGNOSIS = "<script>window.hacked=2</script>"
DIAGNOSES = ("Benign", "Malignant", "", HOSTILE_DIAGNOSIS)
ANNOTATORS = tuple(f"A{number:02}" for number in range(12))
_STAPLE_COLUMNS = ("ISIC_id", "img_filename", "seg_filename", "sensitivity", "specificity", "iterations", "degenerate")


def make_drawn_report(folder: Path, images: int, *arguments: str, photos: bool = True, seed: int = 0) -> Path:
    """Draw a dataset into ``folder/output`` and run the report's stage on it.

    Parameters
    ----------
    folder : Path
        Anything below it is overwritten.
    images : int
        Images with 2 to 5 human masks of 96 x 72 pixels; the second has a hostile id. One more has a single mask,
        with a QA issue; one mask is in quarantine.
    *arguments : str
        More keys of make_report.
    photos : bool
        Whether there are image files.
    seed : int
        Of the drawing.

    Returns
    -------
    Path
        The report's folder.
    """
    output = folder / "output"
    draw_dataset(output, images, photos=photos, seed=seed)
    done = run_stage("make_report", output, *arguments)
    assert done.returncode == 0, done.stderr
    return output / "report"


def draw_dataset(output: Path, images: int, photos: bool = True, seed: int = 0) -> None:
    """Write masks, photos and all tables of a drawn dataset below an output folder."""
    rng = np.random.default_rng(seed)
    for name in ("seg_masks", "images", "metadata", naming.QUARANTINE_FOLDER):
        (output / name).mkdir(parents=True, exist_ok=True)
    drawn = [_draw_image(output, number, rng, photos) for number in range(images)]
    single = _seg_row("ISIC_single", "A00", images)
    mask = disc(SHAPE, (0, 40), 20)
    (output / "seg_masks" / single["seg_filename"]).write_bytes(encode_mask(mask))
    if photos:
        _write_photo(output / "images" / single["img_filename"], mask)
    _write_tables(output / "metadata", drawn, single)
    _write_quarantine(output / naming.QUARANTINE_FOLDER, drawn[0]["rows"][0]["ISIC_id"])


def isic_id(number: int) -> str:
    """Return the id of a drawn image."""
    return HOSTILE_ID if number == 1 else f"ISIC_{number:07}"


def _seg_row(image: str, annotator: str, number: int) -> dict[str, str]:
    # A file name can hold no <, > or / everywhere, so the hostile text is in the id alone.
    stem = f"ISIC_{number:07}" if image == HOSTILE_ID else image
    if annotator in naming.CONSENSUS:
        row = naming.consensus_row(image, f"{stem}.JPG", annotator, "")
        return {**row, "seg_filename": f"{stem}_{annotator}_{annotator}_{annotator}_{annotator}.png"}
    level = ANNOTATORS.index(annotator)
    tool, skill = f"T{level % 3 + 1}", f"S{level % 2 + 1}"
    values = (image, f"{stem}.JPG", f"{stem}_{annotator}_{tool}_{skill}_m{number}.png", annotator, tool, skill)
    return dict(zip(naming.SEG_COLUMNS, (*values, f"m{number}{annotator}", ""), strict=True))


def _draw_image(output: Path, number: int, rng: np.random.Generator, photos: bool) -> dict:
    image = isic_id(number)
    count = int(rng.choice([2, 3, 4, 5], p=[0.8, 0.12, 0.05, 0.03]))
    # Far apart in one image of ten.
    spread = 18.0 if number % 10 == 9 else 4.0
    humans = sorted(rng.choice(len(ANNOTATORS), count, replace=False))
    masks = [
        disc(SHAPE, tuple(np.array([36, 48]) + rng.normal(0, spread, 2)), rng.uniform(10, 24)) for _ in range(count)
    ]
    if number % 4 == 2:
        masks[0][30:40, 40:52] = False
    if number == 3:
        masks[1][:] = False
    votes = np.sum(masks, axis=0)
    masks += [2 * votes > count, 2 * votes >= count]
    rows = [_seg_row(image, name, number) for name in (*(ANNOTATORS[i] for i in humans), *naming.CONSENSUS)]
    for row, mask in zip(rows, masks, strict=True):
        (output / "seg_masks" / row["seg_filename"]).write_bytes(encode_mask(mask))
    if photos:
        _write_photo(output / "images" / rows[0]["img_filename"], masks[-1])
    return {"rows": rows, "pairs": pairwise_agreement(masks), "diagnosis": DIAGNOSES[number % len(DIAGNOSES)]}


def _write_photo(path: Path, lesion: np.ndarray) -> None:
    skin, brown = np.array([222, 184, 160], np.uint8), np.array([110, 70, 50], np.uint8)
    Image.fromarray(np.where(lesion[..., None], brown, skin)).save(path, format="JPEG")


def _write_tables(folder: Path, drawn: Sequence[dict], single: dict[str, str]) -> None:
    subset, prefix = "IMAplusplus_multiannotator_subset_", "IMAplusplus_"
    rows = [row for image in drawn for row in image["rows"]]
    humans = [row for row in rows if row["annotator"] not in naming.CONSENSUS]
    consensus = [row for row in rows if row["annotator"] in naming.CONSENSUS]
    pairs = [row for image in drawn for row in _pair_rows(image)]
    first = drawn[0]["rows"]
    _write(folder / f"{subset}seg_metadata.csv", naming.SEG_COLUMNS, [*humans, *consensus])
    _write(folder / f"{prefix}seg_metadata.csv", naming.SEG_COLUMNS, [*humans, single, *consensus])
    table = _write(folder / f"{subset}IAA_metrics.csv", naming.PAIR_COLUMNS, pairs)
    write_table(summary_of_pairs(table), folder / f"{subset}IAA_metrics_summary.csv")
    write_table(metrics_per_image(table), folder / f"{subset}image_level_metrics.csv")
    _write(folder / f"{subset}staple_performance.csv", _STAPLE_COLUMNS, _staple_rows(drawn))
    diagnoses = [{"isic_id": image["rows"][0]["ISIC_id"], "diagnosis_1": image["diagnosis"]} for image in drawn]
    _write(folder / f"{prefix}img_metadata.csv", ("isic_id", "diagnosis_1"), diagnoses)
    failure = {"stage": "compute_IAA_metrics", "img_id": first[0]["img_filename"], "reason": "drawn <b>failure</b>"}
    _write(folder / f"{subset}failures.csv", naming.FAILURE_COLUMNS, [failure])
    _write(folder / f"{prefix}seg_metadata_qa_results.csv", naming.QA_COLUMNS, _qa_rows(first, single))


def _qa_rows(first: Sequence[dict], single: dict[str, str]) -> list[dict]:
    found = (
        (single, "Mask touches image border", "low"),
        (first[0], "Multiple disconnected regions (2)", "medium"),
        (first[1], "Mask covers entire image", "high"),
    )
    rows = [
        {"image": row["img_filename"], "mask": row["seg_filename"], "issue": issue, "severity": severity}
        for row, issue, severity in found
    ]
    gone = {"image": first[0]["img_filename"], "mask": "gone_A11_T3_S2_g.png", "severity": "high"}
    return [*rows, {**gone, "issue": "File not found or corrupted"}]


def _write_quarantine(folder: Path, image: str) -> None:
    values = ("0", image, f"{image}.JPG", "gone_A11_T3_S2_g.png", "A11", "T3", "S2", "g", "")
    row = dict(zip(naming.QUARANTINE_COLUMNS, (*values, "File not found or corrupted", "high"), strict=True))
    (folder / row["seg_filename"]).write_bytes(b"no image")
    _write(folder / "quarantined_masks.csv", naming.QUARANTINE_COLUMNS, [row])


def _pair_rows(image: dict) -> list[dict]:
    rows = image["rows"]
    places = ((i, j) for i in range(len(rows)) for j in range(i + 1, len(rows)))
    return [
        {
            "img_id": rows[i]["img_filename"],
            "mask1": rows[i]["seg_filename"],
            "mask2": rows[j]["seg_filename"],
            "annotator1": rows[i]["annotator"],
            "annotator2": rows[j]["annotator"],
            **values,
            "tool1": rows[i]["tool"],
            "skill_level1": rows[i]["skill_level"],
            "tool2": rows[j]["tool"],
            "skill_level2": rows[j]["skill_level"],
        }
        for (i, j), values in zip(places, image["pairs"], strict=True)
    ]


def _staple_rows(drawn: Sequence[dict]) -> Iterable[dict]:
    for number, image in enumerate(drawn):
        for row in image["rows"][:-2]:
            share = zlib.crc32(row["seg_filename"].encode()) / 2**32
            values = (0.8 + 0.2 * share, 1 - 0.01 * share, 20 + number % 30)
            degenerate = "empty result from non-empty masks" if number == 3 else ""
            names = (row["ISIC_id"], row["img_filename"], row["seg_filename"])
            yield dict(zip(_STAPLE_COLUMNS, (*names, *values, degenerate), strict=True))


def _write(path: Path, columns: Sequence[str], rows: Iterable[dict]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows), columns=list(columns))
    write_table(table, path)
    return table
