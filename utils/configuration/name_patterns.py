"""Patterns of file names such as ``{image}_{annotator}.png``, and every way in which one reads a name."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ..errors import ConfigError, PipelineError
from ..naming import ALSO_SPELT
from .pattern_forms import OWN_MASKS, PatternForm

_TOKEN = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}|\*")
# A name of nothing but separators can be read in more ways than could ever be gone through.
_MAX_STEPS = 20_000


@dataclass(frozen=True)
class Literal:
    """Text that a name holds as it stands."""

    text: str


@dataclass(frozen=True)
class Variable:
    """Text that differs between names, never across a ``/``; without a name (``*``) it counts for nothing."""

    name: str
    shape: str | None = None

    def admits(self, text: str) -> bool:
        """Tell whether the text may stand here: fields are never empty, and follow their expression."""
        if self.name and not text:
            return False
        return self.shape is None or re.fullmatch(self.shape, text) is not None


_ANY_EXTENSION = Variable("", "[^.]+")

Pattern = tuple[Literal | Variable, ...]
Reading = dict[str, str]


def parse_pattern(text: str, form: PatternForm = OWN_MASKS, where: str | None = None) -> Pattern:
    """Take a pattern apart.

    Parameters
    ----------
    text : str
        A relative path with ``/`` between folders. Of masks of one's own, ``{image}`` and ``{annotator}`` must be in
        it, ``{tool}``, ``{skill}``, ``{n}`` (what tells several masks of one annotator apart) and ``{part}`` (what
        tells files apart that are parts of one mask) may be; a field named twice holds the same text twice.
        ``{field:expression}`` restricts a field to a regular expression without braces. ``*`` is any text that does
        not matter, a final ``.*`` any file extension.
    form : PatternForm
        Which fields there are.
    where : str, optional
        For messages: the key and its place.

    Returns
    -------
    tuple of Literal and Variable
        In order; neighbouring variables differ in that at least one has an expression.

    Raises
    ------
    ConfigError
        For a field that is unknown, missing, last, or not told apart from its neighbour, for an expression that
        does not compile, and for a path that is not relative.
    """
    form = replace(form, key=where or form.key)
    text = unicodedata.normalize("NFC", text)
    if any(step in ("", ".", "..") for step in text.split("/")):
        raise _wrong(text, form, f"a path within {form.folder_key}, folders separated by single /")
    parts: list[Literal | Variable] = []
    place = 0
    for token in _TOKEN.finditer(text):
        parts += _literal(text[place : token.start()], text, form)
        parts.append(_variable(token, text, form))
        place = token.end()
    parts += _literal(text[place:], text, form)
    _check(parts, text, form)
    return tuple(parts)


def admits_any_extension(pattern: Pattern) -> bool:
    """Tell whether a pattern ends in ``.*``, so that files which are no pictures at all may follow it."""
    return pattern[-1] == _ANY_EXTENSION


def with_any_extension(pattern: Pattern) -> Pattern:
    """Return a pattern that ends in ``.*`` in place of its extension; one without an extension as it is."""
    extension, last = _extension_of(pattern), pattern[-1]
    if not extension or not isinstance(last, Literal):
        return pattern
    return (*pattern[:-1], Literal(f"{last.text.removesuffix(extension)}."), _ANY_EXTENSION)


def readings(pattern: Pattern, name: str) -> list[Reading]:
    """Return every way to read a name, as field -> text.

    Parameters
    ----------
    pattern : tuple
        From `parse_pattern`.
    name : str
        Relative path, ``/`` between folders. The case of its extension does not matter, nor its Unicode form, and
        ``.tif`` is ``.tiff``, ``.jpg`` is ``.jpeg``.

    Returns
    -------
    list of dict
        Distinct and in Unicode NFC; the longest text of the first field first, then of the second, and so on. Empty
        for a name that does not follow the pattern.

    Raises
    ------
    PipelineError
        If there are too many ways to go through. The name is not in the message.
    """
    # macOS stores ü as two characters, and whoever writes a pattern types one.
    name = _with_extension_of(pattern, unicodedata.normalize("NFC", name))
    found: dict[tuple, None] = {}
    waiting: list[tuple] = [(0, 0, ())]
    for _ in range(_MAX_STEPS):
        if not waiting:
            return [dict(fields) for fields in found]
        part, start, fields = waiting.pop()
        if part < len(pattern):
            # The last is taken first, and ends come in rising order: the longest text leads.
            waiting += _steps(pattern, part, name, start, fields)
        elif start == len(name):
            found.setdefault(fields)
    raise PipelineError("A file name can be read in too many ways.")


def _with_extension_of(pattern: Pattern, name: str) -> str:
    """Return a name whose extension is written as the pattern's, if they differ as .TIF and .tiff do."""
    extension = _extension_of(pattern)
    others = [f".{other}" for other in ALSO_SPELT.get(extension[1:].lower(), ())]
    same = next((each for each in (extension, *others) if each and name.lower().endswith(each.lower())), "")
    return name[: -len(same)] + extension if same else name


def _extension_of(pattern: Pattern) -> str:
    last = pattern[-1]
    return PurePosixPath(f"_{last.text}").suffix if isinstance(last, Literal) else ""


def _step_over(text: str, part: int, name: str, start: int, fields: tuple) -> list[tuple]:
    return [(part + 1, start + len(text), fields)] if name.startswith(text, start) else []


def _steps(pattern: Pattern, part: int, name: str, start: int, fields: tuple) -> list[tuple]:
    """Return where the reading can go on after this part: (next part, position, fields so far)."""
    here = pattern[part]
    if isinstance(here, Literal):
        return _step_over(here.text, part, name, start, fields)
    known = dict(fields).get(here.name)
    if known is not None:
        return _step_over(known, part, name, start, fields)
    steps = []
    for end in _ends(pattern, part, name, start):
        text = name[start:end]
        if here.admits(text):
            steps.append((part + 1, end, (*fields, (here.name, text)) if here.name else fields))
    return steps


def _ends(pattern: Pattern, part: int, name: str, start: int) -> list[int]:
    """Return the positions where a variable may end: before the literal that follows, or anywhere."""
    folder_end = name.find("/", start)
    furthest = len(name) if folder_end < 0 else folder_end
    following = pattern[part + 1] if part + 1 < len(pattern) else None
    if following is None:
        return [len(name)] if furthest == len(name) else []
    ends = range(start, furthest + 1)
    return [end for end in ends if isinstance(following, Variable) or name.startswith(following.text, end)]


def _literal(text: str, pattern: str, form: PatternForm) -> list[Literal]:
    if "{" in text or "}" in text:
        raise _wrong(pattern, form, "every { closed by a }, and none within an expression")
    return [Literal(text)] if text else []


def _variable(token: re.Match, pattern: str, form: PatternForm) -> Variable:
    name, shape = token.groups()
    if name is None:
        is_extension = token.end() == len(pattern) and pattern.endswith(".*")
        return _ANY_EXTENSION if is_extension else Variable("")
    if name not in form.fields:
        nearest = difflib.get_close_matches(name, form.fields, n=1, cutoff=0.0)[0]
        raise _wrong(pattern, form, f"the fields {', '.join(form.fields)}", f"{{{name}}}; the nearest is {{{nearest}}}")
    try:
        re.compile(shape or "")
    except re.error as error:
        raise _wrong(pattern, form, "a regular expression after the colon", f"{shape}: {error}") from error
    return Variable(name, shape)


def _check(parts: list[Literal | Variable], pattern: str, form: PatternForm) -> None:
    last = parts[-1]
    if isinstance(last, Variable) and last.name:
        # The field would hold the suffix: Anna.png and Anna.tif would be two annotators.
        raise _wrong(pattern, form, f"a suffix or .* at its end: write {{{last.name}}}.* for any suffix")
    names = [part.name for part in parts if isinstance(part, Variable)]
    missing = [f"{{{name}}}" for name in form.required if name not in names]
    if missing:
        raise _wrong(pattern, form, f"{' and '.join(missing)} in it, {form.example}")
    for left, right in zip(parts, parts[1:], strict=False):
        if isinstance(left, Variable) and isinstance(right, Variable) and left.shape is None and right.shape is None:
            expected = f"text between two fields, or an expression that limits one: {{{form.required[-1]}:[A-Z]}}"
            raise _wrong(pattern, form, expected)


def _wrong(pattern: str, form: PatternForm, expected: str, found: str | None = None) -> ConfigError:
    what = "The pattern of file names cannot be used."
    return ConfigError(what, where=f"{form.key}: {pattern}", expected=expected, found=found)
