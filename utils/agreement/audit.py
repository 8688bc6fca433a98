"""Auditors: SimpleITK, MedPy and SciPy recompute consensus masks and agreement of an image, in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from ..errors import PipelineError
from ..metrics import empty_mask_row
from ..naming import MAJORITY_VOTE, STAPLE

# ASSD keeps the order of additions of the release. numpy from 2.3 on, which MedPy then uses, adds up more than 8,192
# values in another: the last digits may differ.
_ROUNDED_BY_NUMPY = ("assd_score", "assd_score_normalized")
_ROUNDING = 1e-13 if np.lib.NumpyVersion(np.__version__) >= "2.3.0" else 0.0


def consensus_differences(
    name: str, masks: Sequence[np.ndarray], painted: Mapping[str, np.ndarray], max_iterations: int
) -> list[str]:
    """Compare consensus masks with SimpleITK's STAPLE (above 0.5) and label voting (ties to foreground).

    Parameters
    ----------
    name : str
        Image, for the messages.
    masks : sequence of ndarray of bool, shape (H, W)
        The annotators' masks.
    painted : mapping of str to ndarray of bool, shape (H, W)
        Consensus masks by label.
    max_iterations : int
        Cap that STAPLE ran with.

    Returns
    -------
    list of str
        One text for each label whose pixels differ, naming image, label and both foreground counts.
    """
    expected = {STAPLE: _staple_by_simpleitk(masks, max_iterations), MAJORITY_VOTE: _vote_by_simpleitk(masks)}
    return [
        f"{name}, {label} mask: {np.count_nonzero(painted[label])} foreground pixels here, "
        f"{np.count_nonzero(reference)} by SimpleITK, {np.count_nonzero(painted[label] != reference)} differ"
        for label, reference in expected.items()
        if not np.array_equal(painted[label], reference)
    ]


def agreement_differences(
    name: str, masks: Sequence[np.ndarray], pairs: Sequence[Mapping], nsd_tolerance: float
) -> list[str]:
    """Compare the metrics of all pairs with the auditors', bit for bit; empty masks with the empty-mask rule.

    With numpy 2.3 and later ASSD may differ in its last digits.

    Parameters
    ----------
    name : str
        Image, for the messages.
    masks : sequence of ndarray of bool, shape (H, W)
        All masks of the image.
    pairs : sequence of mapping
        Metrics of all pairs, in the order of ``itertools.combinations(masks, 2)``.
    nsd_tolerance : float
        What they were computed with, as a fraction of the image diagonal.

    Returns
    -------
    list of str
        One text for each value that differs, naming image, masks, column and both values.
    """
    differences = []
    for (i, j), row in zip(combinations(range(len(masks)), 2), pairs, strict=True):
        expected = _pair_by_auditors(masks[i], masks[j], nsd_tolerance)
        differences += [
            f"{name}, masks {i + 1} and {j + 1}, {column}: {row[column]!r} here, {expected[column]!r} by the auditor"
            for column in expected
            if not _is_equal(row[column], expected[column], _ROUNDING if column in _ROUNDED_BY_NUMPY else 0.0)
        ]
    return differences


def _is_equal(value: float, expected: float, rounding: float) -> bool:
    return bool(np.isclose(value, expected, rtol=rounding, atol=0, equal_nan=True))


def require_no_differences(differences: Sequence[str]) -> None:
    """Raise a PipelineError that lists everything the auditors found different."""
    if differences:
        raise PipelineError(
            "The audit found values that differ from the reference implementations; no table was written.",
            expected="equality with SimpleITK, MedPy and SciPy",
            offenders=differences,
        )


def _images(masks: Sequence[np.ndarray]) -> list:
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    return [SimpleITK.GetImageFromArray(mask.astype(np.uint8)) for mask in masks]


def _staple_by_simpleitk(masks: Sequence[np.ndarray], max_iterations: int) -> np.ndarray:
    import SimpleITK

    staple = SimpleITK.STAPLEImageFilter()
    staple.SetForegroundValue(1)
    staple.SetMaximumIterations(max_iterations)
    return SimpleITK.GetArrayFromImage(staple.Execute(_images(masks))) > 0.5


def _vote_by_simpleitk(masks: Sequence[np.ndarray]) -> np.ndarray:
    import SimpleITK

    voting = SimpleITK.LabelVotingImageFilter()
    voting.SetLabelForUndecidedPixels(1)
    return SimpleITK.GetArrayFromImage(voting.Execute(_images(masks))) == 1


def _pair_by_auditors(a: np.ndarray, b: np.ndarray, nsd_tolerance: float) -> dict[str, float]:
    empty_masks = (not a.any()) + (not b.any())
    if empty_masks:
        return empty_mask_row(empty_masks)
    return {**_pair_by_medpy(a, b), **_pair_by_scipy(a, b, nsd_tolerance)}


def _pair_by_medpy(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    from medpy.metric import binary

    distances = {
        "hd_score": binary.hd(a, b),
        "hd95_score": binary.hd95(a, b),
        "assd_score": binary.assd(a, b),
    }
    diagonal = np.hypot(*a.shape)
    values = {
        "dice_score": binary.dc(a, b),
        "jaccard_score": binary.jc(a, b),
        **distances,
        **{f"{column}_normalized": value / diagonal for column, value in distances.items()},
    }
    return {column: float(value) for column, value in values.items()}


def _pair_by_scipy(a: np.ndarray, b: np.ndarray, nsd_tolerance: float) -> dict[str, float]:
    """Compute what MedPy does not have, by distance transforms of the whole image."""
    from scipy.ndimage import binary_erosion, distance_transform_edt

    borders = [mask & ~binary_erosion(mask) for mask in (a, b)]
    near = [distance_transform_edt(~border) <= nsd_tolerance * np.hypot(*a.shape) for border in borders]
    within = (near[1][borders[0]], near[0][borders[1]])
    precision, recall = (share.mean() for share in within)
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"nsd_score": float(np.concatenate(within).mean()), "bf1_score": float(f1)}
