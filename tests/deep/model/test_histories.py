"""Histories of commits, settings, runs, faults, kills, other people and runs side by side, against a model of them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.deep.model.histories import Histories, RemoteHistories

pytestmark = pytest.mark.usefixtures("quick")

SOAK = settings.get_current_profile_name() == "soak"


def budget(few: tuple[int, int], many: tuple[int, int]) -> settings:
    """So many examples of so many steps: few of them by default, many in a soak."""
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


def test_histories_with_state_in_files() -> None:
    run_state_machine_as_test(Histories, settings=budget((12, 20), (400, 50)))


def test_histories_with_state_on_a_remote() -> None:
    run_state_machine_as_test(RemoteHistories, settings=budget((3, 12), (80, 40)))
