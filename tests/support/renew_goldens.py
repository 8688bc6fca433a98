"""Write the golden tables anew, from a run of the chain on the small set; `git diff` then shows what has changed.

Run it as ``python tests/support/renew_goldens.py``.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2]
for _folder in (_PROJECT, _PROJECT / "tests", _PROJECT / "dataset_creation"):
    sys.path.insert(0, str(_folder))

from support.run import ROOT, chain_here
from support.small_set import make_small_raw_set

GOLDENS = ROOT / "tests" / "goldens" / "small"


def main() -> None:
    """Run the chain in a temporary folder and copy its tables."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "output")
        chain_here(make_small_raw_set(Path(folder, "raw")), output)
        tables = [*(output / "metadata").glob("*.csv"), *(output / "metadata").glob("*.txt")]
        for path in sorted([*tables, *(output / "quarantine").glob("*.csv")]):
            shutil.copy(path, GOLDENS)
            print(f"wrote {(GOLDENS / path.name).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
