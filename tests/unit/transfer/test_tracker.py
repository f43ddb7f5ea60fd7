"""What becomes of the documents of a run: which are tried again, what is reported of the others, where each File ends."""

from __future__ import annotations

import pytest

from tests.support.builders import CHUNKING, document, entry
from vsync.errors import ApiUnavailable
from vsync.plan.plan import Operation
from vsync.report.observer import Observer
from vsync.store.entries import NewEntry
from vsync.transfer.tracker import MAX_TRIES, Pending, Tracker

AWAY = ApiUnavailable("The API is away.")


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(Observer(), {"old.md"})


def pending(path: str = "a.md", file_id: str = "", patience_s: float = 600.0) -> Pending:
    wanted = document(path)
    file_id = file_id or f"file-{path}"
    operation = Operation("upload", path, wanted)
    return Pending(operation, wanted, file_id, "5" * 64, 3, wanted.blob, NewEntry(file_id, {}, CHUNKING), patience_s)


def upload(tracker: Tracker, item: Pending) -> Pending:
    tracker.uploaded(item)
    return item


def test_a_file_that_is_searchable_is_recorded_under_its_path(tracker: Tracker) -> None:
    item = upload(tracker, pending())
    tracker.confirm(item)
    outcome = tracker.outcome(["a.md"])
    recorded = outcome.confirmed["a.md"]
    assert recorded == (item.blob, item.sha256, 3, item.file_id, item.document.tag)
    assert (outcome.discarded, outcome.failed, outcome.complete) == ([], {}, True)


def test_a_new_version_that_fails_says_that_the_old_one_stays(tracker: Tracker) -> None:
    tracker.fail("old.md", "invalid_file", "It could not be parsed.", final=True)
    tracker.fail("new.md", "invalid_file", "It could not be parsed.", final=True)
    failed = tracker.outcome(["old.md", "new.md"]).failed
    assert failed["old.md"].message == "It could not be parsed; the old version stays in the store"
    assert failed["new.md"].message == "It could not be parsed."


def test_a_file_that_is_still_open_was_uploaded_in_vain(tracker: Tracker) -> None:
    upload(tracker, pending("a.md"))
    upload(tracker, pending("b.md"))
    outcome = tracker.outcome(["a.md", "b.md"])
    assert outcome.discarded == ["file-a.md", "file-b.md"]
    assert outcome.unfinished


def test_a_file_is_settled_once(tracker: Tracker) -> None:
    item = upload(tracker, pending())
    tracker.reject(item, "code", "message")
    tracker.confirm(item)
    tracker.unindexed(item, "server_error", "oops", 1.0)
    tracker.reject(item, "other", "message")
    outcome = tracker.outcome(["a.md"])
    assert outcome.discarded == ["file-a.md"]
    assert outcome.confirmed == {}
    assert outcome.failed["a.md"].code == "code"
    assert tracker.to_try_again() == []


def test_a_document_is_tried_as_often_as_allowed(tracker: Tracker) -> None:
    for number in range(1, MAX_TRIES + 1):
        item = upload(tracker, pending(file_id=f"file-{number}"))
        tracker.unindexed(item, "server_error", "oops", 1.0)
        assert (tracker.to_try_again() == [item.operation]) is (number < MAX_TRIES)
        assert tracker.to_try_again() == []
    outcome = tracker.outcome(["a.md"])
    assert outcome.failed["a.md"].message == f"oops (tried {MAX_TRIES} times)"
    assert outcome.discarded == ["file-1", "file-2", "file-3"]
    assert not outcome.complete


def test_a_document_that_succeeds_later_is_not_reported(tracker: Tracker) -> None:
    tracker.unindexed(upload(tracker, pending(file_id="file-1")), "server_error", "oops", 1.0)
    tracker.confirm(upload(tracker, pending(file_id="file-2")))
    outcome = tracker.outcome(["a.md"])
    assert outcome.failed == {}
    assert outcome.confirmed["a.md"].file_id == "file-2"
    assert outcome.complete


def test_a_later_failure_of_another_kind_is_reported(tracker: Tracker) -> None:
    tracker.unindexed(upload(tracker, pending(file_id="file-1")), "server_error", "oops", 1.0)
    tracker.fail("a.md", "http_413", "too big", final=True)
    outcome = tracker.outcome(["a.md"])
    assert (outcome.failed["a.md"].code, outcome.failed["a.md"].final) == ("http_413", True)


@pytest.mark.parametrize("code", ["unsupported_file", "invalid_file"])
def test_what_the_content_is_to_blame_for_is_final(tracker: Tracker, code: str) -> None:
    tracker.unindexed(upload(tracker, pending()), code, "No.", 1.0)
    assert tracker.to_try_again() == []
    outcome = tracker.outcome(["a.md"])
    assert (outcome.failed["a.md"].message, outcome.failed["a.md"].final) == ("No.", True)
    assert outcome.complete


def test_the_waits_of_all_tries_share_one_timeout(tracker: Tracker) -> None:
    assert tracker.patience_s("a.md", 10.0) == 10.0
    tracker.unindexed(upload(tracker, pending(file_id="file-1", patience_s=10.0)), "server_error", "oops", 4.0)
    assert len(tracker.to_try_again()) == 1
    assert tracker.patience_s("a.md", 10.0) == 6.0
    assert tracker.patience_s("b.md", 10.0) == 10.0
    tracker.unindexed(upload(tracker, pending(file_id="file-2", patience_s=6.0)), "server_error", "oops", 6.0)
    assert tracker.patience_s("a.md", 10.0) == 0.0
    assert tracker.to_try_again() == []
    assert "tried 2 times" in tracker.outcome(["a.md"]).failed["a.md"].message


@pytest.mark.parametrize(("count", "worth"), [(9, True), (10, False), (11, False)])
def test_ten_failures_and_no_success_are_hopeless(tracker: Tracker, count: int, worth: bool) -> None:
    for number in range(count):
        tracker.unindexed(upload(tracker, pending(f"{number}.md")), "server_error", "oops", 1.0)
    assert bool(tracker.to_try_again()) is worth


@pytest.mark.parametrize("well", ["confirmed", "refused for its content"])
def test_one_file_that_was_looked_at_shows_that_the_server_works(tracker: Tracker, well: str) -> None:
    for number in range(11):
        tracker.unindexed(upload(tracker, pending(f"{number}.md")), "server_error", "oops", 1.0)
    good = upload(tracker, pending("good.md"))
    if well == "confirmed":
        tracker.confirm(good)
    else:
        tracker.unindexed(good, "invalid_file", "No.", 1.0)
    assert len(tracker.to_try_again()) == 11


def test_a_retag_says_nothing_of_indexing(tracker: Tracker) -> None:
    tracker.retagged("r.md", entry("r.md"))
    for number in range(10):
        tracker.unindexed(upload(tracker, pending(f"{number}.md")), "server_error", "oops", 1.0)
    assert tracker.to_try_again() == []
    assert tracker.outcome([]).confirmed == {"r.md": entry("r.md")}


def test_the_reason_why_a_run_ended_stands_in_its_outcome(tracker: Tracker) -> None:
    defect = KeyError("x")
    outcome = tracker.outcome(["a.md"], AWAY, defect)
    assert (outcome.cause, outcome.defect, outcome.unfinished) == (AWAY, defect, True)
