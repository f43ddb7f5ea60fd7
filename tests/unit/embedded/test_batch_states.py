from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vsync.embedded.batch_states import progress, times

SECONDS = st.floats(0, 1000)


@given(st.integers(0, 50), st.integers(0, 50), SECONDS, st.lists(SECONDS, min_size=2, max_size=5), st.none() | SECONDS)
def test_progress_never_falls_and_ends_with_all_requests(
    total: int, failing: int, delay_s: float, looks: list[float], cancelling_at: float | None
) -> None:
    due = times(0.0, delay_s)
    row: Any = {
        "total": total,
        "failing": min(failing, total),
        "validated_at": due.validated_at,
        "worked_at": due.worked_at,
        "cancelling_at": cancelling_at,
        "next_at": due.ended_at,
    }
    seen = [progress(row, look) for look in sorted(looks)]
    for (completed, failed), (later_completed, later_failed) in pairwise(seen):
        assert 0 <= completed <= later_completed
        assert 0 <= failed <= later_failed
    stopped_early = cancelling_at is not None and cancelling_at < due.worked_at
    assert stopped_early or progress(row, due.worked_at) == (total - min(failing, total), min(failing, total))


def test_a_clock_that_was_set_back_shows_no_progress() -> None:
    row: Any = {"total": 3, "failing": 1, "validated_at": 9.0, "worked_at": 9.0, "cancelling_at": None, "next_at": 9.0}
    assert progress(row, 5.0) == (0, 0)
