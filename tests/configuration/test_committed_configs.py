"""The three config.yaml files as committed, and the limits of the keys that their schemas set."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from support.run import CONFIGS, ROOT, run_program

from utils.config import PATH_VARIABLES, describe_keys, load_config
from utils.configuration.leaves import NOT_KEYS
from utils.errors import ConfigError
from utils.files import place_of
from utils.settings import SCHEMAS, CreationSettings


@pytest.fixture(params=SCHEMAS)
def committed(request) -> tuple[Path, type]:
    """Config file of a folder, unless somebody works with this checkout and has edited it; and its schema."""
    path = ROOT / request.param / "config.yaml"
    if (ROOT / ".git").exists() and run_program("git", "diff", "--quiet", "HEAD", "--", path, cwd=ROOT).returncode:
        pytest.skip(f"{path} has been edited; what is tested is the file as committed")
    return path, SCHEMAS[request.param]


def test_committed_files_hold_every_key_with_a_comment(committed):
    path, schema = committed
    text = path.read_text(encoding="utf-8")
    keys = [item.name for item in dataclasses.fields(schema) if item.name not in NOT_KEYS]
    assert [key for key in keys if f"\n{key}:" not in text] == []
    assert all(line.strip() in describe_keys(schema, keys) for line in keys)


@pytest.mark.parametrize("folder", ["", "elsewhere"])
def test_committed_files_say_what_the_tests_run_with(committed, tmp_path, monkeypatch, folder):
    path, schema = committed
    for variable in PATH_VARIABLES:
        monkeypatch.setenv(variable, str(tmp_path / folder) if folder else "")

    def loaded(file: Path):
        shutil.copy(file, tmp_path / "config.yaml")  # relative paths start there
        return load_config(schema, tmp_path / "config.yaml")

    assert loaded(path).output_dir == (tmp_path / folder if folder else tmp_path.parent / "output")
    assert loaded(path) == loaded(CONFIGS / path.parent.name / "config.yaml")


def test_messages_say_where_a_key_is_written(tmp_path):
    config_file, dataset_file = tmp_path / "config.yaml", tmp_path / "mine.yaml"
    shutil.copy(CONFIGS / "dataset_creation" / "config.yaml", config_file)
    dataset_file.write_text("raw_img_metadata_path: c.csv\noutput_dir: mine\n")
    config = load_config(CreationSettings, config_file, ["output_dir=here"], dataset_file)
    assert place_of(config, "output_dir") == "output_dir on the command line"
    assert place_of(config, "raw_img_metadata_path") == f"raw_img_metadata_path in {dataset_file}"
    assert place_of(config, "orig_segs_dir", "demo_dir") == f"orig_segs_dir and demo_dir in {config_file}"


@pytest.mark.parametrize(
    ("folder", "override"),
    [
        ("dataset_creation", "num_workers=0"),
        ("dataset_creation", "num_workers=-2"),
        ("dataset_creation", "demo_seed=-1"),
        ("dataset_creation", "limit_images=0"),
        ("dataset_creation", "limit_images=-1"),
        ("multiannotator_analysis", "audit_fraction=1.5"),
        ("multiannotator_analysis", "audit_fraction=-0.1"),
        ("multiannotator_analysis", "audit_fraction=nan"),
        ("multiannotator_analysis", "max_failures=-1"),
        ("multiannotator_analysis", "staple_max_iterations=0"),
        ("multiannotator_analysis", "nsd_tolerance=0"),
        ("multiannotator_analysis", "nsd_tolerance=1.001"),
        ("dataset_creation", "nsd_tolerance=nan"),
    ],
)
def test_numbers_out_of_range_are_refused(folder, override, monkeypatch, tmp_path):
    monkeypatch.setenv("IMAPP_OUTPUT_DIR", str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        load_config(SCHEMAS[folder], CONFIGS / folder / "config.yaml", [override])
    assert override.partition("=")[0] in str(caught.value)


def test_a_number_out_of_range_is_told_where_it_is_written(tmp_path):
    config_file, dataset_file = CONFIGS / "dataset_creation" / "config.yaml", tmp_path / "mine.yaml"
    dataset_file.write_text("num_workers: 0\n")
    with pytest.raises(ConfigError) as caught:
        load_config(CreationSettings, config_file, [], dataset_file)
    assert f"num_workers in {dataset_file}" in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        load_config(CreationSettings, config_file, ["num_workers=-1"], dataset_file)
    assert "num_workers on the command line" in str(caught.value)
