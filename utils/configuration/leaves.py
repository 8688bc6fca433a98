"""The single values within maps and lists of a configuration, and the types of its keys."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from omegaconf import MISSING

# Fields of a schema that the code fills in.
NOT_KEYS = ("config_file", "inputs_read", "notes", "dataset_file", "overrides", "key_places")


_IN_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
}

_EXAMPLES: dict[Any, str] = {list: "[{0}, {0}]", dict: "{{name: {}}}"}


def type_hints(schema: type) -> dict[str, Any]:
    """Return the type of each key; a map of lists of paths is text to OmegaConf, and marked as paths."""
    hints = {name: hint for name, hint in get_type_hints(schema).items() if name not in NOT_KEYS}
    marked = [field.name for field in dataclasses.fields(schema) if field.metadata.get("paths")]
    return {**hints, **{name: dict[str, list[Path]] for name in marked}}


def in_words(hint: Any) -> str:
    """Say what a value of this type is in a configuration file."""
    arguments = get_args(hint)
    if get_origin(hint) in _EXAMPLES:
        kind = "a list" if get_origin(hint) is list else "a map"
        return f"{kind}, as in {_example(hint)}"
    if arguments:  # X | None
        return f"{in_words(arguments[0])}, or null"
    if issubclass(hint, Enum):
        return f"one of {', '.join(hint.__members__)}"
    return _IN_WORDS[hint]


def _example(hint: Any) -> str:
    shape = _EXAMPLES.get(get_origin(hint))
    return shape.format(_example(get_args(hint)[-1])) if shape else "folder" if hint is Path else "text"


def path_keys(hints: Mapping[str, Any]) -> list[str]:
    """Return the keys whose values are paths."""
    return [name for name, hint in hints.items() if "Path" in str(hint)]


def table_keys(schema: type) -> set[str]:
    """Return the keys of tables, which a file may give by their name alone."""
    return {field.name for field in dataclasses.fields(schema) if field.metadata.get("folder_key")}


def from_folder(path: Any, folder: Path) -> Any:
    """Make a path absolute from a folder; interpolations, `MISSING` and what is not text are left as they are."""
    return os.path.normpath(folder / os.path.expanduser(path)) if _is_plain_path(path) else path


def is_bare_name(path: Any) -> bool:
    """Tell whether a path is the name of a file alone."""
    return _is_plain_path(path) and "/" not in path


def _is_plain_path(path: Any) -> bool:
    return isinstance(path, str) and path not in ("", MISSING) and "${" not in path


def map_leaves(value: Any, function: Callable[[Any], Any]) -> Any:
    """Apply a function to every value within maps and lists; None stays."""
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: map_leaves(item, function) for key, item in value.items()}
    if isinstance(value, list):
        return [map_leaves(item, function) for item in value]
    return function(value)


def leaves(value: Any) -> list[Any]:
    """Return every value within maps and lists."""
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]
