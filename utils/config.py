"""Configuration: YAML files and key=value overrides, merged and checked against a typed schema."""

from __future__ import annotations

import dataclasses
import operator
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from .configuration.leaves import from_folder, from_here, map_leaves, path_keys, type_hints
from .configuration.sources import (
    COMMAND_LINE,
    Source,
    checked,
    for_stage,
    source_of_arguments,
    source_of_file,
    with_paths_from,
)
from .errors import ConfigError
from .settings import RETIRED_KEYS, SCHEMAS

Schema = TypeVar("Schema")

# Folders that users may name in the environment; like paths on the command line they are relative to the
# current directory, not to a configuration file.
PATH_VARIABLES = ("IMAPP_OUTPUT_DIR", "IMAPP_DEMO_DIR")


def load_config(
    schema: type[Schema],
    config_file: Path,
    overrides: Sequence[str] = (),
    dataset_file: Path | None = None,
    any_stage: bool = False,
) -> Schema:
    """Read a configuration file, apply those of a dataset and overrides, and return an instance of the schema.

    Parameters
    ----------
    schema : type
        A dataclass; fields whose type mentions ``Path`` are paths. Its fields ``config_file`` and ``notes`` are
        filled in.
    config_file : Path
        YAML. Relative paths in it resolve against its folder.
    overrides : sequence of str
        ``key=value`` or ``key.subkey=value``. Relative paths resolve against the current directory.
    dataset_file : Path, optional
        YAML with keys of any stage, over those of the configuration file; relative paths resolve against its folder.
    any_stage : bool
        Overrides may be of other stages, too.

    Raises
    ------
    ConfigError
        For a file that is missing or not YAML, and for an unknown key, a wrong type or a missing value.
    """
    _make_environment_absolute()
    hints = type_hints(schema)
    sources, notes = _sources(hints, config_file, overrides, dataset_file, any_stage)
    values = _resolved(schema, sources, config_file, config_file.resolve().parent)
    values.config_file, values.notes = config_file, notes
    values.dataset_file, values.overrides = dataset_file, list(overrides)
    return values


def config_of_values(schema: type[Schema], values: Mapping[str, Any], where: Path) -> Schema:
    """Return an instance of the schema of default values and the given ones, without any file.

    Parameters
    ----------
    schema : type
        A dataclass, as in `load_config`.
    values : mapping
        Values by key; relative paths resolve against the current directory.
    where : Path
        What errors name in the place of a configuration file.

    Raises
    ------
    ConfigError
        For an unknown key, a wrong type or a missing value.
    """
    texts = {key: str(value) if isinstance(value, Path) else value for key, value in values.items()}
    source, _ = checked(Source(OmegaConf.create(texts), where), type_hints(schema), {})
    config = _resolved(schema, [source], where, Path.cwd())
    config.config_file = where
    return config


def _resolved(schema: type[Schema], sources: Sequence[Source], where: Path, folder: Path) -> Any:
    """Merge what was written, and make paths of it: relative ones start at `folder`."""
    values = _merge(schema, sources, where)
    _place_bare_names(values)
    for name in path_keys(type_hints(schema)):
        setattr(values, name, map_leaves(getattr(values, name), lambda path: Path(from_folder(str(path), folder))))
    values.key_places = _key_places(type_hints(schema), sources, where)
    _check_ranges(values)
    _check_texts(values)
    return values


def _sources(
    hints: dict[str, Any], config_file: Path, overrides: Sequence[str], dataset_file: Path | None, any_stage: bool
) -> tuple[list[Source], list[str]]:
    """Return what was written where, the strongest last, and warnings of keys that are no longer needed."""
    of_all = {key: hint for each in SCHEMAS.values() for key, hint in type_hints(each).items()} | hints
    found, notes = checked(source_of_file(config_file), hints, RETIRED_KEYS)
    sources = [found]
    if dataset_file is not None:
        found, more = checked(source_of_file(dataset_file), of_all, RETIRED_KEYS)
        sources.append(for_stage(with_paths_from(found, of_all, dataset_file.resolve().parent), hints))
        notes += more
    accepted = of_all if any_stage else hints
    found, more = checked(source_of_arguments(overrides, accepted), accepted, RETIRED_KEYS)
    return [*sources, for_stage(found, hints)], notes + more


def _place_bare_names(values: Any) -> None:
    """Put tables that a file gives by name alone into their folder, as the published configurations mean them."""
    for field in dataclasses.fields(values):
        folder_key, value = field.metadata.get("folder_key"), getattr(values, field.name)
        if folder_key and value is not None and value.name == str(value):
            setattr(values, field.name, getattr(values, folder_key) / value)


def _make_environment_absolute() -> None:
    for name in PATH_VARIABLES:
        path = os.environ.pop(name, "")
        if path:
            os.environ[name] = from_here(path)


def _merge(schema: type, sources: Sequence[Source], config_file: Path) -> Any:
    merged = OmegaConf.structured(schema)
    for source in sources:
        keys: list[Any] = list(source.values)
        for key in keys:
            try:
                if OmegaConf.is_dict(source.values._get_node(key)) and source.where != COMMAND_LINE:
                    merged[key] = {}  # a map in a file takes the place of the one in the file before
                merged = OmegaConf.merge(merged, OmegaConf.masked_copy(source.values, key))
            except OmegaConfBaseException as error:
                raise _wrong_value(error, source.where, key) from error
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


def _key_places(hints: Mapping[str, Any], sources: Sequence[Source], where: Path) -> dict[str, str]:
    """Say where each key was written last; one that nobody wrote belongs into the stage's own file."""
    written = {str(key): source.where for source in sources for key in source.values}
    return {
        key: f"on {COMMAND_LINE}" if written.get(key) == COMMAND_LINE else f"in {written.get(key, where)}"
        for key in hints
    }


def _check_ranges(values: Any) -> None:
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
        where = f"{field.name} {values.key_places[field.name]}"
        raise ConfigError(what, where=where, expected=expected, found=value)


def _check_texts(values: Any) -> None:
    for field in dataclasses.fields(values):
        pattern, expected = field.metadata.get("matching") or (".*", "")
        value = getattr(values, field.name)
        if isinstance(value, str) and not re.fullmatch(pattern, value, re.DOTALL):
            what = f"The configuration key '{field.name}' has an unusable value."
            where = f"{field.name} {values.key_places[field.name]}"
            raise ConfigError(what, where=where, expected=expected, found=value)


def describe_keys(schema: type, names: Sequence[str]) -> str:
    """Return the help text of the named keys, one a line, from the schema's field metadata."""
    fields = {field.name: field for field in dataclasses.fields(schema)}
    width = max(map(len, names), default=0)
    return "\n".join(f"  {name:<{width}}  {fields[name].metadata.get('help', '')}" for name in names)
