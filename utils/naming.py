"""Names that several stages must agree on: columns, consensus labels, file names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame

SEG_COLUMNS = (
    "ISIC_id",
    "img_filename",
    "seg_filename",
    "annotator",
    "tool",
    "skill_level",
    "mskObjectID",
    "mask_md5",
)
QA_COLUMNS = ("image", "mask", "issue", "severity")
# A quarantined mask: its place (from 0) among all human masks, its metadata row, and why it is there.
QUARANTINE_COLUMNS = ("place", *SEG_COLUMNS, "issue", "severity")
OVERLAP_COLUMNS = ("dice_score", "jaccard_score")
DISTANCE_COLUMNS = ("hd_score", "hd95_score", "assd_score")
NORMALIZED_COLUMNS = tuple(f"{column}_normalized" for column in DISTANCE_COLUMNS)
METRIC_COLUMNS = OVERLAP_COLUMNS + DISTANCE_COLUMNS + NORMALIZED_COLUMNS
# Metrics that the release does not have, so they stand behind all of its columns.
BOUNDARY_COLUMNS = ("nsd_score", "bf1_score")
RELEASED_PAIR_COLUMNS = (
    "img_id",
    "mask1",
    "mask2",
    "annotator1",
    "annotator2",
    *METRIC_COLUMNS,
    "tool1",
    "skill_level1",
    "tool2",
    "skill_level2",
)
PAIR_COLUMNS = RELEASED_PAIR_COLUMNS + BOUNDARY_COLUMNS
# Of one image: its name and cluster, then what utils.agreement.image_agreement computes.
IMAGE_AGREEMENT_COLUMNS = (
    "ISIC_id",
    "img_filename",
    "cluster",
    "num_masks",
    "num_annotators",
    "foreground_share",
    "dice_pooled",
    "generalised_conformity_index",
    "kappa",
    "disputed_share",
    "mean_vote_entropy",
    "diversity",
    "ged2_ST",
    "ged2_MV",
    "area_mean",
    "area_cv",
)
# Of one human mask: its metadata, then what utils.agreement.mask_agreement computes.
MASK_AGREEMENT_COLUMNS = (
    *SEG_COLUMNS,
    "area",
    "dice_to_others",
    "sensitivity_to_others",
    "precision_to_others",
    "log_area_ratio_to_others",
    "other_masks",
    "other_annotators",
)
DIAGNOSIS_COLUMNS = ("diagnosis_1", "benign_malignant")  # of image metadata, see `diagnosis_column`
_COMPARED_DIAGNOSES = ("malignant", "benign")
FAILURE_COLUMNS = ("stage", "img_id", "reason")
# Of scored predictions: the files in the folder of a model, and that of all models.
SCORES_BY_REFERENCE, SCORES_BY_IMAGE = "scores_by_reference.csv", "scores_by_image.csv"
SCORES_SUMMARY, SCORES_FAILURES = "scores_summary.csv", "failures.csv"
SCORED_WITH, MODELS_COMPARED = "scored_with.csv", "comparison.csv"
# What their summaries compare, and the partition that stands for all images.
MODEL, MODEL_BESIDE = "model with annotators", "model with annotators, images of several annotators"
HUMAN_LEVEL, MODEL_LESS_HUMAN = "annotators with each other", "difference, images of several annotators"
ALL_IMAGES = "all"

# Of image files, in lower case.
IMAGE_EXTENSIONS = ("bmp", "gif", "jpeg", "jpg", "png", "tif", "tiff", "webp")
ALSO_SPELT = {"jpg": ("jpeg",), "jpeg": ("jpg",), "tif": ("tiff",), "tiff": ("tif",)}

IMAPP = "IMA++"
_ARCHIVE_ID = r"ISIC_\d{7}"

ID_LIST = "ISIC_ids.txt"
QUARANTINE_FOLDER = "quarantine"
# Images and masks that left the metadata, below the output folder.
WITHDRAWN_FOLDER = "quarantine/withdrawn"
# Files of others that lay where outputs go.
REPLACED_FOLDER = "quarantine/replaced"

# What the codes of tools and skill levels stand for.
LEVELS = {"T1": "manual pointlist", "T2": "tool unknown", "T3": "autofill", "S1": "expert", "S2": "novice"}

# Annotator, tool and skill level, as `seg_filename` puts them together.
_FACTORS = re.compile(r"_A\d{2,}_T\d_S\d_")

STAPLE = "ST"
MAJORITY_VOTE = "MV"
CONSENSUS = (STAPLE, MAJORITY_VOTE)


def seg_filename(isic_id: str, annotator: str, tool: str, skill_level: str, object_id: str, suffix: str) -> str:
    """Build a mask's file name, e.g. ``ISIC_0000004_A04_T1_S2_545d08aabae47821f8802550.png``."""
    return f"{isic_id}_{annotator}_{tool}_{skill_level}_{object_id}{suffix}"


def subject_of_file(name: str) -> str:
    """Return what stays of the name of an image or mask file when a mask's annotator, tool or skill level change."""
    return _FACTORS.sub("_", name, count=1)


def diagnosis_column(images: DataFrame) -> str | None:
    """Return the column of the image metadata that holds diagnoses: the first with a malignant or a benign image.

    Case and outer blanks do not count. Of columns without any it is the first that is not blank in every row, of blank
    ones the first that is there; None when there is none.
    """
    texts = {name: images[name].str.strip().str.lower() for name in DIAGNOSIS_COLUMNS if name in images}
    compared = [name for name, column in texts.items() if column.isin(_COMPARED_DIAGNOSES).any()]
    filled = [name for name, column in texts.items() if column.any()]
    return next(iter([*compared, *filled, *texts]), None)


def dataset_name(isic_ids: Iterable[str]) -> str:
    """Return what texts call a dataset: IMA++ where every image has an id of the ISIC Archive."""
    return IMAPP if all(re.fullmatch(_ARCHIVE_ID, isic_id) for isic_id in isic_ids) else "this dataset"


def plain_name(creator: str) -> str:
    """Return the form in which names of people are compared: Unicode NFC, without blanks at the ends."""
    return unicodedata.normalize("NFC", creator).strip()


def loose_id(isic_id: str) -> str:
    """Return what an id shares with ids that differ only in blanks, case, Unicode form or an image suffix.

    Characters without a width, as pages of the web and byte order marks leave them, count as blanks.
    """
    visible = "".join(character for character in isic_id if unicodedata.category(character) != "Cf")
    text = unicodedata.normalize("NFC", visible).strip().casefold()
    stem, _, suffix = text.rpartition(".")
    return stem.strip() if stem and suffix in IMAGE_EXTENSIONS else text


def cited_id(isic_id: str) -> str:
    """Return an id as messages cite it: quoted where it ends in a blank, or holds what is not seen."""
    return isic_id if isic_id == isic_id.strip() and isic_id.isprintable() else repr(isic_id)


def levels_explained(texts: Iterable[str]) -> str:
    """Explain the codes of tools and skill levels that texts hold: T1 manual pointlist, S1 expert."""
    found = set(re.findall(r"\b[TS]\d+\b", " ".join(texts)))
    return ", ".join(f"{code} {meaning}" for code, meaning in LEVELS.items() if code in found)


def varying_factors(masks: DataFrame) -> tuple[str, ...]:
    """Return tool and skill_level, each if the masks that people drew have several levels of it.

    A single level tells no masks apart, and in data without tools or skill levels it is only what stands for none.
    """
    humans = humans_only(masks)
    return tuple(factor for factor in ("tool", "skill_level") if len(humans[factor].unique()) > 1)


def consensus_row(isic_id: str, img_filename: str, label: str, mask_md5: str) -> dict[str, str]:
    """Return the metadata row of a consensus mask; `label` (ST or MV) fills all four factor columns."""
    name = seg_filename(isic_id, label, label, label, label, ".png")
    return dict(zip(SEG_COLUMNS, (isic_id, img_filename, name, label, label, label, label, mask_md5), strict=True))


def soft_label_filename(isic_id: str, kind: str) -> str:
    """Build a soft label's file name, e.g. ``ISIC_0000004_votes.png``."""
    return f"{isic_id}_{kind}.png"


def pair_labels(masks: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the columns that say which masks a pair is of, for all pairs i < j of one image's metadata rows."""
    return [
        {
            "img_id": first["img_filename"],
            "mask1": first["seg_filename"],
            "mask2": second["seg_filename"],
            **{f"{name}1": first[name] for name in ("annotator", "tool", "skill_level")},
            **{f"{name}2": second[name] for name in ("annotator", "tool", "skill_level")},
        }
        for first, second in combinations(masks, 2)
    ]


def names_of_masks(annotators: Sequence[str]) -> list[str]:
    """Name the masks of an image by their annotators; the second by one annotator is called A00#2."""
    numbers = [annotators[: place + 1].count(code) for place, code in enumerate(annotators)]
    return [code if number == 1 else f"{code}#{number}" for code, number in zip(annotators, numbers, strict=True)]


def humans_only(table: DataFrame) -> DataFrame:
    """Return the rows of masks that people drew, in their order."""
    return table[~table["annotator"].isin(CONSENSUS)]


def human_pairs_only(pairs: DataFrame) -> DataFrame:
    """Return the pairs of which both masks were drawn by people, in their order."""
    return pairs[~(pairs["annotator1"].isin(CONSENSUS) | pairs["annotator2"].isin(CONSENSUS))]


def inter_pairs_only(pairs: DataFrame) -> DataFrame:
    """Return the pairs of human masks that two annotators drew, in their order: none by one annotator twice."""
    humans = human_pairs_only(pairs)
    return humans[humans["annotator1"] != humans["annotator2"]]
