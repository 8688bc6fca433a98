"""What results come from beside their inputs: the code, and the versions of the packages it computes with."""

from __future__ import annotations

import ast
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

# Distributions whose version may change a number or a byte of a PNG.
RESULT_PACKAGES = ("numpy", "scipy", "pykdtree", "opencv-python-headless", "imagecodecs", "kornia-rs", "pillow")
# The package that this module is part of: `utils` in a checkout, `imaplusplus` where it is installed.
ROOT_PACKAGE = __name__.partition(".")[0]
_FOLDER = Path(__file__).resolve().parents[1]
# The least date a zip file knows: equal code makes an equal archive.
_DATE = (1980, 1, 1, 0, 0, 0)


def code_archive(package: str) -> bytes:
    """Return a zip file from which Python can import this package under the name of `package`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(_FOLDER.rglob("*.py")):
            name = f"{package}/{path.relative_to(_FOLDER).as_posix()}"
            archive.writestr(zipfile.ZipInfo(name, _DATE), path.read_bytes())
    return buffer.getvalue()


@cache
def code_digest(module: str) -> str:
    """Return the sha256 of the source of a module of this package and of all it imports from it, directly or not.

    Parameters
    ----------
    module : str
        Full name, e.g. ``utils.agreement.image_tasks``.

    Raises
    ------
    LookupError
        If the module, or one that it imports, has no source in this package.

    Notes
    -----
    It stands where a version number would be forgotten: an edit of code that a result comes from changes it, an
    edit of other code does not. Imports count wherever they stand, those for type checkers aside, which never run.
    """
    sources: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in sources:
            path = _source_of(name)
            sources[name] = path.read_bytes()
            waiting += _imported(name, path)
    # By name within the package, so that a checkout and an installation agree.
    code = sorted((name.partition(".")[2], source) for name, source in sources.items())
    return hashlib.sha256(repr(code).encode()).hexdigest()


def _source_of(module: str) -> Path:
    found = _find_source(module)
    if found is None:
        raise LookupError(f"{module} has no source in {_FOLDER}: results that depend on it cannot be kept")
    return found


def _find_source(module: str) -> Path | None:
    """Return the source file of a module or package; None where there is none."""
    root, *parts = module.split(".")
    if root != ROOT_PACKAGE:
        return None
    path = _FOLDER.joinpath(*parts)
    candidates = (path / "__init__.py", path.with_suffix(".py"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _imported(module: str, path: Path) -> Iterator[str]:
    """Yield the modules of this package that a module imports, and the package that Python imports before it."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    if "." in module:
        yield module.rpartition(".")[0]
    for node in _nodes_that_run(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] == ROOT_PACKAGE)
        elif isinstance(node, ast.ImportFrom):
            base = _base_of(node, package)
            if base.partition(".")[0] == ROOT_PACKAGE:
                yield from (_owner_of(alias.name, base) for alias in node.names)


def _owner_of(name: str, base: str) -> str:
    """Return the module that ``from base import name`` brings: a module of the package `base`, or `base` itself."""
    source = _source_of(base)
    if source.name != "__init__.py" or name in _names_bound(source):
        return base
    return f"{base}.{name}"


def _names_bound(path: Path) -> set[str]:
    """Return the names that a module itself binds, wherever it does."""
    names = set()
    for node in _nodes_that_run(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
    return names


def _base_of(node: ast.ImportFrom, package: str) -> str:
    """Return the full name of what follows ``from``."""
    if node.level == 0:
        return node.module or ""
    parents = package.split(".")
    above = ".".join(parents[: len(parents) - node.level + 1])
    return f"{above}.{node.module}" if node.module else above


def _nodes_that_run(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes below one, but not what stands under ``if TYPE_CHECKING``; what stands under its else does."""
    children = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        children = iter(node.orelse)
    for child in children:
        yield child
        yield from _nodes_that_run(child)


@cache
def package_versions() -> dict[str, str]:
    """Return the installed version of each of `RESULT_PACKAGES`, empty for one under another name."""
    return installed_versions(RESULT_PACKAGES)


def installed_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each distribution; empty for one that is not there."""
    return {name: _version(name) for name in names}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
