"""Make raw input of the pipeline from a folder of masks of your own, by a pattern of their file names.

Reads:  the masks below own_masks_dir, the images in own_images_dir.
Writes: the two raw tables in own_raw_dir, and in its folder segs/ every mask as 8-bit grey PNG, 0 and 255.
Rules:  A name that the pattern reads in several ways is read in the one whose image is there. Every fault is
        listed, and then no table is written. Messages cite a file by its place in the sorted listing, never by
        its name, which may hold the annotator's. The tables do name annotators, so own_raw_dir must lie outside
        output_dir. Files of an earlier run are replaced.
"""

from __future__ import annotations

import shlex
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import utils.stage_process
from dataset_creation.constants import RAW_IMG_COLUMNS, RAW_SEG_COLUMNS, SKILL_TO_LEVEL, SOURCE_TO_TOOL
from utils.configuration.foreground_rule import parse_foreground
from utils.errors import ConfigError
from utils.files import place_of, require_folder
from utils.lazy import logger, pd
from utils.own_masks.findings import (
    refuse_all_empty,
    refuse_failures,
    warn_of_copies,
    warn_of_images,
    warn_of_values,
)
from utils.own_masks.input_folders import apart_from_images, read_images, read_masks
from utils.own_masks.mask_folder import OwnMask, id_key
from utils.own_masks.own_config import (
    check_own_config,
    config_values,
    extensions_of,
    output_named,
    write_own_config,
    yaml_lines,
)
from utils.own_masks.raw_tree import (
    IMAGE_TABLE,
    MASK_FOLDER,
    MASK_TABLE,
    check_folders,
    prepare,
    prune,
)
from utils.own_masks.sizes import check_sizes
from utils.raw.file_search import FolderSearch
from utils.raw.raw_files import require_found
from utils.settings import CreationSettings
from utils.stage import Outcome, run_stage
from utils.tables import write_table
from utils.workers.parallel import map_items
from utils.workers.workplace import local_workplace

if TYPE_CHECKING:
    from pandas import DataFrame

    from utils.own_masks.normalise import NormalisedMask

KEYS = (
    "own_masks_dir",
    "own_images_dir",
    "own_name_pattern",
    "own_foreground",
    "own_tool",
    "own_skill",
    "own_default_tool",
    "own_default_skill",
    "own_allow_unmatched",
    "own_raw_dir",
    "cite_file_names",
    "own_config",
    "num_workers",
    "executor",
    "max_image_pixels",
)

# What the raw table leaves empty has a name in the configuration.
_TOOLS = {source or "missing": source for source in SOURCE_TO_TOOL}
_SKILLS = {skill: skill for skill in SKILL_TO_LEVEL}


def factor_maps(config: CreationSettings) -> dict[str, dict[str | None, str]]:
    """Return the raw value for each text of the fields tool and skill; None stands for a pattern without the field.

    Raises
    ------
    ConfigError
        If own_tool, own_skill or a default names a value that the raw tables do not know.
    """
    configured = {
        "tool": (_TOOLS, config.own_tool, config.own_default_tool),
        "skill": (_SKILLS, config.own_skill, config.own_default_skill),
    }
    maps: dict[str, dict[str | None, str]] = {}
    for name, (raw_values, own, default) in configured.items():
        pairs: list[tuple[str | None, str]] = [(value, value) for value in raw_values]
        # As the texts of file names are read.
        texts = [(unicodedata.normalize("NFC", text), value) for text, value in own.items()]
        values = dict([*pairs, *texts, (None, default)])
        unknown = [f"{value!r}" for value in values.values() if value not in raw_values]
        if unknown:
            where = place_of(config, f"own_{name}", f"own_default_{name}")
            expected = ", ".join(raw_values)
            raise ConfigError(f"No such {name} is known.", where=where, expected=expected, offenders=unknown)
        maps[name] = {text: raw_values[value] for text, value in values.items()}
    return maps


def normalise_all(masks: Sequence[OwnMask], config: CreationSettings) -> tuple[list[str], list[NormalisedMask]]:
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
    )

    rule = parse_foreground(config.own_foreground)
    files = [(mask, file) for mask in masks for file in mask.files]
    workplace = local_workplace(config)
    paths = [file.path for _, file in files]
    hashed = map_items(digest_of_file, paths, workplace, label="hash", unit="mask", batched=True)
    found = refuse_failures([mask for mask, _ in files], hashed, config)
    digest_of = {file.path: digest for (_, file), digest in zip(files, found, strict=True)}
    digests = [tuple(digest_of[file.path] for file in mask.files) for mask in masks]
    warn_of_copies(masks, digests)
    ids = object_ids([(mask.image, " ".join(several)) for mask, several in zip(masks, digests, strict=True)], rule)
    folder = prepare(config.own_raw_dir, require_folder(config, "own_masks_dir"))
    tasks = [
        NormalisationTask(tuple(file.path for file in mask.files), several, folder / f"{object_id}.png", rule)
        for mask, several, object_id in zip(masks, digests, ids, strict=True)
    ]
    normalised = map_items(normalise_mask, tasks, workplace, label="normalise", unit="mask")
    done = refuse_failures(masks, normalised, config)
    refuse_all_empty(done, config)
    return ids, done


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
    rows.sort(key=lambda row: (row[0], row[2]))
    segmentations = pd.DataFrame(rows, columns=list(RAW_SEG_COLUMNS))
    isic_ids = {mask.image for mask in masks} if images is None else {path.stem for path in images.values()}
    return pd.DataFrame(sorted(isic_ids), columns=list(RAW_IMG_COLUMNS)), segmentations


def main(config: CreationSettings) -> Outcome:
    """Read the names, normalise the masks, check sizes, write the tables."""
    factors = factor_maps(config)
    check_own_config(config)
    output_dir = output_named(config)
    check_folders(config, output_dir)
    images = read_images(config, output_dir)
    masks = read_masks(config, images, factors, output_dir)
    if config.own_images_dir is not None and images is not None:
        search = FolderSearch(config.own_images_dir, apart_from_images(config, output_dir))
        require_found({images[id_key(mask.image)] for mask in masks}, search, extensions_of(images))
    ids, done = normalise_all(masks, config)
    check_sizes(masks, done, images, config)
    image_table, mask_table = build_tables(masks, ids, images, factors)
    warn_of_images(image_table, mask_table, images, config)
    warn_of_values(masks, done, config)
    files = [
        write_table(image_table, config.own_raw_dir / IMAGE_TABLE),
        write_table(mask_table, config.own_raw_dir / MASK_TABLE),
    ]
    prune(config.own_raw_dir, ids)
    values = config_values(config.own_raw_dir, config.own_masks_dir, config.own_images_dir, images or {})
    if config.own_config is not None:
        files.append(write_own_config(config.own_config, values, output_dir))
        logger.info("go on with: bash overall_script.sh --config {}", shlex.quote(str(config.own_config)))
    else:
        logger.info("lines for {}, in place of those there:\n{}", config.config_file, yaml_lines(values).rstrip())
    annotators = mask_table["creator"].nunique()
    counts = f"{len(masks)} masks of {mask_table['ISIC_id'].nunique()} images by {annotators} annotators"
    return Outcome(counts, [*files, config.own_raw_dir / MASK_FOLDER])


if __name__ == "__main__":
    run_stage(main, CreationSettings, KEYS)
