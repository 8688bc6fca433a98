"""Work spread over processes: order, faults of data and of code, workers that are killed."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace

import pytest
from support import worker_functions as work

from utils.errors import ConfigError, Failure, PipelineError
from utils.workers import parallel, process_pool
from utils.workers.parallel import local_workers, map_items, resolve_workers

WAYS = {
    "one": {"num_workers": 1},
    "threads": {"num_workers": 3, "threads": True},
    "processes": {"num_workers": 2},
    "batches": {"num_workers": 2, "batched": True},
}


def results(function, items, **how) -> list:
    return list(map_items(function, items, label="test", **how))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", [30, 300])
def test_results_come_in_the_order_of_the_items(way, number):
    assert results(work.square, list(range(number)), **WAYS[way]) == [item**2 for item in range(number)]


@pytest.mark.parametrize("way", WAYS)
def test_no_items_give_no_results(way):
    assert results(work.square, [], **WAYS[way]) == []


@pytest.mark.parametrize("way", WAYS)
def test_faults_of_the_data_are_results(way):
    found = results(work.at_fault, [0, 1, 2, 3], **WAYS[way])
    assert (found[0], found[3]) == (0, 3)
    assert found[1] == Failure("A mask is odd.\n  where:    mask 1\n  - one\n  - two")
    assert isinstance(found[2], Failure) and "No such file" in found[2].reason


@pytest.mark.parametrize("way", WAYS)
def test_faults_of_the_code_end_the_run(way):
    given = []
    with pytest.raises(ZeroDivisionError, match="item 2"):
        for result in map_items(work.faulty_code, [0, 1, 2, 3], label="test", **WAYS[way]):
            given.append(result)
    assert given == [0, 1]


def test_one_worker_is_this_process_and_two_are_not():
    assert set(results(work.process_id, range(3), num_workers=1)) == {os.getpid()}
    assert os.getpid() not in results(work.process_id, range(3), num_workers=2)


def test_a_worker_that_is_killed_once_costs_nothing(tmp_path):
    marker = tmp_path / "marker"
    marker.touch()
    items = [(number, marker if number == 4 else None) for number in range(12)]
    assert results(work.killed_once, items, num_workers=2) == list(range(12))
    assert not marker.exists()


def test_a_worker_that_is_always_killed_costs_its_item_alone():
    found = results(work.killed_always, list(range(12)), num_workers=2)
    assert [number for number, result in enumerate(found) if isinstance(result, Failure)] == [3]
    assert "killed" in found[3].reason
    assert found[:3] + found[4:] == [0, 1, 2, *range(4, 12)]


def test_a_batch_whose_worker_is_always_killed_costs_the_guilty_item_alone(monkeypatch):
    monkeypatch.setattr(parallel, "_BATCH", 4)
    items = [3, *range(100, 111)]
    found = results(work.killed_always, items, num_workers=2, batched=True)
    assert isinstance(found[0], Failure) and "killed" in found[0].reason
    assert found[1:] == items[1:]


def test_workers_that_cannot_start_end_the_run_at_once(monkeypatch):
    monkeypatch.setattr(process_pool, "_prepare_worker", work.end_at_once)
    with pytest.raises(PipelineError, match=r"(?s)end as soon as they start.*executor=serial"):
        results(work.square, list(range(1000)), num_workers=2)


def test_few_items_of_short_work_stay_in_this_process_and_many_do_not():
    few, many = range(63), range(64)
    assert set(results(work.process_id, few, num_workers=2, batched=True)) == {os.getpid()}
    assert os.getpid() not in results(work.process_id, many, num_workers=2, batched=True)


@pytest.mark.parametrize(("executor", "expected"), [("serial", 1), ("processes", 3), ("dask", 3)])
def test_work_on_files_takes_processes_of_this_machine_unless_all_is_to_be_serial(executor, expected):
    config = SimpleNamespace(num_workers=3, executor=SimpleNamespace(value=executor))
    assert local_workers(config) == expected


def test_a_consumer_that_leaves_early_ends_the_pool():
    before = threading.active_count()
    numbers = map_items(work.square, list(range(1000)), num_workers=2, label="test")
    assert next(numbers) == 0
    numbers.close()
    assert threading.active_count() == before


def test_null_takes_the_cores_this_process_may_use():
    assert resolve_workers(None) >= 1
    assert resolve_workers(3) == 3
    if hasattr(os, "sched_getaffinity"):
        assert resolve_workers(None) == len(os.sched_getaffinity(0))


def test_errors_survive_the_way_between_processes():
    import pickle

    error = ConfigError("Wrong.", where="here", found=1, offenders=["a", "b"])
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.offenders, again.exit_code) == (ConfigError, str(error), ["a", "b"], 2)
    assert str(error) == "Wrong.\n  where:    here\n  found:    1\n  - a\n  - b"
    assert issubclass(ConfigError, PipelineError) and PipelineError("x").exit_code == 1


def test_interrupts_are_left_to_the_main_process():
    assert results(work.ignores_interrupts, range(4), num_workers=2) == [True] * 4
