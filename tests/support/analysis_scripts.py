"""Scripts of dataset_analysis, run on files that the tests write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.run import ROOT


def run(script: str, tmp_path: Path, *overrides: str, **environment: str) -> subprocess.CompletedProcess:
    """Run a script in a folder, with every warning an error; what it writes goes to out/."""
    command = [sys.executable, "-W", "error", str(ROOT / "dataset_analysis" / f"{script}.py"), *overrides]
    return subprocess.run(
        [*command, f"output_dir={tmp_path / 'out'}"],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def write(path: Path, text: str | bytes) -> Path:
    """Write a file and the folders that it needs, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
