"""The project as version control delivers it."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from support.run import ROOT


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="this is no git clone")
def test_scripts_run_in_a_checkout_of_git_for_windows(tmp_path):
    settings = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    clone = ["git", *settings, "clone", "-q", "--no-local", str(ROOT), str(tmp_path / "checkout")]
    subprocess.run(clone, check=True, capture_output=True)
    listed = subprocess.run(
        ["bash", "overall_script.sh", "--list"], cwd=tmp_path / "checkout", capture_output=True, text=True, check=False
    )
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "create_dataset" in listed.stdout
