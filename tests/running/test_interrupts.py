"""Interrupts: the first counts, also where Python swallows exceptions, workers are being ended or a line is shown."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import weakref
from multiprocessing.process import BaseProcess

import pytest

from utils.running.interrupts import Interrupted, orderly_interrupts
from utils.running.run_log import show_line
from utils.workers.process_pool import process_pool


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_interrupts_and_the_next_are_ignored(number):
    before = signal.getsignal(number)
    with pytest.raises(Interrupted) as caught, orderly_interrupts():
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
    assert caught.value.exit_code == 128 + number
    assert signal.getsignal(number) is before


class _Thing:
    pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_amid_a_callback_is_not_lost(number, capsys):
    hook = sys.unraisablehook
    with pytest.raises(Interrupted) as raised, orderly_interrupts():
        thing = _Thing()
        reference = weakref.ref(thing, lambda _: signal.raise_signal(number))
        del thing
        assert reference() is None
        time.sleep(5)
    assert raised.value.exit_code == 128 + number
    assert capsys.readouterr().err == ""
    assert sys.unraisablehook is hook


def test_other_exceptions_in_callbacks_are_shown(capsys):
    def fail(_):
        raise ZeroDivisionError("in a callback")

    with orderly_interrupts():
        thing = _Thing()
        reference = weakref.ref(thing, fail)
        del thing
    assert reference() is None
    assert "ZeroDivisionError: in a callback" in capsys.readouterr().err


def test_an_interrupt_while_workers_are_killed_spares_none_of_them(monkeypatch):
    killed, kill = [], BaseProcess.kill

    def interrupted_kill(process):
        kill(process)
        killed.append(process.pid)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(BaseProcess, "kill", interrupted_kill)
    with pytest.raises(Interrupted), orderly_interrupts(), process_pool(2) as pool:
        for _ in range(2):
            pool.submit(time.sleep, 20)
        raise ValueError("as a consumer that wants no more")
    assert len(set(killed)) == 2
    assert not multiprocessing.active_children()


def test_an_interrupt_waits_until_a_line_is_shown(monkeypatch):
    shown = []

    def write(line, **_):
        signal.raise_signal(signal.SIGTERM)
        shown.append(line)

    monkeypatch.setattr("tqdm.tqdm.write", write)
    with pytest.raises(Interrupted), orderly_interrupts():
        show_line("a line")
    assert shown == ["a line"]
