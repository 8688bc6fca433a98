"""Work spread over processes: order, faults of data and of code, workers that are killed."""

from __future__ import annotations

import os
import threading
from functools import partial

import pytest
from support import worker_functions as work

from utils.errors import ConfigError, Failure, PipelineError
from utils.settings import CommonSettings, Executor
from utils.workers import parallel, process_pool
from utils.workers.parallel import map_in_threads, map_items
from utils.workers.workplace import IN_THIS_PROCESS, Workplace, configured_workplace, local_workplace

TWO = Workplace(num_workers=2)
WAYS = {
    "serial": partial(map_items, workplace=IN_THIS_PROCESS),
    "one": partial(map_items, workplace=Workplace(num_workers=1)),
    "one thread": partial(map_in_threads, workplace=Workplace(num_workers=1), unit="item"),
    "threads": partial(map_in_threads, workplace=Workplace(num_workers=3), unit="item"),
    "processes": partial(map_items, workplace=TWO),
    "batches": partial(map_items, workplace=TWO, batched=True),
}


def results(function, items, way=WAYS["processes"]) -> list:
    return list(way(function, items, label="test"))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", [30, 300])
def test_results_come_in_the_order_of_the_items(way, number):
    assert results(work.square, list(range(number)), WAYS[way]) == [item**2 for item in range(number)]


@pytest.mark.parametrize("way", WAYS)
def test_no_items_give_no_results(way):
    assert results(work.square, [], WAYS[way]) == []


@pytest.mark.parametrize("way", WAYS)
def test_faults_of_the_data_are_results(way):
    found = results(work.at_fault, [0, 1, 2, 3], WAYS[way])
    assert (found[0], found[3]) == (0, 3)
    assert found[1] == Failure("A mask is odd.\n  where:    mask 1\n  - one\n  - two")
    assert isinstance(found[2], Failure) and "No such file" in found[2].reason


@pytest.mark.parametrize("way", WAYS)
def test_faults_of_the_code_end_the_run(way):
    given = []
    with pytest.raises(ZeroDivisionError, match="item 2"):
        for result in WAYS[way](work.faulty_code, [0, 1, 2, 3], label="test"):
            given.append(result)
    assert given == [0, 1]


def test_one_worker_is_this_process_and_two_are_not():
    assert set(results(work.process_id, range(3), WAYS["one"])) == {os.getpid()}
    assert os.getpid() not in results(work.process_id, range(3))


def test_a_worker_that_is_killed_once_costs_nothing(tmp_path):
    marker = tmp_path / "marker"
    marker.touch()
    items = [(number, marker if number == 4 else None) for number in range(12)]
    assert results(work.killed_once, items) == list(range(12))
    assert not marker.exists()


def test_a_worker_that_is_always_killed_costs_its_item_alone():
    found = results(work.killed_always, list(range(12)))
    assert [number for number, result in enumerate(found) if isinstance(result, Failure)] == [3]
    assert "killed" in found[3].reason
    assert found[:3] + found[4:] == [0, 1, 2, *range(4, 12)]


def test_a_batch_whose_worker_is_always_killed_costs_the_guilty_item_alone(monkeypatch):
    monkeypatch.setattr(parallel, "_BATCH", 4)
    items = [3, *range(100, 111)]
    found = results(work.killed_always, items, WAYS["batches"])
    assert isinstance(found[0], Failure) and "killed" in found[0].reason
    assert found[1:] == items[1:]


def test_workers_that_cannot_start_end_the_run_at_once(monkeypatch):
    monkeypatch.setattr(process_pool, "_prepare_worker", work.end_at_once)
    with pytest.raises(PipelineError, match=r"(?s)end as soon as they start.*executor=serial"):
        results(work.square, list(range(1000)))


def test_few_items_of_short_work_stay_in_this_process_and_many_do_not():
    few, many = range(63), range(64)
    assert set(results(work.process_id, few, WAYS["batches"])) == {os.getpid()}
    assert os.getpid() not in results(work.process_id, many, WAYS["batches"])


@pytest.mark.parametrize("executor", Executor)
def test_a_configuration_says_where_to_work(executor):
    config = CommonSettings(num_workers=3, executor=executor, dask_scheduler="tcp://a:1")
    assert configured_workplace(config) == Workplace(executor.value, 3, "tcp://a:1")
    local = local_workplace(config)
    assert local.executor == ("serial" if executor is Executor.serial else "processes")
    assert local.workers() == (1 if executor is Executor.serial else 3)


def test_a_consumer_that_leaves_early_ends_the_pool():
    before = threading.active_count()
    numbers = map_items(work.square, list(range(1000)), TWO, label="test")
    assert next(numbers) == 0
    numbers.close()
    assert threading.active_count() == before


def test_null_takes_the_cores_this_process_may_use():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert Workplace(num_workers=None).workers() == cores


def test_errors_survive_the_way_between_processes():
    import pickle

    error = ConfigError("Wrong.", where="here", found=1, offenders=["a", "b"])
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.offenders, again.exit_code) == (ConfigError, str(error), ["a", "b"], 2)
    assert str(error) == "Wrong.\n  where:    here\n  found:    1\n  - a\n  - b"
    assert issubclass(ConfigError, PipelineError) and PipelineError("x").exit_code == 1


def test_the_pool_can_end_its_workers():
    with process_pool.process_pool(1) as pool:
        pool.submit(int).result()
        (worker,) = pool._processes.values()
        worker.terminate()
        worker.join(timeout=30)
        assert not worker.is_alive(), "the pool waits for ever for those that are left when one was killed"


def test_interrupts_are_left_to_the_main_process():
    assert results(work.ignores_interrupts, range(4)) == [True] * 4
