"""Stages on a real SLURM, with the cluster that docs/scale.md shows: the same files, also when a job is cancelled."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys

import pytest
from support.long_runs import make_dataset, run_long_stages, wait_for
from support.run import LONG_STAGES, ROOT, finish, run_program, start_stage
from support.slurm_daemons import CORES, Slurm, require_slurm
from support.trees import tree


@pytest.fixture
def slurm(full, tmp_path_factory):
    if not full:
        pytest.skip("a SLURM is started with --full only")
    require_slurm()
    slurm = Slurm(tmp_path_factory.mktemp("slurm"))
    try:
        slurm.start()
        yield slurm
    finally:
        slurm.stop()


def recipe() -> str:
    """Return the lines that docs/scale.md shows for SLURM, with a port that is free here."""
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    section = page.partition("### SLURM\n")[2].partition("\n### ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert code.count('"port": 8786') == 1
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return code.replace("8786", str(free.getsockname()[1]))


@pytest.fixture
def jobs(slurm, tmp_path):
    """Give the running Python in which a user has made the cluster."""
    (tmp_path / "recipe.py").write_text(recipe(), encoding="utf-8")
    # Loopback is the one network that this node is sure to have.
    environment = {**os.environ, **slurm.environment, "DASK_JOBQUEUE__SLURM__INTERFACE": "lo"}
    with open(tmp_path / "errors", "w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-i", tmp_path / "recipe.py"],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield process
    finally:
        process.communicate("exit()\n", timeout=60)


def registered(folder) -> int:
    """Return how many workers tell in the output of their jobs that they found the scheduler."""
    return sum("Registered to" in path.read_text(encoding="utf-8") for path in folder.glob("slurm-*.out"))


def test_stages_on_slurm_write_the_same_bytes_and_a_cancelled_job_costs_its_tasks_only(slurm, jobs, tmp_path):
    output = make_dataset(tmp_path / "output", 30, (900, 1200))
    in_processes = run_long_stages(shutil.copytree(output, tmp_path / "in processes"), "num_workers=2")
    address = jobs.stdout.readline().strip()
    assert address.startswith("tcp://127.0.0.1:"), (tmp_path / "errors").read_text(encoding="utf-8")
    on_slurm = ["executor=dask", f"dask_scheduler={address}"]
    wait_for(lambda: registered(tmp_path) == CORES, 90)
    before = slurm.running_jobs()
    assert len(before) == CORES

    for stage in LONG_STAGES:
        process = start_stage(stage, output, *on_slurm)
        if stage == LONG_STAGES[1]:
            wait_for(lambda: list((output / "seg_masks").glob("*_ST_*")))
            slurm.run("scancel", before[0])
            wait_for(lambda: before[0] not in slurm.running_jobs())
            assert process.poll() is None, "the stage was done before its job was cancelled"
        finish(process)
        assert tree(output) == in_processes[stage][0]
    # One that waited has taken the place of the job that was cancelled, and the other worked on.
    wait_for(lambda: registered(tmp_path) == CORES + 1, 90)
    assert before[1] in slurm.running_jobs()


def test_the_installer_says_why_it_skips(tmp_path):
    done = run_program("/bin/bash", ROOT / "tests" / "install_slurm.sh", env={"PATH": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("skipped: there is no ")
    assert done.stdout.endswith("and no apt-get to install it with; the tests on SLURM will be skipped\n")
