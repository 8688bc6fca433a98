"""Distance between the masks that a model samples and those that annotators draw, as two distributions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..metrics import jaccard


def ged_squared(intersections: np.ndarray, samples: Sequence[int], masks: Sequence[int]) -> float:
    """Squared generalised energy distance of samples and annotators' masks, with d = 1 - IoU.

    Parameters
    ----------
    intersections : ndarray of int64, shape (n, n)
        Pixels that two masks share, areas on the diagonal, as `vote_patterns.intersections` counts them.
    samples, masks : sequence of int
        The places of both kinds among the n, each at least one.

    Returns
    -------
    float
        ``2 E d(S, Y) - E d(S, S') - E d(Y, Y')``, equal indices included; d of two empty masks is 0. From 0 (the same
        distribution) to 2.

    References
    ----------
    Kohl, S.A.A. et al. "A Probabilistic U-Net for Segmentation of Ambiguous Images." NeurIPS (2018).
    https://doi.org/10.48550/arXiv.1806.05034
    """
    areas = intersections.diagonal()

    def distance(first: Sequence[int], second: Sequence[int]) -> float:
        return float(np.mean([1 - jaccard(intersections[i, j], areas[i], areas[j]) for i in first for j in second]))

    return 2 * distance(samples, masks) - distance(samples, samples) - distance(masks, masks)
