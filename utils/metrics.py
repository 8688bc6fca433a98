"""Agreement of two masks: overlap (Dice, Jaccard), borders (HD, HD95, ASSD) and borders at a tolerance (NSD, BF1).

All values equal those of MedPy 0.5.2 to the last bit wherever MedPy defines them, with a numpy before 2.3 for ASSD of
long borders. The table `EMPTY_MASK_RULE` says what holds for empty masks.

References
----------
.. [1] Dice, L.R. "Measures of the Amount of Ecologic Association Between Species." Ecology 26(3), 297-302
   (1945). https://doi.org/10.2307/1932409
.. [2] Huttenlocher, D.P., Klanderman, G.A., Rucklidge, W.J. "Comparing images using the Hausdorff distance."
   IEEE TPAMI 15(9), 850-863 (1993). https://doi.org/10.1109/34.232073
.. [3] Taha, A.A., Hanbury, A. "Metrics for evaluating 3D medical image segmentation: analysis, selection, and
   tool." BMC Medical Imaging 15, 29 (2015). https://doi.org/10.1186/s12880-015-0068-x
.. [4] Nikolov, S. et al. "Clinically Applicable Segmentation of Head and Neck Anatomy for Radiotherapy: Deep
   Learning Algorithm Development and Validation Study." J Med Internet Res 23(7), e26151 (2021).
   https://doi.org/10.2196/26151
.. [5] Maier-Hein, L. et al. "Metrics reloaded: recommendations for image analysis validation." Nature Methods 21,
   195-212 (2024). https://doi.org/10.1038/s41592-023-02151-z
.. [6] Csurka, G., Larlus, D., Perronnin, F. "What is a good evaluation measure for semantic segmentation?" BMVC
   (2013). https://doi.org/10.5244/C.27.32
.. [7] Jaccard, P. "The distribution of the flora in the alpine zone." New Phytologist 11(2), 37-50 (1912).
   https://doi.org/10.1111/j.1469-8137.1912.tb05611.x
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import combinations

import numpy as np

from .masks.surface_distances import SurfaceDistances, mask_border
from .masks.vote_patterns import VotePatterns, areas, intersections, vote_patterns
from .naming import BOUNDARY_COLUMNS, DISTANCE_COLUMNS, NORMALIZED_COLUMNS, OVERLAP_COLUMNS

# Default of nsd_tolerance, as a share of the image diagonal: one annotator twice differs by half of it (ASSD, median).
NSD_TOLERANCE = 0.01

# Of the values whose mean is taken; this order of additions gives the same last digit with every version of numpy.
_SUMMED_AT_ONCE = 8192

# How many masks of the pair are empty -> what each group of columns holds. Normalised 1 is the worst there is
# (a whole image diagonal), which keeps a pair with an empty mask in averages where a distance cannot.
EMPTY_MASK_RULE = {
    #   overlap, distances, normalised, borders at a tolerance
    1: (0.0, math.nan, 1.0, 0.0),
    2: (1.0, 0.0, 0.0, 1.0),
}


def dice(intersection: int, area1: int, area2: int) -> float:
    """Dice coefficient 2|A∩B| / (|A| + |B|) from pixel counts.

    Parameters
    ----------
    intersection, area1, area2 : int
        Foreground pixels common to both masks, of the first mask and of the second.

    Returns
    -------
    float
        Between 0 and 1; 1.0 when both masks are empty.

    Notes
    -----
    Dice (1945) [1]_.
    """
    if area1 + area2 == 0:
        return EMPTY_MASK_RULE[2][0]
    return 2.0 * intersection / float(area1 + area2)


def jaccard(intersection: int, area1: int, area2: int) -> float:
    """Jaccard coefficient |A∩B| / |A∪B| from pixel counts.

    Parameters
    ----------
    intersection, area1, area2 : int
        Foreground pixels common to both masks, of the first mask and of the second.

    Returns
    -------
    float
        Between 0 and 1; 1.0 when both masks are empty. It is d / (2 - d) of the Dice coefficient d.

    Notes
    -----
    Jaccard (1912) [7]_.
    """
    union = area1 + area2 - intersection
    if union == 0:
        return EMPTY_MASK_RULE[2][0]
    return float(intersection) / float(union)


def normalised_surface_distance(near1: int, near2: int, border1: int, border2: int) -> float:
    """Share of the border pixels of both masks that lie within a tolerance of the other border (NSD).

    Parameters
    ----------
    near1, near2 : int
        Border pixels of the first mask and of the second that are at most the tolerance away from the other border.
    border1, border2 : int
        Border pixels of the first mask and of the second; not both are 0.

    Returns
    -------
    float
        ``(near1 + near2) / (border1 + border2)``, between 0 and 1.

    Notes
    -----
    Nikolov et al. (2021) [4]_, recommended by Metrics Reloaded [5]_. Border pixels are counted, as MONAI's
    ``compute_surface_dice`` does; DeepMind's surface-distance weights them by the length of the outline that they
    stand for, which gives other values (.6440 for .6306 on average over 91 pairs of outlines of skin lesions).
    """
    return (near1 + near2) / (border1 + border2)


def boundary_f1(near1: int, near2: int, border1: int, border2: int) -> float:
    """Boundary F1 score: harmonic mean of the shares of each border that lie within a tolerance of the other.

    Parameters
    ----------
    near1, near2 : int
        Border pixels of the first mask and of the second that are at most the tolerance away from the other border.
    border1, border2 : int
        Border pixels of the first mask and of the second, above 0.

    Returns
    -------
    float
        ``2pr / (p + r)`` of p = near1 / border1 and r = near2 / border2, between 0 and 1; 0 when both are 0.

    Notes
    -----
    Csurka et al. (2013) [6]_. It does not depend on which mask is the first.
    """
    p, r = near1 / border1, near2 / border2
    return 2 * p * r / (p + r) if p + r else 0.0


def empty_mask_row(empty_masks: int) -> dict[str, float]:
    """Metrics of a pair of which one or both masks are empty.

    Parameters
    ----------
    empty_masks : {1, 2}
        How many of the two masks are empty.

    Returns
    -------
    dict of str to float
        Value of each of `naming.METRIC_COLUMNS` and `naming.BOUNDARY_COLUMNS`, as `EMPTY_MASK_RULE` says.
    """
    overlap, distance, normalized, boundary = EMPTY_MASK_RULE[empty_masks]
    return {
        **dict.fromkeys(OVERLAP_COLUMNS, overlap),
        **dict.fromkeys(DISTANCE_COLUMNS, distance),
        **dict.fromkeys(NORMALIZED_COLUMNS, normalized),
        **dict.fromkeys(BOUNDARY_COLUMNS, boundary),
    }


def pairwise_agreement(
    masks: Sequence[np.ndarray],
    nsd_tolerance: float = NSD_TOLERANCE,
    patterns: VotePatterns | None = None,
    pairs: Collection[tuple[int, int]] | None = None,
) -> list[dict[str, float]]:
    """Agreement of every pair of masks of one image, or of some.

    Parameters
    ----------
    masks : sequence of ndarray of bool, shape (H, W)
        Masks of one image; True is foreground. Any of them may be empty.
    nsd_tolerance : float
        Distance up to which borders agree, as a fraction of the image diagonal.
    patterns : VotePatterns, optional
        Those of the masks, when they are known.
    pairs : collection of (int, int), optional
        The pairs that are asked for, by the places of the masks.

    Returns
    -------
    list of dict of str to float
        `naming.METRIC_COLUMNS` and `naming.BOUNDARY_COLUMNS` of each pair, in the order of `pairs`, by default that of
        ``itertools.combinations(masks, 2)``. Distances are in pixels; normalised ones are fractions of the image
        diagonal. Fewer than two masks have no pair.

    Raises
    ------
    PipelineError
        When the masks differ in shape.
    """
    pairs = list(combinations(range(len(masks)), 2)) if pairs is None else pairs
    if not pairs:
        return []
    patterns = patterns or vote_patterns(masks)
    area, common = areas(patterns).tolist(), intersections(patterns).tolist()
    borders = [mask_border(mask, box) for mask, box in zip(masks, patterns.boxes, strict=True)]
    distances = SurfaceDistances(borders, pairs)
    diagonal = math.hypot(*patterns.shape)
    rows = []
    for i, j in pairs:
        empty_masks = (area[i] == 0) + (area[j] == 0)
        if empty_masks:
            rows.append(empty_mask_row(empty_masks))
            continue
        counts = (common[i][j], area[i], area[j])
        overlap = {"dice_score": dice(*counts), "jaccard_score": jaccard(*counts)}
        # Nothing here keeps the distances: where borders are long, those of two pairs take much memory.
        rows.append(overlap | _border_metrics(distances.pooled(i, j), borders[i].index.size, diagonal, nsd_tolerance))
    return rows


def _border_metrics(pooled: np.ndarray, border: int, diagonal: float, nsd_tolerance: float) -> dict[str, float]:
    """Columns of a pair from the distances of its border pixels, of which `border` are the first mask's."""
    return _distance_metrics(pooled, diagonal) | _boundary_metrics(pooled, border, nsd_tolerance * diagonal)


def _distance_metrics(pooled: np.ndarray, diagonal: float) -> dict[str, float]:
    """Distance columns of a pair of non-empty masks, in pixels and as fractions of the image diagonal.

    Of the pooled distances, each from a border pixel of one mask to the nearest of the other, HD [2]_ is the largest,
    HD95 the 95th percentile and ASSD the mean [3]_; 0 for equal borders, and as large as the image's diagonal at most.
    """
    values = (float(pooled.max()), _percentile_95(pooled), _mean(pooled))
    distances = dict(zip(DISTANCE_COLUMNS, values, strict=True))
    return distances | {f"{column}_normalized": value / diagonal for column, value in distances.items()}


def _mean(values: np.ndarray) -> float:
    """Return ``values.mean()`` to the last bit as numpy before 2.3 has it, which adds up 8,192 values at a time."""
    total = 0.0
    for first in range(0, values.size, _SUMMED_AT_ONCE):
        total += float(values[first : first + _SUMMED_AT_ONCE].sum())
    return total / values.size


def _percentile_95(values: np.ndarray) -> float:
    """Return ``numpy.percentile(values, 95)`` to the last bit, without the checks that take most of its time."""
    place = (values.size - 1) * 0.95
    below = math.floor(place)
    above = min(below + 1, values.size - 1)
    ordered = np.partition(values, (below, above))
    low, high, share = float(ordered[below]), float(ordered[above]), place - below
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)


def _boundary_metrics(pooled: np.ndarray, border: int, tolerance: float) -> dict[str, float]:
    """Columns of a pair of non-empty masks at a tolerance in pixels; `border` is the size of the first one's."""
    near = pooled <= tolerance
    of_first, of_both = int(np.count_nonzero(near[:border])), int(np.count_nonzero(near))  # no int with numpy 2.5
    counts = (of_first, of_both - of_first, border, pooled.size - border)
    return dict(zip(BOUNDARY_COLUMNS, (normalised_surface_distance(*counts), boundary_f1(*counts)), strict=True))
