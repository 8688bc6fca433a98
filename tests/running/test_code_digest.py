"""Cached results follow the code: an edit of what one comes from changes its key, an edit of other code does not."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import grimp
import pytest
from support.run import FOLDERS, ROOT
from support.source import Module, name_of, target_of

from utils.running import code_and_versions
from utils.running.code_and_versions import code_digest

SCRIPTS = [ROOT / folder / f"{name}.py" for name, folder in FOLDERS.items()]


def resumed_modules() -> dict[str, str]:
    """Return the module of the function of every `Resumable` of the project, by the module that makes it."""
    found = {}
    for path in [*SCRIPTS, *(ROOT / "utils").rglob("*.py")]:
        module = Module(".".join(path.relative_to(ROOT).with_suffix("").parts), path)
        for definition in module.definitions.values():
            local_imports = module.local_imports(definition)
            for call in ast.walk(definition):
                if isinstance(call, ast.Call) and name_of(call.func) == "Resumable":
                    (function,) = (keyword.value for keyword in call.keywords if keyword.arg == "function")
                    found[path.stem] = target_of(module, function, local_imports).module.name
    return found


RESUMED = resumed_modules()


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """Return a folder that stands for the package; edits in it count at once."""
    folder = tmp_path / "utils"
    monkeypatch.setattr(code_and_versions, "_FOLDER", folder)
    yield folder
    code_digest.cache_clear()


def digest(module: str) -> str:
    code_digest.cache_clear()
    return code_digest(module)


def edit(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")


def test_every_resumable_stage_is_known():
    stages = {"mask_qa", "create_consensus_masks", "create_soft_labels", "score_predictions", "make_report"}
    assert {*stages, "kept_agreement"} == {*RESUMED}


@pytest.mark.parametrize("module", sorted({*RESUMED.values()}))
def test_the_key_of_a_result_follows_all_that_it_depends_on_and_nothing_else(package, module):
    shutil.copytree(ROOT / "utils", package, ignore=shutil.ignore_patterns("__pycache__"))
    imports = grimp.build_graph("utils", exclude_type_checking_imports=True, cache_dir=None)
    depends = {module, *imports.find_upstream_modules(module)}
    # Python runs the packages around a module before it.
    depends |= {name.rsplit(".", level)[0] for name in depends for level in range(1, name.count(".") + 1)}
    files = {imported: source_file(package, imported) for imported in imports.modules}
    first = digest(module)
    for name in imports.modules - depends:
        edit(files[name])
    assert digest(module) == first
    for name in sorted(depends):
        edit(files[name])
        assert digest(module) != first, name
        files[name].write_text(files[name].read_text(encoding="utf-8").removesuffix("# edited\n"), encoding="utf-8")
    assert digest(module) == first


def source_file(package: Path, module: str) -> Path:
    path = package.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def write_rooms(package: Path, imports: str) -> None:
    """Write a package of two rooms; the module room.start has the given imports."""
    files = {
        "__init__.py": "",
        "room/__init__.py": "",
        "room/start.py": imports,
        "room/beside.py": "VALUE = 1\n",
        "other/__init__.py": "VALUE = 2\n",
        "other/far.py": "from .farther import VALUE\n",
        "other/farther.py": "VALUE = 3\n",
        "other/unrelated.py": "",
    }
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)


@pytest.mark.parametrize(
    ("imports", "followed"),
    [
        ("from . import beside", {"room/beside.py"}),
        ("from .beside import VALUE", {"room/beside.py"}),
        ("from .. import other", {"other/__init__.py"}),
        ("from ..other import VALUE", {"other/__init__.py"}),
        ("from ..other import far", {"other/__init__.py", "other/far.py", "other/farther.py"}),
        ("from ..other import farther as near", {"other/__init__.py", "other/farther.py"}),
        ("from ..other.farther import VALUE", {"other/__init__.py", "other/farther.py"}),
        ("from utils.other.farther import VALUE", {"other/__init__.py", "other/farther.py"}),
        ("import utils.other.farther", {"other/__init__.py", "other/farther.py"}),
        ("def work():\n    from ..other import farther", {"other/__init__.py", "other/farther.py"}),
        ("class Work:\n    def do(self):\n        from . import beside", {"room/beside.py"}),
        ("try:\n    from . import beside\nexcept ImportError:\n    pass", {"room/beside.py"}),
        ("if TYPE_CHECKING:\n    from ..other import far", set()),
        ("if TYPE_CHECKING:\n    from ..other import far\nelse:\n    from . import beside", {"room/beside.py"}),
        ("import numpy.linalg\nfrom os import path", set()),
    ],
)
def test_imports_are_followed_wherever_they_stand_and_those_for_type_checkers_are_not(package, imports, followed):
    write_rooms(package, f"{imports}\n")
    always = {"__init__.py", "room/__init__.py", "room/start.py"}
    for path in sorted(package.rglob("*.py")):
        before = digest("utils.room.start")
        edit(path)
        name = path.relative_to(package).as_posix()
        assert (digest("utils.room.start") != before) == (name in always | followed), name


@pytest.mark.parametrize(
    ("imports", "missing"),
    [
        ("from . import gone", "utils.room.gone"),
        ("from .gone import VALUE", "utils.room.gone"),
        ("from ..other import gone", "utils.other.gone"),
        ("from ..gone import VALUE", "utils.gone"),
        ("from ..other.gone import VALUE", "utils.other.gone"),
        ("import utils.gone", "utils.gone"),
        ("def work():\n    from ..other import far, gone", "utils.other.gone"),
    ],
)
def test_an_import_that_leads_nowhere_is_refused(package, imports, missing):
    write_rooms(package, f"{imports}\n")
    with pytest.raises(LookupError, match=f"^{missing} has no source"):
        digest("utils.room.start")


@pytest.mark.parametrize("module", ["utils.gone", "utils.room.gone", "numpy", "elsewhere.room.start"])
def test_a_module_without_source_here_has_no_digest(package, module):
    write_rooms(package, "")
    with pytest.raises(LookupError, match=f"^{module} has no source"):
        digest(module)
