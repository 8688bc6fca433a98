"""A source of a configuration: a file, or the arguments of the command line."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ..errors import ConfigError
from .leaves import from_folder, is_bare_name, leaves, map_leaves, path_keys

COMMAND_LINE = "the command line"
_MOST_NODES = 100_000


@dataclass(frozen=True)
class Source:
    """Values as they were written, what messages call their place, and the folder where relative paths start."""

    values: DictConfig
    where: object
    folder: Path

    @property
    def place(self) -> str:
        """Where a key of it is written, behind the name of the key."""
        return f"{'on' if self.where == COMMAND_LINE else 'in'} {self.where}"


def source_of_file(config_file: Path) -> Source:
    """Read a YAML file; relative paths start at its folder.

    Raises
    ------
    ConfigError
        If it is missing, is not YAML, or does not hold keys and values.
    """
    return Source(_read_yaml(config_file), config_file, config_file.resolve().parent)


def source_of_arguments(arguments: Sequence[str], hints: Mapping[str, Any]) -> Source:
    """Read ``key=value`` and ``key.subkey=value`` arguments; relative paths start at the current directory.

    Raises
    ------
    ConfigError
        For an argument of another form.
    """
    return Source(_parse_overrides(arguments, hints), COMMAND_LINE, Path.cwd())


def checked(source: Source, hints: Mapping[str, Any], retired: Mapping[str, str]) -> tuple[Source, list[str]]:
    """Check keys and values of a source.

    Parameters
    ----------
    source : Source
        As it was written.
    hints : mapping of str to type
        The keys that may be there.
    retired : mapping of str to str
        Keys of earlier versions, and what became of them.

    Returns
    -------
    source : Source
        Without retired keys; a single path where a list of paths belongs is a list of one.
    notes : list of str
        A warning for each of these.

    Raises
    ------
    ConfigError
        For an unknown key, and for a value that YAML has changed beyond repair.
    """
    keys: list[Any] = list(source.values)
    gone = [key for key in keys if key in retired]
    notes = [f"{source.where}: {key} is no longer needed and has no effect: {retired[key]}" for key in gone]
    kept = replace(source, values=OmegaConf.masked_copy(source.values, [key for key in keys if key not in gone]))
    _list_single_paths(kept.values, hints)
    _check_keys(kept, hints)
    _check_strings(kept, hints)
    return kept, notes


def for_stage(source: Source, hints: Mapping[str, Any]) -> Source:
    """Return what of a source that serves several stages is meant for one: the keys that it knows."""
    known: list[Any] = [key for key in source.values if key in hints]
    return replace(source, values=OmegaConf.masked_copy(source.values, known))


def with_absolute_paths(source: Source, hints: Mapping[str, Any], tables: Collection[str]) -> Source:
    """Return a source whose paths start at its folder, those that refer to other keys aside.

    Parameters
    ----------
    source : Source
        Checked.
    hints : mapping of str to type
        Its keys.
    tables : collection of str
        Keys in which a file's name alone is no path from here: it stays as it is.
    """
    values = source.values.copy()
    written = _plain(values)
    for key in path_keys(hints):
        if key in written:
            values[key] = map_leaves(written[key], partial(_from_source, source, key in tables))
    return replace(source, values=values)


def _from_source(source: Source, may_be_bare: bool, path: Any) -> Any:
    """Make a path absolute; what names nothing but variables of the environment is looked up before."""
    if isinstance(path, str) and "${" in path and not re.search(r"\$\{(?!oc\.env:)", path):
        # One that is not set is told with all else that cannot be looked up, unless a stronger source has the key.
        with suppress(OmegaConfBaseException):
            path = OmegaConf.create({"path": path}).path
    return path if may_be_bare and is_bare_name(path) else from_folder(path, source.folder)


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


def _parse_overrides(overrides: Sequence[str], hints: Mapping[str, Any]) -> DictConfig:
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


def _parse_value(key: str, text: str, hints: Mapping[str, Any]) -> Any:
    top, _, subkey = key.partition(".")
    return text if not subkey and _is_text(hints.get(top), text) else _parse_yaml(text)


def _is_text(hint: Any, text: str) -> bool:
    """Tell whether a key takes what was typed as it is: a folder named 1e5 is not a number."""
    members = get_args(hint)
    if type(None) in members:
        return text != "null" and (str in members or Path in members)
    return hint in (str, Path)


def _parse_yaml(text: str) -> Any:
    return _plain(OmegaConf.from_dotlist([f"v={text}"]))["v"]


def _plain(values: DictConfig) -> dict[str, Any]:
    """Return values as they were written, in Python's own types."""
    plain: Any = OmegaConf.to_container(values, resolve=False)
    return plain


def _list_single_paths(values: DictConfig, hints: Mapping[str, Any]) -> None:
    """Let a single path stand for a list of one, where a list of paths belongs."""
    for key, value in _plain(values).items():
        if hints.get(key) == list[Path] and isinstance(value, str):
            values[key] = [value]


def _check_keys(source: Source, hints: Mapping[str, Any]) -> None:
    unknown: list[Any] = [key for key in source.values if key not in hints]
    if unknown:
        offenders = []
        for key in unknown:
            nearest = difflib.get_close_matches(str(key), hints, n=1, cutoff=0.0)
            offenders.append(f"{key}: no such key; the nearest is '{nearest[0]}'")
        raise ConfigError("Unknown configuration keys.", where=source.where, offenders=offenders)


def _check_strings(source: Source, hints: Mapping[str, Any]) -> None:
    """Refuse numbers and truth values where text belongs: YAML has changed them beyond repair."""
    changed = []
    for key, value in _plain(source.values).items():
        if "str" in str(hints[key]) or "Path" in str(hints[key]):
            changed += [f"{key}: {leaf!r}" for leaf in leaves(value) if not isinstance(leaf, str | type(None))]
        if "Path" in str(hints[key]) and "" in leaves(value):
            raise ConfigError(f"The configuration key '{key}' is empty.", where=source.where, expected="a path")
    if changed:
        raise ConfigError(
            "A value must be text, but YAML reads it as something else: put it in quotes.",
            where=source.where,
            expected='for example "5841e138"',
            offenders=changed,
        )
