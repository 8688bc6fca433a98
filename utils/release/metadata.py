"""The two tables that every release has, checked against each other and against the grammar of file names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import naming
from ..errors import ConfigError, PipelineError
from ..lazy import pd
from ..tables import read_input

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from ..settings import CreationSettings

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}")
_MD5 = "[0-9a-f]{32}"
_LONGEST_NAME = 255  # bytes, on every usual file system


def require_keys(config: CreationSettings, keys: tuple[str, ...]) -> None:
    """Raise a ConfigError that names the keys without a value."""
    missing = [key for key in keys if getattr(config, key) is None]
    if missing:
        raise ConfigError(
            "Keys that say where the release is have no value.",
            where=config.config_file,
            expected="paths of the released files",
            offenders=missing,
        )


def read_release(config: CreationSettings) -> tuple[DataFrame, DataFrame]:
    """Read the released metadata of masks and of images.

    Returns
    -------
    segmentations : DataFrame
        The columns `naming.SEG_COLUMNS`, rows as released.
    images : DataFrame
        As released; every ISIC_id of the segmentations has one row.

    Raises
    ------
    PipelineError
        If a table cannot be read, lacks columns, or has faulty rows; names every one of them.
    """
    segmentations = read_input(config, "release_seg_metadata_path", naming.SEG_COLUMNS)[list(naming.SEG_COLUMNS)]
    images = read_input(config, "release_img_metadata_path", ["isic_id"])
    _refuse(_faults_of_images(images), images["isic_id"], "image", config.release_img_metadata_path)
    faults = _faults_of_masks(segmentations, images["isic_id"])
    _refuse(faults, segmentations["seg_filename"], "segmentation", config.release_seg_metadata_path)
    if segmentations.empty:
        where = config.release_seg_metadata_path
        raise PipelineError("The release has no masks.", where=where, expected="rows", found="only a header")
    return segmentations, images


def several_humans(segmentations: DataFrame) -> set[str]:
    """Return the ids of images with more than one human mask: those that have consensus masks."""
    ids = naming.humans_only(segmentations)["ISIC_id"]
    return set(ids[ids.duplicated()])


def in_dataset_order(segmentations: DataFrame) -> DataFrame:
    """Return the human rows in their order, then ST and MV of each image, as create_consensus_masks writes them."""
    humans = naming.humans_only(segmentations)
    place = {isic_id: number for number, isic_id in enumerate(humans["ISIC_id"].unique())}
    consensus = segmentations[segmentations["annotator"].isin(naming.CONSENSUS)]
    order = consensus.assign(
        image=consensus["ISIC_id"].map(place), label=consensus["annotator"].map(naming.CONSENSUS.index)
    ).sort_values(["image", "label"], kind="stable")
    return segmentations.loc[[*humans.index, *order.index]].reset_index(drop=True)


def _faults_of_images(images: DataFrame) -> dict[str, Series]:
    ids = images["isic_id"]
    return {"no isic_id": ids == "", "an isic_id that occurs twice": ids.duplicated(keep=False)}


def _faults_of_masks(table: DataFrame, image_ids: Series) -> dict[str, Series]:
    """Return for each fault which rows have it."""
    names, is_human = table["seg_filename"], ~table["annotator"].isin(naming.CONSENSUS)
    # What two file systems may take for the same name.
    spelling = names.map(lambda name: unicodedata.normalize("NFC", name).casefold())
    one_image = table.groupby("ISIC_id")["img_filename"].transform("nunique") == 1
    return {
        "an empty cell": (table == "").any(axis=1),
        "a name with a path separator": _any_name(table, lambda name: "/" in name or "\\" in name),
        "a name too long for a file": _any_name(table, lambda name: len(name.encode()) > _LONGEST_NAME),
        "an img_filename that is not its ISIC_id and a suffix": ~_continues(table["img_filename"], table["ISIC_id"]),
        "an image under two names": ~one_image,
        "a seg_filename that its columns do not make": ~_continues(names, _stems(table)),
        "a seg_filename that occurs twice, perhaps in another case": spelling.duplicated(keep=False),
        "a consensus mask with columns that disagree": ~is_human & ~_is_consensus_row(table),
        "an mskObjectID that occurs twice": is_human & table["mskObjectID"].where(is_human).duplicated(keep=False),
        "an ISIC_id that the image table lacks": ~table["ISIC_id"].isin(image_ids),
        "a mask_md5 other than 32 hexadecimal digits, 0-9 and a-f": ~table["mask_md5"].str.fullmatch(_MD5),
    }


def _any_name(table: DataFrame, is_faulty: Callable[[str], bool]) -> Series:
    return table["img_filename"].map(is_faulty) | table["seg_filename"].map(is_faulty)


def _stems(table: DataFrame) -> list[str]:
    columns = ["ISIC_id", "annotator", "tool", "skill_level", "mskObjectID"]
    rows = table[columns].itertuples(index=False, name=None)
    return [
        naming.seg_filename(isic_id, who, tool, skill, object_id, "") for isic_id, who, tool, skill, object_id in rows
    ]


def _continues(names: Series, stems: Iterable[str]) -> Series:
    """Tell for each name whether it is its stem and the suffix of a file."""
    is_so = [
        name.startswith(stem) and bool(_SUFFIX.fullmatch(name[len(stem) :]))
        for name, stem in zip(names, stems, strict=True)
    ]
    return pd.Series(is_so, index=names.index, dtype=bool)


def _is_consensus_row(table: DataFrame) -> Series:
    labels = table["annotator"]
    same = [table[name] == labels for name in ("tool", "skill_level", "mskObjectID")]
    return same[0] & same[1] & same[2] & table["seg_filename"].str.endswith(".png")


def _refuse(faults: dict[str, Series], names: Series, which: str, path: Path | None) -> None:
    offenders = [
        f"row {row} ({name!r}): {fault}"
        for fault, is_at_fault in faults.items()
        for row, name in zip(np.flatnonzero(is_at_fault) + 2, names[is_at_fault], strict=True)  # the header is row 1
    ]
    if offenders:
        raise PipelineError(f"The released {which} table has faulty rows.", where=path, offenders=offenders)
