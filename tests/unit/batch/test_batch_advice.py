"""What a report says to do next: it never contradicts itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.support.batch_reports import failed, fetched, pending, report_of, request, submitted
from vsync.batch.batch_advice import next_steps, what_to_do
from vsync.batch.batch_report import BatchReport
from vsync.errors import ApiUnavailable

AGAIN = "Next: `vsync batch fetch --resubmit-failed` runs just what failed once more."
WAIT = "Next: `vsync batch fetch --wait` brings the other results."


def failing(*requests: Any, **facts: Any) -> BatchReport:
    paths = sorted({each.path for each in requests})
    return report_of("fetch", **{"failed_requests": list(requests), "failing": paths, **facts})


def test_a_code_that_nobody_knows_gets_the_advice_of_its_status() -> None:
    odd = replace(request(code="unsupported_parameter"), status=400)
    [told] = what_to_do(failing(odd))
    assert told.startswith(
        "unsupported_parameter (1): The API does not take the request as it is. Correct these requests"
    )
    assert "--resubmit-failed" not in told


def test_one_code_with_two_statuses_is_told_twice() -> None:
    odd = request(code="odd")
    told = what_to_do(failing(replace(odd, status=400), replace(odd, status=503), replace(odd, status=503)))
    assert [each.split(":")[0] for each in told] == ["odd (2)", "odd (1)"]


def test_what_is_not_submitted_again_is_not_told_to_be() -> None:
    report = failing(request(), failed=[failed("batches/a.jsonl")], held_back=["batches/a.jsonl"])
    assert not any("--resubmit-failed" in text for text in (*what_to_do(report), *next_steps(report)))


def test_other_files_are_told_to_be_submitted_again_all_the_same() -> None:
    report = failing(request(), request(path="batches/b.jsonl"), held_back=["batches/a.jsonl"])
    first, second = what_to_do(report)
    assert ("--resubmit-failed" in first) is not ("--resubmit-failed" in second)
    assert next_steps(report) == [AGAIN]


def test_requests_that_are_wrong_are_to_be_corrected() -> None:
    [step] = next_steps(failing(replace(request(code="odd"), status=400)))
    assert "correct the requests that failed" in step
    assert next_steps(failing(request(code="http_400"), request(2))) == [AGAIN]
    assert next_steps(report_of("fetch", failing=["batches/old.jsonl"])) == [AGAIN]


def test_only_where_a_batch_is_under_way_there_is_something_to_wait_for() -> None:
    assert next_steps(report_of("fetch", fetched=[fetched()])) == []
    assert next_steps(report_of("fetch", submitted=[submitted(resubmission=True)])) == []
    assert next_steps(report_of("fetch", pending=[pending()])) == [WAIT]


def test_the_paths_of_this_command_line_hold_for_the_next() -> None:
    report = failing(request(), pending=[pending()])
    again, wait = next_steps(report, arguments="--clean batches/a.jsonl", paths="batches/a.jsonl")
    assert "`vsync batch fetch --resubmit-failed batches/a.jsonl`" in again
    assert "`vsync batch fetch --wait batches/a.jsonl`" in wait


def test_after_a_dry_run_the_same_command_follows() -> None:
    plan = report_of(submitted=[submitted(batch_id=None)], dry_run=True)
    assert next_steps(plan) == ["Next: `vsync batch submit` submits them."]
    [step] = next_steps(plan, arguments="--limit=3 x.jsonl", paths="x.jsonl")
    assert step == "Next: `vsync batch submit --limit=3 x.jsonl` submits them."
    fetch = report_of("fetch", submitted=[submitted(batch_id=None, resubmission=True)], dry_run=True)
    assert next_steps(fetch, arguments="--resubmit-failed") == [
        "Next: `vsync batch fetch --resubmit-failed` does this."
    ]
    assert next_steps(report_of(dry_run=True)) == []


def test_after_an_error_the_error_says_what_to_do() -> None:
    assert next_steps(report_of(submitted=[submitted()], error=ApiUnavailable("No."))) == []
