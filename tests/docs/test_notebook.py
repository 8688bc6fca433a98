"""Every line of docs/notebook.md runs on the embedded demo, and says what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from PIL import Image
from support.run import ROOT, succeed

PAGE = (ROOT / "docs" / "notebook.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
STAGES = (
    *("create_dataset", "move_dataset", "mask_qa", "create_multiannotator_subset", "create_consensus_masks"),
    *("compute_IAA_metrics", "compute_image_level_metrics", "create_partitions"),
)


@pytest.fixture(scope="module")
def finished(demo_folder, tmp_path_factory):
    """Folder in which `output` is a finished run on the demo."""
    folder = tmp_path_factory.mktemp("notebook")
    for stage in STAGES:
        succeed(stage, folder / "output", raw=demo_folder)
    return folder


@pytest.fixture(scope="module")
def printed(finished) -> str:
    """What the page's code prints; the package is the checkout's, under the name that an installation gives it."""
    alias = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import utils; sys.modules['imaplusplus'] = utils\n"
    code = alias + "\n".join(BLOCKS).replace("imaplusplus.metrics", "utils.metrics")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=finished,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_has_its_parts_of_five_lines_each():
    assert len(BLOCKS) == 6
    for block in BLOCKS:
        lines = [line for line in block.splitlines() if line and "import" not in line]
        assert len(lines) <= 5, block


def test_the_code_prints_tables_splits_and_scores(printed):
    assert "30 images; ISIC_9000009 has masks by A00, A02, A03, A01, A04" in printed
    assert "clusters in two parts: 0" in printed
    sizes = re.search(r"^(\d+) (\d+) (\d+)$", printed, re.MULTILINE)
    assert sum(map(int, sizes.groups())) == 30
    values = [float(value) for value in re.findall(r"annotator: \[(0\.\d+)", printed)]
    assert len(values) == int(sizes[3]) and max(values) > 0.6


def test_the_picture_is_drawn(printed, finished):
    with Image.open(finished / "soft_label.png") as drawn, Image.open(ROOT / "docs" / "notebook.png") as shown:
        assert drawn.size == shown.size
