"""The embedded demo, written once for all tests that look at it, and what its files and masks are compared by."""

from __future__ import annotations

import numpy as np
import pytest

from utils.demo.demo_folder import write_demo

SEED = 2026


def dice(a, b):
    """Return how alike two masks are, of which one is not empty."""
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """Folder of the whole demo, and the counts that were returned for it; read only."""
    folder = tmp_path_factory.mktemp("demo")
    counts = write_demo(folder, SEED)
    return folder, counts
