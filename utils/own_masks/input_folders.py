"""The folders of images and masks of one's own: what there is in them, and what of it cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..configuration.name_patterns import Pattern, parse_pattern, with_any_extension
from ..errors import PipelineError, some_of
from ..files import require_folder
from ..lazy import logger
from .findings import listing_hint, warn_of_files, warn_of_repeated_annotators
from .image_folder import contested_files, list_images
from .mask_folder import NamesRead, OwnMask, link_faults, list_files, read_names
from .raw_tree import share_a_folder

if TYPE_CHECKING:
    from ..settings import CreationSettings

_WAYS_OUT = (
    "a field that is limited, as in {annotator:[^_]+}, leaves a name fewer ways to be read",
    "{n} tells several masks of one annotator apart, {part} the parts of one mask",
    "images in a folder of their own are not taken for masks",
)
_NEARLY = "match an image but for blanks, case, Unicode form or suffix"


def read_images(config: CreationSettings, output_dir: Path) -> dict[str, Path] | None:
    """List the images by id, apart from the masks; None where own_images_dir is not set."""
    if config.own_images_dir is None:
        return None
    pattern = parse_pattern(config.own_name_pattern) if share_a_folder(config) else None
    return list_images(config.own_images_dir, pattern, apart_from_images(config, output_dir), config.cite_file_names)


def apart_from_images(config: CreationSettings, output_dir: Path) -> tuple[Path, ...]:
    """Return the folders in which images are not looked for."""
    return require_folder(config, "own_masks_dir"), config.own_raw_dir, output_dir


def read_masks(
    config: CreationSettings, images: Mapping[str, Path] | None, factors: Mapping, output_dir: Path
) -> list[OwnMask]:
    """List the masks and read their names; warn of what is left out.

    Parameters
    ----------
    config : CreationSettings
        Where the masks are, and the pattern of their names.
    images : mapping of str to Path, or None
        From `read_images`.
    factors : mapping
        For tool and skill the texts that a name may have, see `make_raw_tables.factor_maps`.
    output_dir : Path
        Masks are not looked for there.

    Raises
    ------
    PipelineError
        Listing every name and link that cannot be used, or if no mask is left.
    """
    folder = require_folder(config, "own_masks_dir")
    apart = [path for path in (config.own_images_dir, output_dir) if path is not None]
    files = list_files(folder, config.cite_file_names, apart)
    pattern = parse_pattern(config.own_name_pattern)
    names = read_names(files, pattern, images)
    faults = link_faults(files, folder) + names.faults
    if images is not None and share_a_folder(config):
        faults += contested_files(files, pattern, images)
    faults += _unmapped(names.masks, factors)
    if not config.own_allow_unmatched:
        faults += [f"{file}: a name that does not follow own_name_pattern" for file in names.unmatched]
        faults += [f"{file}: not a picture, by its extension" for file in names.no_pictures]
    if faults:
        hint = "; ".join(filter(None, (listing_hint(config), *_WAYS_OUT)))
        raise PipelineError("Files cannot be used.", where=folder, hint=hint, offenders=faults)
    if not names.masks:
        raise _no_masks(names, _but_for_suffix(names, pattern, images), config)
    _warn_of_left_out(names, config)
    warn_of_repeated_annotators(names.masks)
    return names.masks


def _unmapped(masks: list[OwnMask], factors: Mapping) -> list[str]:
    """Describe the masks whose name has a tool or a skill that the configuration does not know."""
    faults = []
    for name, mapping in factors.items():
        known = ", ".join(repr(text) for text in mapping if text is not None)
        unmapped = [mask for mask in masks if getattr(mask, name) not in mapping]
        faults += [f"{mask}: its {name} is not in own_{name}, which has {known}" for mask in unmapped]
    return faults


def _but_for_suffix(names: NamesRead, pattern: Pattern, images: Mapping[str, Path] | None) -> str | None:
    """Say how many of the files of other names would be masks if the pattern asked for no suffix."""
    again = read_names(names.unmatched, with_any_extension(pattern), images)
    files = [file for mask in again.masks for file in mask.files]
    suffixes = ", ".join(sorted({file.path.suffix for file in files}))
    return f"{len(files)} would follow own_name_pattern, but for their suffix ({suffixes})" if files else None


def _no_masks(names: NamesRead, near: str | None, config: CreationSettings) -> PipelineError:
    counts = {
        "files of other names": names.unmatched,
        "files that are no pictures": names.no_pictures,
        "masks whose image is not there": names.without_image,
    }
    found = ", ".join(f"{len(files)} {what}" for what, files in counts.items() if files) or "no file"
    expected = f"masks {config.own_name_pattern} of the images in {config.own_images_dir}"
    nearly = f"{len(names.nearly)} {_NEARLY}: {some_of(names.nearly)}" if names.nearly else None
    hint = "; ".join(filter(None, (nearly, near))) or None
    return PipelineError("There are no masks.", where=config.own_masks_dir, expected=expected, found=found, hint=hint)


def _warn_of_left_out(names: NamesRead, config: CreationSettings) -> None:
    warn_of_files(names.unmatched, "files do not follow own_name_pattern", config)
    warn_of_files(names.no_pictures, "files are left out, as no pictures have their extensions", config)
    warn_of_files(names.without_image, "masks have no image in own_images_dir", config)
    if names.nearly:
        logger.warning("{} of these masks {}: {}", len(names.nearly), _NEARLY, some_of(names.nearly))
