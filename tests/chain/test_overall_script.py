"""overall_script.sh: arguments, order, failure and interruption of stages."""

import os
import signal
import time
from pathlib import Path

import pytest
from support.run import ROOT, SCRIPTS, run_program

NAMES = [Path(stage).stem for stage in SCRIPTS]
ENDS_WHEN_ASKED = """
import signal
def end(*_):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(name + ": interrupted", file=sys.stderr)
    sys.exit(1)
signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGTERM, end)
(root / "waiting").touch()
time.sleep(50)
"""


def test_the_listed_stages_are_scripts_of_this_project_in_order():
    listed = run_program("bash", ROOT / "overall_script.sh", "--list").stdout.splitlines()
    assert [line.split() for line in listed] == [[Path(stage).stem, stage] for stage in SCRIPTS]
    assert [stage for stage in SCRIPTS if not (ROOT / stage).is_file()] == []


def test_list_and_help_need_no_python(project):
    assert project.run("--list").returncode == 0
    shown = project.run("--help")
    assert shown.returncode == 0
    assert "--from STAGE" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "create_consensus"], ["no stage 'create_consensus'", "  create_consensus_masks\n"]),
        (["--until", "compute_iaa"], ["no stage 'compute_iaa'", "  compute_IAA_metrics\n"]),
        (["--from", "mask_qa", "--until", "move_dataset"], ["mask_qa comes after --until move_dataset"]),
        (["--from"], ["--from needs the name of a stage"]),
        (["--until"], ["--until needs the name of a stage"]),
        (["--frm", "mask_qa"], ["unknown argument '--frm'"]),
        (["mask_qa"], ["unknown argument 'mask_qa'"]),
        (["--config", "a.yaml", "verbose=true", "--config", "b.yaml"], ["--config is given twice"]),
        (["--from", "mask_qa", "--from", "mask_qa"], ["--from is given twice"]),
        (["--until", "mask_qa", "--until", "make_report"], ["--until is given twice"]),
        (["--check", "--from", "mask_qa"], ["--check looks at everything", "neither --from nor --until"]),
    ],
)
def test_a_wrong_command_line_runs_nothing(active, arguments, words):
    result = active.run(*arguments)
    assert result.returncode == 2
    assert [word for word in words if word not in result.stderr] == []
    assert active.ran() == []


def test_all_stages_run_in_order_and_the_demo_only_where_it_is_used(active):
    assert active.run().returncode == 0
    assert active.ran() == ["make_demo_dataset demo_only_if_used=true", *NAMES[1:]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--from", "compute_IAA_metrics"], NAMES[8:]),
        (["--from", "create_dataset", "--until", "mask_qa"], NAMES[1:4]),
        (["--from", "dataset_analysis/mask_qa.py", "--until", "mask_qa"], ["mask_qa"]),
    ],
)
def test_a_part_of_the_stages(active, arguments, expected):
    assert active.run(*arguments).returncode == 0
    assert active.ran() == expected


@pytest.mark.parametrize("code", [1, 77])
def test_the_first_stage_that_fails_ends_the_run_with_its_exit_code(active, code):
    active.behave("mask_qa", f"sys.exit({code})")
    result = active.run("--from", "move_dataset")
    assert result.returncode == code
    assert f"stage mask_qa failed with exit code {code}" in result.stderr
    assert active.ran() == ["move_dataset", "mask_qa"]


@pytest.mark.parametrize(
    ("send", "number"),
    [
        pytest.param(os.killpg, signal.SIGINT, id="Ctrl-C reaches script and stage"),
        pytest.param(os.kill, signal.SIGTERM, id="SIGTERM reaches the script alone"),
    ],
)
def test_an_interrupt_ends_the_run_with_one_line(active, send, number):
    active.behave("move_dataset", ENDS_WHEN_ASKED)
    process = active.start()
    while not (active.root / "waiting").exists() and process.poll() is None:
        time.sleep(0.02)
    send(process.pid, number)
    _, shown = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert shown.endswith(f"[3/{len(SCRIPTS)}] move_dataset\nmove_dataset: interrupted\n")
    assert active.ran()[-1] == "move_dataset"


def test_an_interrupt_while_a_stage_is_starting_shows_one_line_too(active):
    active.behave("move_dataset", "(root / 'waiting').touch()\ntime.sleep(50)")
    process = active.start()
    while not (active.root / "waiting").exists() and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, shown = process.communicate(timeout=30)
    assert process.returncode == 130
    assert shown.endswith(f"[3/{len(SCRIPTS)}] move_dataset\noverall_script.sh: interrupted\n")


SLOW = """
import pathlib, sys, time
if sys.orig_argv[1] in ("-", "-c") and "os.execvp" not in sys.orig_argv[2]:
    pathlib.Path({waiting!r}).touch()
    time.sleep(0.5)
"""


@pytest.mark.parametrize("moment", ["environment", "configuration"])
def test_an_interrupt_before_the_first_stage_shows_one_line_too(active, moment):
    slow = SLOW.format(waiting=str(active.root / "waiting"))
    if moment == "environment":
        (active.root / "sitecustomize.py").write_text(slow)
        active.environment["PYTHONPATH"] = str(active.root)
    else:
        with open(active.root / "utils" / "chain_start.py", "a", encoding="utf-8") as stream:
            stream.write(slow)
    process = active.start()
    while not (active.root / "waiting").exists() and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=30) == ("", "overall_script.sh: interrupted\n")
    assert (process.returncode, active.ran()) == (130, [])


@pytest.mark.parametrize("file", [["--config", "my set.yaml"], ["--config=my set.yaml"]])
def test_every_stage_is_given_the_file_and_the_keys(active, file):
    keys = ("num_workers=1", "--until", "create_dataset", "report_title=a --config b")
    result = active.run(*keys, *file, "bootstrap_seed=3")
    assert result.returncode == 0
    given = "num_workers=1 report_title=a --config b --dataset my set.yaml bootstrap_seed=3"
    assert active.ran() == [f"make_demo_dataset {given} demo_only_if_used=true", f"create_dataset {given}"]


def test_a_wrong_configuration_ends_the_run_before_its_first_stage(active):
    result = active.run("wrong=1")
    assert (result.returncode, active.ran()) == (2, [])


def test_config_needs_a_file(active):
    result = active.run("--config")
    assert (result.returncode, "--config needs a file" in result.stderr, active.ran()) == (2, True, [])
