"""The stages, and the three ways in which tests run them: by subprocess, in this process, in the background."""

from __future__ import annotations

import io
import os
import re
import runpy
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from loguru import logger

from support.small_set import SMALL_CREATORS

ROOT = Path(__file__).resolve().parents[2]
# The scripts of overall_script.sh in their order, relative to the project's root.
SCRIPTS = re.findall(r"^    (\S+\.py)$", (ROOT / "overall_script.sh").read_text(encoding="utf-8"), re.MULTILINE)
# Folder of each stage script, in the chain or not, by its name.
FOLDERS = {
    path.stem: path.parent.relative_to(ROOT).as_posix()
    for folder in ("dataset_creation", "dataset_analysis", "multiannotator_analysis")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
_LAST_OF_TABLES = "compute_image_level_metrics"
# Folder by name of the stages that make the dataset and its tables; the demo, figures and pages aside.
STAGES = {
    Path(script).stem: Path(script).parent.as_posix()
    for script in SCRIPTS[: [Path(script).stem for script in SCRIPTS].index(_LAST_OF_TABLES) + 1]
    if not re.search(r"demo|overlap", script)
}


def run_script(script: str, *arguments, cwd: Path | None = None, env: dict | None = None):
    """Run a script of the project by subprocess; `script` is relative to the project's root."""
    return subprocess.run(
        [sys.executable, str(ROOT / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        check=False,
        timeout=600,
    )


def run_stage(stage: str, output: Path, *arguments, **more):
    """Run one stage into an output folder, and return the finished process."""
    env = {"IMAPP_OUTPUT_DIR": str(output), **more.pop("env", {})}
    return run_script(f"{FOLDERS[stage]}/{stage}.py", *arguments, env=env, **more)


def raw_arguments(raw: Path) -> list[str]:
    """Return the command-line keys that point create_dataset and move_dataset at a raw set."""
    tables = sorted(raw.glob("raw_ISIC_images_metadata.csv*"))
    return [
        f"orig_imgs_dirs.jpg=[{raw / 'images'}]",
        f"orig_segs_dir={raw / 'segs'}",
        f"raw_img_metadata_path={tables[0]}",
        f"raw_seg_masks_metadata_path={raw / 'raw_ISIC_segmasks_metadata.csv'}",
        "exclude_mskObjectIDs=[]",
    ]


def run_chain(raw: Path, output: Path, *arguments, until: str | None = None) -> None:
    """Run all stages on a raw set, up to and including `until`; fail with the output of a failing stage."""
    for stage in STAGES:
        extra = raw_arguments(raw) if FOLDERS[stage] == "dataset_creation" else []
        done = run_stage(stage, output, *extra, *arguments)
        assert done.returncode == 0, f"{stage}:\n{done.stderr}"
        if stage == until:
            break


def run_here(stage: str, output: Path, *arguments, raw: Path | None = None) -> tuple[int, str]:
    """Run one stage into an output folder: (exit code, console text).

    What holds for every run is checked here: no traceback, no creator's name on the console or in a log.
    """
    script = str(ROOT / FOLDERS[stage] / f"{stage}.py")
    from_raw = raw_arguments(raw) if raw and FOLDERS[stage] == "dataset_creation" else []
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


def start_stage(stage: str, output: Path, *arguments, **how) -> subprocess.Popen:
    """Start a stage in a session of its own; return the running process, whose stderr is a pipe."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / FOLDERS[stage] / f"{stage}.py"), *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "IMAPP_OUTPUT_DIR": str(output), **how.pop("env", {})},
        start_new_session=True,
        **how,
    )


def finish(process: subprocess.Popen) -> str:
    """Wait for a stage that must succeed; return its console text."""
    text = process.communicate(timeout=120)[1]
    assert process.returncode == 0, text
    return text
