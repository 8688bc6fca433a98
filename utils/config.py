"""Configuration: a YAML file and key=value overrides, checked against a typed schema."""

from __future__ import annotations

import dataclasses
import difflib
import math
import operator
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from yaml import YAMLError

from .errors import ConfigError

Schema = TypeVar("Schema")

# Folders that users may name in the environment; like paths on the command line they are relative to the
# current directory, not to a configuration file.
PATH_VARIABLES = ("IMAPP_OUTPUT_DIR", "IMAPP_DEMO_DIR")
# Fields of a schema that the code fills in.
NOT_KEYS = ("config_file", "inputs_read")
_COMMAND_LINE = "the command line"
_MOST_NODES = 100_000


def load_config(schema: type[Schema], config_file: Path, overrides: Sequence[str] = ()) -> Schema:
    """Read a configuration file, apply overrides, and return an instance of the schema.

    Parameters
    ----------
    schema : type
        A dataclass; fields whose type mentions ``Path`` are paths. Its field ``config_file`` is filled in.
    config_file : Path
        YAML. Relative paths in it resolve against its folder.
    overrides : sequence of str
        ``key=value`` or ``key.subkey=value``. Relative paths resolve against the current directory.

    Raises
    ------
    ConfigError
        For a file that is missing or no YAML, and for an unknown key, a wrong type or a missing value.
    """
    _make_environment_absolute()
    hints = _type_hints(schema)
    from_file = _read_yaml(config_file)
    from_command_line = _parse_overrides(overrides, hints)
    for source, where in ((from_file, config_file), (from_command_line, _COMMAND_LINE)):
        _check_keys(source, hints, where)
        _check_strings(source, hints, where)
    values = _merge(schema, [(from_file, config_file), (from_command_line, _COMMAND_LINE)], config_file)
    folder = config_file.resolve().parent
    for name in _path_keys(hints):
        setattr(values, name, _map_leaves(getattr(values, name), lambda path: _absolute(path, folder)))
    _check_ranges(values, config_file)
    values.config_file = config_file
    return values


def _make_environment_absolute() -> None:
    for name in PATH_VARIABLES:
        path = os.environ.pop(name, "")
        if path:
            os.environ[name] = _from_here(path)


def _from_here(path: Any) -> Any:
    """Make a path absolute from the current directory; interpolations and what is no text are left as they are."""
    if not isinstance(path, str) or not path or "${" in path:
        return path
    return os.path.abspath(os.path.expanduser(path))


def _type_hints(schema: type) -> dict[str, Any]:
    """Return the type of each key; a map of lists of paths is text to OmegaConf, and marked as paths."""
    hints = {name: hint for name, hint in get_type_hints(schema).items() if name not in NOT_KEYS}
    marked = [field.name for field in dataclasses.fields(schema) if field.metadata.get("paths")]
    return {**hints, **{name: dict[str, list[Path]] for name in marked}}


def _read_yaml(config_file: Path) -> DictConfig:
    try:
        with open(config_file, encoding="utf-8") as stream:
            expanded = _expanded_size(yaml.compose(stream, yaml.SafeLoader), {})
        if expanded > _MOST_NODES:
            raise ValueError(f"its anchors expand to more than {_MOST_NODES} values")
        loaded = OmegaConf.load(config_file)
    except (OSError, YAMLError, ValueError, RecursionError, OmegaConfBaseException) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        raise ConfigError("A configuration file cannot be read.", where=config_file, found=reason) from error
    if not isinstance(loaded, DictConfig):
        raise ConfigError(
            "A configuration file must hold keys and values.", where=config_file, found=type(loaded).__name__
        )
    return loaded


def _expanded_size(node: yaml.Node | None, sizes: dict[int, float]) -> float:
    """Return how many values a YAML node stands for, aliases followed: a short file can stand for billions."""
    if id(node) not in sizes:
        sizes[id(node)] = math.inf  # until it is known: what a node that contains itself finds
        children = node.value if isinstance(node, yaml.CollectionNode) else []
        parts = [part for child in children for part in (child if isinstance(child, tuple) else (child,))]
        sizes[id(node)] = 1 + sum(_expanded_size(part, sizes) for part in parts)
    return sizes[id(node)]


def _parse_overrides(overrides: Sequence[str], hints: dict[str, Any]) -> DictConfig:
    """Return the values of ``key=value`` and ``key.subkey=value`` arguments; the last of a key counts."""
    parsed = OmegaConf.create()
    for override in overrides:
        key, equals, text = override.partition("=")
        if not (key and equals):
            raise ConfigError("An argument is not understood.", expected="key=value", found=override)
        try:
            OmegaConf.update(parsed, key, _parse_value(key, text, hints), force_add=True)
        except (YAMLError, OmegaConfBaseException) as error:
            raise ConfigError("An argument is not understood.", where=override, found=error) from error
    return parsed


def _parse_value(key: str, text: str, hints: dict[str, Any]) -> Any:
    top, _, subkey = key.partition(".")
    value = text if not subkey and _is_text(hints.get(top), text) else _parse_yaml(text)
    return _map_leaves(value, _from_here) if top in _path_keys(hints) else value


def _is_text(hint: Any, text: str) -> bool:
    """Tell whether a key takes what was typed as it is: a folder named 1e5 is not a number."""
    members = get_args(hint)
    if type(None) in members:
        return text != "null" and (str in members or Path in members)
    return hint in (str, Path)


def _parse_yaml(text: str) -> Any:
    return OmegaConf.to_container(OmegaConf.from_dotlist([f"v={text}"]))["v"]


def _check_keys(source: DictConfig, hints: dict[str, Any], where: object) -> None:
    unknown = [key for key in source if key not in hints]
    if unknown:
        offenders = []
        for key in unknown:
            nearest = difflib.get_close_matches(str(key), hints, n=1, cutoff=0.0)
            offenders.append(f"{key}: no such key; the nearest is '{nearest[0]}'")
        raise ConfigError("Unknown configuration keys.", where=where, offenders=offenders)


def _check_strings(source: DictConfig, hints: dict[str, Any], where: object) -> None:
    """Refuse numbers and truth values where text belongs: YAML has changed them beyond repair."""
    raw = OmegaConf.to_container(source, resolve=False)
    changed = []
    for key, value in raw.items():
        if "str" in str(hints[key]) or "Path" in str(hints[key]):
            changed += [f"{key}: {leaf!r}" for leaf in _leaves(value) if not isinstance(leaf, str | type(None))]
        if "Path" in str(hints[key]) and "" in _leaves(value):
            raise ConfigError(f"The configuration key '{key}' is empty.", where=where, expected="a path")
    if changed:
        raise ConfigError(
            "A value must be text, but YAML reads it as something else: put it in quotes.",
            where=where,
            expected='for example "5841e138"',
            offenders=changed,
        )


def _merge(schema: type, sources: list, config_file: Path) -> Any:
    merged = OmegaConf.structured(schema)
    for source, where in sources:
        for key in source:
            try:
                merged = OmegaConf.merge(merged, OmegaConf.masked_copy(source, key))
            except OmegaConfBaseException as error:
                raise _wrong_value(error, where, key) from error
    try:
        missing = sorted(OmegaConf.missing_keys(merged))
        if missing:
            raise ConfigError("Configuration keys have no value.", where=config_file, offenders=missing)
        OmegaConf.resolve(merged)
        return OmegaConf.to_object(merged)
    except (OmegaConfBaseException, MissingMandatoryValue, RecursionError, ValueError) as error:
        raise _wrong_value(error, config_file) from error


def _wrong_value(error: Exception, where: object, key: str = "a value") -> ConfigError:
    key = getattr(error, "full_key", None) or key
    return ConfigError(
        f"The configuration key '{key}' has an unusable value.", where=where, found=str(error).splitlines()[0]
    )


def _check_ranges(values: Any, where: Path) -> None:
    for field in dataclasses.fields(values):
        least, greatest = field.metadata.get("within") or (None, None)
        above = field.metadata.get("above")
        value = getattr(values, field.name)
        limits = [
            (words, compare, limit)
            for words, compare, limit in (
                ("above", operator.gt, above),
                ("at least", operator.ge, least),
                ("at most", operator.le, greatest),
            )
            if limit is not None
        ]
        # NaN, which compares false, is out of every range.
        if value is None or all(compare(value, limit) for _, compare, limit in limits):
            continue
        expected = ", ".join(f"{words} {limit}" for words, _, limit in limits)
        what = f"The configuration key '{field.name}' is out of range."
        raise ConfigError(what, where=f"{where}, or {_COMMAND_LINE}", expected=expected, found=value)


def _path_keys(hints: dict[str, Any]) -> list[str]:
    return [name for name, hint in hints.items() if "Path" in str(hint)]


def _absolute(path: Path | str, folder: Path) -> Path:
    return Path(os.path.normpath(folder / Path(path).expanduser()))


def _map_leaves(value: Any, function: Callable) -> Any:
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: _map_leaves(item, function) for key, item in value.items()}
    if isinstance(value, list):
        return [_map_leaves(item, function) for item in value]
    return function(value)


def _leaves(value: Any) -> list:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


def describe_keys(schema: type, names: Sequence[str]) -> str:
    """Return the help text of the named keys, one a line, from the schema's field metadata."""
    fields = {field.name: field for field in dataclasses.fields(schema)}
    width = max(map(len, names), default=0)
    return "\n".join(f"  {name:<{width}}  {fields[name].metadata.get('help', '')}" for name in names)
