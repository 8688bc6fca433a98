"""Configuration: YAML files and key=value overrides, merged and checked against a typed schema."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import OmegaConf

from .configuration.leaves import from_folder, is_bare_name, map_leaves, path_keys, table_keys, type_hints
from .configuration.merging import last_sources, merge
from .configuration.sources import (
    Source,
    checked,
    for_stage,
    source_of_arguments,
    source_of_file,
    with_absolute_paths,
)
from .configuration.value_checks import check_values
from .settings import RETIRED_KEYS, SCHEMAS

Schema = TypeVar("Schema")

_PROJECT = Path(__file__).resolve().parents[1]
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
        For a file that is missing or not YAML, and for an unknown key, a wrong type, a missing value or one that
        the schema does not allow.
    """
    _make_environment_absolute()
    sources, notes = _sources(schema, config_file, overrides, dataset_file, any_stage)
    values = _resolved(schema, sources)
    values.config_file, values.notes = config_file, notes
    values.dataset_file, values.overrides = dataset_file, list(overrides)
    return values


def configs_of_folders(overrides: Sequence[str] = (), dataset_file: Path | None = None) -> dict[str, Any]:
    """Return the configuration of each folder of stages, by its name, with keys of any stage over its config.yaml.

    Raises
    ------
    ConfigError
        As `load_config`.
    """
    return {
        folder: load_config(schema, _PROJECT / folder / "config.yaml", overrides, dataset_file, any_stage=True)
        for folder, schema in SCHEMAS.items()
    }


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
        For an unknown key, a wrong type, a missing value or one that the schema does not allow.
    """
    texts = {key: str(value) if isinstance(value, Path) else value for key, value in values.items()}
    hints = type_hints(schema)
    source, _ = checked(Source(OmegaConf.create(texts), where, Path.cwd()), hints, {})
    config = _resolved(schema, [with_absolute_paths(source, hints, table_keys(schema))])
    config.config_file = where
    return config


def _sources(
    schema: type, config_file: Path, overrides: Sequence[str], dataset_file: Path | None, any_stage: bool
) -> tuple[list[Source], list[str]]:
    """Return what was written where, the strongest last, and warnings of keys that are no longer needed."""
    hints, tables = type_hints(schema), table_keys(schema)
    of_all = {key: hint for each in SCHEMAS.values() for key, hint in type_hints(each).items()} | hints
    accepted = of_all if any_stage else hints
    # On the command line a bare name is a path from the current directory, as the shell completes it.
    written = [(source_of_file(config_file), hints, tables)]
    if dataset_file is not None:
        written.append((source_of_file(dataset_file), of_all, tables))
    written.append((source_of_arguments(overrides, accepted), accepted, set()))
    sources, notes = [], []
    for source, known, bare in written:
        found, more = checked(source, known, RETIRED_KEYS)
        sources.append(with_absolute_paths(for_stage(found, hints), hints, bare))
        notes += more
    return sources, notes


def _resolved(schema: type[Schema], sources: Sequence[Source]) -> Any:
    """Merge what was written, the strongest last, make paths of it, and check it."""
    values, last = merge(schema, sources), last_sources(schema, sources)
    _place_bare_names(values)
    for name in path_keys(type_hints(schema)):
        setattr(values, name, map_leaves(getattr(values, name), partial(_path_from, last[name].folder)))
    values.key_places = {key: source.place for key, source in last.items()}
    check_values(values)
    return values


def _path_from(folder: Path, path: object) -> Path:
    return Path(from_folder(str(path), folder))


def _place_bare_names(values: Any) -> None:
    """Put tables that a file gives by name alone into their folder, as the published configurations mean them."""
    for field in dataclasses.fields(values):
        folder_key, value = field.metadata.get("folder_key"), getattr(values, field.name)
        if folder_key and value is not None and is_bare_name(str(value)):
            setattr(values, field.name, getattr(values, folder_key) / value)


def _make_environment_absolute() -> None:
    for name in PATH_VARIABLES:
        path = os.environ.pop(name, "")
        if path:
            os.environ[name] = from_folder(path, Path.cwd())


def describe_keys(schema: type, names: Sequence[str]) -> str:
    """Return the help text of the named keys, one a line, from the schema's field metadata."""
    fields = {field.name: field for field in dataclasses.fields(schema)}
    width = max(map(len, names), default=0)
    return "\n".join(f"  {name:<{width}}  {fields[name].metadata.get('help', '')}" for name in names)
