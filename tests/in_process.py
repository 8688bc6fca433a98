"""Run a stage in the process of the tests: the same script, without a second of start-up."""

from __future__ import annotations

import io
import os
import runpy
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from conftest import ROOT, SMALL_CREATORS, STAGES, raw_arguments
from loguru import logger


def run_here(stage: str, output: Path, *arguments, raw: Path | None = None) -> tuple[int, str]:
    """Run one stage into an output folder: (exit code, console text).

    What holds for every run is checked here: no traceback, no creator's name on the console or in a log.
    """
    script = str(ROOT / STAGES[stage] / f"{stage}.py")
    from_raw = raw_arguments(raw) if raw and STAGES[stage] == "dataset_creation" else []
    shown = io.StringIO()
    code = None
    with (
        mock.patch.dict(os.environ, IMAPP_OUTPUT_DIR=str(output)),
        mock.patch.object(sys, "argv", [script, *from_raw, "num_workers=1", *map(str, arguments)]),
        mock.patch.object(sys, "path", list(sys.path)),
        redirect_stdout(shown),
        redirect_stderr(shown),
    ):
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as ended:
            code = ended.code
        finally:
            logger.remove()
    text = shown.getvalue()
    assert "Traceback" not in text, text
    logs = "".join(path.read_text(encoding="utf-8") for path in Path(output).rglob("*.log"))
    assert [name for name in SMALL_CREATORS if name in text + logs] == []
    return code, text


def succeed(stage: str, output: Path, *arguments, raw: Path | None = None) -> str:
    """Run one stage that must succeed; return its console text."""
    code, text = run_here(stage, output, *arguments, raw=raw)
    assert code == 0, text
    return text
