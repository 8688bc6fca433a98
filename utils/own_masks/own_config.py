"""The configuration that points the pipeline at what make_raw_tables made; in its file, what users add stays."""

from __future__ import annotations

import codecs
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ..errors import ConfigError
from ..files import write_bytes_atomically
from .raw_tree import IMAGE_TABLE, MASK_FOLDER, MASK_TABLE

if TYPE_CHECKING:
    from ..settings import CreationSettings

_START = "# Made by make_raw_tables,"
# What a first run writes for users to change.
_OF_USERS = {"exclude_mskObjectIDs", "other_datasets_dir"}
_ID_LISTS = Path(__file__).resolve().parents[2] / "dataset_analysis" / "data_files"


def extensions_of(images: Mapping[str, Path]) -> list[str]:
    """Return the extensions of images, as they are written, in the order in which the pipeline tries them."""
    return sorted({path.suffix[1:] for path in images.values()})


def config_entries(
    raw: Path, masks_dir: Path | None, images_dir: Path | None, images: Mapping[str, Path]
) -> dict[str, str]:
    """Return the YAML of each key that points create_dataset and move_dataset at what was made and at the images."""
    lines = [f"\n  {extension}: [{_quoted(images_dir)}]" for extension in extensions_of(images)]
    return {
        # Images are not looked for in it.
        "own_masks_dir": f"own_masks_dir: {_quoted(masks_dir)}",
        "orig_imgs_dirs": f"orig_imgs_dirs:{''.join(lines) or ' {}'}",
        "orig_segs_dir": f"orig_segs_dir: {_quoted(raw / MASK_FOLDER)}",
        "raw_img_metadata_path": f"raw_img_metadata_path: {_quoted(raw / IMAGE_TABLE)}",
        "raw_seg_masks_metadata_path": f"raw_seg_masks_metadata_path: {_quoted(raw / MASK_TABLE)}",
        "exclude_mskObjectIDs": "exclude_mskObjectIDs: []",
    }


def check_own_config(config: CreationSettings) -> None:
    """Refuse an own_config that would change a file of another origin, or one that cannot be read any more.

    Raises
    ------
    ConfigError
        If there is a file that does not begin as this stage begins it, or that is not keys and values a line each.
    """
    path = config.own_config
    if path is None or not path.exists():
        return
    if not path.is_file():
        raise ConfigError("own_config names a folder.", where=path, expected="a file to write")
    if not path.read_bytes().removeprefix(codecs.BOM_UTF8).startswith(_START.encode()):
        raise ConfigError(
            "own_config names a file that make_raw_tables has not written; it would be changed.",
            where=path,
            expected=f"a new file, or one that begins with {_START!r}",
            hint="name another file",
        )
    try:
        values, _ = _read(_text_of(path))
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(
            "own_config names a file that cannot be brought up to date.",
            where=path,
            expected="keys and values, each key at the start of a line",
            found=error,
            hint="mend it, or name another file",
        ) from error
    output = path.parent / str(values.get("output_dir") or config.output_dir)
    if config.own_raw_dir.resolve().is_relative_to(output.resolve()):
        raise ConfigError(
            "own_raw_dir, whose tables name annotators, lies within the output folder that own_config names.",
            where=path,
            expected=f"a folder outside {output}",
            found=config.own_raw_dir,
        )


def write_own_config(path: Path, entries: Mapping[str, str], output_dir: Path, is_given: bool) -> Path:
    """Write the file for ``overall_script.sh --config``: raw input, output folder and no dataset to compare with.

    Of a file that is there, what is not this stage's stays: further keys, comments, masks to leave out, lists of other
    datasets, an image table of the user's own, and an output folder, unless this call is given one (`is_given`).

    Raises
    ------
    ConfigError
        If the file would come out broken; it is left as it is.
    """
    entries = {
        "output_dir": f"output_dir: {_quoted(output_dir)}",
        **entries,
        "other_datasets_dir": (
            "# Lists of image ids of other datasets, for the plot of what they share; empty until you add some.\n"
            f"other_datasets_dir: {_quoted(_ID_LISTS)}"
        ),
    }
    first_line = f"{_START} for: bash overall_script.sh --config {path.name}\n"
    of_users = _OF_USERS if is_given else {*_OF_USERS, "output_dir"}
    lines = _brought_up_to_date(_text_of(path) if path.exists() else first_line, entries, of_users)
    new = "".join(f"{line}\n" for line in lines)
    if path.exists() and not _is_intact(new, _text_of(path), entries):
        raise ConfigError(
            "own_config names a file that cannot be brought up to date; it is left as it is.",
            where=path,
            expected="keys and values, each key at the start of a line, without anchors and further documents",
            hint="name another file, and copy your keys",
        )
    write_bytes_atomically(path, new.encode())
    return path


def _brought_up_to_date(text: str, entries: Mapping[str, str], of_users: Collection[str]) -> list[str]:
    values, places = _read(text)
    kept = {*of_users, *(["raw_img_metadata_path"] if _has_own_image_table(values) else [])}
    lines: list[str | None] = [*text.splitlines()]
    for key, (first, last) in places.items():
        if key in entries and key not in kept and yaml.safe_load(entries[key])[key] != values[key]:
            lines[first : last + 1] = [entries[key], *[None] * (last - first)]
    return [*(line for line in lines if line is not None), *(entries[key] for key in entries if key not in places)]


def _is_intact(new: str, text: str, entries: Mapping[str, str]) -> bool:
    """Tell whether the new text can be read, with every key, and all that is not this stage's as it was."""
    try:
        values, before = yaml.safe_load(new), yaml.safe_load(text) or {}
    except yaml.YAMLError:
        return False
    others = before.keys() - entries.keys()
    return values.keys() == before.keys() | entries.keys() and all(values[key] == before[key] for key in others)


def _text_of(path: Path) -> str:
    return path.read_text("utf-8-sig")


def _has_own_image_table(values: Mapping[str, Any]) -> bool:
    """Tell whether the image table is another than the one that was made beside the table of masks."""
    images, masks = (values.get(key) for key in ("raw_img_metadata_path", "raw_seg_masks_metadata_path"))
    return images is not None and Path(images) != Path(str(masks)).with_name(IMAGE_TABLE)


def _read(text: str) -> tuple[dict[str, Any], dict[str, tuple[int, int]]]:
    """Return the value of each key, and its first and last line, from 0.

    Raises
    ------
    yaml.YAMLError, ValueError
        If the text is not keys and values, a line each.
    """
    root = yaml.compose(text, yaml.SafeLoader)
    if root is None:
        return {}, {}
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise ValueError("no keys at the start of lines")
    places = {key.value: (key.start_mark.line, _last_line(value)) for key, value in root.value}
    return yaml.safe_load(text), places


def _last_line(node: yaml.Node) -> int:
    # A block of lines ends for YAML where the next key starts, behind comments that belong to that.
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    end = node.end_mark
    return end.line - 1 if end.column == 0 and end.line > node.start_mark.line else end.line


def _quoted(text: object) -> str:
    return json.dumps(str(text), ensure_ascii=False)
