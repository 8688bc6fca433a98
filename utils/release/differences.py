"""What a release lacks, or where it differs from what it should be: one table for both of its checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, fields
from pathlib import Path

from ..errors import PipelineError
from ..lazy import pd
from ..tables import write_table

# Kinds of difference that both checks of a release know.
MASK_MISSING, MASK_DIFFERS = "mask missing", "mask differs"
# An error message names so many differences; the table has them all.
_SHOWN = 20


@dataclass(frozen=True)
class Difference:
    """One difference.

    Attributes
    ----------
    kind : str
        What differs, in a few words that are the same for all differences of the kind.
    image : str
        Name of the image; empty when no single image is concerned.
    file, second_file : str
        The mask, or the two masks of a pair; of a summary, the label of its row.
    column : str
        Column of the table, empty for files.
    expected, found : str
        What should be there and what is.
    """

    kind: str
    _: KW_ONLY
    image: str = ""
    file: str = ""
    second_file: str = ""
    column: str = ""
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        place = ", ".join(text for text in (self.image, self.file, self.second_file, self.column) if text)
        return f"{self.kind}: {place}: expected {self.expected or 'nothing'}, found {self.found or 'nothing'}"


def write_differences(differences: Sequence[Difference], path: Path) -> Path:
    """Write the table of differences; only its header when there are none."""
    columns = [field.name for field in fields(Difference)]
    return write_table(pd.DataFrame(differences, columns=columns), path)


def describe_counts(differences: Sequence[Difference]) -> str:
    """Return how many differences there are of each kind, in order of first appearance; empty without any."""
    counts = Counter(difference.kind for difference in differences)
    return ", ".join(f"{kind}: {number:,}" for kind, number in counts.items())


def require_none(differences: Sequence[Difference], what: str, table: Path, hint: str | None = None) -> None:
    """Raise a PipelineError that counts the differences, shows the first and names the table of all.

    Parameters
    ----------
    differences : sequence of Difference
        Those that are an error.
    what : str
        The error in one sentence.
    table : Path
        Where all differences are listed.
    hint : str, optional
        How to go on.
    """
    if not differences:
        return
    offenders = [str(difference) for difference in differences[:_SHOWN]]
    if len(differences) > _SHOWN:
        offenders.append(f"and {len(differences) - _SHOWN:,} more")
    found = f"{describe_counts(differences)}; all are listed in {table}"
    raise PipelineError(what, expected="no difference", found=found, hint=hint, offenders=offenders)
