"""What a stage takes on the command line, and what it says: help, options, relative paths, console and log."""

from __future__ import annotations

import re
import shutil
import time

import pytest
from support.run import STAGES, config_of, raw_arguments, run_here, run_stage, succeed
from support.small_set import SMALL_CREATORS


def test_stages_run_from_any_folder_and_take_relative_paths(small_run, tmp_path):
    shutil.copytree(small_run.parent / "raw", tmp_path / "raw")
    done = run_stage(
        "create_dataset",
        "made here",
        *raw_arguments(tmp_path / "raw")[:-2],
        "raw_seg_masks_metadata_path=raw/raw_ISIC_segmasks_metadata.csv",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    name = "IMAplusplus_seg_metadata.csv"
    made = (tmp_path / "made here" / "metadata" / name).read_text("utf-8").splitlines()
    assert len(made) == 11
    assert made[1] == (small_run / "metadata" / name).read_text("utf-8").splitlines()[1]


@pytest.mark.parametrize("stage", STAGES)
def test_console_and_log(small_run, rerun, stage):
    shutil.rmtree(rerun / "logs")
    done = run_stage(stage, rerun, "num_workers=1", "verbose=true", raw=small_run.parent / "raw")
    assert (done.returncode, done.stdout) == (0, "")
    lines = done.stderr.splitlines()
    (closing,) = (line for line in lines if " INFO " in line)
    assert re.search(rf"INFO +{stage}: .*\d+ .* in \d+\.\d s$", closing)
    wrote = [line for line in lines if " wrote " in line]
    assert wrote
    for line in wrote:
        path = line.partition("wrote ")[2]
        assert path.startswith(str(rerun)) and (rerun / path).exists()
    (log,) = (rerun / "logs").glob("*.log")
    text = log.read_text("utf-8")
    assert "DEBUG" in text and f"output_dir=PosixPath('{rerun}')" in text
    assert [line[9:] for line in (closing, *wrote) if line[9:] not in text] == []
    assert [name for name in SMALL_CREATORS if name in done.stderr + text] == []


@pytest.mark.parametrize("stage", STAGES)
def test_the_console_has_one_line_and_the_log_the_files_written(small_run, rerun, stage):
    shutil.rmtree(rerun / "logs")
    lines = succeed(stage, rerun, raw=small_run.parent / "raw").splitlines()
    assert len([line for line in lines if " INFO " in line]) == 1
    assert not [line for line in lines if " DEBUG " in line or "wrote" in line]
    (log,) = (rerun / "logs").glob("*.log")
    assert " wrote " in log.read_text("utf-8")


@pytest.mark.parametrize("stage", STAGES)
def test_help_is_quick_and_says_what_is_read_written_and_set(tmp_path, stage):
    started = time.monotonic()
    done = run_stage(stage, tmp_path, "--help")
    assert time.monotonic() - started < 2
    assert (done.returncode, done.stderr) == (0, "")
    for part in ("Reads:", "Writes:", "--config", "key=value", "\n  output_dir ", "folder of everything"):
        assert part in done.stdout


def test_options_may_stand_between_keys(small_run, tmp_path):
    config = config_of("create_multiannotator_subset")
    shutil.copytree(small_run / "metadata", tmp_path / "metadata")
    arguments = ["verbose=true", "--config", config, "max_failures=3"]
    code, text = run_here("create_multiannotator_subset", tmp_path, *arguments)
    assert (code, "7 masks of 3 images" in text) == (0, True)
