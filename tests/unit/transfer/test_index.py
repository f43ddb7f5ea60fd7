"""When the counts of a batch are believed."""

from __future__ import annotations

import pytest

from vsync.store.entries import BatchProgress
from vsync.transfer.index import _adds_up


@pytest.mark.parametrize(
    ("completed", "failed", "cancelled", "in_progress", "total", "believed"),
    [
        (5, 0, 0, 0, 5, True),
        (0, 5, 0, 0, 5, True),
        (3, 2, 0, 0, 5, True),
        (0, 0, 0, 0, 5, False),
        (0, 0, 0, 0, 0, False),
        (4, 0, 0, 0, 5, False),
        (4, 0, 0, 0, 4, False),
        (6, 0, 0, 0, 6, False),
        (4, 0, 1, 0, 5, False),
        (5, 0, 1, 0, 5, False),
        (4, 0, 0, 1, 5, False),
        (5, 0, 0, -1, 5, False),
        (6, -1, 0, 0, 5, False),
        (-1, 6, 0, 0, 5, False),
    ],
)
def test_counts_are_believed_when_all_that_was_sent_is_completed_or_failed(
    completed: int, failed: int, cancelled: int, in_progress: int, total: int, believed: bool
) -> None:
    progress = BatchProgress(True, "completed", in_progress, completed, failed, cancelled, total)
    assert _adds_up(progress, 5) is believed


def test_an_answer_that_is_not_the_batch_is_never_believed() -> None:
    assert not _adds_up(BatchProgress(False, "completed", 0, 5, 0, 0, 5), 5)
