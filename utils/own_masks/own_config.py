"""The configuration that points the pipeline at what make_raw_tables made; in its file, what users add stays."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ..configuration.leaves import from_folder
from ..configuration.yaml_edits import Edit, as_yaml, at_start_of, edited, in_place_of, read_keys, texts_within
from ..errors import ConfigError
from ..files import write_bytes_atomically
from .raw_tree import IMAGE_TABLE, MASK_FOLDER, MASK_TABLE

if TYPE_CHECKING:
    from ..settings import CreationSettings

_START = "# Made by make_raw_tables,"
_IMAGES, _IMAGE_TABLE, _MASK_TABLE = "orig_imgs_dirs", "raw_img_metadata_path", "raw_seg_masks_metadata_path"
# What a first run writes for users to change.
_OF_USERS = {"exclude_mskObjectIDs", "other_datasets_dir"}
_COMMENTS = {
    "other_datasets_dir": (
        "# Lists of image ids of other datasets, for the plot of what they share; empty until you add some."
    )
}
_ID_LISTS = Path(__file__).resolve().parents[2] / "dataset_analysis" / "data_files"


def extensions_of(images: Mapping[str, Path]) -> list[str]:
    """Return the extensions of images, as they are written, in the order in which the pipeline tries them."""
    return sorted({path.suffix[1:] for path in images.values()})


def config_values(
    raw: Path, masks_dir: Path | None, images_dir: Path | None, images: Mapping[str, Path]
) -> dict[str, Any]:
    """Return the value of each key that points create_dataset and move_dataset at what was made and at the images."""
    return {
        # Images are not looked for in it.
        "own_masks_dir": str(masks_dir),
        _IMAGES: {extension: [str(images_dir)] for extension in extensions_of(images)},
        "orig_segs_dir": str(raw / MASK_FOLDER),
        _IMAGE_TABLE: str(raw / IMAGE_TABLE),
        _MASK_TABLE: str(raw / MASK_TABLE),
        "exclude_mskObjectIDs": [],
    }


def yaml_lines(values: Mapping[str, Any]) -> str:
    """Return keys and values as text for a configuration file, an entry of a map a line."""
    lines = []
    for key, value in values.items():
        lines += [_COMMENTS[key]] if key in _COMMENTS else []
        if isinstance(value, Mapping) and value:
            lines += [f"{key}:", *(f"  {name}: {as_yaml(item)}" for name, item in value.items())]
        else:
            lines.append(f"{key}: {as_yaml(value)}")
    return "".join(f"{line}\n" for line in lines)


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
        read_keys(_text_of(path))
    except (yaml.YAMLError, ValueError) as error:
        raise _broken(path, error) from error


def output_named(config: CreationSettings) -> Path:
    """Return the output folder that own_config names or will name: the one in it stays, unless the call is given one.

    `check_own_config` comes before.
    """
    path = config.own_config
    is_given = config.key_places["output_dir"] != f"in {config.config_file}"
    if path is None or not path.exists() or is_given:
        return config.output_dir
    written = read_keys(_text_of(path))[0].get("output_dir")
    is_path = isinstance(written, str) and "${" not in written
    return Path(from_folder(written, path.parent)) if is_path else config.output_dir


def write_own_config(path: Path, values: Mapping[str, Any], output_dir: Path) -> Path:
    """Write the file for ``overall_script.sh --config``: raw input, output folder and no dataset to compare with.

    Of a file that is there, what is not this stage's stays: further keys, comments, masks to leave out, lists of other
    datasets, an image table of the user's own, and further folders of images.

    Raises
    ------
    ConfigError
        If the file would come out broken; it is left as it is.
    """
    wanted = {"output_dir": str(output_dir), **values, "other_datasets_dir": str(_ID_LISTS)}
    if not path.exists():
        first_line = f"{_START} for: bash overall_script.sh --config {path.name}\n"
        write_bytes_atomically(path, (first_line + yaml_lines(wanted)).encode())
        return path
    text = _text_of(path)
    try:
        new = _brought_up_to_date(text, wanted, path.parent)
        before, after = read_keys(text)[0], read_keys(new)[0]
    except (yaml.YAMLError, ValueError) as error:
        raise _broken(path, error) from error
    others = before.keys() - wanted.keys()
    if after.keys() != before.keys() | wanted.keys() or any(after[key] != before[key] for key in others):
        raise _broken(path, "anchors or further documents")
    write_bytes_atomically(path, new.encode())
    return path


def _broken(path: Path, found: object) -> ConfigError:
    return ConfigError(
        "own_config names a file that cannot be brought up to date; it is left as it is.",
        where=path,
        expected="keys and values, each key at the start of a line, without anchors and further documents",
        found=found,
        hint="mend it, or name another file and copy your keys",
    )


def _brought_up_to_date(text: str, wanted: Mapping[str, Any], folder: Path) -> str:
    """Return the text of a file in this folder with the wanted values, and at its end those that it lacks."""
    values, nodes = read_keys(text)
    kept = {*_OF_USERS, *([_IMAGE_TABLE] if _has_own_image_table(values, folder) else [])}
    edits: list[Edit] = []
    for key in [key for key in wanted if key in nodes and key not in kept]:
        if key == _IMAGES:
            edits += _folder_edits(nodes[key], wanted[key], folder)
        elif from_folder(values[key], folder) != wanted[key]:
            edits.append(in_place_of(nodes[key], wanted[key]))
    ended = text if text.endswith("\n") else f"{text}\n"
    return edited(ended, edits) + yaml_lines({key: value for key, value in wanted.items() if key not in nodes})


def _folder_edits(node: yaml.Node, wanted: Mapping[str, Collection[str]], folder: Path) -> list[Edit]:
    """Name the folder of the images for each extension; folders that a user wrote behind it stay."""
    if not wanted:
        return []
    if not isinstance(node, yaml.MappingNode):
        return [in_place_of(node, dict(wanted))]
    images = next(iter(next(iter(wanted.values()))))
    written = [(text, from_folder(text.value, folder)) for text in texts_within(node)]
    is_named = any(path == images for _, path in written)
    former = [] if is_named else [text for text, path in written if path == written[0][1]]
    known = {key.value for key, _ in node.value}
    added = [f"{extension}: {as_yaml([images])}" for extension in wanted if extension not in known]
    return [in_place_of(text, images) for text in former] + at_start_of(node, added)


def _text_of(path: Path) -> str:
    return path.read_text("utf-8-sig")


def _has_own_image_table(values: Mapping[str, Any], folder: Path) -> bool:
    """Tell whether the image table is another than the one that was made beside the table of masks."""
    images, masks = (from_folder(values.get(key), folder) for key in (_IMAGE_TABLE, _MASK_TABLE))
    return images is not None and Path(images) != Path(str(masks)).with_name(IMAGE_TABLE)
