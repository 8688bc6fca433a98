"""Agreement of two masks: overlap (Dice, Jaccard) and distance between borders (HD, HD95, ASSD).

All values equal those of MedPy 0.5.2 to the last bit wherever MedPy defines them; what holds for empty masks
is the table `EMPTY_MASK_RULE`.

References
----------
.. [1] Dice, L.R. "Measures of the Amount of Ecologic Association Between Species." Ecology 26(3), 297-302
   (1945). https://doi.org/10.2307/1932409
.. [2] Huttenlocher, D.P., Klanderman, G.A., Rucklidge, W.J. "Comparing images using the Hausdorff distance."
   IEEE TPAMI 15(9), 850-863 (1993). https://doi.org/10.1109/34.232073
.. [3] Taha, A.A., Hanbury, A. "Metrics for evaluating 3D medical image segmentation: analysis, selection, and
   tool." BMC Medical Imaging 15, 29 (2015). https://doi.org/10.1186/s12880-015-0068-x
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from .masks.surface_distances import SurfaceDistances, mask_border
from .masks.vote_patterns import areas, intersections, vote_patterns
from .naming import DISTANCE_COLUMNS, NORMALIZED_COLUMNS, OVERLAP_COLUMNS

# How many masks of the pair are empty -> what each group of columns holds. Normalised 1 is the worst there is
# (a whole image diagonal), which keeps a pair with an empty mask in averages where a distance cannot.
EMPTY_MASK_RULE = {
    #   overlap, distances, normalised
    1: (0.0, math.nan, 1.0),
    2: (1.0, 0.0, 0.0),
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
        Between 0 and 1; 1.0 when both masks are empty.
    """
    union = area1 + area2 - intersection
    if union == 0:
        return EMPTY_MASK_RULE[2][0]
    return float(intersection) / float(union)


def empty_mask_row(empty_masks: int) -> dict[str, float]:
    """Metrics of a pair of which one or both masks are empty.

    Parameters
    ----------
    empty_masks : {1, 2}
        How many of the two masks are empty.

    Returns
    -------
    dict of str to float
        Value of each of `naming.METRIC_COLUMNS`, as `EMPTY_MASK_RULE` says.
    """
    overlap, distance, normalized = EMPTY_MASK_RULE[empty_masks]
    return {
        **dict.fromkeys(OVERLAP_COLUMNS, overlap),
        **dict.fromkeys(DISTANCE_COLUMNS, distance),
        **dict.fromkeys(NORMALIZED_COLUMNS, normalized),
    }


def pairwise_agreement(masks: Sequence[np.ndarray]) -> list[dict[str, float]]:
    """Agreement of every pair of masks of one image.

    Parameters
    ----------
    masks : sequence of ndarray of bool, shape (H, W)
        Masks of one image; True is foreground. Any of them may be empty.

    Returns
    -------
    list of dict of str to float
        `naming.METRIC_COLUMNS` of each pair, in the order of ``itertools.combinations(masks, 2)``. Distances are in
        pixels; normalised ones are fractions of the image diagonal. Fewer than two masks have no pair.

    Raises
    ------
    PipelineError
        When the masks differ in shape.
    """
    if len(masks) < 2:
        return []
    patterns = vote_patterns(masks)
    area, common = areas(patterns).tolist(), intersections(patterns).tolist()
    distances = SurfaceDistances([mask_border(mask, box) for mask, box in zip(masks, patterns.boxes, strict=True)])
    diagonal = math.hypot(*patterns.shape)
    rows = []
    for i, j in combinations(range(len(masks)), 2):
        empty_masks = (area[i] == 0) + (area[j] == 0)
        if empty_masks:
            rows.append(empty_mask_row(empty_masks))
            continue
        counts = (common[i][j], area[i], area[j])
        overlap = {"dice_score": dice(*counts), "jaccard_score": jaccard(*counts)}
        rows.append(overlap | _distance_metrics(distances.pooled(i, j), diagonal))
    return rows


def _distance_metrics(pooled: np.ndarray, diagonal: float) -> dict[str, float]:
    """Distance columns of a pair of non-empty masks, in pixels and as fractions of the image diagonal."""
    values = (float(pooled.max()), float(np.percentile(pooled, 95)), float(pooled.mean()))
    distances = dict(zip(DISTANCE_COLUMNS, values, strict=True))
    return distances | {f"{column}_normalized": value / diagonal for column, value in distances.items()}
