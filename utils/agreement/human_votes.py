"""The votes of people alone, by mask and by person: what image and mask agreement are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..masks.vote_patterns import VotePatterns, areas
from ..naming import CONSENSUS


@dataclass(frozen=True)
class HumanVotes:
    """Who marked what in one image, consensus masks left out.

    Attributes
    ----------
    votes : ndarray of bool, shape (n, P)
        Whether human mask i votes foreground in vote pattern p. Patterns may repeat: they are those of all masks.
    counts : ndarray of int64, shape (P,)
        Pixels of the whole image with each pattern.
    totals : ndarray of int64, shape (P,)
        How many human masks vote foreground in each pattern.
    areas : ndarray of int64, shape (n,)
        Foreground pixels of each mask.
    persons : tuple of list of int
        The places, from 0 to n - 1, of the masks that each person drew; persons in order of first appearance.
    """

    votes: np.ndarray
    counts: np.ndarray
    totals: np.ndarray
    areas: np.ndarray
    persons: tuple[list[int], ...]


def human_votes(patterns: VotePatterns, annotators: Sequence[str]) -> HumanVotes:
    """Take the human votes out of an image's vote patterns.

    Parameters
    ----------
    patterns : VotePatterns
        Of all masks of the image, human and consensus.
    annotators : sequence of str
        Who drew each of these masks; one of `naming.CONSENSUS` for a consensus mask.

    Returns
    -------
    HumanVotes
        Without masks and persons when all masks are consensus masks.

    Raises
    ------
    ValueError
        When there are not as many annotators as masks.
    """
    if len(annotators) != patterns.votes.shape[1]:
        raise ValueError(f"{len(annotators)} annotators of {patterns.votes.shape[1]} masks")
    humans = [place for place, annotator in enumerate(annotators) if annotator not in CONSENSUS]
    persons: dict[str, list[int]] = {}
    for number, place in enumerate(humans):
        persons.setdefault(annotators[place], []).append(number)
    votes = np.ascontiguousarray(patterns.votes.T[humans])
    return HumanVotes(votes, patterns.counts, votes.sum(axis=0), areas(patterns)[humans], tuple(persons.values()))


def drawn_by(annotators: Sequence[str]) -> list[int | str]:
    """Return who drew each mask, as numbers: a result depends on which are one person's, not on the codes."""
    numbers: dict[str, int] = {}
    return [name if name in CONSENSUS else numbers.setdefault(name, len(numbers)) for name in annotators]
