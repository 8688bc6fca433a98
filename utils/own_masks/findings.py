"""What make_raw_tables tells of files and masks: errors that list them, and warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import Failure, PipelineError, some_of, successes
from ..lazy import logger
from ..masks.signs import SIGNS
from .mask_folder import OwnFile, OwnMask, listing_command
from .raw_tree import share_a_folder

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..settings import CreationSettings
    from .normalise import NormalisedMask

Result = TypeVar("Result")


def refuse_all_empty(done: Sequence[NormalisedMask], config: CreationSettings) -> None:
    """Raise a PipelineError when own_foreground finds nothing in any mask; it lists the values that are there."""
    if all(found.is_empty for found in done):
        values = dict.fromkeys(value for found in done for value in found.file_values)
        counts = {sign: sum(sign in found.signs for found in done) for sign in SIGNS}
        shown = [f"{number} {sign}" for sign, number in counts.items() if number]
        raise PipelineError(
            "own_foreground finds no foreground in any mask.",
            where=config.own_masks_dir,
            expected=f"masks with pixels that are {config.own_foreground!r}",
            found=f"the values {some_of(list(values))}",
            hint="; ".join(shown) or "set own_foreground to what is foreground in your masks",
        )


def warn_of_copies(masks: Sequence[OwnMask], digests: Sequence[tuple[str, ...]]) -> None:
    """Warn of masks of one image that are the same bytes: a copied file would count as another annotator."""
    same: dict[tuple, list[str]] = {}
    for mask, several in zip(masks, digests, strict=True):
        same.setdefault((mask.image, several), []).append(str(mask.files[0]))
    copies = [" = ".join(files) for files in same.values() if len(files) > 1]
    if copies:
        logger.warning("{} masks occur more than once, with the same bytes: {}", len(copies), some_of(copies))


def warn_of_repeated_annotators(masks: Sequence[OwnMask]) -> None:
    """Warn where an annotator has several masks of an image: they may be parts of one mask."""
    counts = Counter((mask.image, mask.annotator) for mask in masks)
    images = list(dict.fromkeys(image for (image, _), number in counts.items() if number > 1))
    if images:
        logger.warning(
            "{} images have several masks by one annotator, which count as masks of their own: {}. If they are parts "
            "of one mask, write {{part}} in own_name_pattern where their names differ",
            len(images),
            some_of(images),
        )


def refuse_failures(
    masks: Sequence[OwnMask], results: Iterable[Result | Failure], config: CreationSettings
) -> list[Result]:
    """Return the results; raise a PipelineError that lists every mask with a `Failure` in place of its result."""
    results = list(results)
    faults = [f"{m}: {r.reason}" for m, r in zip(masks, results, strict=True) if isinstance(r, Failure)]
    if faults:
        where, hint = config.own_masks_dir, listing_hint(config)
        raise PipelineError("Masks cannot be read.", where=where, hint=hint, offenders=faults)
    return successes(results)


def listing_hint(config: CreationSettings) -> str | None:
    """Say which file messages mean; nothing where they cite names."""
    if config.cite_file_names or config.own_masks_dir is None:
        return None
    return listing_command(config.own_masks_dir)


def warn_of_files(files: Sequence[OwnFile], what: str, config: CreationSettings) -> None:
    """Warn of files that have something in common; of none say nothing."""
    if files:
        hint = listing_hint(config)
        logger.warning("{} {}: {}{}", len(files), what, some_of(files), f" ({hint})" if hint else "")


def warn_of_images(
    image_table: DataFrame, mask_table: DataFrame, images: Mapping[str, Path] | None, config: CreationSettings
) -> None:
    """Warn when images are not known, and of those that have no mask.

    Where images and masks share a folder, what counts as an image may be a mask of another name than the pattern's.
    """
    if images is None:
        logger.warning("own_images_dir is not set: create_dataset can run, but move_dataset needs every image")
    without = image_table["isic_id"][~image_table["isic_id"].isin(mask_table["ISIC_id"])].to_list()
    if without and share_a_folder(config) and not config.cite_file_names:
        logger.warning("{} images have no mask; cite_file_names: true names them", len(without))
    elif without:
        logger.warning("{} images have no mask: {}", len(without), some_of(without))
        logger.debug("images without a mask: {}", without)


def warn_of_values(masks: Sequence[OwnMask], done: Sequence[NormalisedMask], config: CreationSettings) -> None:
    """Warn of masks whose values suggest that own_foreground means something else, and of those that viewers turn."""
    checks = {
        "masks hold more than two values (own_foreground says which are foreground)": "has_more_levels",
        "masks have no foreground": "is_empty",
        "masks are foreground everywhere": "is_full",
        "masks have an EXIF Orientation other than 1: viewers turn them, the stages do not": "is_turned",
    }
    for what, name in checks.items():
        found = [mask.files[0] for mask, each in zip(masks, done, strict=True) if getattr(each, name)]
        warn_of_files(found, what, config)
    for sign in SIGNS:
        found = [mask.files[0] for mask, each in zip(masks, done, strict=True) if sign in each.signs]
        warn_of_files(found, sign, config)
