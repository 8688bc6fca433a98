"""Joints of the network: found in drawn ones, and against every cut."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.statistics_tables import images_of, tables_of

from utils.statistics.joints import _weakest_cut, weak_joints


def joints_of(*sets: tuple[str, int], **links) -> list[tuple]:
    pairs = tables_of(images_of(*sets), **links).pairs
    return [joint[:4] for joint in weak_joints(pairs)]


def crossed(members: np.ndarray, counts: np.ndarray, side: np.ndarray) -> int:
    return int(counts[members[:, side].any(axis=1) & members[:, ~side].any(axis=1)].sum())


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 7))
def test_no_cut_is_crossed_by_fewer_blocks(seed, people):
    generator = np.random.default_rng(seed)
    members = np.array([generator.permutation(people) < generator.integers(2, 5) for _ in range(9)])
    counts = generator.integers(1, 6, len(members))

    found = _weakest_cut(members, counts)

    assert 0 < found.sum() < people
    sides = (chosen for size in range(1, people) for chosen in combinations(range(people), size))
    every = [crossed(members, counts, np.isin(np.arange(people), chosen)) for chosen in sides]
    assert crossed(members, counts, found) == min(every)


def test_two_parts_are_joined_by_the_images_of_both():
    assert joints_of(("ab", 20), ("cd", 20), ("bc", 2), ("acd", 1)) == [(("a", "b"), ("c", "d"), 3, 3)]
    assert joints_of(("ab", 20), ("cd", 20), ("bc", 9), ("acd", 1)) == []


def test_three_parts_have_two_joints_the_weakest_first():
    found = joints_of(("ab", 20), ("cd", 20), ("ef", 20), ("bc", 3), ("de", 1))
    assert found == [(("a", "b", "c", "d"), ("e", "f"), 1, 1), (("a", "b"), ("c", "d"), 3, 3)]


def test_images_of_one_patient_are_one_cluster_at_a_joint():
    pairs = tables_of(
        images_of(("ab", 20), ("cd", 20), ("bc", 12)), patient_id={f"I{n:03d}": "p" for n in range(40, 52)}
    ).pairs

    (joint,) = weak_joints(pairs)

    assert (joint.images, joint.clusters, joint.crossing.sum()) == (12, 1, 12)
    assert joint.sentence() == "rests on 12 images in 1 cluster that join two parts of the annotators, a+b and c+d"


def test_a_patient_whose_images_are_each_of_one_part_joins_nothing():
    # The patient's two images are by a and b, and by c and d.
    assert joints_of(("ab", 20), ("cd", 20), ("bc", 1), patient_id={"I000": "p", "I020": "p"}) == [
        (("a", "b"), ("c", "d"), 1, 1)
    ]


@pytest.mark.parametrize(("images", "joints"), [(5, []), (4, [(("a", "b"), ("z",), 4, 4)])])
def test_one_annotator_makes_a_part_only_with_fewer_images_than_a_factor_takes(images, joints):
    assert joints_of(("ab", 20), ("az", images)) == joints


def test_parts_without_any_joint_have_none():
    assert joints_of(("ab", 20), ("cd", 20)) == []


def test_the_sentence_counts_the_images():
    first, second = weak_joints(tables_of(images_of(("ab", 20), ("cd", 20), ("ef", 20), ("bc", 3), ("de", 1))).pairs)
    assert first.sentence() == "rests on 1 image that joins two parts of the annotators, a+b+c+d and e+f"
    assert second.sentence() == "rests on 3 images that join two parts of the annotators, a+b and c+d"
