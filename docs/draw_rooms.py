"""Draw docs/rooms.svg: the rooms of utils/ on their floors, and what imports what.

Floors come from the layers contract in pyproject.toml, arrows from the imports in the code. Run it with the packages of
tests/requirements.txt: ``python docs/draw_rooms.py``.
"""

from __future__ import annotations

import html
import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import grimp
import networkx as nx
from importlinter.api import read_configuration

TARGET = ROOT / "docs" / "rooms.svg"
HOUSE = "utils"
CONTRACT = "Imports between rooms run down"

# Lengths in pixels. What a letter takes is measured in DejaVu Sans, among the widest of the fonts that browsers use.
_MARGIN = 16
_NAME_LINE, _LINE, _PADDING = 22, 15, 8
_LETTER, _BOLD_LETTER = 6.6, 9.2
_GAP, _LANE, _BETWEEN_FLOORS, _AROUND_FLOOR = 24, 8, 56, 8
_PORT = 9  # between the ends of two arrows at one box
# By Okabe and Ito, the yellow ones aside: told apart with every kind of colour vision.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")
_STYLE = (
    "text{font-family:'DejaVu Sans',Verdana,Arial,sans-serif;fill:#1a1a1a;text-anchor:middle}"
    ".name{font-weight:bold;font-size:13px}.module{font-size:11px;fill:#333}"
    ".room{fill:#fff;stroke-width:1.8}.floor{fill:#eff1f4}.arrow{fill:none;stroke-width:1.6}"
)


class Room:
    """A room, or a lane by which an arrow passes a floor: what is written in it, and where it stands."""

    def __init__(self, name: str = "", modules: Sequence[str] = ()):
        self.name = name
        self.modules = modules
        letters = [len(name) * _BOLD_LETTER, *(len(module) * _LETTER for module in modules)]
        self.width = max(letters) + 2 * _PADDING if name else _LANE
        self.height = _NAME_LINE + _LINE * len(modules) + _PADDING / 2 if name else 0
        self.x = 0.0  # of the middle
        self.colour = ""


def read_floors() -> list[list[str]]:
    """Return the rooms of each floor, from the roof down, as the contract in pyproject.toml has them."""
    contracts = read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]
    (contract,) = [options for options in contracts if options["name"] == CONTRACT]
    return [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]


def read_imports() -> tuple[nx.DiGraph, dict[str, list[str]]]:
    """Return which room or folder of stages imports which, and the modules of each."""
    options = read_configuration(str(ROOT / "pyproject.toml"))["session_options"]
    code = grimp.build_graph(*options["root_packages"], exclude_type_checking_imports=True, cache_dir=None)
    imports = nx.DiGraph()
    inside: dict[str, list[str]] = {}
    for module in sorted(code.modules):
        room, *inner = _place(module)
        imports.add_node(room)
        if inner and not code.find_children(module):
            inside.setdefault(room, []).append(inner[0] if len(inner) == 1 else f"{inner[0]}/")
        targets = (_place(target)[0] for target in code.find_modules_directly_imported_by(module))
        imports.add_edges_from((room, target) for target in targets if HOUSE not in (room, target) and room != target)
    imports.remove_node(HOUSE)
    return imports, {room: _counted(modules) for room, modules in inside.items()}


def _place(module: str) -> list[str]:
    parts = module.split(".")
    return parts[1:] if parts[0] == HOUSE and len(parts) > 1 else parts


def _counted(modules: Iterable[str]) -> list[str]:
    """Name each module once; a folder with the number of its modules."""
    return [f"{name} ({number})" if name.endswith("/") else name for name, number in Counter(modules).items()]


def place_rooms(
    floors: Sequence[Sequence[str]], modules: Mapping[str, Sequence[str]], arrows: Iterable[tuple[str, str]]
) -> tuple[list[list[Room]], list[list[Room]]]:
    """Put rooms on their floors, and lanes beside them for the arrows that pass.

    Returns
    -------
    floors : list of list of Room
        From the roof down, each from left to right.
    paths : list of list of Room
        For each arrow the room that imports, the lanes, and the room that is imported.
    """
    placed = [[Room(name, modules.get(name, ())) for name in floor] for floor in floors]
    level = {room.name: number for number, floor in enumerate(placed) for room in floor}
    rooms = {room.name: room for floor in placed for room in floor}
    paths = []
    for start, end in sorted(arrows):
        lanes = [Room() for _ in range(level[start] + 1, level[end])]
        for number, lane in enumerate(lanes, level[start] + 1):
            placed[number].append(lane)
        paths.append([rooms[start], *lanes, rooms[end]])
    _order(placed, [step for path in paths for step in pairwise(path)])
    for floor in placed:
        for number, room in enumerate(room for room in floor if room.name):
            room.colour = _COLOURS[number % len(_COLOURS)]
    return placed, paths


def _order(floors: list[list[Room]], steps: Sequence[tuple[Room, Room]]) -> None:
    """Move every room towards the middle of its neighbours, again and again; keep what made the arrows shortest."""
    neighbours: dict[Room, list[Room]] = {}
    for above, below in steps:
        neighbours.setdefault(above, []).append(below)
        neighbours.setdefault(below, []).append(above)
    for floor in floors:
        _spread(floor, dict.fromkeys(floor, 0.0))
    best: list[list[tuple[Room, float]]] = []
    shortest = float("inf")
    for _ in range(100):
        for floor in floors:
            wanted = {room: _mean([other.x for other in neighbours.get(room, [room])]) for room in floor}
            floor.sort(key=wanted.__getitem__)
            _spread(floor, wanted)
        length = math.fsum(abs(above.x - below.x) for above, below in steps)
        if length < shortest:
            best, shortest = [[(room, room.x) for room in floor] for floor in floors], length
    leftmost = min(x - room.width / 2 for kept in best for room, x in kept)
    for floor, kept in zip(floors, best, strict=True):
        floor[:] = [room for room, _ in kept]
        for room, x in kept:
            room.x = x - leftmost + 2 * _MARGIN


def _spread(floor: Sequence[Room], wanted: Mapping[Room, float]) -> None:
    """Put rooms as near to where they want to be as their order and the gaps between them allow."""
    gaps = [(a.width + b.width) / 2 + (_GAP if a.name or b.name else _LANE) for a, b in pairwise(floor)]
    to_the_right = _pushed([wanted[room] for room in floor], gaps)
    to_the_left = _pushed([-wanted[room] for room in reversed(floor)], gaps[::-1])[::-1]
    for room, right, left in zip(floor, to_the_right, to_the_left, strict=True):
        room.x = (right - left) / 2


def _pushed(wanted: Sequence[float], gaps: Sequence[float]) -> list[float]:
    places = [wanted[0]]
    for place, gap in zip(wanted[1:], gaps, strict=True):
        places.append(max(place, places[-1] + gap))
    return places


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def draw(floors: Sequence[Sequence[Room]], paths: Sequence[Sequence[Room]], ground: Sequence[str]) -> str:
    """Return the picture as SVG text."""
    width = max(room.x + room.width / 2 for floor in floors for room in floor) + 2 * _MARGIN
    bands, boxes = [], []
    tops: dict[Room, float] = {}
    bottoms: dict[Room, float] = {}
    top = 2.0 * _MARGIN
    for floor in floors:
        bottom = top + max(room.height for room in floor)
        bands.append(_band(top, bottom, width))
        for room in floor:
            tops[room], bottoms[room] = top, bottom
            boxes += _box(room, top) if room.name else []
        top = bottom + _BETWEEN_FLOORS
    arrows = [_arrow(path, ports, tops, bottoms) for path, ports in zip(paths, _ports(paths), strict=True)]
    middle, bottom = width / 2, top + 40
    bands += [
        _band(top, bottom, width),
        _text(middle, top + 16, " · ".join(ground), "name"),
        _text(middle, top + 34, "the ground: what every room may import", "module"),
    ]
    note = "An arrow is an import. Those that follow from others, and those to the ground, are not drawn."
    size = f'width="{width:.0f}" height="{bottom + _MARGIN:.0f}" viewBox="0 0 {width:.0f} {bottom + _MARGIN:.0f}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        "<title>The rooms of utils/ on their floors, and which imports which</title>",
        f"<style>{_STYLE}</style>",
        f"<defs>{''.join(map(_arrow_head, _COLOURS))}</defs>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        _text(middle, 16, note, "module"),
    ]
    return "\n".join([*head, *bands, *arrows, *boxes, "</svg>", ""])


def _ports(paths: Sequence[Sequence[Room]]) -> list[tuple[float, float]]:
    """Return how far from the middle of its two boxes each arrow ends: side by side, in the order of their ways."""
    ends: dict[tuple[Room, int], list[int]] = {}
    for number, path in enumerate(paths):
        ends.setdefault((path[0], 1), []).append(number)
        ends.setdefault((path[-1], -2), []).append(number)
    shifts = [[0.0, 0.0] for _ in paths]
    for (room, neighbour), numbers in ends.items():
        numbers.sort(key=lambda number, neighbour=neighbour: paths[number][neighbour].x)
        step = min(_PORT, (room.width - _PADDING) / len(numbers))
        for place, number in enumerate(numbers):
            shifts[number][neighbour < 0] = (place - (len(numbers) - 1) / 2) * step
    return [(start, end) for start, end in shifts]


def _band(top: float, bottom: float, width: float) -> str:
    edges = f'x="{_MARGIN}" y="{top - _AROUND_FLOOR:.1f}" width="{width - 2 * _MARGIN:.1f}"'
    return f'<rect class="floor" {edges} height="{bottom - top + 2 * _AROUND_FLOOR:.1f}" rx="6"/>'


def _box(room: Room, top: float) -> list[str]:
    edges = f'x="{room.x - room.width / 2:.1f}" y="{top:.1f}" width="{room.width:.1f}" height="{room.height:.1f}"'
    lines = [_text(room.x, top + 17, room.name, "name")]
    for number, module in enumerate(room.modules, 1):
        lines.append(_text(room.x, top + 17 + _LINE * number, module, "module"))
    return [f'<rect class="room" {edges} rx="4" stroke="{room.colour}"/>', *lines]


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{html.escape(text)}</text>'


def _arrow(
    path: Sequence[Room], ports: tuple[float, float], tops: Mapping[Room, float], bottoms: Mapping[Room, float]
) -> str:
    places = [path[0].x + ports[0], *(lane.x for lane in path[1:-1]), path[-1].x + ports[1]]
    line = f"M{places[0]:.1f},{tops[path[0]] + path[0].height:.1f}"
    for (above, below), (x, next_x) in zip(pairwise(path), pairwise(places), strict=True):
        start, end = bottoms[above], tops[below] - (3 if below is path[-1] else 0)
        bend = (start + end) / 2
        line += f" V{start:.1f} C{x:.1f},{bend:.1f} {next_x:.1f},{bend:.1f} {next_x:.1f},{end:.1f}"
    colour = path[0].colour
    return f'<path class="arrow" stroke="{colour}" marker-end="url(#{_head_of(colour)})" d="{line}"/>'


def _arrow_head(colour: str) -> str:
    size = 'viewBox="0 0 8 8" refX="5" refY="4" markerWidth="5" markerHeight="5" orient="auto"'
    return f'<marker id="{_head_of(colour)}" {size}><path d="M0,0 8,4 0,8z" fill="{colour}"/></marker>'


def _head_of(colour: str) -> str:
    return f"head-{colour[1:]}"


def rooms_svg() -> str:
    """Return the picture of the code as it is now."""
    *floors, ground = read_floors()
    imports, modules = read_imports()
    imports.remove_nodes_from(ground)
    stages = sorted(set(imports).difference(*floors))
    arrows = nx.transitive_reduction(imports).edges
    return draw(*place_rooms([stages, *floors], modules, arrows), ground)


if __name__ == "__main__":
    TARGET.write_text(rooms_svg(), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
