"""Tables of a release against recomputed ones: rows by key, text exactly, numbers up to the rounding of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .differences import Difference

if TYPE_CHECKING:
    from pandas import DataFrame, Series

# The released tables were read and written again, which shifts the last digits of a number.
RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE = 1e-12, 1e-15


def compare_tables(
    kind: str, expected: DataFrame, found: DataFrame, keys: Mapping[str, str], numbers: Sequence[str] = ()
) -> list[Difference]:
    """Compare two tables, whatever the order of their rows.

    Parameters
    ----------
    kind : str
        What the rows are, for example "pair".
    expected, found : DataFrame
        The recomputed table, without repeated keys, and the released one. Columns that only one of them has are
        not compared.
    keys : mapping of str to str
        Columns that identify a row, by the field of `Difference` that takes them: image, file, second_file.
    numbers : sequence of str
        Columns of float64, equal within 1e-12 of the expected value and 1e-15; NaN equals NaN. All other common
        columns are text.

    Returns
    -------
    list of Difference
        Missing rows, rows that should not be there, rows that occur twice, and each cell that differs.
    """
    columns = list(keys.values())
    repeated = found.duplicated(columns)
    expected, once = expected.set_index(columns, drop=False), found[~repeated].set_index(columns, drop=False)
    missing, extra = ~expected.index.isin(once.index), ~once.index.isin(expected.index)
    differences = _rows(f"{kind} missing", expected[missing], keys, "a row", "")
    differences += _rows(f"{kind} too many", once[extra], keys, "", "a row")
    differences += _rows(f"{kind} twice", found[repeated], keys, "one row", "another row")
    ours = expected[~missing]
    theirs = once.loc[ours.index]
    for column in expected.columns:
        if column in columns or column not in found.columns:
            continue
        equal = _equal_numbers(ours[column], theirs[column]) if column in numbers else _equal(ours, theirs, column)
        for place in np.flatnonzero(~equal):
            where = {field: ours[name].iloc[place] for field, name in keys.items()}
            cells = {"expected": _text(ours[column].iloc[place]), "found": _text(theirs[column].iloc[place])}
            differences.append(Difference(kind, column=column, **where, **cells))
    return differences


def _equal_numbers(expected: Series, found: Series) -> np.ndarray:
    tolerance = {"rtol": RELATIVE_TOLERANCE, "atol": ABSOLUTE_TOLERANCE}
    return np.isclose(found.to_numpy(float), expected.to_numpy(float), equal_nan=True, **tolerance)


def _equal(expected: DataFrame, found: DataFrame, column: str) -> np.ndarray:
    return expected[column].to_numpy() == found[column].to_numpy()


def _rows(kind: str, rows: DataFrame, keys: Mapping[str, str], expected: str, found: str) -> list[Difference]:
    places = zip(*(rows[column] for column in keys.values()), strict=True)
    return [Difference(kind, expected=expected, found=found, **dict(zip(keys, place, strict=True))) for place in places]


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else repr(float(value))
    return str(value)
