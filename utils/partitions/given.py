"""A partition that is to be judged, as files say it: a table of ids and their parts, or a file of ids for each part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import ConfigError, PipelineError
from ..id_lists import read_id_list
from ..naming import loose_id
from ..tables import read_table

if TYPE_CHECKING:
    from pandas import DataFrame

_PART_COLUMNS = ("partition", "split", "part", "set", "subset", "fold")  # where a table has more than two
_EXPECTED = "two columns, ids and their parts; or more, one of which is called partition or split"


class GivenPartition(NamedTuple):
    """What files say of the images of a dataset.

    Attributes
    ----------
    parts : dict of str to list of str
        The parts that each known image is in, each once, by isic_id, in the order of the files.
    unknown : list of (str, str)
        Ids that no image of the dataset has, as they were written, and their parts.
    """

    parts: dict[str, list[str]]
    unknown: list[tuple[str, str]]


class KnownIds:
    """The ids of a dataset, found by what files may call them: the id itself, its file, other case.

    Parameters
    ----------
    isic_ids : iterable of str
        Each once.
    """

    def __init__(self, isic_ids: Iterable[str]):
        self._exact = set(isic_ids)
        self._loose: dict[str, str | None] = {}
        for isic_id in isic_ids:
            loose = loose_id(isic_id)
            self._loose[loose] = None if loose in self._loose else isic_id

    def find(self, text: str) -> str | None:
        """Return the id that a text means; None for one that means none, or may mean two."""
        text = text.strip()
        return text if text in self._exact else self._loose.get(loose_id(text))

    def count(self, texts: Iterable[str]) -> int:
        """Return how many of these texts mean an image."""
        return sum(self.find(text) is not None for text in texts)


def read_partition(paths: Sequence[Path], known: KnownIds) -> GivenPartition:
    """Read a partition.

    Parameters
    ----------
    paths : sequence of Path
        One csv or csv.gz table, of two columns or with one called ``partition`` or ``split``; or several files, each a
        part that has the file's name: lists of ids (txt, one a line), or tables with a column of ids. Ids are in the
        column that has most known ones, whatever its name.
    known : KnownIds
        The dataset's.

    Raises
    ------
    PipelineError, ConfigError
        If a file is missing, is no such file, or two files have one name.
    """
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise PipelineError("Files of the partition do not exist.", where="partitions", offenders=missing)
    names = [_part_name(path) for path in paths]
    if len(set(names)) < len(names):
        raise ConfigError("Two files have one name, which is that of their part.", where="partitions", offenders=names)
    if len(paths) == 1 and paths[0].suffix.lower() == ".txt":
        raise ConfigError(
            "One list of ids is one part.",
            where="partitions",
            expected="a list for each part, or a table",
            found=paths[0],
        )
    if len(paths) == 1:
        rows = _rows_of_table(paths[0], known)
    else:
        rows = ((text, name) for path, name in zip(paths, names, strict=True) for text in _ids_of_file(path, known))
    found = _gathered(rows, known)
    if not found.parts and not found.unknown:
        raise PipelineError("The partition names no image.", where=", ".join(map(str, paths)), expected=_EXPECTED)
    return found


def _gathered(rows: Iterable[tuple[str, str]], known: KnownIds) -> GivenPartition:
    found = GivenPartition({}, [])
    for text, part in rows:
        isic_id = known.find(text)
        if not part:
            continue
        if isic_id is None:
            found.unknown.append((text, part))
        elif part not in found.parts.setdefault(isic_id, []):
            found.parts[isic_id].append(part)
    return found


def _part_name(path: Path) -> str:
    return path.name.removesuffix(".gz").rpartition(".")[0] or path.name


def _rows_of_table(path: Path, known: KnownIds) -> Iterator[tuple[str, str]]:
    """Yield id and part of each row of a table, blanks at the ends cut."""
    table = _read(path, known)
    ids = _id_column(table, known)
    others = [name for name in map(str, table.columns) if name != ids]
    named = [name for name in others if name.strip().casefold() in _PART_COLUMNS]
    candidates = others if len(others) == 1 else named
    if len(candidates) != 1:
        raise PipelineError(
            "It cannot be told which column holds the parts.",
            where=path,
            expected=_EXPECTED,
            found=", ".join(map(str, table.columns)),
        )
    parts = table[candidates[0]].str.strip()
    return zip(table[ids].str.strip(), parts, strict=True)


def _ids_of_file(path: Path, known: KnownIds) -> list[str]:
    if path.suffix.lower() == ".txt":
        return sorted(read_id_list(path))
    table = _read(path, known)
    return table[_id_column(table, known)].str.strip().tolist()


def _read(path: Path, known: KnownIds) -> DataFrame:
    table = read_table(path)
    if known.count(table.columns):
        raise PipelineError("A table has no header.", where=path, expected="names of columns in its first line")
    return table


def _id_column(table: DataFrame, known: KnownIds) -> str:
    """Return the column with most known ids; the first of several."""
    return max(map(str, table.columns), key=lambda name: known.count(table[name]))
