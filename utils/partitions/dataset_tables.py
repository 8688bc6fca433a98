"""The metadata of a dataset that is to be partitioned, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..errors import PipelineError
from ..id_lists import read_lists
from ..lazy import logger
from ..naming import humans_only
from ..tables import read_input

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..settings import CreationSettings


class DatasetTables(NamedTuple):
    """The image metadata, an image a row, and the metadata of the images' human masks."""

    images: DataFrame
    masks: DataFrame


def read_dataset(config: CreationSettings) -> DatasetTables:
    """Read the metadata of images and masks, of a release too.

    Raises
    ------
    PipelineError
        If a table is missing or lacks a column, an image has two rows, or a mask is of an image without one.
    """
    images = read_input(config, "output_img_metadata_path", ["isic_id"], made_by="create_dataset")
    columns = ["ISIC_id", "img_filename", "annotator", "tool", "skill_level"]
    masks = read_input(config, "output_seg_masks_metadata_path", columns, made_by="create_dataset", others=False)
    masks = humans_only(masks).reset_index(drop=True)
    twice = images["isic_id"][images["isic_id"].duplicated()].unique()
    if len(twice):
        raise PipelineError("Images have several rows.", where=config.output_img_metadata_path, offenders=twice)
    unknown = masks["ISIC_id"][~masks["ISIC_id"].isin(images["isic_id"])].unique()
    if len(unknown):
        raise PipelineError(
            "Masks are of images without a row in the image metadata.",
            where=config.output_seg_masks_metadata_path,
            expected=f"ids that {config.output_img_metadata_path} has",
            offenders=unknown,
        )
    return DatasetTables(images, masks)


def read_other_lists(config: CreationSettings) -> Mapping[str, Mapping[str, set[str]]]:
    """Return the ids in the lists of other datasets, by dataset and list; none, and a log line, without a folder."""
    folder = config.other_datasets_dir
    if not folder.is_dir():
        logger.info("no lists of other datasets: other_datasets_dir names no folder, {}", folder)
        return {}
    return read_lists(folder)
