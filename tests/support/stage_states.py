"""What each stage of a run finds and leaves, to compare stages with that are disturbed."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.run import STAGES, run_stage
from support.small_set import make_small_raw_set
from support.trees import tree
from utils.files import TEMPORARY_PREFIX

WORKERS = "num_workers=2"


@dataclass
class States:
    """The raw set, its files, and the output; by stage the output before it, its files after it, and its seconds."""

    raw: Path
    inputs: dict[str, bytes]
    output: Path
    before: dict[str, Path]
    after: dict[str, dict[str, bytes]]
    seconds: dict[str, float]


@pytest.fixture(scope="session")
def states(tmp_path_factory) -> States:
    """States of a run on the small raw set, by processes with two workers; read only."""
    base = tmp_path_factory.mktemp("states")
    raw, output = make_small_raw_set(base / "raw"), base / "output"
    states = States(raw, tree(raw), output, {}, {}, {})
    output.mkdir()
    for stage in STAGES:
        states.before[stage] = shutil.copytree(output, base / "before" / stage)
        started = time.monotonic()
        done = run_stage(stage, output, WORKERS, raw=raw)
        states.seconds[stage] = time.monotonic() - started
        assert done.returncode == 0, done.stderr
        states.after[stage] = tree(output)
    return states


def check_tables_are_old_or_new(output: Path, states: States, stage: str, killed: bool = False) -> None:
    """Assert that a disturbed stage left every table as it was or as it is to be.

    Only a stage that was killed may leave the half of a table, under the name that a file has while it is written.
    """
    old = tree(states.before[stage])
    for name, data in tree(output).items():
        if killed and Path(name).name.startswith(TEMPORARY_PREFIX):
            continue
        if name.endswith((".csv", ".txt")):
            assert data in (old.get(name), states.after[stage].get(name)), name
