"""The plan of the embedded demo, as data: annotators, images and their masks, values of the raw tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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

# Invented models, and the style of their predictions: one is good, one follows the tight annotator.
MODELS = {"between_net": "between", "tight_net": "as the tight one"}

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


def _mask_ids() -> dict[int, list[str]]:
    rng = np.random.default_rng(24)  # the same ids for every seed of the demo
    ids: dict[int, list[str]] = {}
    tokens = [(picture.number, token) for picture in PICTURES for token in picture.masks.split()]
    for k, (number, token) in enumerate(tokens):
        digits = "".join(f"{digit:x}" for digit in rng.integers(0, 10 if k % 3 == 0 else 16, 23))
        mask_id = "5" + (digits[:3] + "e" + digits[4:] if k % 6 == 0 else digits)
        ids.setdefault(number, []).append(EXCLUDED_MSKOBJECTID if token.endswith(":wrong") else mask_id)
    return ids


# mskObjectIDs of each image's masks, by its number: 24 hexadecimal digits; every third looks like a number.
MASK_IDS = _mask_ids()
