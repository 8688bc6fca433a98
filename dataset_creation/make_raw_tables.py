"""Make raw input of the pipeline from a folder of masks of your own, by a pattern of their file names.

Reads:  the masks below own_masks_dir, the images in own_images_dir.
Writes: the two raw tables in own_raw_dir, and in its folder segs/ every mask as 8-bit grey PNG, 0 and 255.
Rules:  A name that the pattern reads in several ways is read in the one whose image is there. Every fault is
        listed, and then no table is written. Messages cite a file by its place in the sorted listing, never by
        its name, which may hold the annotator's. The tables do name annotators, so own_raw_dir must lie outside
        output_dir. Files of an earlier run are replaced.

Keys: own_masks_dir, own_images_dir, own_name_pattern, own_foreground, own_tool, own_skill, own_default_tool,
own_default_skill, own_allow_unmatched, own_raw_dir, output_dir, num_workers, verbose.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from constants import RAW_IMG_COLUMNS, RAW_SEG_COLUMNS, SKILL_TO_LEVEL, SOURCE_TO_TOOL

import utils.stage_process
from utils.errors import ConfigError, Failure, PipelineError
from utils.lazy import logger, pd
from utils.own_masks.mask_folder import (
    NamesRead,
    OwnMask,
    id_key,
    link_faults,
    list_files,
    list_images,
    listing_hint,
    read_names,
)
from utils.own_masks.name_patterns import parse_pattern
from utils.own_masks.raw_tree import IMAGE_TABLE, MASK_FOLDER, MASK_TABLE, check_folders, config_lines, prepare, prune
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.tables import write_table
from utils.workers.parallel import local_workers, map_items

if TYPE_CHECKING:
    from pandas import DataFrame

    from utils.own_masks.normalise import NormalisedMask

# What the raw table leaves empty has a name in the configuration.
_TOOLS = {source or "missing": source for source in SOURCE_TO_TOOL}
_SKILLS = {skill: skill for skill in SKILL_TO_LEVEL}
_SHOWN = 10


def factor_map(config: CreationSettings, name: str, raw_values: Mapping[str, str]) -> dict[str | None, str]:
    """Return the raw value for each text of a field; None stands for a pattern without that field.

    Raises
    ------
    ConfigError
        If own_tool, own_skill or a default names a value that the raw tables do not know.
    """
    default = getattr(config, f"own_default_{name}")
    mapping = {**{value: value for value in raw_values}, **getattr(config, f"own_{name}"), None: default}
    unknown = [f"{value!r}" for value in mapping.values() if value not in raw_values]
    if unknown:
        where = f"own_{name} and own_default_{name} in {config.config_file}"
        expected = ", ".join(raw_values)
        raise ConfigError(f"No such {name} is known.", where=where, expected=expected, offenders=unknown)
    return {text: raw_values[value] for text, value in mapping.items()}


def read_folder(config: CreationSettings, images: Mapping[str, Path] | None, factors: Mapping) -> NamesRead:
    """List the masks and read their names; warn of what is left out.

    Raises
    ------
    PipelineError
        Listing every name and link that cannot be used, or if no mask is left.
    """
    folder = config.own_masks_dir
    files = list_files(folder)
    names = read_names(files, parse_pattern(config.own_name_pattern), images)
    faults = link_faults(files, folder) + names.faults
    for name, mapping in factors.items():
        unmapped = [mask for mask in names.masks if getattr(mask, name) not in mapping]
        faults += [f"{mask}: its {name} is no key of own_{name}" for mask in unmapped]
    if names.unmatched and not config.own_allow_unmatched:
        faults += [f"file {number}: a name that does not follow own_name_pattern" for number in names.unmatched]
    if faults:
        hint = (
            f"{listing_hint(folder)}; a field that is limited, as in {{annotator:[^_]+}}, leaves a name "
            "fewer ways to be read, and {n} tells several masks of one annotator apart"
        )
        raise PipelineError("Files cannot be used.", where=folder, hint=hint, offenders=faults)
    if not names.masks:
        found = f"{len(names.unmatched)} files of other names, {len(names.without_image)} whose image is not there"
        expected = f"masks {config.own_name_pattern} of the images in {config.own_images_dir}"
        raise PipelineError("There are no masks.", where=folder, expected=expected, found=found)
    _warn_of_files(names.unmatched, "files do not follow own_name_pattern", folder)
    _warn_of_files(names.without_image, "masks have no image in own_images_dir", folder)
    return names


def normalise_all(
    masks: Sequence[OwnMask], config: CreationSettings
) -> tuple[list[str], list[NormalisedMask | Failure]]:
    """Write every mask in its normal form; return mskObjectIDs and what was found.

    Raises
    ------
    PipelineError
        Listing every mask that cannot be read.
    """
    from utils.own_masks.normalise import (
        NormalisationTask,
        digest_of_file,
        normalise_mask,
        object_ids,
        parse_foreground,
    )

    rule = parse_foreground(config.own_foreground)
    paths = [mask.file.path for mask in masks]
    workers = {"num_workers": local_workers(config), "unit": "mask"}
    digests = list(map_items(digest_of_file, paths, label="hash", batched=True, **workers))
    _refuse_failures(masks, digests, config.own_masks_dir)
    ids = object_ids([(mask.image, digest) for mask, digest in zip(masks, digests, strict=True)], rule)
    folder = prepare(config.own_raw_dir)
    targets = [folder / f"{object_id}.png" for object_id in ids]
    tasks = [NormalisationTask(*each, rule) for each in zip(paths, digests, targets, strict=True)]
    done = list(map_items(normalise_mask, tasks, label="normalise", **workers))
    _refuse_failures(masks, done, config.own_masks_dir)
    return ids, done


def check_sizes(
    masks: Sequence[OwnMask], done: Sequence[NormalisedMask], images: Mapping[str, Path] | None, folder: Path
) -> None:
    """Raise a PipelineError that lists every mask of another size than its image or, without one, its first mask."""
    from utils.own_masks.normalise import image_shape

    expected: dict[str, tuple[int, int] | Failure] = {}
    if images is not None:
        with_masks = list(dict.fromkeys(mask.image for mask in masks))
        paths = [images[id_key(image)] for image in with_masks]
        # One worker: reading headers is quick.
        shapes = map_items(image_shape, paths, num_workers=1, label="image sizes")
        expected = dict(zip(with_masks, shapes, strict=True))
    faults = [f"image {image!r}: {shape.reason}" for image, shape in expected.items() if isinstance(shape, Failure)]
    for mask, found in zip(masks, done, strict=True):
        shape = expected.setdefault(mask.image, found.shape)
        if not isinstance(shape, Failure) and shape != found.shape:
            other = "the image" if images is not None else "the image's first mask"
            faults.append(f"{mask}: {_size(found.shape)}, {other}: {_size(shape)}")
    if faults:
        what = "Images cannot be read, or differ from their masks in size."
        raise PipelineError(what, where=folder, hint=listing_hint(folder), offenders=faults)


def build_tables(
    masks: Sequence[OwnMask], ids: Sequence[str], images: Mapping[str, Path] | None, factors: Mapping
) -> tuple[DataFrame, DataFrame]:
    """Return the raw image table and the raw segmentation table, by image id; masks of one image by mskObjectID.

    Sorted by file name, the masks would tell of the order of the annotators' names.
    """
    rows = [
        (
            mask.image,
            mask.annotator,
            object_id,
            f"{object_id}.png",
            factors["tool"][mask.tool],
            factors["skill"][mask.skill],
        )
        for mask, object_id in zip(masks, ids, strict=True)
    ]
    segmentations = pd.DataFrame(sorted(rows, key=lambda row: (row[0], row[2])), columns=list(RAW_SEG_COLUMNS))
    isic_ids = {mask.image for mask in masks} if images is None else {path.stem for path in images.values()}
    return pd.DataFrame(sorted(isic_ids), columns=list(RAW_IMG_COLUMNS)), segmentations


def main(config: CreationSettings) -> Outcome:
    """Read the names, normalise the masks, check sizes, write the tables."""
    factors = {"tool": factor_map(config, "tool", _TOOLS), "skill": factor_map(config, "skill", _SKILLS)}
    check_folders(config)
    images = None
    if config.own_images_dir is not None:
        images = list_images(config.own_images_dir, config.own_masks_dir, parse_pattern(config.own_name_pattern))
    masks = read_folder(config, images, factors).masks
    ids, done = normalise_all(masks, config)
    check_sizes(masks, done, images, config.own_masks_dir)
    image_table, mask_table = build_tables(masks, ids, images, factors)
    _warn_of_images(image_table, mask_table, images)
    _warn_of_values(masks, done, config.own_masks_dir)
    files = [
        write_table(image_table, config.own_raw_dir / IMAGE_TABLE),
        write_table(mask_table, config.own_raw_dir / MASK_TABLE),
    ]
    prune(config.own_raw_dir, ids)
    with_place = f"{config.config_file}, in place of those there"
    logger.info("lines for {}:\n{}", with_place, config_lines(config.own_raw_dir, images))
    annotators = mask_table["creator"].nunique()
    counts = f"{len(masks)} masks of {mask_table['ISIC_id'].nunique()} images by {annotators} annotators"
    return Outcome(counts, [*files, config.own_raw_dir / MASK_FOLDER])


def _refuse_failures(masks: Sequence[OwnMask], results: Sequence, folder: Path) -> None:
    faults = [f"{m}: {r.reason}" for m, r in zip(masks, results, strict=True) if isinstance(r, Failure)]
    if faults:
        raise PipelineError("Masks cannot be read.", where=folder, hint=listing_hint(folder), offenders=faults)


def _warn_of_files(numbers: Sequence[int], what: str, folder: Path) -> None:
    if numbers:
        logger.warning("{} {}: {} ({})", len(numbers), what, _some(numbers, "file "), listing_hint(folder))


def _warn_of_images(image_table: DataFrame, mask_table: DataFrame, images: Mapping[str, Path] | None) -> None:
    if images is None:
        logger.warning("own_images_dir is not set: create_dataset can run, but move_dataset needs every image")
    without = image_table["isic_id"][~image_table["isic_id"].isin(mask_table["ISIC_id"])].to_list()
    if without:
        logger.warning("{} images have no mask: {}", len(without), _some(without))
        logger.debug("images without a mask: {}", without)


def _warn_of_values(masks: Sequence[OwnMask], done: Sequence[NormalisedMask], folder: Path) -> None:
    checks = {
        "masks hold more than two values (own_foreground says which are foreground)": "has_more_levels",
        "masks have no foreground": "is_empty",
        "masks are foreground everywhere": "is_full",
    }
    for what, name in checks.items():
        found = [mask.file.number for mask, each in zip(masks, done, strict=True) if getattr(each, name)]
        _warn_of_files(found, what, folder)


def _some(items: Sequence, before: str = "") -> str:
    shown = ", ".join(f"{before}{item}" for item in items[:_SHOWN])
    return shown if len(items) <= _SHOWN else f"{shown} and {len(items) - _SHOWN} more"


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[1]} x {shape[0]}"


if __name__ == "__main__":
    run_stage(main, CreationSettings)
