"""Clusters assigned to partitions: by hand, against the definition in exact fractions, and the laws that hold."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.partition_tables import image_table, masks_of

from utils.partitions.assignment import assign_partitions
from utils.partitions.labels import image_labels
from utils.partitions.shares import parse_shares
from utils.statistics.clusters import image_clusters

PATIENTS = st.sampled_from(["", "p", "q", "r", "s"])
ROWS = st.lists(st.tuples(PATIENTS, st.sampled_from(["Benign", "Malignant", ""]), st.sampled_from(["a", "b", "ab"])))
SHARES = st.sampled_from(["70:10:20", "1:1:1", "80:0:20", "0.5:0.25:0.25", "0:0:3"])


def assign(images, masks, shares="70:10:20", seed=0) -> dict[str, str]:
    clusters = image_clusters(images)
    return assign_partitions(image_labels(images, masks), clusters, parse_shares(shares), seed).to_dict()


def tables(rows):
    images = image_table([row[0] for row in rows], diagnoses=[row[1] for row in rows])
    return images, masks_of(images, [row[2] for row in rows])


def by_definition(images, masks, shares: dict[str, Fraction], seed: int) -> dict[str, str]:
    """Follow the definition word by word, in fractions."""
    labels = image_labels(images, masks)
    of_image = defaultdict(Counter)
    for place, label, times in zip(labels.image.tolist(), labels.label.tolist(), labels.times.tolist(), strict=True):
        of_image[images["isic_id"][place]][label] += times
    members = defaultdict(list)
    for isic_id, cluster in image_clusters(images).items():
        members[cluster].append(isic_id)
    several = dict(zip(images["isic_id"], labels.num_masks > 1, strict=True))

    def order(cluster):
        ids = members[cluster]
        digest = hashlib.sha256(f"{seed}:{cluster}".encode()).hexdigest()
        return -sum(bool(several[isic_id]) for isic_id in ids), -len(ids), digest

    def cost(held, name):
        targets = [shares[name] * int(total) for total in labels.totals]
        return sum((held[label] - target) ** 2 / target for label, target in enumerate(targets))

    held, chosen = {name: Counter() for name, share in shares.items() if share}, {}
    for cluster in sorted(members, key=order):
        added = sum((of_image[isic_id] for isic_id in members[cluster]), Counter())
        growth = {name: round(cost(held[name] + added, name) - cost(held[name], name), 9) for name in held}
        best = min(held, key=lambda name: (growth[name], -shares[name]))
        held[best] += added
        chosen |= dict.fromkeys(members[cluster], best)
    return chosen


@given(ROWS, SHARES, st.integers(0, 3))
def test_assignment_is_the_definition(rows, shares, seed):
    images, masks = tables(rows)
    assert assign(images, masks, shares, seed) == by_definition(images, masks, parse_shares(shares), seed)


@given(ROWS, SHARES, st.randoms())
def test_clusters_stay_whole_whatever_the_order_of_the_tables(rows, shares, random):
    images, masks = tables(rows)
    clusters, parts = image_clusters(images), assign(images, masks, shares)
    assert len({(clusters[isic_id], part) for isic_id, part in parts.items()}) == clusters.nunique()
    assert {*parts.values()} <= {name for name, share in parse_shares(shares).items() if share}
    state = random.randrange(1000)
    shuffled = images.sample(frac=1, random_state=state), masks.sample(frac=1, random_state=state)
    assert assign(*(table.reset_index(drop=True) for table in shuffled), shares) == parts


def test_equal_images_are_shared_out_by_the_shares():
    images, masks = tables([("", "Benign", "a")] * 100)
    assert Counter(assign(images, masks).values()) == {"train": 70, "test": 20, "val": 10}
    assert Counter(assign(images, masks, "1:1:2").values()) == {"train": 25, "val": 25, "test": 50}


def test_seeds_differ_and_repeat():
    images, masks = tables([("", "Benign", "a")] * 40)
    assert assign(images, masks, seed=1) == assign(images, masks, seed=1) != assign(images, masks, seed=2)


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_handful_of_images_goes_to_the_largest_share_first(number):
    images, masks = tables([("", "Benign", "a")] * number)
    parts = list(assign(images, masks).values())
    assert len(parts) == number and parts.count("train") >= min(number, 1)


@pytest.mark.parametrize("text", ["70:10", "a:b:c", "0:0:0", "-1:1:1", "1:1:1:1", ""])
def test_other_texts_are_no_shares(text):
    with pytest.raises(ValueError, match=r"."):
        parse_shares(text)


@pytest.mark.parametrize("text", ["70:10:20", "0.7:0.1:0.2", "7:1:2"])
def test_ratios_of_the_shares_count(text):
    assert list(parse_shares(text).values()) == [Fraction(7, 10), Fraction(1, 10), Fraction(1, 5)]
