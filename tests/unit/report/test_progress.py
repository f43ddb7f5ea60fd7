"""The count of documents that are done, and when a line of it is due."""

from __future__ import annotations

from vsync.report.progress import Progress, Stage


def test_each_stage_counts_its_own_documents() -> None:
    progress = Progress(0.0, lambda: 0.0)
    progress.add("uploading", 3)
    assert progress.advance("uploading") == Stage(1, 3)
    assert progress.add("indexing", 1) == Stage(0, 1)
    assert progress.add("uploading", 2) == Stage(1, 5)
    assert progress.due_line() == "uploading 1/5, indexing 0/1"


def test_a_document_of_a_stage_that_was_not_announced_is_counted() -> None:
    progress = Progress(0.0, lambda: 0.0)
    assert progress.advance("deleting") == Stage(1, 0)
    assert progress.due_line() == "deleting 1/0"


def test_a_line_is_due_when_the_last_one_is_old_enough() -> None:
    now = 100.0
    progress = Progress(5.0, lambda: now)
    progress.add("uploading", 1)
    assert progress.due_line() is None
    now += 4.9
    assert progress.due_line() is None
    now += 0.1
    assert progress.due_line() == "uploading 0/1"
    assert progress.due_line() is None
    now += 5.0
    assert progress.due_line() == "uploading 0/1"
