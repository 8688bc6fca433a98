"""The package as `pip install .` makes it: what is in it, and that it computes what the checkout computes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support.drawing import blob, ragged, write_png
from support.run import ROOT

NOTEBOOK = ROOT / "tests" / "support" / "notebook.py"
SOURCES = ("pyproject.toml", "setup.py", "CITATION.cff", "LICENSE", "README.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build the wheel from a copy of the sources, since building leaves files among them."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT / "utils", source / "utils", ignore=shutil.ignore_patterns("__pycache__"))
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", built, source)
    (found,) = built.iterdir()
    return found


@pytest.fixture(scope="module")
def masks(tmp_path_factory) -> Path:
    """Draw a folder of masks of one image, one of them empty."""
    folder, rng, shape = tmp_path_factory.mktemp("masks"), np.random.default_rng(11), (90, 120)
    drawn = [blob(rng, shape), blob(rng, shape), ragged(rng, shape), np.zeros(shape, dtype=bool)]
    for number, mask in enumerate(drawn):
        write_png(folder / f"{number}.png", mask)
    return folder


def pip(*arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def environment_with(wheel: Path, folder: Path, *options: str) -> Path:
    """Make a virtual environment, install the wheel into it, and return its Python."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    pip("--python", python, "install", *options, wheel)
    return python


def values(masks: Path, *command: object, folder: Path, **environment: str) -> dict:
    """Return what the notebook's code prints."""
    done = subprocess.run(
        [*map(str, command), str(masks)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def values_of_the_checkout(masks: Path, folder: Path) -> dict:
    code = NOTEBOOK.read_text(encoding="utf-8").replace("imaplusplus", "utils")
    found = values(masks, sys.executable, "-c", code, folder=folder, PYTHONPATH=str(ROOT))
    assert found["agreement"][0]["dice_score"] > 0 and len(found["agreement"]) == 15  # of four masks and two
    return found


def test_the_wheel_holds_all_modules_and_templates_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
    templates = ROOT / "utils" / "report" / "templates"
    wanted = [*(ROOT / "utils").rglob("*.py"), *(path for path in templates.rglob("*") if path.is_file())]
    assert held == {f"imaplusplus/{path.relative_to(ROOT / 'utils').as_posix()}": path.read_bytes() for path in wanted}


def test_the_version_is_that_of_the_citation_file(wheel):
    version = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert wheel.name == f"imaplusplus-{version}-py3-none-any.whl"


def test_an_installation_computes_what_the_checkout_does(wheel, masks, tmp_path):
    python = environment_with(wheel, tmp_path / "venv", "--no-deps", "--no-index")
    (packages,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    # What it depends on is that of the tests; the checkout is on no path.
    (packages / "of_the_tests.pth").write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}), encoding="utf-8"
    )
    found = values(masks, python, "-I", NOTEBOOK, folder=tmp_path)
    assert Path(found.pop("installed_in")).is_relative_to(packages)
    expected = values_of_the_checkout(masks, tmp_path)
    assert Path(expected.pop("installed_in")) == ROOT / "utils"
    assert json.dumps(found) == json.dumps(expected)  # NaN, too


def test_the_packages_that_it_names_are_all_it_needs(wheel, masks, tmp_path, full):
    if not full:
        pytest.skip("it downloads all of them: only with --full")
    python = environment_with(wheel, tmp_path / "venv")
    found, expected = values(masks, python, "-I", NOTEBOOK, folder=tmp_path), values_of_the_checkout(masks, tmp_path)
    for name in ("pixels", "agreement", "sensitivity", "specificity"):
        assert json.dumps(found[name]) == json.dumps(expected[name])
    (packages,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    done = subprocess.run(
        [python, "-I", NOTEBOOK.with_name("import_everything.py"), "imaplusplus", packages],
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout)["changed_by_them"] == [], done.stderr
