"""The embedded demo: a small invented dataset in raw ISIC form, with one of each defect of real ones."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ..errors import Failure, PipelineError
from ..files import write_bytes_atomically
from ..workers.parallel import map_items
from ..workers.workplace import IN_THIS_PROCESS, Workplace
from .mask_styles import draw_mask
from .plan import (
    AGES,
    ANNOTATORS,
    DIAGNOSES,
    IMAGE_COLUMNS,
    MASK_COLUMNS,
    MASK_IDS,
    MODELS,
    OTHER_DATASETS,
    PICTURES,
    PLACES,
    SEXES,
    SITES,
    Picture,
)
from .scenes import draw_scene
from .shapes import Lesion

DEMO_VERSION = 2  # of the drawings; one more makes every demo that was drawn before incomplete
MARKER = "demo_complete.json"
IMAGE_TABLE = "raw_ISIC_images_metadata.csv.gz"
MASK_TABLE = "raw_ISIC_segmasks_metadata.csv"
PREDICTIONS = "predictions"  # a folder a model in it


@dataclass(frozen=True)
class Drawing:
    """What becomes of one planned image.

    Attributes
    ----------
    files : dict of str to bytes
        The image, its masks and the models' predictions for it, by path within the demo's folder.
    mask_rows : list of tuple of str
        Rows of the raw segmentation table, with the values of `MASK_COLUMNS`.
    """

    files: dict[str, bytes]
    mask_rows: list[tuple[str, ...]]


def write_demo(folder: Path, seed: int, workplace: Workplace = IN_THIS_PROCESS) -> dict[str, int]:
    """Draw the demo and write it in raw ISIC form; the same seed gives the same bytes.

    Parameters
    ----------
    folder : Path
        Made if absent; files of an earlier demo in it are replaced.
    seed : int
        Zero or more.
    workplace : Workplace
        Where to draw; it does not change what is written.

    Returns
    -------
    dict of str to int
        Number of `images`, `masks`, `annotators`, `images_without_metadata`, `other_datasets` and `models`.

    Raises
    ------
    PipelineError
        If an image could not be drawn because its process was killed.
    OSError
        If a file cannot be written.
    """
    (folder / MARKER).unlink(missing_ok=True)
    mask_rows = _write_drawings(folder, seed, workplace)
    image_rows = [_image_row(seed, picture) for picture in reversed(PICTURES) if picture.has_metadata]
    _write_files(folder, _tables(mask_rows, image_rows) | _other_datasets())
    counts = {
        "images": len(PICTURES),
        "masks": len(mask_rows),
        "annotators": len(ANNOTATORS),
        "images_without_metadata": len(PICTURES) - len(image_rows),
        "other_datasets": len({name.split("/")[0] for name in OTHER_DATASETS}),
        "models": len(MODELS),
    }
    marker = {"seed": seed, "version": DEMO_VERSION, "counts": counts}
    _write_files(folder, {MARKER: (json.dumps(marker, indent=2) + "\n").encode()})
    return counts


def demo_is_complete(folder: Path, seed: int) -> bool:
    """Tell whether `write_demo` ended in this folder, with this seed and this version of the drawings."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    return isinstance(marker, dict) and (marker.get("seed"), marker.get("version")) == (seed, DEMO_VERSION)


def draw_picture(seed: int, picture: Picture) -> Drawing:
    """Draw one image of the plan and its masks, whatever was drawn before.

    Parameters
    ----------
    seed : int
        Of the whole demo.
    picture : Picture
        One of `PICTURES`.

    Returns
    -------
    Drawing
    """
    rng = np.random.default_rng([seed, picture.number])
    middle = (0.44 + 0.12 * rng.random(), 0.44 + 0.12 * rng.random(), 0.24 + 0.1 * rng.random())
    places = PLACES.get(picture.place, (middle,))
    image, lesions = draw_scene(rng, (picture.height, picture.width), picture.kind, places)
    files = {f"images/{picture.isic_id}.jpg": _encoded(image, "JPEG", quality=85)}
    rows: list[tuple[str, ...]] = []
    planned = zip(picture.masks.split(), MASK_IDS[picture.number], strict=True)
    for k, (token, mask_id) in enumerate(planned, start=1):
        letter, _, deed = token.partition(":")
        annotator = ANNOTATORS[letter]
        style, source = ("flood fill", deed) if deed == "autofill" else (annotator.style, annotator.source)
        mask = _mask(np.random.default_rng([seed, picture.number, k]), lesions, style, deed)
        filename = f"{picture.isic_id}_{mask_id}.png"
        files[f"segs/{filename}"] = _encoded(mask.astype(np.uint8) * 255, "PNG")
        rows.append((picture.isic_id, annotator.creator, mask_id, filename, source, annotator.skill))
    for k, (model, style) in enumerate(MODELS.items() if picture.has_metadata else ()):
        predicted = draw_mask(np.random.default_rng([seed, picture.number, 2_000 + k]), lesions[0], style)
        files[f"{PREDICTIONS}/{model}/{picture.isic_id}.png"] = _encoded(predicted.astype(np.uint8) * 255, "PNG")
    return Drawing(files, rows)


def _write_drawings(folder: Path, seed: int, workplace: Workplace) -> list[tuple[str, ...]]:
    mask_rows = []
    drawings = map_items(partial(draw_picture, seed), PICTURES, workplace, label="demo")
    for picture, drawing in zip(PICTURES, drawings, strict=True):
        if isinstance(drawing, Failure):
            raise PipelineError("The demo could not be drawn.", where=picture.isic_id, found=drawing.reason)
        _write_files(folder, drawing.files)
        mask_rows += drawing.mask_rows
    return mask_rows


def _mask(rng: np.random.Generator, lesions: Sequence[Lesion], style: str, deed: str) -> np.ndarray:
    if deed in ("blank", "full"):
        return np.full(lesions[0].shape, deed == "full")
    mask = draw_mask(rng, lesions[1 if deed == "second" else 0], style)
    if deed == "both":
        return mask | draw_mask(rng, lesions[1], style)
    return ~mask if deed == "wrong" else mask


def _image_row(seed: int, picture: Picture) -> tuple[str, ...]:
    rng = np.random.default_rng([seed, picture.number, 1_000])
    age, site, sex = (values[rng.integers(len(values))] for values in (AGES, SITES, SEXES))
    outcome, *names, melanocytic = DIAGNOSES[picture.kind]
    lesion_id, patient_id = f"IL_{9_000_000 + picture.number}", f"IP_{9_000_000 + rng.integers(1, 25)}"
    return (
        *(picture.isic_id, "Invented for the demo", "CC-0", age, site, outcome, *names, "dermoscopic"),
        *(lesion_id, melanocytic, patient_id, str(picture.width), str(picture.height), sex),
    )


def _tables(mask_rows: Sequence[Sequence[str]], image_rows: Sequence[Sequence[str]]) -> dict[str, bytes]:
    return {
        MASK_TABLE: _csv_bytes(MASK_COLUMNS, mask_rows),
        IMAGE_TABLE: _gzip_bytes(_csv_bytes(IMAGE_COLUMNS, image_rows)),
    }


def _other_datasets() -> dict[str, bytes]:
    return {
        f"other_datasets/{name}": "".join(f"ISIC_{9_000_000 + number}\n" for number in (*shared, *elsewhere)).encode()
        for name, (shared, elsewhere) in OTHER_DATASETS.items()
    }


def _write_files(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        write_bytes_atomically(folder / name, data)


def _encoded(pixels: np.ndarray, image_format: str, **options: int) -> bytes:
    from PIL import Image  # imported late, so that --help stays quick

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, image_format, **options)
    return buffer.getvalue()


def _csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue().encode()


def _gzip_bytes(data: bytes) -> bytes:
    # Stored, not compressed: Pythons are built with different compressors, whose bytes differ.
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", compresslevel=0, mtime=0) as file:
        file.write(data)
    return buffer.getvalue()
