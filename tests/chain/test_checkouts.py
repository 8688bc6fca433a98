"""The project as version control delivers it."""

from __future__ import annotations

import shutil

import pytest
from support.run import ROOT, run_program


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="this is no git clone")
def test_scripts_run_in_a_checkout_of_git_for_windows(tmp_path):
    checkout = tmp_path / "checkout"
    settings = ("-c", "core.autocrlf=true", "-c", "core.eol=crlf")
    run_program("git", *settings, "clone", "-q", "--no-local", ROOT, checkout).check_returncode()
    listed = run_program("bash", "overall_script.sh", "--list", cwd=checkout)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "create_dataset" in listed.stdout
