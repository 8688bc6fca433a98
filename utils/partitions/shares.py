"""The partitions, and their shares as the key `partition_shares` has them."""

from __future__ import annotations

from fractions import Fraction

PARTITIONS = ("train", "val", "test")


def parse_shares(text: str) -> dict[str, Fraction]:
    """Return the share of each of `PARTITIONS`; they sum to 1.

    Parameters
    ----------
    text : str
        Three numbers from 0 up, parted by colons, whose ratios count: ``70:10:20``, ``0.7:0.1:0.2`` and ``7:1:2`` are
        the same.

    Raises
    ------
    ValueError
        For other texts; the configuration refuses them before.

    Examples
    --------
    >>> parse_shares("70:10:20")
    {'train': Fraction(7, 10), 'val': Fraction(1, 10), 'test': Fraction(1, 5)}
    """
    numbers = [Fraction(part) for part in text.split(":")]
    if min(numbers) < 0 or not any(numbers):
        raise ValueError(f"shares that cannot be used: {text}")
    return {name: number / sum(numbers) for name, number in zip(PARTITIONS, numbers, strict=True)}
