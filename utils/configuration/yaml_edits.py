"""Changes of single values in the text of a YAML file: all else, comments and layout too, stays as it is written."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import yaml


class Edit(NamedTuple):
    """What takes the place of the characters from start to end; an insertion where they are the same."""

    start: int
    end: int
    text: str


def read_keys(text: str) -> tuple[dict[str, Any], dict[str, yaml.Node]]:
    """Return the value of each key, and its place in the text.

    Raises
    ------
    yaml.YAMLError, ValueError
        If the text is not keys and values, each key at the start of a line.
    """
    root = yaml.compose(text, yaml.SafeLoader)
    if root is None:
        return {}, {}
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise ValueError("no keys at the start of lines")
    return yaml.safe_load(text), {key.value: value for key, value in root.value}


def as_yaml(value: Any) -> str:
    """Return a value as YAML within a line, texts in quotes."""
    return json.dumps(value, ensure_ascii=False)


def in_place_of(node: yaml.Node, value: Any) -> Edit:
    """Return the edit that writes another value.

    Raises
    ------
    ValueError
        If a list or a map stands there over several lines: where it ends, among comments, is not known.
    """
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        raise ValueError(f"a list or map in line {node.start_mark.line + 1}, where one value belongs")
    start, end = node.start_mark.index, node.end_mark.index
    # A key without a value ends at its colon.
    return Edit(start, end, f"{' ' if start == end else ''}{as_yaml(value)}")


def at_start_of(node: yaml.MappingNode, entries: Sequence[str]) -> list[Edit]:
    """Return the edit that puts entries, ``key: value``, before the others of a map; none of no entries."""
    if not entries:
        return []
    start = node.start_mark.index
    if node.flow_style:
        return [Edit(start + 1, start + 1, ", ".join(entries) + (", " if node.value else ""))]
    return [Edit(start, start, "".join(f"{entry}\n{' ' * node.start_mark.column}" for entry in entries))]


def texts_within(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Yield the single values within lists and maps, in the order of the text; keys are none."""
    if isinstance(node, yaml.ScalarNode):
        yield node
        return
    for item in node.value:
        yield from texts_within(item[1] if isinstance(node, yaml.MappingNode) else item)


def edited(text: str, edits: Collection[Edit]) -> str:
    """Return the text with each edit made, once where an anchor brings it twice."""
    for start, end, new in sorted(set(edits), reverse=True):
        text = text[:start] + new + text[end:]
    return text
