"""Which code (A00, A01, …) stands for which creator, now and in later runs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING

from ..lazy import logger

if TYPE_CHECKING:
    from pandas import DataFrame, Series


def assign_codes(creators: Series, known: Mapping[str, str]) -> Series:
    """Return the code of each mask's creator.

    Parameters
    ----------
    creators : Series of str
        Creator of each mask, in the form of `naming.plain_name`.
    known : mapping of str to str
        Codes that creators have already, by name; these stay.

    Returns
    -------
    Series of str
        A00, A01, … (A100 after A99). Creators without a code get the codes after the highest known one, in
        decreasing number of masks, ties by first appearance. A code is never given to a second person, even when
        its creator has no mask any more.
    """
    # value_counts(sort=False) is in order of first appearance, and the stable sort keeps it for ties.
    ranked = creators.value_counts(sort=False).sort_values(ascending=False, kind="stable").index
    numbers = count(max((int(code[1:]) for code in known.values()), default=-1) + 1)
    codes = {**known, **{creator: f"A{next(numbers):02d}" for creator in ranked if creator not in known}}
    return creators.map(codes)


def warn_of_alike_names(creators: Series, codes: Series, known: Mapping[str, str]) -> None:
    """Warn of creators whose names differ only by case or blanks; messages name codes, never people.

    Parameters
    ----------
    creators, codes : Series of str
        Creator of each mask, and the creator's code; the index holds the row in the file.
    known : mapping of str to str
        Codes that creators had already, by name: a name in another spelling is no longer theirs.
    """
    alike: dict[str, list[str]] = {}
    spellings = creators.drop_duplicates()
    for (row, creator), code in zip(spellings.items(), codes[spellings.index], strict=True):
        alike.setdefault(_loose_name(creator), []).append(f"{code} (first in row {row})")
    used = set(spellings)
    for creator, code in known.items():
        if creator not in used and _loose_name(creator) in alike:
            alike[_loose_name(creator)].append(f"{code} (in creator_mapping_path)")
    for places in alike.values():
        if len(places) > 1:
            logger.warning(
                "names of creators that differ only by case or blanks count as several people: {}",
                ", ".join(places),
            )


def warn_of_moved_codes(earlier: DataFrame, metadata: DataFrame, known: Mapping[str, str] | None) -> None:
    """Warn when masks that an earlier run gave a code now have another.

    Parameters
    ----------
    earlier, metadata : DataFrame
        Segmentation metadata of the earlier run and of this one, with ISIC_id, mskObjectID and annotator.
    known : mapping of str to str, or None
        Codes that the mapping of creators held before this run, by name; None without a mapping.
    """
    keys = ["ISIC_id", "mskObjectID"]
    both = metadata[[*keys, "annotator"]].merge(earlier[[*keys, "annotator"]], on=keys, suffixes=("", "_before"))
    is_moved = both["annotator"] != both["annotator_before"]
    # Where other masks kept the code, it stands for the same person, and these masks are now another's.
    is_given = is_moved & both["annotator_before"].isin(both["annotator_before"][~is_moved])
    if is_given.any():
        logger.warning(
            "{} masks are by another annotator than in the run before: {}", is_given.sum(), _changes(both[is_given])
        )
    moved = both[is_moved & ~is_given]
    if len(moved):
        logger.warning(
            "codes now stand for other people than in the run before: {}. Figures and tables made before speak of the "
            "old codes. {}",
            _changes(moved),
            _advice(known),
        )


def _changes(moved: DataFrame) -> str:
    changes = sorted(set(zip(moved["annotator_before"], moved["annotator"], strict=True)), key=_by_number)
    return ", ".join(f"{before} is now {now}" for before, now in changes)


def _advice(known: Mapping[str, str] | None) -> str:
    if known is None:
        return "To keep a person's code from one run to the next, set creator_mapping_path"
    if known:
        return (
            "They follow the file that creator_mapping_path names: was it edited, or made for other data, or is a "
            "creator spelled otherwise in the raw table?"
        )
    return "The file that creator_mapping_path names is new, and keeps the codes from now on"


def _loose_name(creator: str) -> str:
    return "".join(creator.casefold().split())


def _by_number(change: tuple[str, str]) -> tuple[int, int]:
    before, now = (int(code[1:]) if code[1:].isdigit() else -1 for code in change)
    return before, now
