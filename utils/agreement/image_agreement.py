"""Agreement on one image as a whole: between the people who outlined it, and among all of their masks.

References
----------
.. [1] Kouwenhoven, E., Giezen, M., Struikmans, H. "Measuring the similarity of target volume delineations independent
   of the number of observers." Phys Med Biol 54(9), 2863-2873 (2009). https://doi.org/10.1088/0031-9155/54/9/018
.. [2] Zijdenbos, A.P., Dawant, B.M., Margolin, R.A., Palmer, A.C. "Morphometric analysis of white matter lesions in MR
   images: method and validation." IEEE TMI 13(4), 716-724 (1994). https://doi.org/10.1109/42.363096
.. [3] Kohl, S.A.A. et al. "A Probabilistic U-Net for Segmentation of Ambiguous Images." NeurIPS (2018).
   https://doi.org/10.48550/arXiv.1806.05034
.. [4] Fleiss, J.L. "Measuring nominal scale agreement among many raters." Psychological Bulletin 76(5), 378-382
   (1971). https://doi.org/10.1037/h0031619
.. [5] Shannon, C.E. "A Mathematical Theory of Communication." Bell System Technical Journal 27(3), 379-423 (1948).
   https://doi.org/10.1002/j.1538-7305.1948.tb01338.x
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ..naming import CONSENSUS
from .human_votes import HumanVotes


def image_agreement(human: HumanVotes, annotators: Sequence[str], jaccards: Sequence[float]) -> dict[str, float]:
    """Compute what `naming.IMAGE_AGREEMENT_COLUMNS` says of an image beside its names and cluster.

    Parameters
    ----------
    human : HumanVotes
        The image's human votes.
    annotators : sequence of str
        Who drew each mask of the image; one of `naming.CONSENSUS` for a consensus mask.
    jaccards : sequence of float
        Jaccard coefficient of every pair of these masks, in the order of ``itertools.combinations``.

    Returns
    -------
    dict of str to float
        `num_masks` and `num_annotators`, of people; `agreement_of_persons`; `disagreement_of_votes`;
        `disagreement_of_masks`; and the `area_mean` of the human masks in pixels with its coefficient of variation
        `area_cv`, sample standard deviation / mean, from 0 up. NaN is what is undefined: all of them without a human
        mask, the deviation of one mask, and `area_cv` of empty masks.
    """
    return {
        "num_masks": len(human.votes),
        "num_annotators": len(human.persons),
        **agreement_of_persons(human),
        **disagreement_of_votes(human),
        **disagreement_of_masks(annotators, jaccards),
        **_areas(human.areas),
    }


def agreement_of_persons(human: HumanVotes) -> dict[str, float]:
    """Pooled agreement of all pairs of persons, each person counted once.

    A pair of masks A, B by persons a, b has the weight w = 1 / (m_a m_b), m the number of masks that each drew of
    the image; pairs of masks by one person weigh nothing.

    Parameters
    ----------
    human : HumanVotes
        The image's human votes.

    Returns
    -------
    dict of str to float
        ``foreground_share``
            p, the mean over persons of the share of the image that they mark, 0 to 1; NaN without a person.
        ``dice_pooled``
            D = 2 sum w |A and B| / sum w (|A| + |B|), 0 to 1; of two masks it is their Dice coefficient.
        ``generalised_conformity_index``
            GCI = sum w |A and B| / sum w |A or B|, 0 to 1 [1]_. Identical masks have 1.
        ``kappa``
            (D - p) / (1 - p), at most D: Fleiss' kappa [4]_ over the pixels of the whole image, in closed form. 0 is
            the agreement of marks set at random, below 0 is less; it rises towards D as background grows [2]_.

        With one person D, GCI and kappa are NaN; with masks that are all empty D and GCI are 1 and kappa is NaN;
        with masks that are all full kappa is NaN.

    Notes
    -----
    With s_a the share of a's masks that mark a pixel and t the sum of s over K persons, the sum over pairs of persons
    of s_a s_b is (t^2 - sum s_a^2) / 2; summed over pixels it is sum w |A and B|. Sum w (|A| + |B|) is K - 1 times
    the sum of t over pixels.
    """
    columns = ("foreground_share", "dice_pooled", "generalised_conformity_index", "kappa")
    found = dict.fromkeys(columns, math.nan)
    persons, pixels = len(human.persons), int(human.counts.sum())
    if persons == 0:
        return found
    marks, squares = np.zeros(human.counts.size), np.zeros(human.counts.size)
    for masks in human.persons:
        share = human.votes[masks].sum(axis=0) / len(masks)
        marks += share
        squares += share**2
    # Multiplied and summed, not a dot product: BLAS adds in an order that depends on the processor.
    marked = float((human.counts * marks).sum())
    found["foreground_share"] = foreground = marked / (persons * pixels)
    if persons > 1 and marked == 0:
        found |= {"dice_pooled": 1.0, "generalised_conformity_index": 1.0}
    elif persons > 1:
        common = float((human.counts * (marks**2 - squares)).sum()) / 2
        both = (persons - 1) * marked
        found |= {"dice_pooled": 2 * common / both, "generalised_conformity_index": common / (both - common)}
        if (human.areas < pixels).any():
            found["kappa"] = (found["dice_pooled"] - foreground) / (1 - foreground)
    return found


def disagreement_of_votes(human: HumanVotes) -> dict[str, float]:
    """How far all human masks of the image disagree where at least one of them has foreground.

    It is disagreement, and no calibrated probability: two masks give a pixel one of three vote shares.

    Parameters
    ----------
    human : HumanVotes
        The image's human votes; every mask has one vote, whoever drew it.

    Returns
    -------
    dict of str to float
        ``disputed_share``
            Pixels with 0 < votes < n / pixels with a vote, 0 to 1; of two masks it is 1 - Jaccard.
        ``mean_vote_entropy``
            Entropy -q log2 q - (1 - q) log2(1 - q) of the vote share q = votes / n, in bits [5]_, mean over the
            pixels with a vote; 0 to 1.

        Both are 0 when all masks are empty, since these agree, and NaN without a mask.
    """
    masks = len(human.votes)
    if masks == 0:
        return {"disputed_share": math.nan, "mean_vote_entropy": math.nan}
    pixels = np.bincount(human.totals, weights=human.counts, minlength=masks + 1).tolist()
    marked = sum(pixels[1:])
    if marked == 0:
        return {"disputed_share": 0.0, "mean_vote_entropy": 0.0}
    # The built-in sum rounds in another way from Python 3.12 on.
    bits = math.fsum(pixels[votes] * _entropy(votes / masks) for votes in range(1, masks))
    return {"disputed_share": sum(pixels[1:masks]) / marked, "mean_vote_entropy": bits / marked}


def _entropy(share: float) -> float:
    """Bits of a choice between two, of which one has a share between 0 and 1, both excluded."""
    return -share * math.log2(share) - (1 - share) * math.log2(1 - share)


def disagreement_of_masks(annotators: Sequence[str], jaccards: Sequence[float]) -> dict[str, float]:
    """Distances d = 1 - Jaccard between the human masks m_i of an image, and from them to the consensus masks.

    Parameters
    ----------
    annotators : sequence of str
        Who drew each mask of the image; one of `naming.CONSENSUS` for a consensus mask.
    jaccards : sequence of float
        Jaccard coefficient of every pair of these masks, in the order of ``itertools.combinations``.

    Returns
    -------
    dict of str to float
        ``diversity``
            Mean of d over the pairs of human masks, 0 to 1; NaN with fewer than two of them.
        ``ged2_ST``, ``ged2_MV``
            Squared generalised energy distance [3]_ of the human masks to that consensus mask X,
            2 mean d(X, m_i) - mean over ordered pairs d(m_i, m_j), i = j included; 0 to 2. NaN where the image has no
            such consensus mask, or no human one.
    """
    between_humans, to_consensus = 0.0, dict.fromkeys(CONSENSUS, 0.0)
    for pair, jaccard in zip(combinations(annotators, 2), jaccards, strict=True):
        labels = [name for name in pair if name in CONSENSUS]
        if not labels:
            between_humans += 1 - jaccard
        elif len(labels) == 1:
            to_consensus[labels[0]] += 1 - jaccard
    n = sum(name not in CONSENSUS for name in annotators)
    found = {"diversity": 2 * between_humans / (n * (n - 1)) if n > 1 else math.nan}
    for label, total in to_consensus.items():
        is_known = n > 0 and label in annotators
        found[f"ged2_{label}"] = 2 * total / n - 2 * between_humans / n**2 if is_known else math.nan
    return found


def _areas(areas: np.ndarray) -> dict[str, float]:
    mean = float(areas.mean()) if areas.size else math.nan
    deviation = float(areas.std(ddof=1)) if areas.size > 1 else math.nan
    return {"area_mean": mean, "area_cv": deviation / mean if mean else math.nan}
