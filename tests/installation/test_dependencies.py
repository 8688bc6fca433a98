"""The packages that pyproject.toml names are those that utils/ imports, in ranges that hold the pinned versions."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.run import ROOT
from support.stand_in_project import SUPPORTED_PYTHONS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = PROJECT["optional-dependencies"].values()
DECLARED = [Requirement(text) for text in (*PROJECT["dependencies"], *(text for extra in OPTIONAL for text in extra))]


def pinned() -> dict[str, str]:
    """Return the version of each package that the requirements files pin for this Python."""
    lines = [line for name in ("", "-dask") for line in (ROOT / f"requirements{name}.txt").read_text().splitlines()]
    pins = [Requirement(line.partition("#")[0]) for line in lines if line.partition("#")[0].strip()]
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in here}


def imported_by(path: Path) -> set[str]:
    """Return the top-level names that a module imports from outside its package."""
    nodes = list(ast.walk(ast.parse(path.read_bytes())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0]
    return {name.partition(".")[0] for name in names}


def test_what_the_package_imports_is_what_it_names():
    names = set().union(*map(imported_by, (ROOT / "utils").rglob("*.py"))) - sys.stdlib_module_names
    found = packages_distributions()
    needed = {canonicalize_name(distribution) for name in names for distribution in found[name]}
    assert needed == {canonicalize_name(requirement.name) for requirement in DECLARED}


@pytest.mark.parametrize("requirement", DECLARED, ids=str)
def test_a_range_has_a_lower_bound_and_holds_the_pinned_version(requirement):
    assert any(specifier.operator == ">=" for specifier in requirement.specifier)
    assert requirement.specifier.contains(pinned()[canonicalize_name(requirement.name)])


def test_the_oldest_python_is_that_of_the_scripts():
    assert PROJECT["requires-python"] == f">={SUPPORTED_PYTHONS[-1]}"
