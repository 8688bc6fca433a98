"""What a schema says of values beyond their type: ranges, forms of texts, paths that lie apart, needed keys."""

from __future__ import annotations

import dataclasses
import operator
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError


def check_values(values: Any) -> None:
    """Check every key by the metadata of its field, which `utils.settings` describes.

    Parameters
    ----------
    values : dataclass instance
        Its attribute ``key_places`` says where each key is written.

    Raises
    ------
    ConfigError
        For the first value that cannot be used; says where it is written.
    """
    fields = {field.name: field for field in dataclasses.fields(values)}
    for key, place in values.key_places.items():
        rules, value, where = fields[key].metadata, getattr(values, key), f"{key} {place}"
        if value is None or value == []:
            _check_needed(values, key, rules)
            continue
        _check_range(key, value, rules, where)
        _check_text(key, value, rules, where)
        for other in rules.get("outside") or ():
            folder = getattr(values, other)
            _check_outside(key, value, folder.parent if fields[other].metadata["folder_key"] else folder, where)


def _check_range(key: str, value: Any, rules: Mapping[str, Any], where: str) -> None:
    least, greatest = rules.get("within") or (None, None)
    limits = [
        (words, compare, limit)
        for words, compare, limit in (
            ("above", operator.gt, rules.get("above")),
            ("at least", operator.ge, least),
            ("at most", operator.le, greatest),
        )
        if limit is not None
    ]
    # NaN, which compares false, is out of every range.
    if not all(compare(value, limit) for _, compare, limit in limits):
        expected = ", ".join(f"{words} {limit}" for words, _, limit in limits)
        what = f"The configuration key '{key}' is out of range."
        raise ConfigError(what, where=where, expected=expected, found=value)


def _check_text(key: str, value: Any, rules: Mapping[str, Any], where: str) -> None:
    pattern, expected = rules.get("matching") or (None, "")
    if pattern is not None and not re.fullmatch(pattern, value, re.DOTALL):
        what = f"The configuration key '{key}' has an unusable value."
        raise ConfigError(what, where=where, expected=expected, found=value)
    if rules.get("read_by"):
        rules["read_by"](value, where=where)


def _check_outside(key: str, path: Path, folder: Path, where: str) -> None:
    if path.resolve().is_relative_to(folder.resolve()):
        what = f"The configuration key '{key}' names a path within the output."
        raise ConfigError(what, where=where, expected=f"a path outside {folder}", found=path)


def _check_needed(values: Any, key: str, rules: Mapping[str, Any]) -> None:
    other, wanted = rules.get("needed_if") or ("", None)
    if other and getattr(values, other) is wanted:
        what = f"{other}={wanted.value} needs a value of '{key}'."
        raise ConfigError(what, where=f"{other} {values.key_places[other]}", expected=rules["help"], found="nothing")
