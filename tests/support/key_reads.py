"""Which configuration keys a stage reads, found in its source: from its `main` on, through all that it names."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.source import FUNCTIONS, Definition, Module, name_of, target_of
from utils import settings
from utils.configuration.leaves import NOT_KEYS
from utils.stage import COMMON_KEYS

# The stage runner hands this key of every stage to the decoders; it matters to stages that reach one of these.
PIXEL_LIMIT = "max_image_pixels"
_LIMITED = {("utils.pictures.pixel_limit", name) for name in ("check_pixels", "pillow_within_limit")}
_SCHEMAS = {name: kind for name, kind in vars(settings).items() if dataclasses.is_dataclass(kind)}


@dataclass(frozen=True)
class Stage:
    """A stage script: the schema of its configuration, the keys it declares, and those its code reads."""

    schema: type
    declared: tuple[str, ...]
    read: frozenset[str]

    @property
    def undeclared(self) -> set[str]:
        """Keys that the code reads and the script does not declare."""
        return self.read - {*self.declared, *COMMON_KEYS}

    @property
    def unread(self) -> set[str]:
        """Keys that the script declares and no code reads."""
        return {*self.declared} - self.read


def stage_of(script: Path) -> Stage:
    """Read a stage script.

    Raises
    ------
    ValueError
        If a configuration goes where it cannot be followed: into a parameter without the type of its schema, or
        into something that is no call of a function of this project.
    """
    module = Module(script.stem, script)
    (call,) = (
        node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and name_of(node.func) == "run_stage"
    )
    _, schema, keys = call.args
    declared = ast.literal_eval(module.definitions[name_of(keys)].value)
    return Stage(_SCHEMAS[name_of(schema)], declared, frozenset(_read(module, _SCHEMAS[name_of(schema)])))


def _read(script: Module, schema: type) -> Iterator[str]:
    known = {field.name for field in dataclasses.fields(schema)} - {*NOT_KEYS}
    reached = _reached(Definition(script, "main"))
    methods = {function.name for definition in reached for function in _methods(definition)}
    for definition in reached:
        if (definition.module.name, definition.name) in _LIMITED:
            yield PIXEL_LIMIT
        for function in (*_functions(definition), *_methods(definition)):
            configs = _parameters_of_config(definition.module, function, schema)
            if configs:
                yield from known & set(_named(definition.module, function, configs))
                _require_followed(definition.module, function, configs, methods)


def _reached(start: Definition) -> list[Definition]:
    """Return all that a definition names, and what that names, and so on."""
    reached, waiting = {(start.module.name, start.name): start}, [start]
    while waiting:
        for found in _names_in(waiting.pop()):
            if (found.module.name, found.name) not in reached:
                reached[found.module.name, found.name] = found
                waiting.append(found)
    return list(reached.values())


def _names_in(definition: Definition) -> Iterator[Definition]:
    module, node = definition.module, definition.module.definitions[definition.name]
    local_imports = module.local_imports(node)
    for part in ast.walk(node):
        found = target_of(module, part, local_imports)
        if isinstance(found, Definition):
            yield found


def _functions(definition: Definition) -> list[ast.FunctionDef]:
    node = definition.module.definitions[definition.name]
    return [node] if isinstance(node, FUNCTIONS) else []


def _methods(definition: Definition) -> list[ast.FunctionDef]:
    node = definition.module.definitions[definition.name]
    return [part for part in node.body if isinstance(part, FUNCTIONS)] if isinstance(node, ast.ClassDef) else []


def _parameters_of_config(module: Module, function: ast.FunctionDef, schema: type) -> set[str]:
    """Return the parameters that take the stage's configuration: those whose type is its schema, or a base of it."""
    parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    kinds = {parameter.arg: _SCHEMAS.get(name_of(parameter.annotation)) for parameter in parameters}
    if "config" in kinds and kinds["config"] is None:
        raise ValueError(f"{module.name}.{function.name}: the configuration has no type of utils.settings")
    return {name for name, kind in kinds.items() if kind is not None and issubclass(schema, kind)}


def _named(module: Module, function: ast.FunctionDef, configs: set[str]) -> Iterator[str]:
    """Yield every attribute of a configuration, and every text that a function with one holds or takes from a constant.

    Texts, because keys are also read by name, through `getattr` and functions such as `read_input`.
    """
    local_imports = module.local_imports(function)
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and name_of(node.value) in configs:
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        constant = target_of(module, node, local_imports)
        if isinstance(constant, Definition):
            yield from _texts_of_constant(constant)


def _require_followed(module: Module, function: ast.FunctionDef, configs: set[str], methods: set[str]) -> None:
    """Raise a ValueError where a configuration is more than asked for a key or handed to a function of the project."""
    local_imports, followed = module.local_imports(function), set()
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute):
            followed.add(node.value)
        elif isinstance(node, ast.Call) and (
            isinstance(target_of(module, node.func, local_imports), Definition)
            or isinstance(node.func, ast.Attribute)
            and node.func.attr in methods
            or name_of(node.func) == "getattr"
        ):
            followed.update([*node.args, *(keyword.value for keyword in node.keywords)])
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in configs and node not in followed:
            where = f"{module.name}.{function.name}, line {node.lineno}"
            raise ValueError(f"{where}: the configuration goes where it cannot be followed")


def _texts_of_constant(constant: Definition) -> Iterator[str]:
    node = constant.module.definitions[constant.name]
    if isinstance(node, ast.Assign | ast.AnnAssign):
        yield from (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
