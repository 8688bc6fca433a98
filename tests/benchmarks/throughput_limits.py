"""How long each mask stage may take, and the verdict on a measured run.

Times are shares of what reading the same masks once and decoding them with libpng takes, with as many workers; for
consensus, encoding its masks with Pillow comes on top. So they hold on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping

# By the outlines of the set: smooth ones at the sizes of the released images, or two frayed ones of 150,000 border
# pixels on each image of 30 megapixels.
LIMITS = {
    "smooth": {"mask_qa": 0.24, "create_consensus_masks": 0.80, "compute_IAA_metrics": 0.30},
    "ragged": {"mask_qa": 0.60, "create_consensus_masks": 0.90, "compute_IAA_metrics": 1.00},
}


def verdicts(ratios: Mapping[str, float], outlines: str) -> list[str]:
    """Say of each stage that has a limit whether it keeps it.

    Parameters
    ----------
    ratios : mapping of str to float
        Seconds of each stage, by its name, beside those with libpng; NaN where these could not be measured.
    outlines : str
        A key of `LIMITS`.

    Returns
    -------
    list of str
        A line a stage, in the order of `ratios`; stages without a limit have none.

    Raises
    ------
    KeyError
        When there are no limits for such outlines.

    Examples
    --------
    >>> verdicts({"mask_qa": 0.244, "move_dataset": 1.2, "compute_IAA_metrics": 0.3}, "smooth")
    ['mask_qa: 0.244 x libpng, ABOVE 0.24', 'compute_IAA_metrics: 0.300 x libpng, at most 0.30']
    """
    limits = LIMITS[outlines]
    return [_verdict(stage, ratio, limits[stage]) for stage, ratio in ratios.items() if stage in limits]


def _verdict(stage: str, ratio: float, limit: float) -> str:
    if ratio != ratio:
        return f"{stage}: NOT MEASURED, the set is too small; at most {limit:.2f} x libpng"
    return f"{stage}: {ratio:.3f} x libpng, {'at most' if ratio <= limit else 'ABOVE'} {limit:.2f}"
