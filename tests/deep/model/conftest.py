"""The same histories every time, and few. `make soak` looks for new ones, for long."""

from __future__ import annotations

import os

import pytest

from tests.deep.model import clockwork


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs take no time: the clock of their event loop moves by timers alone, and nothing is synced to the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    clockwork.install(monkeypatch)
    monkeypatch.setattr("vsync.state.remote.LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("vsync.state.remote._GRACE_S", 0.0)
