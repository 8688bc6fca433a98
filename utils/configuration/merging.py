"""Sources merged into one instance of a schema, the strongest last; and whose text it is when that cannot be done."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from ..errors import ConfigError
from .leaves import in_words, type_hints
from .sources import COMMAND_LINE, Source

# What a ${...} that stands for nothing, for another type or for itself raises.
_FAULTS = (OmegaConfBaseException, RecursionError, ValueError)


def last_sources(schema: type, sources: Sequence[Source]) -> dict[str, Source]:
    """Return the source that has the last word on each key; what none has belongs into the first."""
    last = dict.fromkeys(type_hints(schema), sources[0])
    return last | {str(key): source for source in sources for key in source.values}


def merge(schema: type, sources: Sequence[Source]) -> Any:
    """Return an instance of the schema, of its defaults and what was written, each ``${...}`` looked up.

    Raises
    ------
    ConfigError
        For a missing value, and for one that is not of its type or cannot be looked up, with the source it is in.
    """
    merged: Any = OmegaConf.structured(schema)
    for source in sources:
        keys: list[Any] = list(source.values)
        for key in keys:
            try:
                if OmegaConf.is_dict(source.values._get_node(key)) and source.where != COMMAND_LINE:
                    merged[key] = {}  # a map in a file takes the place of the one in the file before
                merged = OmegaConf.merge(merged, OmegaConf.masked_copy(source.values, key))
            except OmegaConfBaseException as error:
                raise _wrong_type(error, key, source, type_hints(schema)[key]) from error
    return _looked_up(merged, last_sources(schema, sources))


def _looked_up(merged: DictConfig, last: Mapping[str, Source]) -> Any:
    faults: dict[str, Exception] = {}
    for key in last:
        try:
            value = merged[key]
            if OmegaConf.is_config(value):
                value = OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
            merged[key] = value
        except _FAULTS as fault:
            faults[key] = fault
    missing = [f"{key} {last[key].place}" for key, fault in faults.items() if isinstance(fault, MissingMandatoryValue)]
    if missing:
        raise ConfigError("Configuration keys have no value.", offenders=sorted(missing))
    if faults:
        key = _at_fault(merged, list(faults))
        raise _wrong_value(faults[key], key, last[key])
    return OmegaConf.to_object(merged)


def _at_fault(merged: DictConfig, keys: Sequence[str]) -> str:
    """Return of keys that cannot be looked up one whose own text is why, rather than one that refers to it."""
    key = keys[0]
    passed: list[str] = []
    while key not in passed:  # until it refers to none of them, or to one again: that is a circle
        passed.append(key)
        key = next((other for other in _references(merged, key) if other in keys), key)
    return key


def _references(merged: DictConfig, key: str) -> list[str]:
    """Return what the text of a key refers to; among it are keys."""
    plain: Any = OmegaConf.to_container(merged, resolve=False)
    return re.findall(r"\$\{[\s.]*(\w+)", str(plain[key]))


def _wrong_type(error: OmegaConfBaseException, key: str, source: Source, hint: Any) -> ConfigError:
    written: Any = OmegaConf.to_container(source.values, resolve=False)
    return ConfigError(
        f"The configuration key '{error.full_key or key}' has an unusable value.",
        where=source.where,
        expected=in_words(hint),
        found=json.dumps(written[key], ensure_ascii=False, default=str),
    )


def _wrong_value(error: Exception, key: str, source: Source) -> ConfigError:
    name = getattr(error, "full_key", None) or key
    return ConfigError(
        f"The configuration key '{name}' has an unusable value.", where=source.where, found=str(error).splitlines()[0]
    )
