"""The pages of the documentation: links, and what they say of stages, columns, rooms and figures."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from support.run import ROOT, SCRIPTS, run_program

from docs.draw_rooms import read_floors
from utils import naming
from utils.agreement.aggregate import metrics_per_image
from utils.tables import read_table

README = (ROOT / "README.md").read_text(encoding="utf-8")
SET_UP = (ROOT / "utils" / "setup_environment.sh").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)]+)\)", without_code(page.read_text(encoding="utf-8")))
    files = [target.partition("#")[0] for target in targets if not target.startswith("https://")]
    assert [name for name in files if not (page.parent / name).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_scripts_that_are_named_are_there(page):
    named = re.findall(r"(?:python|bash) ((?:\w+/)*\w+\.(?:py|sh))", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_readme_leads_to_every_page():
    assert [page.name for page in PAGES[1:] if f"{page.name})" not in README] == []


def test_the_readme_names_the_supported_pythons():
    (versions,) = re.findall(r"^SUPPORTED_VERSIONS=\((.*)\)$", SET_UP, re.MULTILINE)
    newest, *_, oldest = versions.split()
    assert f"Python {oldest} to {newest}" in README


def test_the_readme_and_the_page_of_figures_have_the_scripts_in_their_order():
    figures = [script for script in SCRIPTS if "/visualization_scripts/" in script]
    rows = re.findall(r"^\| `([^`*]+\.py)` \|", README, re.MULTILINE)
    assert rows == [script for script in SCRIPTS if script not in figures]
    page = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([^`]+\.py)` \|", page, re.MULTILINE) == [Path(script).name for script in figures]
    assert f"[{len(figures)} kinds of figures]" in README


@pytest.mark.parametrize(
    "columns",
    [
        naming.SEG_COLUMNS,
        naming.QA_COLUMNS,
        naming.FAILURE_COLUMNS,
        naming.PAIR_COLUMNS,
        naming.IMAGE_AGREEMENT_COLUMNS,
        naming.MASK_AGREEMENT_COLUMNS[len(naming.SEG_COLUMNS) :],
    ],
    ids=lambda columns: columns[-1],
)
def test_the_tables_have_the_columns_in_their_order(columns):
    pages = README + (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    (row,) = (line for line in pages.splitlines() if line.startswith("|") and names_in_order(line, columns))
    assert row.count("|") == 3


def names_in_order(line: str, columns: tuple[str, ...]) -> bool:
    words = [
        word
        for code in re.findall(r"`([^`]*)`", line.rpartition("|")[0].rpartition("|")[2])
        for word in code.split(", ")
    ]
    return [word.strip(" ,") for word in words if word.strip(" ,") in columns] == list(columns)


def test_the_example_joins_tables_by_id(small_run):
    (example,) = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    done = run_program(sys.executable, "-c", example, cwd=small_run.parent)
    assert done.returncode == 0, done.stderr
    # Of IMG_01 and IMG_05 the raw table says benign, of IMG 02 malignant.
    folder = small_run / "metadata"
    metrics = [*naming.METRIC_COLUMNS, *naming.BOUNDARY_COLUMNS]
    pairs = read_table(folder / "IMAplusplus_multiannotator_subset_IAA_metrics.csv", numeric=metrics)
    dice = metrics_per_image(pairs).set_index("img_id")["dice_score_mean"]
    expected = {"Benign": (dice["IMG_01.JPG"] + dice["IMG_05.JPG"]) / 2, "Malignant": dice["IMG 02 ü.JPG"]}
    shown = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[2:]}
    assert shown == {
        "Benign": [f"{expected['Benign']:.6f}", "2"],
        "Malignant": [f"{expected['Malignant']:.6f}", "1"],
    }


def test_the_architecture_names_every_room():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page[page.index("| room | subject |") : page.index("## The journey of one image")]
    rooms = [room for floor in read_floors() for room in floor]
    assert [room for room in rooms if f"`{room}`" not in table] == []
