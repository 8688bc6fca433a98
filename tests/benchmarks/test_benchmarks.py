"""The benchmark programs at a tiny size: the same sets each time, sets that the stages take, honest measurements."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.drawn_report import draw_dataset
from support.run import LONG_STAGES, ROOT, run_script, succeed
from support.trees import tree

sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import bench_partitions
import bench_pipeline
import bench_report
import bench_statistics
import bench_tables
import benchmark_masks
import benchmark_plan
import decode_floor
import make_benchmark_set
import pipeline_table
import stage_runs

from utils.data import load_mask
from utils.masks.surface_distances import mask_border
from utils.naming import PAIR_COLUMNS, SEG_COLUMNS

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched in /proc")
# The programs, and an option of each.
PROGRAMS = {
    "bench_kernels": "--sizes",
    "bench_libraries": "--pairs",
    "bench_partitions": "--images",
    "bench_pipeline": "--images",
    "bench_report": "--image-kilobytes",
    "bench_scaling": "--figure",
    "bench_tables": "--masks",
    "decode_floor": "--into",
    "make_benchmark_set": "--folder",
}
TINY = ["--without-reference", "--images=3", "--megapixels=0.05", "--masks-per-image=2", "--workers=1"]


def made(folder, *more: str) -> list[str]:
    return make_benchmark_set.make_set(make_benchmark_set.parse_options(["--folder", str(folder), *TINY, *more]))


def test_the_same_options_give_the_same_files(tmp_path):
    for name, seed in (("first", 1), ("second", 1), ("other", 2)):
        made(tmp_path / name, f"--seed={seed}")
    first, second, other = (tree(tmp_path / name) for name in ("first", "second", "other"))
    assert first == second
    assert len(first) == 2 + 3 + 3 * 2
    masks = [name for name in first if name.startswith("segs")]
    assert all(first[name] != other[name] for name in masks)


def test_a_set_goes_through_the_stages(tmp_path):
    made(tmp_path / "raw")
    # The keys that make_set returns are those that the tests' own sets are given by.
    text = succeed("create_dataset", tmp_path / "output", raw=tmp_path / "raw")
    assert "6 masks of 3 images" in text
    succeed("move_dataset", tmp_path / "output", raw=tmp_path / "raw")
    table = pd.read_csv(tmp_path / "output/metadata/IMAplusplus_seg_metadata.csv", dtype=str)
    for name in table["seg_filename"]:
        mask = load_mask(tmp_path / "output/seg_masks" / name)
        assert 0.04e6 < mask.size < 0.06e6
        assert 0 < mask.mean() < 0.8
    lines = bench_pipeline.task_lines(tmp_path / "output", "mask_qa")
    assert [line.rpartition("/")[2] for line in lines] == table["seg_filename"].tolist()


def test_statistics_are_those_of_the_released_tables():
    plan = benchmark_plan.plan_from_statistics(4000, seed=0)
    pixels = plan.images["pixels_x"].astype(int) * plan.images["pixels_y"].astype(int) / 1e6
    assert pixels.median() == pytest.approx(6.1, abs=0.05)
    assert pixels.between(0.3, 36.2).all()
    per_image = plan.masks["ISIC_id"].value_counts()
    assert len(plan.masks) / len(plan.images) == pytest.approx(17684 / 14967, rel=0.03)
    assert per_image.between(1, 5).all()
    assert plan.masks["mskObjectID"].is_unique
    several = benchmark_plan.plan_from_statistics(4000, seed=0, subset_only=True)
    assert several.masks["ISIC_id"].value_counts().between(2, 5).all()
    pixels = several.images["pixels_x"].astype(int) * several.images["pixels_y"].astype(int) / 1e6
    assert pixels.mean() == pytest.approx(10.7, rel=0.05)


def test_released_tables_give_every_image_and_more(reference):
    published = reference / "published"
    whole = benchmark_plan.plan_from_tables(published, None, seed=0, subset_only=False)
    assert (len(whole.images), len(whole.masks)) == (benchmark_plan.FULL_IMAGES, benchmark_plan.FULL_MASKS)
    sizes = whole.images.set_index("isic_id")[["pixels_x", "pixels_y"]].astype(int).prod(axis=1)
    gigapixels = whole.masks["ISIC_id"].map(sizes).sum() / 1e9
    assert gigapixels == pytest.approx(benchmark_plan.FULL_GIGAPIXELS["mask_qa"], abs=0.1)
    subset = benchmark_plan.plan_from_tables(published, 5000, seed=0, subset_only=True)
    assert len(subset.images) == subset.images["isic_id"].nunique() == 5000
    assert subset.masks["mskObjectID"].is_unique
    assert (subset.masks["ISIC_id"].value_counts() > 1).all()


def drawing(folder, ragged: bool) -> benchmark_masks.Drawing:
    return benchmark_masks.Drawing("IMG", 1200, 900, (), folder / "IMG.jpg", 0, ragged)


def test_tools_have_their_styles(tmp_path):
    sizes = {}
    for tool in ("T1", "T2", "T3"):
        mask = benchmark_masks.draw_mask(drawing(tmp_path, False), "mask.png", tool)
        sizes[tool] = mask_border(mask).index.size
    ragged = mask_border(benchmark_masks.draw_mask(drawing(tmp_path, True), "mask.png", "T1")).index.size
    assert sizes["T1"] < sizes["T3"] < ragged
    assert ragged > 5 * sizes["T1"]


@LINUX
def test_all_processes_of_a_run_are_measured():
    work = "bytearray(60_000_000); import time; t = time.process_time()\nwhile time.process_time() < t + 0.3: pass"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True)"
    run = stage_runs.measure([sys.executable, "-c", code])
    assert run.seconds >= 0.3
    assert run.cpu >= 0.25
    assert run.worker_mb > 60 > run.main_mb


def test_mask_stages_and_floors_count_with_their_fastest_round(tmp_path, monkeypatch):
    seconds = iter([9.0, 5.0, 2.0, 4.0])
    asked = []

    def run_stage(stage, output, *keys):
        asked.append((stage, [key for key in keys if key.startswith("cache_dir")]))
        return stage_runs.Run(next(seconds), 1.0, 0.0, 0.0)

    monkeypatch.setattr(bench_pipeline, "run_stage", run_stage)
    stages = ("create_multiannotator_subset", "compute_IAA_metrics")
    runs = bench_pipeline.run_chain(stages, tmp_path, tmp_path / "output", workers=1, rounds=3)

    assert [runs[stage].seconds for stage in stages] == [9.0, 2.0]
    assert [stage for stage, _ in asked] == [stages[0], *3 * stages[1:]]
    # No round takes results from another one's cache; the last uses the one that later stages read.
    caches = [keys for _, keys in asked]
    assert caches[0] == caches[3] == []
    assert len({*caches[1], *caches[2]}) == 2


@LINUX
def test_a_run_that_fails_ends_the_benchmark():
    with pytest.raises(SystemExit, match=r"exit code 3:\nno luck"):
        stage_runs.measure([sys.executable, "-c", "print('no luck'); raise SystemExit(3)"])


def test_start_up_is_taken_off():
    run = stage_runs.Run(5.0, 8.0, 90.0, 120.0).beyond(stage_runs.Run(1.0, 2.0, 80.0, 70.0))
    assert run == stage_runs.Run(4.0, 6.0, 90.0, 120.0)
    floors = stage_runs.Run(3.2, 5.0, 0, 0), stage_runs.Run(16.0, 30.0, 0, 0)
    line = pipeline_table.formatted(pipeline_table.Row("mask_qa", run, *floors, 2.0, "", 120))
    assert line == "| mask_qa | 4.0 | 6.0 | 3.2 | 5.0 | 1.25 | 1.20 | 0.25 | 0.20 | 500 | 90 | 120 |  | 2.0 |"


def test_the_floor_reads_every_file(tmp_path, monkeypatch, capsys):
    made(tmp_path / "raw")
    masks = sorted((tmp_path / "raw" / "segs").iterdir())
    listing = tmp_path / "list.txt"
    listing.write_text("\n".join(["\t".join(map(str, masks[:2])), *map(str, masks[2:])]), encoding="utf-8")
    into = tmp_path / "copies"
    arguments = ["floor", "copy", "--list", str(listing), "--workers", "1", "--into", str(into)]
    monkeypatch.setattr(sys, "argv", arguments)
    assert decode_floor.main() == 0
    assert tree(into) == {path.name: path.read_bytes() for path in masks}
    for work in ("decode", "libpng"):
        monkeypatch.setattr(sys, "argv", ["floor", work, "--list", str(listing), "--workers", "1"])
        assert decode_floor.main() == 0
    photos = sorted((tmp_path / "raw" / "images").iterdir())
    listing.write_text("\t".join(map(str, [photos[0], *masks[:2]])), encoding="utf-8")
    for work in ("report", "report-libpng"):
        monkeypatch.setattr(sys, "argv", ["floor", work, "--list", str(listing), "--workers", "1"])
        assert decode_floor.main() == 0
    masks[0].write_bytes(b"no image")
    monkeypatch.setattr(sys, "argv", ["floor", "decode", "--list", str(listing), "--workers", "1"])
    assert decode_floor.main() == 1
    assert masks[0].name in capsys.readouterr().err


def test_tables_of_any_size_are_drawn_and_merged(tmp_path):
    bench_tables.run_part("draw", 2000, tmp_path)
    table = pd.read_csv(tmp_path / "metadata/IMAplusplus_seg_metadata.csv", dtype=str)
    assert (tuple(table.columns), len(table)) == (SEG_COLUMNS, 2000)
    assert table["seg_filename"].is_unique
    pairs = pd.read_csv(tmp_path / "metadata/IMAplusplus_multiannotator_subset_IAA_metrics.csv")
    assert (tuple(pairs.columns), len(pairs)) == (PAIR_COLUMNS, 2000)
    bench_tables.run_part("QA merge", 2000, tmp_path)
    assert len(pd.read_csv(tmp_path / "qa/results.csv")) == 200
    assert len(pd.read_csv(tmp_path / "qa/seg.csv")) <= 1998
    bench_tables.run_part("summary", 2000, tmp_path)
    assert len(pd.read_csv(tmp_path / "summary.csv")) == 6


def test_tables_of_statistics_go_through_their_stages(tmp_path):
    pairs = bench_statistics.draw_tables(60, tmp_path / "metadata")

    told = [succeed(stage, tmp_path) for stage in bench_statistics.STAGES]

    assert pairs >= 60
    assert "16 annotators" in told[0] and "malignant and" in told[2]


def test_tables_of_any_size_are_partitioned(tmp_path):
    bench_partitions.draw_tables(300, tmp_path / "metadata")

    told = succeed("create_partitions", tmp_path)

    assert "210 / 30 / 60 images in train / val / test" in told


def test_masks_of_a_model_are_drawn_beside_those_of_annotators(tmp_path):
    made(tmp_path / "with", "--predictions")
    made(tmp_path / "without")
    found, plain = tree(tmp_path / "with"), tree(tmp_path / "without")
    assert plain.items() <= found.items()
    assert sorted(found.keys() - plain.keys()) == [f"predictions/model/BENCH_000000{place}.png" for place in range(3)]


def test_the_floor_of_the_report_has_its_files(tmp_path):
    draw_dataset(tmp_path, 2)
    images = [sorted((tmp_path / "seg_masks").glob(f"ISIC_{name}_*")) for name in ("0000000", "0000001", "single")]
    images[0].append(tmp_path / "quarantine" / "gone_A11_T3_S2_g.png")
    lines = [line.split("\t") for line in bench_report.task_lines(tmp_path)]
    assert [Path(line[0]).name for line in lines] == ["ISIC_0000000.JPG", "ISIC_0000001.JPG", "ISIC_single.JPG"]
    assert [sorted(line[1:]) for line in lines] == [sorted(map(str, masks)) for masks in images]


@LINUX
@pytest.mark.parametrize(("program", "option"), PROGRAMS.items())
def test_each_program_starts_and_says_what_it_takes(program, option):
    done = run_script(f"tests/benchmarks/{program}.py", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: {program}.py") and f" {option} " in done.stdout


@LINUX
def test_the_benchmark_of_the_report_runs(tmp_path, full):
    if not full:
        pytest.skip("it measures two reports: with --full")
    options = ("--images=8", "--rounds=1", "--image-kilobytes=0", "--work", tmp_path)
    done = run_script("tests/benchmarks/bench_report.py", *options)
    assert done.returncode == 0, done.stderr
    assert np.char.count(done.stdout, "x the floor with") == 2


@LINUX
def test_the_whole_benchmark_runs(tmp_path, full):
    if not full:
        pytest.skip("it measures every stage and three libraries: with --full")
    done = run_script("tests/benchmarks/bench_pipeline.py", "--images=12", "--sample=1", "--work", tmp_path / "work")
    assert done.returncode == 0, done.stderr
    for stage in LONG_STAGES:
        assert f"| {stage} |" in done.stdout
        assert re.search(rf"^{stage}: .*(at most|ABOVE) ", done.stdout, re.MULTILINE)
    shutil.rmtree(tmp_path / "work")
    assert np.char.count(done.stdout, "\n| ") >= 7
