"""What results come from beside their inputs: the code, and the versions of the packages it computes with."""

from __future__ import annotations

import ast
import hashlib
import io
import zipfile
from functools import cache
from importlib import metadata
from pathlib import Path

# Distributions whose version may change a number or a byte of a PNG.
RESULT_PACKAGES = ("numpy", "scipy", "pykdtree", "opencv-python-headless", "imagecodecs", "kornia-rs", "pillow")
_PACKAGE = Path(__file__).resolve().parent
# The least date a zip file knows: equal code makes an equal archive.
_DATE = (1980, 1, 1, 0, 0, 0)


@cache
def code_archive() -> bytes:
    """Return a zip file of the package ``utils`` that Python can import from."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(_PACKAGE.rglob("*.py")):
            archive.writestr(zipfile.ZipInfo(path.relative_to(_PACKAGE.parent).as_posix(), _DATE), path.read_bytes())
    return buffer.getvalue()


@cache
def code_digest(module: str) -> str:
    """Return the sha256 of the source of a module of ``utils`` and of all it imports from there, directly or not.

    Parameters
    ----------
    module : str
        Full name, e.g. ``utils.image_tasks``.

    Notes
    -----
    It stands where a version number would be forgotten: an edit of code that a result comes from changes it, an
    edit of other code does not.
    """
    sources: dict[str, bytes] = {}
    waiting = [module.removeprefix("utils.")]
    while waiting:
        name = waiting.pop()
        path = _PACKAGE / f"{name}.py"
        if name not in sources and path.is_file():
            sources[name] = path.read_bytes()
            waiting += _imports(sources[name])
    return hashlib.sha256(repr(sorted(sources.items())).encode()).hexdigest()


def _imports(source: bytes) -> list[str]:
    """Return the modules of ``utils`` that a source imports anywhere in it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "utils":
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("utils."):
            found.append(node.module.split(".")[1])
    return found


@cache
def package_versions() -> dict[str, str]:
    """Return the installed version of each of `RESULT_PACKAGES`, empty for one under another name."""
    return {name: _version(name) for name in RESULT_PACKAGES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
