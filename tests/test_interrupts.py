"""An interrupt that arrives where Python swallows exceptions."""

from __future__ import annotations

import signal
import sys
import time
import weakref

import pytest

from utils.interrupts import Interrupted, orderly_interrupts


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
