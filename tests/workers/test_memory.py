"""What a worker may take: 250 MB, 3 bytes a pixel of each mask, 40 bytes a pixel where distances are transformed."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from support.drawing import disc, noise, write_png
from support.run import start_code

from utils.masks import surface_distances
from utils.masks.surface_distances import SurfaceDistances, mask_border

# VmHWM and not ru_maxrss, which a child process takes over from its parent.
WORKER = """
import sys
from pathlib import Path
from utils.agreement import image_tasks, soft_labels
from utils.quality import mask_issues
job, paths = sys.argv[1], tuple(map(Path, sys.argv[2:]))
if job == "qa":
    for path in paths:
        mask_issues.judge_mask_file(path)
else:
    task = image_tasks.ImageTask("IMG", "IMG.JPG", paths, tuple(f"A{i:02}" for i in range(len(paths))))
    work = {"consensus": image_tasks.consensus_of_image, "agreement": image_tasks.agreement_of_image}
    work["soft labels"] = soft_labels.soft_labels_of_image
    work[job](task)
status = Path("/proc/self/status").read_text()
print(int(status.partition("VmHWM:")[2].split()[0]) * 1024)
"""


def peak_bytes(job: str, paths: list[Path]) -> int:
    """Peak memory of a fresh process that does one image's work."""
    return int(start_code(WORKER, job, *paths).communicate(timeout=300)[0])


def drawn_masks(kind: str, shape: tuple[int, int], number: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    masks = [disc(shape, (shape[0] / 2 + 9 * i, shape[1] / 2), 0.45 * shape[0] - 5 * i) for i in range(number)]
    density = {"frayed": 0.001, "noise": 0.4}[kind]
    return [mask ^ noise(rng, shape, density) for mask in masks]


@pytest.fixture(scope="module", params=["frayed", "noise"])
def drawn(request, full, tmp_path_factory) -> tuple[str, tuple[int, int], list[Path]]:
    """Kind and shape of three masks, and their files."""
    shape = (4439, 6668) if full else (2016, 3024)
    paths = [tmp_path_factory.mktemp(request.param) / f"{number}.png" for number in range(3)]
    for path, mask in zip(paths, drawn_masks(request.param, shape, len(paths)), strict=True):
        write_png(path, mask)
    return request.param, shape, paths


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
@pytest.mark.parametrize("job", ["qa", "consensus", "agreement", "soft labels"])
def test_a_worker_stays_within_its_memory(drawn, job):
    kind, shape, paths = drawn
    number, pixels = len(paths), shape[0] * shape[1]
    allowed = 250e6 + 3 * pixels * (1 if job == "qa" else number)
    allowed += 40 * pixels if (job, kind) == ("agreement", "noise") else 0
    assert peak_bytes(job, paths) <= allowed


def test_distance_transform_takes_at_most_40_bytes_a_pixel(monkeypatch):
    monkeypatch.setattr(surface_distances, "QUERY_COST_IN_PIXELS", 10**9)
    rng, shape = np.random.default_rng(0), (500, 600)
    distances = SurfaceDistances([mask_border(noise(rng, shape, 0.5)) for _ in range(2)])
    distances.pooled(0, 1)  # imports are not what is measured
    tracemalloc.start()
    try:
        distances.pooled(0, 1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 40 * shape[0] * shape[1]
