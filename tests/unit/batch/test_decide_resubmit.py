from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tests.support.batches import own_batch, sha256
from vsync.batch.attempts import MAX_ATTEMPTS, OnDisk
from vsync.batch.decide_fetch import Folders
from vsync.batch.decide_resubmit import decide_resubmit
from vsync.batch.metadata import OwnBatch
from vsync.store.batch_info import BatchError

FOLDERS = Folders("batches", "batch-results")
ONE, TWO = sha256("one"), sha256("two")
PLACE = "batch-results/a.jsonl"


def done(batch_id: str = "batch_1", content: str = "one", status: str = "completed", **more: Any) -> OwnBatch:
    return own_batch(content, batch_id, status, completed_at=1_500, output_file_id="file-out", **more)


def refused_batch() -> OwnBatch:
    return own_batch("one", status="failed", errors=(BatchError("invalid_json_line", "Bad.", 7, ""),))


def resubmitting(
    own: Sequence[OwnBatch],
    current: Mapping[str, str],
    failures: int = 2,
    *,
    unmerged: Collection[str] = (),
    on_disk: Collection[str] = (),
    named: bool = False,
) -> tuple[list[str], list[str]]:
    wanted, refusals = decide_resubmit(
        own,
        current,
        FOLDERS,
        failures=lambda place, sha: OnDisk(failures, tuple(on_disk)),
        is_merged=lambda place, sha, batch_id: batch_id not in unmerged,
        chosen=lambda path: True,
        named=named,
    )
    return [f"{each.path} {each.attempt} {each.place}" for each in wanted], [failed.code for failed in refusals]


def test_requests_that_failed_are_submitted_again() -> None:
    assert resubmitting([done()], {"batches/a.jsonl": ONE}) == ([f"batches/a.jsonl 2 {PLACE}"], [])


def test_without_failures_nothing_is_submitted_again() -> None:
    assert resubmitting([done()], {"batches/a.jsonl": ONE}, failures=0) == ([], [])


def test_nothing_is_submitted_again_while_a_batch_of_the_content_runs() -> None:
    own = [done(), own_batch("one", "batch_2", attempt=2, part="some")]

    assert resubmitting(own, {"batches/a.jsonl": ONE}) == ([], [])


def test_a_content_that_has_changed_is_not_submitted_again() -> None:
    assert resubmitting([done()], {"batches/a.jsonl": TWO}, failures=0) == ([], [])


def test_a_batch_that_did_not_fit_into_the_queue_is_submitted_again_as_a_whole() -> None:
    full = own_batch("one", status="failed", errors=(BatchError("token_limit_exceeded", "Full.", None, ""),))

    assert resubmitting([full], {"batches/a.jsonl": ONE}, failures=0) == (["batches/a.jsonl 2 None"], [])


def test_a_batch_that_was_refused_for_its_content_is_not_submitted_again_and_again() -> None:
    assert resubmitting([refused_batch()], {"batches/a.jsonl": ONE}, failures=0) == ([], ["invalid_json_line"])
    assert resubmitting([done(), refused_batch()], {"batches/a.jsonl": ONE}) == ([], ["invalid_json_line"])


def test_what_was_refused_for_its_content_runs_again_when_it_is_named() -> None:
    found = resubmitting([done(), refused_batch()], {"batches/a.jsonl": ONE}, named=True)

    assert found == ([f"batches/a.jsonl 2 {PLACE}"], [])


def test_two_files_of_one_content_are_submitted_again_once() -> None:
    wanted, _ = resubmitting([done()], {"batches/a.jsonl": ONE, "batches/b.jsonl": ONE})

    assert len(wanted) == 1


def test_requests_that_failed_too_often_are_not_paid_again() -> None:
    own = [done(f"batch_{n}", attempt=n) for n in range(1, MAX_ATTEMPTS + 1)]

    assert resubmitting(own, {"batches/a.jsonl": ONE}) == ([], ["tried-too-often"])


def test_nothing_is_submitted_again_before_the_results_of_every_batch_are_here() -> None:
    own = [done(), done("batch_2", attempt=2, part="some")]

    assert resubmitting(own, {"batches/a.jsonl": ONE}, unmerged=["batch_2"]) == ([], ["results-awaited"])


def test_what_the_user_cancelled_runs_again_only_when_it_is_named() -> None:
    own = [done(status="cancelled")]

    assert resubmitting(own, {"batches/a.jsonl": ONE}) == ([], ["cancelled"])
    assert resubmitting(own, {"batches/a.jsonl": ONE}, named=True) == ([f"batches/a.jsonl 2 {PLACE}"], [])


def test_failures_of_batches_that_the_api_has_forgotten_are_submitted_again() -> None:
    wanted, _ = resubmitting([], {"batches/a.jsonl": ONE}, on_disk=["batch_old", "batch_older"])

    assert wanted == [f"batches/a.jsonl 3 {PLACE}"]
