"""The ledger of a run: which documents are tried again, what is told of the others, and where each File ends."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.support.builders import CHUNKING, document, entry
from vsync.errors import ApiUnavailable, CredentialsRefused, Interrupted
from vsync.plan.plan import Operation
from vsync.report.observer import Observer
from vsync.store.api_errors import AnswerLost
from vsync.store.entries import NewEntry
from vsync.system.stop import Stop
from vsync.transfer.tracker import MAX_TRIES, Ledger, Pending

AWAY = ApiUnavailable("The API is away.")


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def ledger(stop: Stop) -> Ledger:
    return Ledger(Observer(), stop)


def pending(path: str = "a.md", file_id: str = "", patience_s: float = 600.0) -> Pending:
    wanted = document(path)
    file_id = file_id or f"file-{path}"
    operation = Operation("upload", path, wanted)
    return Pending(operation, wanted, file_id, "5" * 64, 3, wanted.blob, NewEntry(file_id, {}, CHUNKING), patience_s)


def upload(ledger: Ledger, item: Pending) -> Pending:
    ledger.uploaded(item)
    return item


def test_a_file_that_is_searchable_is_recorded_under_its_path(ledger: Ledger) -> None:
    item = upload(ledger, pending())
    ledger.confirm(item)
    outcome = ledger.close(["a.md"])
    recorded = outcome.confirmed["a.md"]
    assert recorded == (item.blob, item.sha256, 3, item.file_id, item.document.tag)
    assert (outcome.discarded, outcome.failed, outcome.complete) == ([], {}, True)


def test_a_new_version_that_fails_says_that_the_old_one_stays(ledger: Ledger) -> None:
    ledger.kept = {"old.md"}
    ledger.fail("old.md", "invalid_file", "It could not be parsed.", final=True)
    ledger.fail("new.md", "invalid_file", "It could not be parsed.", final=True)
    failed = ledger.close(["old.md", "new.md"]).failed
    assert failed["old.md"].message == "It could not be parsed; the old version stays in the store"
    assert failed["new.md"].message == "It could not be parsed."


def test_what_nobody_settled_was_uploaded_in_vain(ledger: Ledger) -> None:
    upload(ledger, pending("a.md"))
    upload(ledger, pending("b.md"))
    outcome = ledger.close(["a.md", "b.md"])
    assert outcome.discarded == ["file-a.md", "file-b.md"]
    assert outcome.unfinished


def test_a_file_is_settled_once(ledger: Ledger) -> None:
    item = upload(ledger, pending())
    ledger.reject(item, "code", "message")
    ledger.confirm(item)
    ledger.unindexed(item, "server_error", "oops", 1.0)
    ledger.reject(item, "other", "message")
    outcome = ledger.close(["a.md"])
    assert outcome.discarded == ["file-a.md"]
    assert outcome.confirmed == {}
    assert outcome.failed["a.md"].code == "code"
    assert ledger.to_try_again() == []


def test_a_document_is_tried_as_often_as_allowed(ledger: Ledger) -> None:
    for number in range(1, MAX_TRIES + 1):
        item = upload(ledger, pending(file_id=f"file-{number}"))
        ledger.unindexed(item, "server_error", "oops", 1.0)
        assert (ledger.to_try_again() == [item.operation]) is (number < MAX_TRIES)
        assert ledger.to_try_again() == []
    outcome = ledger.close(["a.md"])
    assert outcome.failed["a.md"].message == f"oops (tried {MAX_TRIES} times)"
    assert outcome.discarded == ["file-1", "file-2", "file-3"]
    assert not outcome.complete


def test_a_document_that_succeeds_later_is_not_told_of(ledger: Ledger) -> None:
    ledger.unindexed(upload(ledger, pending(file_id="file-1")), "server_error", "oops", 1.0)
    ledger.confirm(upload(ledger, pending(file_id="file-2")))
    outcome = ledger.close(["a.md"])
    assert outcome.failed == {}
    assert outcome.confirmed["a.md"].file_id == "file-2"
    assert outcome.complete


def test_a_later_failure_of_another_kind_is_what_is_told(ledger: Ledger) -> None:
    ledger.unindexed(upload(ledger, pending(file_id="file-1")), "server_error", "oops", 1.0)
    ledger.fail("a.md", "http_413", "too big", final=True)
    outcome = ledger.close(["a.md"])
    assert (outcome.failed["a.md"].code, outcome.failed["a.md"].final) == ("http_413", True)


@pytest.mark.parametrize("code", ["unsupported_file", "invalid_file"])
def test_what_the_content_is_to_blame_for_is_final(ledger: Ledger, code: str) -> None:
    ledger.unindexed(upload(ledger, pending()), code, "No.", 1.0)
    assert ledger.to_try_again() == []
    outcome = ledger.close(["a.md"])
    assert (outcome.failed["a.md"].message, outcome.failed["a.md"].final) == ("No.", True)
    assert outcome.complete


def test_the_waits_of_all_tries_share_one_timeout(ledger: Ledger) -> None:
    assert ledger.patience_s("a.md", 10.0) == 10.0
    ledger.unindexed(upload(ledger, pending(file_id="file-1", patience_s=10.0)), "server_error", "oops", 4.0)
    assert len(ledger.to_try_again()) == 1
    assert ledger.patience_s("a.md", 10.0) == 6.0
    assert ledger.patience_s("b.md", 10.0) == 10.0
    ledger.unindexed(upload(ledger, pending(file_id="file-2", patience_s=6.0)), "server_error", "oops", 6.0)
    assert ledger.patience_s("a.md", 10.0) == 0.0
    assert ledger.to_try_again() == []
    assert "tried 2 times" in ledger.close(["a.md"]).failed["a.md"].message


@pytest.mark.parametrize(("count", "worth"), [(9, True), (10, False), (11, False)])
def test_ten_failures_and_no_success_are_hopeless(ledger: Ledger, count: int, worth: bool) -> None:
    for number in range(count):
        ledger.unindexed(upload(ledger, pending(f"{number}.md")), "server_error", "oops", 1.0)
    assert bool(ledger.to_try_again()) is worth


@pytest.mark.parametrize("well", ["confirmed", "refused for its content"])
def test_one_file_that_was_looked_at_shows_that_the_server_works(ledger: Ledger, well: str) -> None:
    for number in range(11):
        ledger.unindexed(upload(ledger, pending(f"{number}.md")), "server_error", "oops", 1.0)
    good = upload(ledger, pending("good.md"))
    if well == "confirmed":
        ledger.confirm(good)
    else:
        ledger.unindexed(good, "invalid_file", "No.", 1.0)
    assert len(ledger.to_try_again()) == 11


def test_a_retag_says_nothing_of_indexing(ledger: Ledger) -> None:
    ledger.retagged("r.md", entry("r.md"))
    for number in range(10):
        ledger.unindexed(upload(ledger, pending(f"{number}.md")), "server_error", "oops", 1.0)
    assert ledger.to_try_again() == []
    assert ledger.outcome.confirmed == {"r.md": entry("r.md")}


def test_nothing_is_tried_again_in_a_run_that_ends(ledger: Ledger) -> None:
    ledger.unindexed(upload(ledger, pending()), "server_error", "oops", 1.0)
    ledger.halt(AWAY)
    assert ledger.to_try_again() == []


def test_the_first_cause_is_told_and_whoever_waits_is_woken(ledger: Ledger) -> None:
    event = asyncio.Event()
    ledger.when_halted(event)
    assert not ledger.halted
    ledger.halt(AWAY)
    ledger.halt(CredentialsRefused("No."))
    assert ledger.halted
    assert event.is_set()
    assert ledger.close([]).cause is AWAY


def test_a_stop_halts_and_is_the_cause(ledger: Ledger, stop: Stop) -> None:
    stop.request(signal.SIGTERM)
    assert ledger.halted
    cause = ledger.close(["a.md"]).cause
    assert isinstance(cause, Interrupted)
    assert cause.exit_code == 143


def test_an_error_before_the_stop_stays_the_cause(ledger: Ledger, stop: Stop) -> None:
    ledger.halt(AWAY)
    stop.request(signal.SIGTERM)
    assert ledger.close([]).cause is AWAY


def test_what_goes_wrong_in_one_part_ends_the_run_and_is_kept(ledger: Ledger) -> None:
    async def fails(error: Exception) -> None:
        raise error

    async def both() -> None:
        await ledger.guarded(fails(KeyError("x")))
        await ledger.guarded(fails(ValueError("y")))

    asyncio.run(both())
    outcome = ledger.close(["a.md"])
    assert isinstance(outcome.defect, KeyError)
    assert "KeyError('x')" in str(outcome.cause)


def test_an_answer_that_stays_lost_ends_the_run_with_its_cause(ledger: Ledger) -> None:
    async def fails() -> None:
        raise AnswerLost(AWAY)

    asyncio.run(ledger.guarded(fails()))
    assert ledger.outcome.cause is AWAY
    assert ledger.outcome.defect is None
