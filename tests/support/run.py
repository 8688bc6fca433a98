"""The stages, and the three ways in which tests run them: in this process, by subprocess, in the background.

Every run takes a config file of the tests' own (`configs/`), so that what a user has written into those of the
checkout makes no difference.
"""

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
CONFIGS = Path(__file__).with_name("configs")
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
# Those that decode masks, on as many workers as they are given.
LONG_STAGES = ("mask_qa", "create_consensus_masks", "compute_IAA_metrics")


def config_of(stage: str) -> Path:
    """Return the tests' own config file of a stage."""
    return CONFIGS / Path(FOLDERS[stage]).parts[0] / "config.yaml"


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


def stage_arguments(stage: str, *arguments, raw: Path | None = None) -> list[str]:
    """Return a stage's script and its arguments: the tests' config unless one is given, the raw set, what is given."""
    script = ROOT / FOLDERS[stage] / f"{stage}.py"
    from_raw = raw_arguments(raw) if raw and FOLDERS[stage] == "dataset_creation" else []
    is_given = any(str(argument).partition("=")[0] == "--config" for argument in arguments)
    config = () if is_given else ("--config", config_of(stage))
    return [str(argument) for argument in (script, *config, *from_raw, *arguments)]


# --- In this process -------------------------------------------------------------------------------------


def run_here(stage: str, output: Path, *arguments, raw: Path | None = None) -> tuple[int, str]:
    """Run one stage into an output folder: (exit code, console text).

    What holds for every run is checked here: no traceback, no creator's name on the console or in a log.
    """
    argv = stage_arguments(stage, "num_workers=1", *arguments, raw=raw)
    shown = io.StringIO()
    code = None
    with (
        mock.patch.dict(os.environ, IMAPP_OUTPUT_DIR=str(output)),
        mock.patch.object(sys, "argv", argv),
        mock.patch.object(sys, "path", list(sys.path)),
        redirect_stdout(shown),
        redirect_stderr(shown),
    ):
        try:
            runpy.run_path(argv[0], run_name="__main__")
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
    assert code == 0, f"{stage}:\n{text}"
    return text


def chain_here(raw: Path, output: Path, *arguments) -> str:
    """Run all stages that make the dataset and its tables, which must succeed; return their console texts."""
    return "".join(succeed(stage, output, *arguments, raw=raw) for stage in STAGES)


# --- By subprocess ---------------------------------------------------------------------------------------


def run_program(*command, env: dict | None = None, **how) -> subprocess.CompletedProcess:
    """Run any program to its end, with `env` added to the environment."""
    return subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        **how,
    )


def run_script(script: str, *arguments, **how) -> subprocess.CompletedProcess:
    """Run a Python script of the project; `script` is relative to the project's root."""
    return run_program(sys.executable, ROOT / script, *arguments, **how)


def run_stage(stage: str, output: Path, *arguments, raw: Path | None = None, python=(), **how):
    """Run one stage into an output folder, `python` being options of the interpreter; return the finished process."""
    env = {"IMAPP_OUTPUT_DIR": str(output), **how.pop("env", {})}
    return run_program(sys.executable, *python, *stage_arguments(stage, *arguments, raw=raw), env=env, **how)


def run_chain(raw: Path, output: Path, *arguments, until: str | None = None) -> None:
    """Run all stages on a raw set, up to and including `until`; fail with the output of a failing stage."""
    for stage in STAGES:
        done = run_stage(stage, output, *arguments, raw=raw)
        assert done.returncode == 0, f"{stage}:\n{done.stderr}"
        if stage == until:
            break


# --- In the background -----------------------------------------------------------------------------------


def start_stage(stage: str, output: Path, *arguments, raw: Path | None = None, **how) -> subprocess.Popen:
    """Start a stage in a session of its own; return the running process, whose stderr is a pipe."""
    return subprocess.Popen(
        [sys.executable, *stage_arguments(stage, *arguments, raw=raw)],
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


def start_code(code: str, *arguments) -> subprocess.Popen:
    """Start Python code, which finds the modules of the project and of tests/, in a session of its own.

    All that it shows is in one pipe.
    """
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
    )
