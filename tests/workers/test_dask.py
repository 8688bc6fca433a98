"""Stages on a real Dask cluster: the same files, whatever happens to its workers, and clear words without one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from types import SimpleNamespace

import pytest
from loguru import logger
from support import worker_functions as work
from support.dask_processes import Cluster
from support.drawing import box, write_png
from support.drawn_report import draw_dataset
from support.long_runs import all_end, make_dataset, run_long_stages, start_sleeper, taken, wait_for
from support.run import LONG_STAGES, ROOT, finish, run_here, run_stage, start_stage
from support.trees import tree

from utils.data import load_mask
from utils.errors import Failure, PipelineError
from utils.md5 import md5_of_file
from utils.running.code_and_versions import RESULT_PACKAGES
from utils.workers.dask_cluster import _check_packages
from utils.workers.parallel import map_items
from utils.workers.workplace import Workplace


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Give two workers in folders of their own; to one of them `utils` is another package, already loaded."""
    folder = tmp_path_factory.mktemp("cluster")
    foreign, empty = folder / "foreign", folder / "empty"
    (foreign / "utils").mkdir(parents=True)
    empty.mkdir()
    for name in ("__init__", "data", "parallel"):
        (foreign / "utils" / f"{name}.py").write_text("FOREIGN = True\n")
    cluster = Cluster(folder)
    try:
        cluster.start_worker(foreign, "--preload", "utils.data")
        cluster.start_worker(empty)
        wait_for(lambda: len(cluster.workers()) == 2)
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("dask"), 10, (600, 900))


@pytest.fixture(scope="module")
def in_processes(dataset, tmp_path_factory):
    """Give what each stage leaves when it works in processes."""
    output = shutil.copytree(dataset, tmp_path_factory.mktemp("processes") / "output")
    return {stage: files for stage, (files, _) in run_long_stages(output, "num_workers=2").items()}


def on(address: str) -> list[str]:
    return ["executor=dask", f"dask_scheduler={address}"]


def results(function, items, cluster: Cluster) -> list:
    return list(map_items(function, items, Workplace("dask", dask_scheduler=cluster.address), label="test"))


def test_results_come_in_order_from_both_workers(cluster):
    assert results(work.square, list(range(30)), cluster) == [number**2 for number in range(30)]
    assert results(work.square, [], cluster) == []
    assert set(results(work.process_id, range(40), cluster)) == {worker.pid for worker in cluster.workers()}


def test_faults_of_data_are_results_and_faults_of_code_end_the_run(cluster, tmp_path):
    (tmp_path / "damaged.png").write_bytes(b"no mask")
    write_png(tmp_path / "whole.png", box(1, 1, 4, 4))
    first, damaged, last = results(load_mask, [tmp_path / f"{n}.png" for n in ("whole", "damaged", "whole")], cluster)
    assert first.sum() == last.sum() == 9
    assert isinstance(damaged, Failure) and "cannot be decoded" in damaged.reason
    found = results(md5_of_file, [tmp_path / "missing"], cluster)
    assert isinstance(found[0], Failure) and "No such file" in found[0].reason
    with pytest.raises(TypeError, match="NoneType"):
        results(md5_of_file, [tmp_path / "whole.png", None], cluster)


def test_what_kills_every_worker_costs_itself_alone(cluster):
    found = results(work.killed_always, list(range(5)), cluster)
    assert isinstance(found[3], Failure) and "killed" in found[3].reason
    # A neighbour that was queued on the same worker each time may be lost with it; no other.
    lost = [number for number, result in enumerate(found) if isinstance(result, Failure)]
    assert len(lost) <= 2 and [found[n] for n in range(5) if n not in lost] == [n for n in range(5) if n not in lost]


def test_all_long_stages_write_the_same_bytes_and_are_resumed(cluster, dataset, in_processes, tmp_path):
    output = shutil.copytree(dataset, tmp_path / "output")
    for stage, total in zip(LONG_STAGES, (30, 10, 10), strict=True):
        for expected in (0, total):
            assert taken(finish(start_stage(stage, output, *on(cluster.address)))) == expected
            assert tree(output) == in_processes[stage]


def test_soft_labels_are_the_same_and_are_resumed(cluster, dataset, tmp_path):
    outputs = [shutil.copytree(dataset, tmp_path / name) for name in ("processes", "cluster")]
    finish(start_stage("create_soft_labels", outputs[0], "soft_labels=true", "num_workers=2"))
    for expected in (0, 10):
        text = finish(start_stage("create_soft_labels", outputs[1], "soft_labels=true", *on(cluster.address)))
        assert taken(text) == expected
        assert tree(outputs[1]) == tree(outputs[0])


def test_the_report_is_the_same_and_is_resumed(cluster, tmp_path):
    output = tmp_path / "output"
    draw_dataset(output, 3)
    finish(start_stage("make_report", output, "num_workers=1", "cache_dir=null"))
    before = tree(output / "report")
    shutil.rmtree(output / "report")
    for expected in (0, 4):
        assert taken(finish(start_stage("make_report", output, *on(cluster.address)))) == expected
        assert tree(output / "report") == before


def test_a_worker_killed_in_mid_run_costs_nothing(cluster, dataset, in_processes, tmp_path):
    output = shutil.copytree(dataset, tmp_path / "output")
    finish(start_stage(LONG_STAGES[0], output, "num_workers=2"))
    process = start_stage(LONG_STAGES[1], output, *on(cluster.address))
    wait_for(lambda: list((output / "seg_masks").glob("*_ST_*")))
    cluster.workers()[0].kill()
    finish(process)
    assert tree(output) == in_processes[LONG_STAGES[1]]
    wait_for(lambda: len(cluster.workers()) == 2)


def test_an_interrupt_ends_at_once_and_leaves_the_cluster_usable(cluster, tmp_path, full):
    for number in (signal.SIGINT, signal.SIGTERM) if full else (signal.SIGINT,):
        process = start_sleeper("dask", tmp_path / f"marker {number}", cluster.address)
        wait_for((tmp_path / f"marker {number}").exists)
        process.send_signal(number)
        sent = time.monotonic()
        assert process.communicate(timeout=30)[0] == "interrupted\n"
        assert (process.returncode, time.monotonic() - sent < 8) == (128 + number, True)
        asleep = cluster.workers()  # a cluster's workers are not this run's to end
        for worker in asleep:
            worker.kill()
        assert all_end(asleep)
        wait_for(lambda: len(cluster.workers()) == 2)
        assert results(work.square, [3], cluster) == [9]


def test_a_scheduler_that_is_lost_in_mid_run_is_named(cluster, dataset, in_processes, tmp_path):
    (tmp_path / "other").mkdir()
    other = Cluster(tmp_path / "other")
    try:
        other.start_worker(tmp_path)
        output = shutil.copytree(dataset, tmp_path / "output")
        finish(start_stage(LONG_STAGES[0], output, "num_workers=2"))
        process = start_stage(LONG_STAGES[1], output, *on(other.address))
        wait_for(lambda: list((output / "seg_masks").glob("*_ST_*")))
        other.scheduler.kill()
        text = process.communicate(timeout=60)[1]
        if process.returncode != 0:  # it may have been done by then
            assert (process.returncode, "Traceback" in text) == (1, False), text
            assert "cluster was lost" in text and other.address in text
    finally:
        other.stop()
    finish(start_stage(LONG_STAGES[1], output, "num_workers=2"))
    assert tree(output) == in_processes[LONG_STAGES[1]]


@pytest.mark.parametrize(
    ("address", "code", "part"),
    [
        ("tcp://127.0.0.1:9", 1, "cannot be reached"),
        ("nonsense", 2, "tcp://"),
        ("null", 2, "needs a value of 'dask_scheduler'"),
    ],
)
def test_without_a_scheduler_the_address_is_named(dataset, tmp_path, address, code, part):
    output = shutil.copytree(dataset, tmp_path / "output")
    started = time.monotonic()
    found, text = run_here(LONG_STAGES[2], output, *on(address), "cache_dir=null")
    assert time.monotonic() - started < 30
    assert (found, part in text, "null" in address or address in text) == (code, True, True), text


def test_without_the_package_its_installation_is_named(dataset, tmp_path):
    (tmp_path / "distributed.py").write_text("raise ImportError('No module named distributed')\n")
    output = shutil.copytree(dataset, tmp_path / "output")
    environment = {"PYTHONPATH": str(tmp_path)}
    done = run_stage(LONG_STAGES[0], output, *on("tcp://127.0.0.1:9"), env=environment)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "python -m pip install -r requirements-dask.txt" in done.stderr


def test_other_versions_on_workers_are_warned_of_and_another_python_refused():
    def client(python, **packages):
        here = {"python": "3.11.7.final.0", **dict.fromkeys(RESULT_PACKAGES, "1.0")}
        there = {**here, "python": python, **packages}
        versions = {
            "client": {"packages": here},
            "scheduler": {"packages": here},
            "workers": {"tcp://w:1": {"packages": there}},
        }
        return SimpleNamespace(get_versions=lambda packages: versions)

    lines = []
    handler = logger.add(lines.append, level="WARNING", format="{message}")
    try:
        _check_packages(client("3.11.9.final.0"))
        assert lines == []
        _check_packages(client("3.11.7.final.0", numpy="2.0", pillow=None))
        assert [line.strip() for line in lines] == [
            "tcp://w:1 has numpy 2.0, this machine 1.0",
            "tcp://w:1 has no pillow, this machine 1.0",
        ]
    finally:
        logger.remove(handler)
    with pytest.raises(PipelineError, match="another version of Python") as caught:
        _check_packages(client("3.12.1.final.0"))
    assert caught.value.offenders == ["tcp://w:1: 3.12.1.final.0"]


def test_the_optional_packages_are_pinned_and_no_stage_needs_them():
    pins = [line for line in (ROOT / "requirements-dask.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.match(r"[a-z-]+==[\d.]+( |$)", pin) for pin in pins) and any("distributed==" in pin for pin in pins)
    assert not re.search(r"^(dask|distributed)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert os.fspath(ROOT) not in "".join(pins)
