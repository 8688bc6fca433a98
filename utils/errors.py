"""The errors that a user can cause, each with its exit code; the failure of one item among many; parts of messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")


class PipelineError(Exception):
    """The data or a file is wrong.

    Parameters
    ----------
    what : str
        One sentence naming the fault.
    where : object, optional
        The file, table, key or row at fault.
    expected, found : object, optional
        What the pipeline needs and what is there instead.
    hint : str, optional
        How to mend it.
    offenders : iterable of str, optional
        Every offending item; all of them are listed, one a line.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        where: object = None,
        expected: object = None,
        found: object = None,
        hint: str | None = None,
        offenders: Iterable[str] = (),
    ):
        self.offenders = list(offenders)
        details = {"where": where, "expected": expected, "found": found, "hint": hint}
        lines = [what]
        lines += [f"  {name + ':':<9} {value}" for name, value in details.items() if value is not None]
        lines += [f"  - {offender}" for offender in self.offenders]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[Any, ...]:
        # Rebuilt from its finished message, so that it survives the way back from a worker process.
        return _rebuild, (type(self), str(self), self.offenders)


class ConfigError(PipelineError):
    """The command line or the configuration is wrong."""

    exit_code = 2


@dataclass(frozen=True)
class Failure:
    """What stands in place of a result when one item's data is at fault."""

    reason: str


def successes(results: Iterable[Result | Failure]) -> list[Result]:
    """Return the results that are no failures."""
    return [result for result in results if not isinstance(result, Failure)]


def one_line(error: BaseException | None) -> str:
    """Return what an error says in one line; of one that says nothing, its kind."""
    return " ".join(str(error).split()) or type(error).__name__


def some_of(items: Sequence, most: int = 10, separator: str = ", ") -> str:
    """List items in a message: the first few, and how many more there are."""
    shown = separator.join(map(str, items[:most]))
    return shown if len(items) <= most else f"{shown} and {len(items) - most:,} more"


def _rebuild(kind: type[PipelineError], message: str, offenders: list[str]) -> PipelineError:
    error = kind(message)
    error.offenders = offenders
    return error
