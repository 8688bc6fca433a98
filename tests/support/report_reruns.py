"""Make reports again and again, in this process, of copies of one drawn dataset."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from multiannotator_analysis.make_report import main
from support.drawn_report import draw_dataset
from support.run import config_of
from utils.config import load_config
from utils.settings import MultiannotatorSettings

IMAGES = 5  # of the subset; the report has one more, of a mask with an issue


@pytest.fixture(scope="session")
def made_report(tmp_path_factory) -> Path:
    """Output folder of a drawn dataset with its report and cache; read only."""
    output = tmp_path_factory.mktemp("made") / "output"
    draw_dataset(output, IMAGES)
    make(output)
    return output


@pytest.fixture
def made_again(made_report, tmp_path) -> Path:
    """A copy of it."""
    return shutil.copytree(made_report, tmp_path / "output")


def make(output: Path, *overrides: str) -> str:
    """Make the report in this process; return its closing line."""
    keys = [f"output_dir={output}", "num_workers=1", *overrides]
    return main(load_config(MultiannotatorSettings, config_of("make_report"), keys)).counts


def masks_of(output: Path, number: int) -> list[Path]:
    return sorted((output / "seg_masks").glob(f"ISIC_{number:07}_*"))
