"""Histories of commits, settings, runs, faults, kills, other people and runs side by side, against a model of them."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.deep.model import clockwork
from tests.deep.model.histories import Histories, RemoteHistories

SOAK = settings.get_current_profile_name() == "soak"


def budget(few: tuple[int, int], many: tuple[int, int]) -> settings:
    """So many examples of so many steps."""
    examples, steps = many if SOAK else few
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=not SOAK,
        database=None,
        deadline=None,
        print_blob=SOAK,
        phases=list(Phase) if SOAK else [Phase.explicit, Phase.generate],  # to shrink takes minutes
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    clockwork.install(monkeypatch)
    monkeypatch.setattr("vsync.state.remote.LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("vsync.state.remote._GRACE_S", 0.0)


def test_histories_with_state_in_files() -> None:
    run_state_machine_as_test(Histories, settings=budget((12, 20), (400, 50)))


def test_histories_with_state_on_a_remote() -> None:
    run_state_machine_as_test(RemoteHistories, settings=budget((3, 12), (80, 40)))
