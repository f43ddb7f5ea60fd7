"""The order of targets of which some take documents over from others."""

from __future__ import annotations

from vsync.sync.handover import in_order


def test_without_moves_targets_run_as_they_stand() -> None:
    assert in_order([], 3) == [0, 1, 2]


def test_a_target_that_takes_over_runs_before_the_one_that_gives() -> None:
    assert in_order([(0, 2), (1, 0)], 3) == [2, 0, 1]


def test_moves_in_a_circle_leave_the_order_as_it_is() -> None:
    assert in_order([(1, 0), (0, 1)], 3) == [0, 1, 2]
