"""The folder that receives raw input made from masks of one's own: checks, layout, leftovers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, PipelineError
from ..files import place_of, require_folder, write_bytes_atomically

if TYPE_CHECKING:
    from ..settings import CreationSettings

IMAGE_TABLE = "raw_ISIC_images_metadata.csv"
MASK_TABLE = "raw_ISIC_segmasks_metadata.csv"
MASK_FOLDER = "segs"
MARKER = "made_by_make_raw_tables.txt"
_MARKER_TEXT = "Made by make_raw_tables, which replaces what is here. The segmentation table names the annotators.\n"
_MASK_NAME = re.compile(r"[0-9a-f]{24}\.png")


def check_folders(config: CreationSettings, output_dir: Path) -> None:
    """Check that the folders to read are there, and that the one to write is clear of them and of the output folder.

    Raises
    ------
    ConfigError
        If own_masks_dir is not set, or own_raw_dir overlaps with another folder.
    PipelineError
        If a folder does not exist, or own_raw_dir holds what another made.
    """
    if config.own_masks_dir is None:
        where = place_of(config, "own_masks_dir")
        raise ConfigError("The folder of the masks is not set.", where=where, expected="a folder")
    others = {"own_masks_dir": require_folder(config, "own_masks_dir")}
    if config.own_images_dir is not None:
        others["own_images_dir"] = require_folder(config, "own_images_dir")
    raw = config.own_raw_dir.resolve()
    overlapping = [
        f"{key}: {folder}"
        for key, folder in others.items()
        if any(inner.is_relative_to(outer) for inner, outer in permutations((raw, folder.resolve())))
    ]
    # The tables name annotators; the output may be shared.
    outputs = {key: path for key, path in config.output_parts().items() if key.endswith("_dir")}
    for key, folder in {"output_dir": output_dir, **outputs}.items():
        if raw.is_relative_to(folder.resolve()):
            overlapping.append(f"{key}: {folder}")
    if overlapping:
        what = "own_raw_dir must lie apart from the other folders."
        raise ConfigError(what, where=config.own_raw_dir, expected="no overlap", offenders=overlapping)
    _refuse_foreign_folder(config.own_raw_dir)
    _refuse_other_masks(config.own_raw_dir, config.own_masks_dir)


def share_a_folder(config: CreationSettings) -> bool:
    """Tell whether images and masks are in one folder, so that only their names tell them apart."""
    masks, images = config.own_masks_dir, config.own_images_dir
    return masks is not None and images is not None and masks.resolve() == images.resolve()


def _refuse_foreign_folder(raw: Path) -> None:
    is_foreign = raw.is_dir() and any(raw.iterdir()) and not (raw / MARKER).is_file()
    if is_foreign or (raw.exists() and not raw.is_dir()) or (raw / MASK_FOLDER).is_symlink():
        expected = "a new or empty folder, or one that make_raw_tables made"
        raise PipelineError("own_raw_dir is in use for other files.", where=raw, expected=expected)


def _refuse_other_masks(raw: Path, masks_dir: Path) -> None:
    """Refuse a folder made from other masks: the configuration of another dataset may point at it."""
    marker = raw / MARKER
    known = marker.read_text("utf-8", errors="replace").splitlines()[1:] if marker.is_file() else []
    if known and known != [_made_from(masks_dir)]:
        raise PipelineError(
            "own_raw_dir holds what was made from the masks in another folder.",
            where=raw,
            expected=_made_from(masks_dir),
            found=known[0],
            hint="set another own_raw_dir for each dataset; or remove this folder, if its masks only moved",
        )


def _made_from(masks_dir: Path) -> str:
    return f"Masks: {masks_dir.resolve()}"


def prepare(raw: Path, masks_dir: Path) -> Path:
    """Mark the folder as this stage's, made from these masks, and return the folder of its masks; both are made."""
    write_bytes_atomically(raw / MARKER, f"{_MARKER_TEXT}{_made_from(masks_dir)}\n".encode())
    (raw / MASK_FOLDER).mkdir(exist_ok=True)
    return raw / MASK_FOLDER


def prune(raw: Path, ids: Iterable[str]) -> None:
    """Remove the masks of an earlier run that the tables no longer name."""
    named = {f"{object_id}.png" for object_id in ids}
    for path in (raw / MASK_FOLDER).iterdir():
        if _MASK_NAME.fullmatch(path.name) and path.name not in named:
            path.unlink()
