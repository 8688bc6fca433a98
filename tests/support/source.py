"""The project's source as names that lead to definitions, in whatever module these are."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support.run import ROOT

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Definition:
    """What a module defines under a name: a function, a class or an assignment."""

    module: Module
    name: str


class Module:
    """The source of a module: its definitions, and where its names come from."""

    def __init__(self, name: str, path: Path):
        self.name = name
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.imports = dict(self._imports_in(self.tree.body))
        self.definitions = dict(_definitions(self.tree.body))

    def find(self, name: str, local_imports: dict[str, tuple[str, str]]) -> Definition | Module | None:
        """Return what a name stands for, here or in a function with imports of its own; None for what is not ours."""
        if name in local_imports or name in self.imports:
            return _imported(*(local_imports.get(name) or self.imports[name]))
        return Definition(self, name) if name in self.definitions else None

    def local_imports(self, node: ast.AST) -> dict[str, tuple[str, str]]:
        """Return the imports within a function or class, by name."""
        return dict(self._imports_in(ast.walk(node)))

    def _imports_in(self, nodes: Iterable[ast.AST]) -> Iterator[tuple[str, tuple[str, str]]]:
        # Of `if TYPE_CHECKING` nothing counts: what stands there is for annotations.
        for node in nodes:
            if isinstance(node, ast.ImportFrom):
                base = self._base_of(node)
                yield from ((alias.asname or alias.name, (base, alias.name)) for alias in node.names)

    def _base_of(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]
        above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
        return f"{above}.{node.module}" if node.module else above


def target_of(module: Module, node: ast.AST, local_imports: dict) -> Definition | Module | None:
    """Return what a name, or a name of a module as in ``naming.human_pairs_only``, stands for."""
    if isinstance(node, ast.Name):
        return module.find(node.id, local_imports)
    if isinstance(node, ast.Attribute):
        owner = target_of(module, node.value, local_imports)
        return owner.find(node.attr, {}) if isinstance(owner, Module) else None
    return None


def _definitions(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    for node in body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (
                (part.id, node) for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)
            )


def _imported(base: str, name: str) -> Definition | Module | None:
    """Return what ``from base import name`` gives, where it is of this project."""
    if base.partition(".")[0] != "utils":
        return None
    module = _module(f"{base}.{name}")
    return module or _module(base).find(name, {})


@cache
def _module(name: str) -> Module | None:
    path = ROOT.joinpath(*name.split("."))
    candidates = (path / "__init__.py", path.with_suffix(".py"))
    return next((Module(name, candidate) for candidate in candidates if candidate.is_file()), None)


def name_of(node: ast.AST | None) -> str:
    return node.id if isinstance(node, ast.Name) else ""
