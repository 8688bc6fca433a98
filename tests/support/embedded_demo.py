"""The embedded demo, written once for all tests that look at it, and what its masks are compared by."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from support.once import made_once
from utils.demo.demo_folder import write_demo

SEED = 2025  # that of the config


def dice(a, b):
    """Return how alike two masks are, of which one is not empty."""
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def _write(folder: Path) -> None:
    counts = write_demo(folder / "demo", SEED)
    (folder / "counts.json").write_text(json.dumps(counts), encoding="utf-8")


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory) -> Path:
    """Folder of the whole demo; read only."""
    return made_once(tmp_path_factory, "embedded_demo", _write) / "demo"


@pytest.fixture(scope="session")
def demo(demo_folder) -> tuple[Path, dict[str, int]]:
    """Folder of the whole demo, and the counts that were returned for it; read only."""
    return demo_folder, json.loads((demo_folder.parent / "counts.json").read_text("utf-8"))
