"""The benchmarks of growth: which sets are timed, what is drawn of them, and which libraries are compared."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pandas as pd
from support.run import LONG_STAGES, ROOT, run_script

sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import bench_scaling


def test_the_scaling_figure_has_a_line_for_each_stage(tmp_path):
    point = bench_scaling.Point(4, 6.0, 2, "1")._asdict()
    rows = [
        {"varied": name, **point, name: value, "stage": stage, "seconds": 1.0, "worker_mb": 90.0}
        for name, values in {"images": (4, 8), "megapixels": (1, 6), "masks": (2, 4), "workers": ("1", "2")}.items()
        for value in values
        for stage in LONG_STAGES
    ]
    files = bench_scaling.draw(pd.DataFrame(rows), tmp_path / "scaling")
    assert [path.name for path in files] == ["scaling.png", "scaling.svg", "scaling.pdf"]
    assert all(path.stat().st_size > 1000 for path in files)


def test_of_large_images_and_of_many_masks_there_are_fewer():
    options = SimpleNamespace(images=[50], megapixels=[6, 12, 1], masks=[2, 64], workers=[1, 2], no_dask=True)
    asked = [(name, *point) for name, point in bench_scaling.points(options)]
    assert asked == [
        ("images", 50, 0.01, 2, "2"),
        ("megapixels", 100, 6, 2, "2"),
        ("megapixels", 50, 12, 2, "2"),
        ("megapixels", 100, 1, 2, "2"),
        ("masks", 100, 6, 2, "2"),
        ("masks", 8, 6, 64, "2"),
        ("workers", 100, 6, 2, "1"),
        ("workers", 100, 6, 2, "2"),
    ]


def test_many_masks_are_timed_beside_the_libraries_that_are_there(tmp_path):
    options = ("--figure", tmp_path / "libraries", "--masks=3", "--megapixels=0.02", "--pairs=2")
    done = run_script("tests/benchmarks/bench_libraries.py", *options)
    assert done.returncode == 0, done.stderr
    assert "| this project |" in done.stdout and "| MedPy |" in done.stdout
    assert (tmp_path / "libraries.png").stat().st_size > 1000
