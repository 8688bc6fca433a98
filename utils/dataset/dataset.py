"""The dataset of a finished run, read lazily by the readers that the stages use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from .. import naming
from ..agreement.aggregate import IMAGE_LEVEL_COLUMNS
from ..config import config_of_values
from ..errors import PipelineError
from ..naming import IMAGE_AGREEMENT_COLUMNS, MASK_AGREEMENT_COLUMNS, METRIC_COLUMNS, SEG_COLUMNS
from ..settings import MultiannotatorSettings
from ..tables import read_input
from .annotated_image import AnnotatedImage
from .targets import Choice, choice_of, target_of

if TYPE_CHECKING:
    from pandas import DataFrame

_IMAGE_NUMBERS = (*IMAGE_LEVEL_COLUMNS, *IMAGE_AGREEMENT_COLUMNS[3:])
_MASK_NUMBERS = MASK_AGREEMENT_COLUMNS[len(SEG_COLUMNS) :]


class Dataset:
    """Images, masks and tables of an output folder.

    Nothing is read before it is asked for, and tables are read once. A pickled dataset carries no tables: whoever
    unpickles it reads them anew, so that it is small for the worker processes of a data loader.

    Parameters
    ----------
    output_dir : str or Path
        Output folder of a finished run.
    choose : {"all", "random", "ST", "MV", "soft"}
        Target of an image, see `targets.target_of`: with an integer index the dataset gives photo and target.
    seed : int
        Of ``random``: the same seed, epoch and image give the same mask on every machine.
    **keys
        Keys of the configuration where the run did not use the defaults, such as ``new_dataset_masks_dir``.

    Raises
    ------
    PipelineError
        If the folder is not there.
    ConfigError
        For an unknown key, or an unknown choice.

    Notes
    -----
    Five lines each of what it is for are in docs/notebook.md::

        dataset = Dataset("output")
        dataset.images["dice_score_mean"].nsmallest()
        dataset["ISIC_0000004"].masks["A00"].mean()
        photo, target = dataset.partition("train")[0]
    """

    def __init__(self, output_dir: str | Path, choose: str = "all", seed: int = 0, **keys: Any):
        folder = Path(output_dir).absolute()
        if not folder.is_dir():
            raise PipelineError(
                "The output folder does not exist.",
                where=folder,
                expected="the output of a finished run",
                hint="run `bash overall_script.sh`, or name its output_dir",
            )
        self.config = config_of_values(MultiannotatorSettings, {"output_dir": folder, **keys}, where=folder)
        self.choose: Choice = choice_of(choose)
        self.seed = seed
        self.epoch = 0
        self._only: tuple[str, ...] | None = None

    @cached_property
    def images(self) -> DataFrame:
        """All images by ISIC_id: metadata, agreement of the image, and its partition, as far as there are tables.

        Returns
        -------
        DataFrame
            Columns of the image metadata as text, then ``img_filename``, and those of the tables per image, their
            metrics and the lists of other datasets (1: the image is on it) as float64; NaN where a table has no row for
            the image.
        """
        images = self._read("output_img_metadata_path", ["isic_id"], made_by="create_dataset")
        images = images.set_index("isic_id").rename_axis("ISIC_id")
        names = self._all_masks.drop_duplicates("ISIC_id").set_index("ISIC_id")["img_filename"]
        images = _joined(images, names.to_frame())
        # Partitions first: their clusters and numbers of masks are known of every image.
        for key in ("partitions_path", "image_level_metrics_path", "image_agreement_path"):
            if getattr(self.config, key).is_file():
                table = self._read(key, ["ISIC_id"], numeric_if_there=_IMAGE_NUMBERS)
                lists = [name for name in map(str, table) if "/" in name]  # of other datasets
                images = _joined(images, table.astype(dict.fromkeys(lists, float)).set_index("ISIC_id"))
        return images if self._only is None else images.loc[list(self._only)]

    @cached_property
    def masks(self) -> DataFrame:
        """All masks, the consensus ones too: metadata, and agreement with the other annotators of the image.

        Returns
        -------
        DataFrame
            One row a mask, by ``seg_filename``; metadata as text, areas and agreement as float64, NaN where not known.
        """
        masks = self._all_masks.set_index("seg_filename")
        if self.config.mask_agreement_path.is_file():
            table = self._read("mask_agreement_path", ["seg_filename"], numeric_if_there=_MASK_NUMBERS)
            masks = _joined(masks, table.set_index("seg_filename"))
        return masks if self._only is None else masks[masks["ISIC_id"].isin(self._only)]

    @cached_property
    def pairs(self) -> DataFrame:
        """Return the agreement of all pairs of masks of one image, as compute_IAA_metrics writes it."""
        return self._read(
            "all_pairwise_IAA_metrics_path",
            naming.RELEASED_PAIR_COLUMNS,
            METRIC_COLUMNS,
            made_by="compute_IAA_metrics",
            numeric_if_there=naming.BOUNDARY_COLUMNS,
        )

    @property
    def ids(self) -> Sequence[str]:
        """The ISIC_ids, in the order of the image metadata; an integer index counts along them."""
        return list(self.images.index)

    def __len__(self) -> int:
        return len(self.images)

    def __contains__(self, isic_id: object) -> bool:
        return isinstance(isic_id, str) and isic_id in self.images.index

    def __iter__(self) -> Iterator[AnnotatedImage]:
        return (self[isic_id] for isic_id in self.ids)

    @overload
    def __getitem__(self, which: str) -> AnnotatedImage: ...

    @overload
    def __getitem__(self, which: int) -> tuple[np.ndarray, np.ndarray]: ...

    def __getitem__(self, which: str | int) -> AnnotatedImage | tuple[np.ndarray, np.ndarray]:
        """Return an image by its ISIC_id, or photo and target of the one at a place."""
        if not isinstance(which, str):
            image = self[self.images.index[which]]
            return image.photo, target_of(image, self.choose, (self.seed, self.epoch))
        if which not in self.images.index:
            raise KeyError(f"{which} is not among the {len(self)} images")
        rows = self._masks_by_id.get(which)
        if rows is None:
            table = self.config.output_seg_masks_metadata_path
            raise PipelineError(f"The image {which} has no masks.", where=table, expected="a row or more", found="none")
        masks = [(row["annotator"], self.config.new_dataset_masks_dir / row["seg_filename"]) for row in rows]
        return AnnotatedImage(which, self.config.new_dataset_images_dir / rows[0]["img_filename"], masks, self)

    def partition(self, name: str) -> Dataset:
        """Return the dataset of the images of one partition: train, val or test.

        Raises
        ------
        PipelineError
            If create_partitions did not run, or made no such partition.
        """
        if "partition" not in self.images:
            made_by = "create_partitions"
            self._read("partitions_path", ["ISIC_id", "partition"], made_by=made_by)
        of_images = self.images["partition"]
        if name not in set(of_images):
            known = ", ".join(sorted(of_images.dropna().unique()))
            where = self.config.partitions_path
            raise PipelineError("There is no such partition.", where=where, expected=known, found=name)
        return self.only(of_images.index[of_images == name])

    def only(self, isic_ids: Iterable[str]) -> Dataset:
        """Return the dataset of some of the images, in the given order.

        Raises
        ------
        KeyError
            For an id that is not there.
        """
        chosen = tuple(isic_ids)
        unknown = [isic_id for isic_id in chosen if isic_id not in self.images.index]
        if unknown:
            raise KeyError(f"not among the {len(self)} images: {', '.join(unknown[:5])}")
        part = copy(self)
        part._only = chosen
        return part

    def set_epoch(self, epoch: int) -> None:
        """Make ``random`` choose anew: call it before each epoch, as with a sampler of PyTorch."""
        self.epoch = epoch

    @cached_property
    def _all_masks(self) -> DataFrame:
        return self._read("output_seg_masks_metadata_path", SEG_COLUMNS, made_by="create_dataset")

    @cached_property
    def _masks_by_id(self) -> dict[str, list[dict[str, str]]]:
        records: Any = self._all_masks.to_dict("records")
        rows: dict[str, list[dict[str, str]]] = {}
        for row in records:
            rows.setdefault(row["ISIC_id"], []).append(row)
        return rows

    def _read(self, key: str, columns: Sequence[str], numeric: Sequence[str] = (), **options: Any) -> DataFrame:
        return read_input(self.config, key, columns, numeric, **options)

    def __getstate__(self) -> dict[str, Any]:
        cached = {name for name, value in vars(Dataset).items() if isinstance(value, cached_property)}
        return {name: value for name, value in self.__dict__.items() if name not in cached}


def _joined(table: DataFrame, further: DataFrame) -> DataFrame:
    """Put columns behind those of a table that has the same index, save those that it has."""
    return table.join(further[[name for name in further if name not in table]])
