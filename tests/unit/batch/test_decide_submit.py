from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.batches import own_batch, sha256
from vsync.batch.attempts import MAX_ATTEMPTS, OnDisk
from vsync.batch.decide_submit import Decided, Valid, decide
from vsync.batch.metadata import OwnBatch
from vsync.store.batch_info import BatchError


def valid(content: str = "one", path: str = "batches/a.jsonl") -> Valid:
    return Valid(path, sha256(content), 100, 3, "/v1/responses", "gpt-5-mini")


def decided(
    files: Sequence[Valid],
    own: Sequence[OwnBatch] = (),
    *,
    again: Sequence[str] = (),
    with_results: Sequence[str] = (),
    failures: int = 0,
    unfetched: Sequence[str] = (),
    limit: int | None = None,
) -> Decided:
    ids = tuple(batch.info.id for batch in own if batch.info.id not in unfetched) if failures else ()
    return decide(
        files,
        sorted(own, key=lambda batch: batch.order),
        again=lambda path: path in again,
        has_results=lambda file: file.path in with_results,
        on_disk=lambda file: OnDisk(failures, ids),
        limit=limit,
    )


def test_a_new_file_gets_its_first_batch() -> None:
    found = decided([valid()])

    assert [(each.file.path, each.attempt) for each in found.submit] == [("batches/a.jsonl", 1)]


def test_a_changed_file_gets_a_batch_although_its_old_content_has_one() -> None:
    found = decided([valid("two")], [own_batch("one")])

    assert [each.attempt for each in found.submit] == [1]


@pytest.mark.parametrize(
    "status", ["validating", "in_progress", "finalizing", "completed", "cancelling", "a new state"]
)
def test_a_content_whose_batch_runs_or_has_completed_gets_no_other(status: str) -> None:
    found = decided([valid()], [own_batch("one", status=status)])

    assert not found.submit
    assert [(each.batch_id, each.status) for each in found.unchanged] == [("batch_1", status)]


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_a_batch_that_ended_early_is_not_paid_again_without_being_asked(status: str) -> None:
    found = decided([valid()], [own_batch("one", status=status)])

    assert not found.submit
    assert "--resubmit-failed" in found.unchanged[0].reason


def test_a_file_that_was_renamed_is_not_paid_again() -> None:
    found = decided([valid(path="batches/new-name.jsonl")], [own_batch("one", status="completed")])

    assert not found.submit


def test_two_files_of_one_content_get_one_batch() -> None:
    found = decided([valid(path="batches/b.jsonl"), valid(path="batches/a.jsonl")])

    assert [each.file.path for each in found.submit] == ["batches/a.jsonl"]
    assert [(each.path, "batches/a.jsonl" in each.reason) for each in found.unchanged] == [("batches/b.jsonl", True)]


def test_a_content_with_results_gets_no_batch_although_the_api_has_forgotten_its_own() -> None:
    found = decided([valid()], with_results=["batches/a.jsonl"])

    assert not found.submit
    assert "results" in found.unchanged[0].reason


def refused_batch(*codes: str) -> OwnBatch:
    errors = tuple(BatchError(code, f"It is {code}.", n, "") for n, code in enumerate(codes, 1))
    return own_batch("one", status="failed", errors=errors)


def test_a_batch_that_did_not_fit_into_the_queue_is_made_again() -> None:
    found = decided([valid()], [refused_batch("token_limit_exceeded")])

    assert [each.attempt for each in found.submit] == [2]


@pytest.mark.parametrize("codes", [("invalid_json_line",), ("token_limit_exceeded", "invalid_json_line"), ()])
def test_a_batch_that_was_refused_for_its_content_is_told_by_line_and_not_made_again(codes: tuple[str, ...]) -> None:
    found = decided([valid()], [refused_batch(*codes)])

    assert not found.submit
    assert found.failed[0].batch_id == "batch_1"
    assert [(mistake.line, mistake.code) for mistake in found.failed[0].mistakes] == list(enumerate(codes, 1))


def test_a_refused_batch_before_one_that_runs_is_of_no_interest() -> None:
    found = decided(
        [valid()], [refused_batch("invalid_json_line"), own_batch("one", "b2", attempt=2, created_at=2_000)]
    )

    assert not found.failed
    assert found.unchanged[0].batch_id == "b2"


def test_again_makes_another_batch_whatever_there_is() -> None:
    found = decided(
        [valid()],
        [own_batch("one", status="completed"), own_batch("one", "b2", "expired", attempt=2, part="some")],
        again=["batches/a.jsonl"],
        with_results=["batches/a.jsonl"],
    )

    assert [each.attempt for each in found.submit] == [3]


def test_again_does_not_pay_for_what_is_running() -> None:
    found = decided([valid()], [own_batch("one")], again=["batches/a.jsonl"])

    assert not found.submit


def test_files_beyond_the_limit_are_left_for_another_run() -> None:
    files = [valid(str(n), f"batches/{n}.jsonl") for n in range(3)]

    found = decided(files, limit=2)

    assert [each.file.path for each in found.submit] == ["batches/0.jsonl", "batches/1.jsonl"]
    assert found.left == ["batches/2.jsonl"]


def test_what_needs_no_batch_takes_no_place_of_the_limit() -> None:
    files = [valid("one", "batches/0.jsonl"), valid("two", "batches/1.jsonl")]

    found = decided(files, [own_batch("one")], limit=1)

    assert [each.file.path for each in found.submit] == ["batches/1.jsonl"]


def test_a_file_whose_results_hold_failures_says_how_these_run_again() -> None:
    found = decided([valid()], [own_batch("one", status="completed")], failures=2)

    assert "2 of its 3 requests" in found.unchanged[0].reason
    assert "--resubmit-failed" in found.unchanged[0].reason


def ran(number: int, status: str = "completed", **more: Any) -> OwnBatch:
    return own_batch("one", f"batch_{number}", status, attempt=number, created_at=1_000 + number, **more)


def reason_of(own: Sequence[OwnBatch], **facts: Any) -> str:
    [told] = decided([valid()], own, **facts).unchanged
    return told.reason


def test_of_what_people_cancelled_submit_names_the_file_that_fetch_wants_named() -> None:
    reason = reason_of([ran(1), ran(2, "cancelled")], failures=2)

    assert "2 of its 3 requests have no good result, and its batch was cancelled" in reason
    assert "`vsync batch fetch --resubmit-failed batches/a.jsonl`" in reason


def test_a_batch_that_vsync_itself_cancelled_beside_another_is_none_that_people_cancelled() -> None:
    own = [own_batch("one", "batch_0", "expired", created_at=900), ran(1, "cancelled")]

    assert "`vsync batch fetch --resubmit-failed`" in reason_of(own, failures=1)


@pytest.mark.parametrize("last", ["completed", "expired", "cancelled"])
def test_what_has_failed_too_often_is_not_told_to_be_submitted_again_as_a_part(last: str) -> None:
    own = [*map(ran, range(1, MAX_ATTEMPTS)), ran(MAX_ATTEMPTS, last)]

    reason = reason_of(own, failures=1)

    assert "1 of its 3 requests has no good result" in reason
    assert "--resubmit-failed" not in reason
    assert "`vsync batch submit --again batches/a.jsonl`" in reason


def test_batches_that_the_api_has_forgotten_count_as_tries() -> None:
    found = decide(
        [valid()],
        [],
        again=lambda path: False,
        has_results=lambda file: False,
        on_disk=lambda file: OnDisk(1, tuple(f"batch_{n}" for n in range(MAX_ATTEMPTS))),
    )

    assert "--again batches/a.jsonl" in found.unchanged[0].reason


@pytest.mark.parametrize("tries", [2, MAX_ATTEMPTS])
def test_results_that_are_not_fetched_yet_are_fetched_before_anything_is_said_of_failures(tries: int) -> None:
    own = [ran(number) for number in range(1, tries + 1)]

    reason = reason_of(own, failures=1, unfetched=[f"batch_{tries}"])

    assert reason == "Its batch has completed: `vsync batch fetch` brings the results."


def test_failures_whose_next_batch_the_api_refused_for_good_are_told_as_refused() -> None:
    found = decided([valid()], [ran(0), refused_batch("invalid_json_line")], failures=1)

    assert not found.unchanged
    assert [failed.code for failed in found.failed] == ["invalid_json_line"]
