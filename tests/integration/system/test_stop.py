"""The wish to stop: which of the signals counts."""

from __future__ import annotations

import os
import signal

import pytest

from vsync.system.stop import Stop


def test_only_the_first_signal_is_the_reason(monkeypatch: pytest.MonkeyPatch, kept_signal_handlers: None) -> None:
    ends: list[int] = []
    monkeypatch.setattr("vsync.system.stop._end_children", lambda: None)
    monkeypatch.setattr("vsync.system.stop.os._exit", ends.append)
    stop = Stop()
    stop.install()
    for signum in (signal.SIGTERM, signal.SIGINT):
        os.kill(os.getpid(), signum)
    assert (stop.signum, ends) == (signal.SIGTERM, [])
    os.kill(os.getpid(), signal.SIGINT)
    assert (stop.signum, ends) == (signal.SIGTERM, [143])


def test_a_wish_of_the_run_itself_does_not_make_the_first_signal_the_second(
    monkeypatch: pytest.MonkeyPatch, kept_signal_handlers: None
) -> None:
    monkeypatch.setattr("vsync.system.stop.os._exit", lambda code: pytest.fail("ended at once"))
    stop = Stop()
    stop.install()
    stop.request(signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop.signum == signal.SIGTERM
