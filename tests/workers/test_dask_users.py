"""Several users, or runs, on one Dask cluster: each computes with its own code, and none is in another's way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from support import worker_functions as work
from support.checkout import copy_project
from support.dask_processes import Cluster
from support.long_runs import make_dataset, taken, wait_for
from support.run import FOLDERS, LONG_STAGES, finish, run_stage, start_stage
from support.trees import tree

from utils.workers.parallel import map_items
from utils.workers.workplace import Workplace

METRICS = LONG_STAGES[2]


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "cluster").mkdir()
    cluster = Cluster(tmp_path / "cluster")
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("users"), 12, (600, 900))


def on(cluster: Cluster) -> list[str]:
    return ["executor=dask", f"dask_scheduler={cluster.address}"]


def start_in(project, output, *arguments) -> subprocess.Popen:
    """Start the metrics of a checkout of the project, as its user would."""
    return subprocess.Popen(
        [sys.executable, project / FOLDERS[METRICS] / f"{METRICS}.py", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "IMAPP_OUTPUT_DIR": str(output)},
    )


def two_checkouts(folder):
    """Return two copies of the project; the second one halves the Dice coefficients."""
    first, second = copy_project(folder / "first"), copy_project(folder / "second")
    file = second / "utils" / "metrics.py"
    code = file.read_text(encoding="utf-8")
    assert code.count("2.0 * intersection") == 1
    file.write_text(code.replace("2.0 * intersection", "1.0 * intersection"), encoding="utf-8")
    return first, second


def log_of(output) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in (output / "logs").glob("*.log"))


def test_two_checkouts_with_other_code_compute_at_once_with_their_own(cluster, dataset, tmp_path):
    projects = two_checkouts(tmp_path)
    alone, together = [], []
    for project in projects:
        output = shutil.copytree(dataset, tmp_path / f"{project.name} alone")
        finish(start_in(project, output, "num_workers=2"))
        alone.append(tree(output))
    assert alone[0] != alone[1]
    outputs = [shutil.copytree(dataset, tmp_path / f"{project.name} on the cluster") for project in projects]
    runs = [start_in(project, output, *on(cluster)) for project, output in zip(projects, outputs, strict=True)]
    # Both have sent calls before the first worker comes, so that these take turns.
    wait_for(lambda: all("has no workers" in log_of(output) for output in outputs))
    for _ in range(2):
        cluster.start_worker(tmp_path)
    for run, output in zip(runs, outputs, strict=True):
        finish(run)
        together.append(tree(output))
    assert together == alone


def test_a_run_that_was_killed_leaves_the_cluster_and_the_output_to_the_next(cluster, dataset, tmp_path):
    cluster.start_worker(tmp_path)
    output, undisturbed = (shutil.copytree(dataset, tmp_path / name) for name in ("output", "undisturbed"))
    for stage in LONG_STAGES[:2]:
        finish(start_stage(stage, undisturbed, "num_workers=2"))
    finish(start_stage(LONG_STAGES[0], output, *on(cluster)))
    killed = start_stage(LONG_STAGES[1], output, *on(cluster))
    wait_for(lambda: list((output / "seg_masks").glob("*_ST_*")))
    for worker in cluster.workers():
        worker.suspend()  # so that the run is in its middle for as long as it takes to look
    refused = run_stage(LONG_STAGES[1], output, *on(cluster))
    assert (refused.returncode, "Another run is working" in refused.stderr) == (1, True), refused.stderr
    killed.kill()
    killed.communicate()
    for worker in cluster.workers():
        worker.resume()
    assert 0 < taken(finish(start_stage(LONG_STAGES[1], output, *on(cluster)))) < 12
    assert tree(output) == tree(undisturbed)


def test_a_run_that_ends_leaves_the_one_beside_it_its_code(cluster, tmp_path):
    cluster.start_worker(tmp_path)
    workplace = Workplace("dask", dask_scheduler=cluster.address)
    longer = map_items(work.square, list(range(40)), workplace, label="longer")
    assert next(longer) == 0
    assert list(map_items(work.square, [5], workplace, label="shorter")) == [25]
    assert list(longer) == [number**2 for number in range(1, 40)]
