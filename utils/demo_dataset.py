"""The embedded demo: a small invented dataset in raw ISIC form, with one of each defect of real ones."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.demo_drawing import Lesion, draw_mask, draw_scene
from utils.files import write_bytes_atomically

DEMO_VERSION = 1  # of the drawings; one more makes every demo that was drawn before incomplete
MARKER = "demo_complete.json"
IMAGE_TABLE = "raw_ISIC_images_metadata.csv.gz"
MASK_TABLE = "raw_ISIC_segmasks_metadata.csv"

# Wrong on purpose: it marks the skin around a lesion. Read as a number it would be infinite.
EXCLUDED_MSKOBJECTID = "5841e1384930175526048137"


@dataclass(frozen=True)
class Annotator:
    """An invented person with one style, one tool (empty: not recorded) and one skill."""

    creator: str
    style: str
    source: str
    skill: str


ANNOTATORS = {
    "i": Annotator("Dr. Iris Vale", "tight", "", "expert"),
    "m": Annotator("Mina Okafor", "flood fill", "autofill", "novice"),
    "g": Annotator("Dr. Gareth Holm", "generous", "", "expert"),
    "t": Annotator("Dr. Tomás Lindqvist", "polygonal", "manual pointlist", "expert"),
    "s": Annotator("Sol Petrakis", "star", "manual pointlist", "novice"),
    "l": Annotator("Lev Arden", "sloppy", "", "novice"),
}

# Centre row, centre column (shares of the sides) and mean radius (share of the shorter side) of each lesion.
PLACES = {
    "edge": ((0.5, 0.1, 0.3),),
    "pair": ((0.48, 0.36, 0.25), (0.55, 0.8, 0.11)),
}


@dataclass(frozen=True)
class Picture:
    """One planned image.

    Its masks are annotators' letters, each with an optional deed after a colon: `autofill` (that tool instead
    of the usual one), `second` (the smaller lesion), `both`, `blank`, `full`, or `wrong` (to be excluded).
    """

    number: int
    width: int
    height: int
    kind: str
    masks: str
    place: str = "middle"
    has_metadata: bool = True

    @property
    def isic_id(self) -> str:
        """The invented ISIC id."""
        return f"ISIC_{9_000_000 + self.number}"


PICTURES = (
    Picture(1, 640, 480, "nevus", "i"),
    Picture(2, 1022, 767, "melanoma", "i g m"),
    Picture(3, 1504, 1129, "nevus", "i t s"),
    Picture(4, 722, 542, "keratosis", "g"),
    Picture(5, 1024, 768, "carcinoma", "i m"),
    Picture(6, 640, 480, "nevus", "m"),
    Picture(7, 3024, 2016, "melanoma", "i g"),
    Picture(8, 800, 600, "nevus", "t"),
    Picture(9, 1280, 960, "nevus", "i m t g s"),
    Picture(10, 640, 480, "dermatofibroma", "i"),
    Picture(11, 1022, 767, "melanoma", "i i:autofill"),
    Picture(12, 1024, 768, "nevus", "g t"),
    Picture(13, 767, 1022, "carcinoma", "m"),
    Picture(14, 640, 480, "nevus", "i g m l:blank"),
    Picture(15, 1504, 1129, "melanoma", "i t g"),
    Picture(16, 1022, 767, "keratosis", "i"),
    Picture(17, 800, 600, "nevus", "g m:full"),
    Picture(18, 640, 480, "melanoma", "i m", place="edge"),
    Picture(19, 1024, 768, "nevus", "i m:second", place="pair"),
    Picture(20, 722, 542, "carcinoma", "i"),
    Picture(21, 1280, 960, "nevus", "g:both m", place="pair"),
    Picture(22, 1022, 767, "nevus", "i g g:wrong"),
    Picture(23, 640, 480, "melanoma", "t"),
    Picture(24, 1024, 768, "keratosis", "m"),
    Picture(25, 1022, 767, "nevus", "i"),
    Picture(26, 1504, 1129, "melanoma", "i m t g"),
    Picture(27, 640, 480, "nevus", "s i"),
    Picture(28, 800, 600, "dermatofibroma", "i"),
    Picture(29, 1022, 767, "carcinoma", "g l"),
    Picture(30, 960, 720, "nevus", "i m"),
    Picture(31, 640, 480, "nevus", "t", has_metadata=False),
)

# benign_malignant, diagnosis_1, diagnosis_2, diagnosis_3, melanocytic
DIAGNOSES = {
    "nevus": ("benign", "Benign", "Benign melanocytic proliferations", "Nevus", "True"),
    "melanoma": (
        *("malignant", "Malignant", "Malignant melanocytic proliferations (Melanoma)"),
        *("Melanoma", "True"),
    ),
    "keratosis": ("benign", "Benign", "Benign epidermal proliferations", "Seborrheic keratosis", "False"),
    "carcinoma": (
        *("malignant", "Malignant", "Malignant adnexal epithelial proliferations - Follicular"),
        *("Basal cell carcinoma", "False"),
    ),
    "dermatofibroma": (
        *("benign", "Benign", "Benign soft tissue proliferations - Fibro-histiocytic"),
        *("Dermatofibroma", "False"),
    ),
}

IMAGE_COLUMNS = (
    *("isic_id", "attribution", "copyright_license", "age_approx", "anatom_site_general", "benign_malignant"),
    *("diagnosis_1", "diagnosis_2", "diagnosis_3", "image_type", "lesion_id", "melanocytic", "patient_id"),
    *("pixels_x", "pixels_y", "sex"),
)
MASK_COLUMNS = ("ISIC_id", "creator", "mskObjectID", "filename", "source", "skill")

# Empty where the archive has no value.
AGES = ("", *(str(age) for age in range(25, 90, 5)))
SITES = ("", "head/neck", "anterior torso", "posterior torso", "upper extremity", "lower extremity")
SEXES = ("female", "male", "female", "male", "")

# Numbers of images of the demo, and of images elsewhere, that each list of another (invented) dataset names.
OTHER_DATASETS = {
    "AtlasPigmenta/AtlasPigmenta_ids.txt": (range(1, 16), range(100_001, 100_019)),
    "LumenDerm/LumenDerm_test.txt": (range(20, 25), range(200_031, 200_036)),
    "LumenDerm/LumenDerm_train.txt": (range(4, 20, 3), range(200_001, 200_025)),
    "NordSkin/NordSkin_ids.txt": (range(12, 29, 4), range(100_010, 100_022)),
}


def write_demo(
    folder: Path, seed: int, track: Callable[[Sequence[Picture]], Iterable[Picture]] = iter
) -> dict[str, int]:
    """Draw the demo and write it in raw ISIC form; the same seed gives the same bytes.

    Parameters
    ----------
    folder : Path
        Made if absent; files of an earlier demo in it are replaced.
    seed : int
        Zero or more.
    track : callable, optional
        Wraps the loop over the images, to show progress.

    Returns
    -------
    dict of str to int
        Number of `images`, `masks`, `annotators`, `images_without_metadata` and `other_datasets`.

    Raises
    ------
    ValueError
        If the seed is negative.
    """
    (folder / MARKER).unlink(missing_ok=True)
    ids = iter(_mask_ids())
    mask_rows = []
    for picture in track(PICTURES):
        mask_rows += _write_picture(folder, seed, picture, ids)
    image_rows = [_image_row(seed, picture) for picture in reversed(PICTURES) if picture.has_metadata]
    write_bytes_atomically(folder / MASK_TABLE, _csv_bytes(MASK_COLUMNS, mask_rows))
    write_bytes_atomically(folder / IMAGE_TABLE, _gzip_bytes(_csv_bytes(IMAGE_COLUMNS, image_rows)))
    for name, (shared, elsewhere) in OTHER_DATASETS.items():
        lines = [f"ISIC_{9_000_000 + number}\n" for number in (*shared, *elsewhere)]
        write_bytes_atomically(folder / "other_datasets" / name, "".join(lines).encode())
    counts = {
        "images": len(PICTURES),
        "masks": len(mask_rows),
        "annotators": len(ANNOTATORS),
        "images_without_metadata": len(PICTURES) - len(image_rows),
        "other_datasets": len({name.split("/")[0] for name in OTHER_DATASETS}),
    }
    marker = {"seed": seed, "version": DEMO_VERSION, "counts": counts}
    write_bytes_atomically(folder / MARKER, (json.dumps(marker, indent=2) + "\n").encode())
    return counts


def demo_is_complete(folder: Path, seed: int) -> bool:
    """Tell whether `write_demo` ended in this folder, with this seed and this version of the drawings."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    return isinstance(marker, dict) and (marker.get("seed"), marker.get("version")) == (seed, DEMO_VERSION)


def _mask_ids() -> list[str]:
    """Ids of 24 hexadecimal digits, the same for every seed; every third looks like a number."""
    rng = np.random.default_rng(24)
    ids = []
    for k in range(sum(len(picture.masks.split()) for picture in PICTURES)):
        digits = "".join(f"{digit:x}" for digit in rng.integers(0, 10 if k % 3 == 0 else 16, 23))
        ids.append("5" + (digits[:3] + "e" + digits[4:] if k % 6 == 0 else digits))
    return ids


def _write_picture(folder: Path, seed: int, picture: Picture, ids: Iterator[str]) -> list[tuple[str, ...]]:
    """Write one image and its masks; return the masks' rows of the raw table."""
    rng = np.random.default_rng([seed, picture.number])
    middle = (0.44 + 0.12 * rng.random(), 0.44 + 0.12 * rng.random(), 0.24 + 0.1 * rng.random())
    places = PLACES.get(picture.place, (middle,))
    image, lesions = draw_scene(rng, (picture.height, picture.width), picture.kind, places)
    image_file = folder / "images" / f"{picture.isic_id}.jpg"
    write_bytes_atomically(image_file, _encoded(image, "JPEG", quality=85))
    rows = []
    for k, (token, mask_id) in enumerate(zip(picture.masks.split(), ids, strict=False), start=1):
        letter, _, deed = token.partition(":")
        annotator = ANNOTATORS[letter]
        mask_id = EXCLUDED_MSKOBJECTID if deed == "wrong" else mask_id
        style, source = ("flood fill", deed) if deed == "autofill" else (annotator.style, annotator.source)
        mask = _mask(np.random.default_rng([seed, picture.number, k]), lesions, style, deed)
        filename = f"{picture.isic_id}_{mask_id}.png"
        write_bytes_atomically(folder / "segs" / filename, _encoded(mask.astype(np.uint8) * 255, "PNG"))
        rows.append((picture.isic_id, annotator.creator, mask_id, filename, source, annotator.skill))
    return rows


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
