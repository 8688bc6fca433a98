"""The votes of people alone, by mask and by person: what image and mask agreement are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..masks.vote_patterns import VotePatterns
from ..naming import CONSENSUS


@dataclass(frozen=True)
class HumanVotes:
    """Who marked what in one image, consensus masks left out.

    Attributes
    ----------
    votes : ndarray of bool, shape (P, n)
        Whether human mask i votes foreground in vote pattern p. Patterns may repeat: they are those of all masks.
    counts : ndarray of int64, shape (P,)
        Pixels of the whole image with each pattern.
    areas : ndarray of int64, shape (n,)
        Foreground pixels of each mask.
    persons : ndarray of intp, shape (n,)
        Who drew each mask, as numbers from 0 on in order of first appearance.
    masks_of : ndarray of int64, shape (K,)
        How many masks each person drew.
    votes_of : ndarray of int64, shape (P, K)
        How many of a person's masks vote foreground in each pattern.
    """

    votes: np.ndarray
    counts: np.ndarray
    areas: np.ndarray
    persons: np.ndarray
    masks_of: np.ndarray
    votes_of: np.ndarray


def human_votes(patterns: VotePatterns, annotators: Sequence[str]) -> HumanVotes:
    """Take the human votes out of an image's vote patterns.

    Parameters
    ----------
    patterns : VotePatterns
        Of all masks of the image, human and consensus.
    annotators : sequence of str
        Who drew each of these masks; `naming.CONSENSUS` for a consensus mask.

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
    places = [place for place, annotator in enumerate(annotators) if annotator not in CONSENSUS]
    numbers: dict[str, int] = {}
    persons = np.array([numbers.setdefault(annotators[place], len(numbers)) for place in places], dtype=np.intp)
    votes = patterns.votes[:, places]
    drew = persons[:, None] == np.arange(len(numbers))
    # Integers: numpy adds them exactly, where BLAS adds floats in an order of its own.
    whole = votes.astype(np.int64)
    return HumanVotes(votes, patterns.counts, patterns.counts @ whole, persons, drew.sum(axis=0), whole @ drew)
