"""What is made by a command is up to date: the page of the keys and the figure of the rooms."""

from __future__ import annotations

import dataclasses
import shutil

import pytest
from support.run import ROOT, run_program

from docs import draw_rooms, make_configuration
from utils.configuration.leaves import NOT_KEYS
from utils.settings import SCHEMAS


def committed_configs() -> dict[str, str]:
    """Return the config.yaml of each folder as the last commit has it, where there is one to ask."""
    if not shutil.which("git"):
        return {}
    shown = {folder: run_program("git", "show", f"HEAD:{folder}/config.yaml", cwd=ROOT) for folder in SCHEMAS}
    return {folder: done.stdout for folder, done in shown.items() if done.returncode == 0}


def test_the_page_of_the_keys_is_that_of_the_settings():
    # In a checkout that is in use the config files say something else than the page, which is about the committed ones.
    made = [make_configuration.page(make_configuration.read_files())]
    committed = committed_configs()
    if committed:
        made.append(make_configuration.page(committed))
    assert make_configuration.TARGET.read_text(encoding="utf-8") in made, "run: python docs/make_configuration.py"


@pytest.mark.parametrize("folder", SCHEMAS)
def test_the_page_has_every_key_of_a_schema(folder):
    page = make_configuration.TARGET.read_text(encoding="utf-8")
    keys = {item.name for item in dataclasses.fields(SCHEMAS[folder])}.difference(NOT_KEYS)
    assert [key for key in sorted(keys) if f"\n| `{key}` |" not in page] == []


def test_a_config_file_is_read_with_its_headings_and_comments():
    text = (
        '# About the file.\n\n# Two\n# lines.\na: 1\nb: [x]\n\n# --- Part ------\n# Of c.\nc:\n  jpg: ["y"]\n\n'
        "# Of nothing.\n\nd: null\n"
    )
    assert make_configuration.read_config(text) == {
        "a": make_configuration.Line("", "1", "Two lines."),
        "b": make_configuration.Line("", "[x]", ""),
        "c": make_configuration.Line("Part", 'jpg: ["y"]', "Of c."),
        "d": make_configuration.Line("Part", "null", ""),
    }


def test_the_figure_of_the_rooms_is_that_of_the_code():
    assert draw_rooms.TARGET.read_text(encoding="utf-8") == draw_rooms.rooms_svg(), "run: python docs/draw_rooms.py"


def test_arrows_lead_down_and_rooms_do_not_overlap():
    floors, paths = draw_rooms.place_rooms([["a", "b"], ["c"], ["d", "e"]], {"a": ["one"]}, [("a", "d"), ("b", "c")])
    level = {room: number for number, floor in enumerate(floors) for room in floor}
    assert [[level[room] for room in path] for path in paths] == [[0, 1, 2], [0, 1]]
    assert [room.name for room in paths[0]] == ["a", "", "d"]
    for floor in floors:
        edges = [(room.x - room.width / 2, room.x + room.width / 2) for room in floor]
        assert edges == sorted(edges)
        assert all(right < left for (_, right), (left, _) in zip(edges, edges[1:], strict=False))
