"""What could not be scored: told by kind, and an error where it is too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import PipelineError
from ..lazy import logger
from ..naming import SCORES_FAILURES

_NAMED = 5


def warn_of_failures(name: str, failures: Sequence[tuple[str, str]], table: Path) -> None:
    """Warn of what was not scored, a line for each kind.

    Parameters
    ----------
    name : str
        Of the model.
    failures : sequence of (str, str)
        Image or file, and the reason, whose first line up to a colon names its kind.
    table : Path
        Where all are listed.
    """
    kinds: dict[str, list[str]] = {}
    for what, reason in failures:
        kinds.setdefault(reason.splitlines()[0].partition(":")[0].removesuffix("."), []).append(what)
    for kind, these in kinds.items():
        named = ", ".join(these[:_NAMED]) + (", …" if len(these) > _NAMED else "")
        logger.warning("{}: {:,} not scored ({}): {}; see {}", name, len(these), kind, named, table)


def require_scores(numbers: Mapping[str, tuple[int, int]], most: int | None, folder: Path) -> None:
    """Raise a PipelineError for models of which nothing was scored, or too little.

    Parameters
    ----------
    numbers : mapping of str to (int, int)
        By model, how many images were scored, and how many images or files were not.
    most : int or None
        How many may not be scored of each; None for any number.
    folder : Path
        That of all models.
    """
    none = [name for name, (scored, _) in numbers.items() if not scored]
    many = [name for name, (_, missed) in numbers.items() if most is not None and missed > most]
    if none or many:
        raise PipelineError(
            "No prediction could be scored." if none else "Too many images or files could not be scored.",
            where=folder,
            expected="a score or more of each model" if none else f"at most {most} of each model (max_failures)",
            hint=f"the reasons are in {SCORES_FAILURES}, in the folder of each model",
            offenders=[f"{name}: {numbers[name][1]:,} not scored" for name in none or many],
        )
