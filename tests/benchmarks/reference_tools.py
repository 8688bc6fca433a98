"""The work of each stage on one image by MedPy, SimpleITK and scikit-image, for comparison with ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from bench_kernels import medpy_agreement, simpleitk_consensus

from utils.agreement import image_tasks
from utils.quality.mask_issues import judge_mask_file


def reference_qa(paths: Sequence[Path]) -> list[list[int]]:
    """Region areas of each mask by scikit-image, largest first."""
    from skimage.io import imread
    from skimage.measure import label, regionprops

    found = []
    for path in paths:
        regions = regionprops(label(imread(path) > 0, connectivity=2))
        found.append(sorted((int(region.area) for region in regions), reverse=True))
    return found


def reference_consensus(paths: Sequence[Path]) -> list[np.ndarray]:
    """STAPLE and majority vote by SimpleITK, encoded by imageio, which scikit-image writes with."""
    import imageio.v3 as imageio
    from skimage.io import imread

    masks = simpleitk_consensus([imread(path) > 0 for path in paths])
    for mask in masks:
        imageio.imwrite("<bytes>", mask.astype(np.uint8) * 255, extension=".png")
    return list(masks)


def reference_agreement(paths: Sequence[Path]) -> list[dict[str, float]]:
    """Metrics of all pairs of non-empty masks by MedPy."""
    from skimage.io import imread

    return [medpy_agreement(a, b) for a, b in combinations([imread(path) > 0 for path in paths], 2)]


def our_qa(paths: Sequence[Path]) -> list:
    """Issues of each mask."""
    return [judge_mask_file(path) for path in paths]


def _task(paths: Sequence[Path]) -> image_tasks.ImageTask:
    return image_tasks.ImageTask("IMG", "IMG.JPG", tuple(paths), tuple(f"A{i:02}" for i in range(len(paths))))


def our_consensus(paths: Sequence[Path]) -> Any:
    """Consensus masks of one image, encoded."""
    return image_tasks.consensus_of_image(_task(paths))


def our_agreement(paths: Sequence[Path]) -> list[dict[str, float]]:
    """Metrics of all pairs."""
    return image_tasks.agreement_of_image(_task(paths)).pairs


# stage -> (library, ours, theirs)
COMPARED: dict[str, tuple[str, Callable, Callable]] = {
    "mask_qa": ("scikit-image", our_qa, reference_qa),
    "create_consensus_masks": ("SimpleITK", our_consensus, reference_consensus),
    "compute_IAA_metrics": ("MedPy", our_agreement, reference_agreement),
}


def times_faster(stage: str, samples: Sequence[Sequence[Path]]) -> float:
    """CPU seconds of the library by ours, over some images; each side runs each image once, imports aside."""
    _, ours, theirs = COMPARED[stage]
    seconds = []
    for function in (ours, theirs):
        function(samples[0])
        started = time.process_time()
        for paths in samples:
            function(paths)
        seconds.append(time.process_time() - started)
    return seconds[1] / seconds[0]
