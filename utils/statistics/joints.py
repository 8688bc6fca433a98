"""Where the network of annotators holds together by few clusters of images alone.

A cut of the network has an annotator set on either side. What crosses it are the clusters with an image by people of
both sides: however many images each side has, only these tell how the sides compare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..lazy import pd
from .bootstrap import LEAST_CLUSTERS

if TYPE_CHECKING:
    from pandas import DataFrame

LEAST_MASKS = 5  # of an annotator who gets a factor


class Joint(NamedTuple):
    """Two parts of the annotators, and the few images that join them.

    Attributes
    ----------
    first, second : tuple of str
        Names, sorted; the side of the smallest name comes first.
    images, clusters : int
        How many join them; at least 1.
    crossing : ndarray of bool, shape (pairs,)
        Which pairs are by people of both parts.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    images: int
    clusters: int
    crossing: np.ndarray

    def sentence(self) -> str:
        """Say so, as a caution of a number that rests on it."""
        images = f"{self.images} image{'s' * (self.images > 1)}"
        if self.clusters < self.images:
            images += f" in {self.clusters} cluster{'s' * (self.clusters > 1)}"
        join = "joins" if self.images == 1 else "join"
        parts = f"{'+'.join(self.first)} and {'+'.join(self.second)}"
        return f"rests on {images} that {join} two parts of the annotators, {parts}"


def weak_joints(pairs: DataFrame) -> list[Joint]:
    """Find the parts of the annotators that too few clusters join for an interval across.

    The network is cut in two where the fewest clusters cross, as long as these are fewer than `LEAST_CLUSTERS`, and
    each side again. So three parts have two joints, and a part is what holds together by itself.

    Parameters
    ----------
    pairs : DataFrame
        By two annotators: ISIC_id, cluster, annotator1, annotator2.

    Returns
    -------
    list of Joint
        The weakest first. A single annotator makes a part only when fewer than `LEAST_MASKS` clusters join the others:
        from so many masks of their own up a factor has an interval. Nothing for parts without any joint.
    """
    names, ends, (members, counts) = _blocks(pairs)
    image, cluster = (pd.factorize(pairs[name])[0] for name in ("ISIC_id", "cluster"))
    joints, waiting = [], [np.arange(len(names))]
    while waiting:
        part = waiting.pop()
        if len(part) < 2:
            continue
        chosen = _weakest_cut(members[:, part], counts)
        sides = part[chosen], part[~chosen]
        crossing = np.logical_or(*(np.isin(ends[0], sides[n]) & np.isin(ends[1], sides[1 - n]) for n in (0, 1)))
        images, clusters = (len(np.unique(codes[crossing])) for codes in (image, cluster))
        if clusters >= LEAST_CLUSTERS:
            continue
        waiting += sides
        if 0 < clusters < (LEAST_CLUSTERS if min(map(len, sides)) > 1 else LEAST_MASKS):
            first, second = sorted(tuple(names[side]) for side in sides)
            joints.append(Joint(first, second, images, clusters, crossing))
    return sorted(joints, key=lambda joint: (joint.clusters, joint.first))


def _blocks(pairs: DataFrame) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return the names, the codes of both ends of each pair, and who hangs together within a cluster.

    The last are rows of bool, an annotator a column, with the number of clusters that have such a row: a cut that parts
    the annotators of a row is crossed by each of these.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    names = np.unique(np.concatenate([pairs[f"annotator{end}"].astype(object) for end in (1, 2)]))
    ends = np.array([pd.Categorical(pairs[f"annotator{end}"], names).codes for end in (1, 2)], dtype=np.int64)
    cluster, clusters = pd.factorize(pairs["cluster"])
    first, second = cluster * len(names) + ends
    size = len(clusters) * len(names)
    _, block = connected_components(csr_array((np.ones(len(pairs)), (first, second)), shape=(size, size)))
    codes, blocks = pd.factorize(block[first])
    members = np.zeros((len(blocks), len(names)), dtype=bool)
    members[codes, ends[0]] = members[codes, ends[1]] = True
    return names, ends, np.unique(members, axis=0, return_counts=True)


def _weakest_cut(members: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Find the cut that the fewest blocks cross.

    Annotators are put in a row, each time the one whom most blocks share with those in it; the last of the row cut from
    the rest is the weakest cut between the last two. These then become one, until one is left.

    Parameters
    ----------
    members : ndarray of bool, shape (blocks, annotators)
        At least 2 annotators.
    counts : ndarray of int, shape (blocks,)
        How often each block occurs.

    Returns
    -------
    ndarray of bool, shape (annotators,)
        Those of one side.

    References
    ----------
    Klimmek and Wagner (1996), A simple hypergraph min cut algorithm, Freie Universität Berlin, B 96-02.
    """
    members, merged = members.copy(), np.eye(members.shape[1], dtype=bool)
    fewest, side = np.inf, merged[0]
    while len(merged) > 1:
        order, touched = [0], members[:, 0]
        while len(order) < len(merged):
            shared = (counts * touched) @ members
            shared[order] = -1
            order.append(int(shared.argmax()))
            touched = touched | members[:, order[-1]]
        before, last = order[-2:]
        crossed = counts[members[:, last] & (members.sum(axis=1) > 1)].sum()
        if crossed < fewest:
            fewest, side = crossed, merged[last]
        merged[before] |= merged[last]
        members[:, before] |= members[:, last]
        merged, members = np.delete(merged, last, axis=0), np.delete(members, last, axis=1)
    return side
