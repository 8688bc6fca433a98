"""Rows of the raw segmentation table matched with images and with mask files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import PipelineError, some_of
from ..lazy import logger, pd
from ..naming import loose_id
from .raw_tables import mask_label
from .row_faults import leaves_folder

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from .file_search import FolderSearch


def warn_of_masks_without_image(segmentations: DataFrame, isic_ids: Series) -> None:
    """Count and name the masks whose image the image table lacks, and tell which ids nearly match one.

    Parameters
    ----------
    segmentations : DataFrame
        Raw rows with ISIC_id and mskObjectID.
    isic_ids : Series of str
        Ids of the raw image table.
    """
    lost = segmentations[~segmentations["ISIC_id"].isin(isic_ids)]
    if lost.empty:
        return
    names = [mask_label(row, object_id) for row, object_id in lost["mskObjectID"].items()]
    logger.warning(
        "{} of {} masks are left out, since the raw image table has no row with their ISIC_id: {}",
        len(lost),
        len(segmentations),
        some_of(names),
    )
    logger.debug("masks without an image: {}", ", ".join(names))
    known = {loose_id(isic_id): isic_id for isic_id in isic_ids}
    near = [(isic_id, known[loose_id(isic_id)]) for isic_id in lost["ISIC_id"].unique() if loose_id(isic_id) in known]
    if near:
        logger.warning(
            "ids that nearly match one of the raw image table, but differ in blanks, case, Unicode form or suffix: {}",
            some_of([f"{there!r} (image table: {here!r})" for there, here in near]),
        )


def find_masks(rows: DataFrame, folder: FolderSearch) -> Series:
    """Return the mask file of each row; None where there is none.

    Raises
    ------
    PipelineError
        If the folder has several files of a name; lists the rows.
    """
    found, several = [], []
    for row, object_id, name in rows[["mskObjectID", "filename"]].itertuples():
        paths = [] if leaves_folder(name) else folder.find_by_path(name)
        found.append(paths[0] if paths else None)
        if len(paths) > 1:
            several.append(f"{mask_label(row, object_id)}: {len(paths)} files")
    if several:
        what = "Mask files are there more than once."
        hint = "filename must lead from orig_segs_dir, or from one folder of it only, to a single file"
        raise PipelineError(what, where=folder.folder, hint=hint, offenders=several)
    return pd.Series(found, index=rows.index, dtype=object)


def nearly_found(rows: DataFrame, folder: FolderSearch) -> Series:
    """Tell of each row without a mask file (`path`, from `find_masks`) whether one of nearly its name is there."""
    near = [
        path is None and bool(folder.find_nearly(name))
        for name, path in zip(rows["filename"], rows["path"], strict=True)
    ]
    return pd.Series(near, index=rows.index, dtype=bool)


def warn_of_equal_masks(metadata: DataFrame) -> None:
    """Warn of images of which several masks are the same file: a copy would count as another annotator."""
    equal = metadata[metadata.duplicated(["ISIC_id", "mask_md5"], keep=False)]
    if len(equal):
        groups = [", ".join(names) for _, names in equal.groupby(["ISIC_id", "mask_md5"], sort=False)["mskObjectID"]]
        logger.warning(
            "{} images have identical masks (the same bytes), as copies are; they agree perfectly. mskObjectIDs: {}",
            equal["ISIC_id"].nunique(),
            some_of(groups, separator="; "),
        )
