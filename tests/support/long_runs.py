"""A dataset on which the long stages take a moment, and stages run beside the tests."""

from __future__ import annotations

import hashlib
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from support.drawing import disc, write_png
from support.run import LONG_STAGES, finish, start_code, start_stage
from support.trees import tree

COLUMNS = "ISIC_id,img_filename,seg_filename,annotator,tool,skill_level,mskObjectID,mask_md5"


def make_dataset(output: Path, images: int, shape: tuple[int, int]) -> Path:
    """Draw a dataset of three masks an image as it is before mask_qa, with its subset; return its folder."""
    rng = np.random.default_rng(5)
    lines = [COLUMNS]
    for number in range(images):
        centre, radius = rng.uniform(0.4, 0.6, 2) * shape, 0.3 * min(shape)
        for annotator in range(3):
            name = f"IMG{number:03}_A0{annotator}_T1_S1_m{number}x{annotator}.png"
            write_png(
                output / "seg_masks" / name, disc(shape, centre + rng.uniform(-9, 9, 2), radius + rng.uniform(-9, 9))
            )
            md5 = hashlib.md5((output / "seg_masks" / name).read_bytes()).hexdigest()
            parts = (f"IMG{number:03}", f"IMG{number:03}.JPG", name, f"A0{annotator}", "T1", "S1")
            lines.append(",".join((*parts, f"m{number}x{annotator}", md5)))
    ids = [f"IMG{number:03}" for number in range(images)]
    texts = {
        "IMAplusplus_seg_metadata.csv": lines,
        "IMAplusplus_multiannotator_subset_seg_metadata.csv": lines,
        "IMAplusplus_img_metadata.csv": ["isic_id", *ids],
        "ISIC_ids.txt": ids,
    }
    (output / "metadata").mkdir()
    for name, text in texts.items():
        (output / "metadata" / name).write_text("\n".join(text) + "\n", encoding="utf-8")
    return output


def run_long_stages(output: Path, *arguments) -> dict[str, tuple[dict[str, bytes], float]]:
    """Run the long stages one after the other; return for each the files it left and how long it took."""
    found = {}
    for stage in LONG_STAGES:
        started = time.monotonic()
        finish(start_stage(stage, output, *arguments))
        found[stage] = (tree(output), time.monotonic() - started)
    return found


def descendants(process: subprocess.Popen) -> list[psutil.Process]:
    """Return the processes that a running process started, and those that they started."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def workers_of(process: subprocess.Popen) -> list[psutil.Process]:
    """Return the worker processes of a running stage: its own child starts them."""
    return [child for child in descendants(process) if child.ppid() != process.pid]


def wait_for(condition: Callable[[], object], seconds: float = 30) -> object:
    """Return what a condition returns once that is true; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
    return found


def all_end(processes: list[psutil.Process], seconds: float = 5) -> bool:
    """Tell whether processes end by themselves within some seconds."""
    return psutil.wait_procs(processes, timeout=seconds)[1] == []


def taken(text: str) -> int:
    """Return how many results a stage says it took from the cache."""
    return int(re.search(r"(\d+) of \d+ taken from the cache", text)[1])


SLEEPER = """
import sys
from pathlib import Path
from utils.running.interrupts import Interrupted, orderly_interrupts
from utils.workers.parallel import map_items
from utils.workers.workplace import Workplace
from support.worker_functions import sleep_long
try:
    with orderly_interrupts():
        workplace = Workplace(sys.argv[1], 2, sys.argv[2])
        for _ in map_items(sleep_long, [Path(sys.argv[3])] * 20, workplace, label="test"):
            pass
except Interrupted as interrupted:
    print("interrupted")
    sys.exit(interrupted.exit_code)
"""


def start_sleeper(executor: str, marker, scheduler: str = "") -> subprocess.Popen:
    """Start calls that take minutes, and make a marker file once they have begun."""
    return start_code(SLEEPER, executor, scheduler, marker)
