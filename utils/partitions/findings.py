"""What is wrong with a given partition: images, patients, lesions or files in two parts, and ids that say nothing."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from ..errors import PipelineError
from ..lazy import pd
from ..tables import write_table
from .fingerprints import BITS, Fingerprint, near_pairs
from .given import GivenPartition

UNKNOWN, SEVERAL_PARTS = "unknown id", "image in several parts"
CLUSTER, EQUAL, NEAR = "cluster in several parts", "equal files in two parts", "near-equal files in two parts"
NO_PART, TEST_IMAGE = "image in no part", "test image of another dataset"
Parts = Mapping[str, Sequence[str]]
LEAKS = (UNKNOWN, SEVERAL_PARTS, CLUSTER, EQUAL, NEAR)  # what ends the check with an error


class Finding(NamedTuple):
    """One finding.

    Attributes
    ----------
    finding : str
        Its kind.
    ISIC_id, part : str
        An image and where it is; of an unknown id, the text.
    other_ISIC_id, other_part : str
        The image that it has to do with, and where that is.
    detail : str
        The cluster, how many bits differ, or the other dataset's list.
    """

    finding: str
    ISIC_id: str
    part: str = ""
    other_ISIC_id: str = ""
    other_part: str = ""
    detail: str = ""


def of_ids(given: GivenPartition, isic_ids: Iterable[str]) -> Iterator[Finding]:
    """Yield unknown ids, images in several parts, and images of the dataset in none."""
    yield from (Finding(UNKNOWN, text, part) for text, part in given.unknown)
    for isic_id, parts in given.parts.items():
        if len(parts) > 1:
            yield Finding(SEVERAL_PARTS, isic_id, ", ".join(parts))
    yield from (Finding(NO_PART, isic_id) for isic_id in isic_ids if isic_id not in given.parts)


def of_clusters(parts: Parts, clusters: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the images of each cluster that is in several parts, an image and part a finding, cluster by cluster.

    Parameters
    ----------
    parts : mapping of str to sequence of str
        Parts of each image that has any, by isic_id.
    clusters : mapping of str to str
        Cluster of each image of the dataset.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for isic_id in parts:
        members[clusters[isic_id]].append(isic_id)
    for cluster, ids in members.items():
        # One image alone that is in several parts is a finding of its own.
        if len(ids) > 1 and len({part for isic_id in ids for part in parts[isic_id]}) > 1:
            yield from (Finding(CLUSTER, isic_id, part, detail=cluster) for isic_id in ids for part in parts[isic_id])


def of_files(parts: Parts, fingerprints: Mapping[str, Fingerprint], most_bits: int) -> Iterator[Finding]:
    """Yield the pairs of images in two parts whose files are equal or nearly so.

    Parameters
    ----------
    parts : mapping of str to sequence of str
        Parts of each image that has any, by isic_id.
    fingerprints : mapping of str to Fingerprint
        Of the files of these images, or some of them.
    most_bits : int
        Hashes that differ in so many of 256 bits at most are nearly equal; of pictures of two lesions about half of
        them differ.
    """
    of_part: dict[str, list[str]] = defaultdict(list)
    for isic_id in fingerprints:
        for part in parts[isic_id]:
            of_part[part].append(isic_id)
    for one, other in combinations(of_part, 2):
        for first, second in _equal(of_part[one], of_part[other], fingerprints):
            yield Finding(EQUAL, first, one, second, other)
        hashed = [[name for name in of_part[part] if fingerprints[name].hash is not None] for part in (one, other)]
        hashes = [[fingerprints[name].hash or b"" for name in names] for names in hashed]
        for i, j, bits in near_pairs(hashes[0], hashes[1], most_bits):
            first, second = hashed[0][i], hashed[1][j]
            if fingerprints[first].md5 != fingerprints[second].md5:
                yield Finding(NEAR, first, one, second, other, f"{bits} of {BITS} bits differ")


def _equal(
    first: Iterable[str], second: Iterable[str], fingerprints: Mapping[str, Fingerprint]
) -> Iterator[tuple[str, str]]:
    """Yield the images of equal files; one that is in both parts is a finding of its own."""
    by_md5: dict[str, list[str]] = defaultdict(list)
    for isic_id in second:
        by_md5[fingerprints[isic_id].md5].append(isic_id)
    for isic_id in first:
        yield from ((isic_id, other) for other in by_md5[fingerprints[isic_id].md5] if other != isic_id)


def of_test_lists(parts: Parts, train: Collection[str], tests: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    """Yield the images of the parts for training that are in a test list of another dataset, by the list's name."""
    for name, ids in tests.items():
        for isic_id, of_image in parts.items():
            if isic_id in ids:
                yield from (Finding(TEST_IMAGE, isic_id, part, detail=name) for part in of_image if part in train)


def is_called(kind: str, name: str) -> bool:
    """Tell whether a name has a word that starts with a kind of part: train_a, ISIC_training, 2018train, isicTrain."""
    return re.search(rf"(?<![^\W\d_])(?i:{kind})|(?<=[a-z]){kind.capitalize()}", name) is not None


def training_parts(sizes: Mapping[str, int]) -> list[str]:
    """Return the parts for training: those called so, else the largest; none without parts."""
    return [name for name in sizes if is_called("train", name)] or sorted(sizes, key=sizes.__getitem__)[-1:]


def write_findings(findings: Sequence[Finding], path: Path) -> Path:
    """Write the table of findings; only its header when there are none."""
    return write_table(pd.DataFrame(findings, columns=Finding._fields), path)


def require_no_leaks(findings: Sequence[Finding], table: Path) -> None:
    """Raise a PipelineError that names every leak, each cluster on one line."""
    counts = Counter(finding.finding for finding in findings if finding.finding in LEAKS)
    if not counts:
        return
    clusters: dict[str, list[str]] = defaultdict(list)
    lines = []
    for finding in findings:
        if finding.finding == CLUSTER:
            clusters[finding.detail].append(f"{finding.ISIC_id} ({finding.part})")
        elif finding.finding in LEAKS:
            lines.append(_line(finding))
    lines += [f"cluster {name}: {', '.join(images)}" for name, images in clusters.items()]
    counts[CLUSTER] = len(clusters)
    found = ", ".join(f"{kind}: {number:,}" for kind, number in counts.items() if number)
    raise PipelineError(
        "The partition cannot be relied on.",
        expected="every image known and in one part, with all images of its patient and lesion, and no file in two",
        found=f"{found}; all are listed in {table}",
        offenders=lines,
    )


def _line(finding: Finding) -> str:
    other = f" and {finding.other_ISIC_id} ({finding.other_part})" if finding.other_ISIC_id else ""
    detail = f": {finding.detail}" if finding.detail else ""
    return f"{finding.finding}: {finding.ISIC_id} ({finding.part}){other}{detail}"
