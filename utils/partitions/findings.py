"""What is wrong with a given partition: images, patients, lesions or files in two parts, and ids that say nothing."""

from __future__ import annotations

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


def of_clusters(part_of: Mapping[str, str], clusters: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the images of each cluster that is in several parts, an image a finding, cluster by cluster.

    Parameters
    ----------
    part_of : mapping of str to str
        Part of each image that has one, by isic_id.
    clusters : mapping of str to str
        Cluster of each image of the dataset.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for isic_id in part_of:
        members[clusters[isic_id]].append(isic_id)
    for cluster, ids in members.items():
        if len({part_of[isic_id] for isic_id in ids}) > 1:
            yield from (Finding(CLUSTER, isic_id, part_of[isic_id], detail=cluster) for isic_id in ids)


def of_files(part_of: Mapping[str, str], fingerprints: Mapping[str, Fingerprint], most_bits: int) -> Iterator[Finding]:
    """Yield the pairs of images in two parts whose files are equal or nearly so.

    Parameters
    ----------
    part_of : mapping of str to str
        Part of each image that has one, by isic_id.
    fingerprints : mapping of str to Fingerprint
        Of the files of these images, or some of them.
    most_bits : int
        Hashes that differ in so many of 256 bits at most are nearly equal; of pictures of two lesions about half of
        them differ.
    """
    of_part: dict[str, list[str]] = defaultdict(list)
    for isic_id in fingerprints:
        of_part[part_of[isic_id]].append(isic_id)
    for one, other in combinations(of_part, 2):
        yield from _equal(of_part[one], of_part[other], part_of, fingerprints)
        hashed = [[name for name in of_part[part] if fingerprints[name].hash is not None] for part in (one, other)]
        hashes = [[fingerprints[name].hash or b"" for name in names] for names in hashed]
        for i, j, bits in near_pairs(hashes[0], hashes[1], most_bits):
            first, second = hashed[0][i], hashed[1][j]
            if fingerprints[first].md5 != fingerprints[second].md5:
                yield Finding(NEAR, first, one, second, other, f"{bits} of {BITS} bits differ")


def _equal(
    first: Iterable[str], second: Iterable[str], part_of: Mapping[str, str], fingerprints: Mapping[str, Fingerprint]
) -> Iterator[Finding]:
    by_md5: dict[str, list[str]] = defaultdict(list)
    for isic_id in second:
        by_md5[fingerprints[isic_id].md5].append(isic_id)
    for isic_id in first:
        for other in by_md5.get(fingerprints[isic_id].md5, []):
            yield Finding(EQUAL, isic_id, part_of[isic_id], other, part_of[other])


def of_test_lists(part_of: Mapping[str, str], train: str, tests: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    """Yield the images of the part for training that are in a test list of another dataset, by the list's name."""
    for name, ids in tests.items():
        for isic_id, part in part_of.items():
            if part == train and isic_id in ids:
                yield Finding(TEST_IMAGE, isic_id, part, detail=name)


def training_part(sizes: Mapping[str, int]) -> str:
    """Return the part for training: the first whose name starts with ``train``, else the largest; "" without any."""
    named = [name for name in sizes if name.casefold().startswith("train")]
    return named[0] if named else max(sizes, key=lambda name: sizes[name], default="")


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
