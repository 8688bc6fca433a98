"""The tables that statistics are made of; those that a release does not have may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .. import naming
from ..lazy import logger
from ..tables import read_input
from .clusters import image_clusters
from .pair_kinds import ENDS, classified_pairs

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..settings import MultiannotatorSettings

_PAIR_TEXTS = [f"{name}{end}" for name in ENDS for end in (1, 2)]

_MASK_TEXTS = [name for name in naming.SEG_COLUMNS if name not in ("mskObjectID", "mask_md5")]


class PairTables(NamedTuple):
    """What every statistic starts from.

    Attributes
    ----------
    subset : DataFrame
        Metadata of the masks of images with several, consensus masks included.
    images : DataFrame
        The image metadata, all of its images.
    all_pairs : DataFrame
        All pairs as they were read, those with a consensus mask included.
    pairs : DataFrame
        Those of human masks, as `pair_kinds.classified_pairs` returns them.
    """

    subset: DataFrame
    images: DataFrame
    all_pairs: DataFrame
    pairs: DataFrame


def read_pair_tables(
    config: MultiannotatorSettings, metrics: Sequence[str], if_there: Sequence[str] = ()
) -> PairTables:
    """Read the subset, the image metadata and the pairs.

    Parameters
    ----------
    config : MultiannotatorSettings
    metrics, if_there : sequence of str
        Columns of the pairs that are needed, and those that are read where the table has them. One log line tells
        which it lacks.

    Returns
    -------
    PairTables
    """
    subset = read_input(
        config, "multiannotator_subset_metadata_path", _MASK_TEXTS, made_by="create_multiannotator_subset", others=False
    )
    images = read_input(config, "output_img_metadata_path", ["isic_id"], made_by="create_dataset")
    key = "all_pairwise_IAA_metrics_path"
    pairs = read_input(
        config,
        key,
        ["img_id", *_PAIR_TEXTS],
        metrics,
        made_by="compute_IAA_metrics",
        numeric_if_there=if_there,
        others=False,
    )
    missing = [name for name in if_there if name not in pairs]
    if missing:
        logger.info("{} has no {}: they are left out", getattr(config, key).name, " and ".join(missing))
    return PairTables(subset, images, pairs, classified_pairs(pairs, subset, image_clusters(images)))


def read_if_there(
    config: MultiannotatorSettings, key: str, columns: Sequence[str], numeric: Sequence[str], without: str
) -> DataFrame | None:
    """Read a table that a release does not have, or return None and log what there is not without it."""
    path = getattr(config, key)
    if not path.is_file():
        logger.info("without {}: {}", path.name, without)
        return None
    return read_input(config, key, columns, numeric, others=False)
