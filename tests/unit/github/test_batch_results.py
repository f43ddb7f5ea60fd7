"""What a workflow sees of batches: outputs and annotations."""

from __future__ import annotations

import pytest

from tests.support.batch_reports import failed, fetched, invalid, pending, report_of, request, submitted
from vsync.batch.batch_report import BatchReport, Cancelled, Mistake
from vsync.errors import ApiUnavailable
from vsync.github.batch_results import OUTPUTS, as_inputs, error_annotations, failed_files, outputs
from vsync.github.results import Annotation


def test_a_run_that_did_its_work_has_no_error() -> None:
    assert error_annotations(report_of(submitted=[submitted()]), 10) == []


def test_each_mistake_is_shown_at_its_line() -> None:
    report = report_of(invalid=[invalid(mistakes=2)])
    assert error_annotations(report, 10) == [
        Annotation("vsync", "1 file invalid. The job summary says why, and what to do."),
        Annotation("batches/b.jsonl", "Not submitted: The line is no JSON (0).", "batches/b.jsonl", 40_000),
        Annotation("batches/b.jsonl", "Not submitted: The line is no JSON (1).", "batches/b.jsonl", 40_001),
    ]


def test_a_failed_batch_and_a_failed_request_are_shown_at_their_lines() -> None:
    report = report_of(
        "fetch",
        failed=[failed(mistakes=(Mistake(4, "invalid_url", "The url is wrong"),))],
        failed_requests=[request(17), request(None)],
    )
    found = error_annotations(report, 10)
    assert [(each.file, each.line) for each in found] == [
        (None, None),
        ("batches/f.jsonl", None),
        ("batches/f.jsonl", 4),
        ("batches/a.jsonl", 17),
        ("batches/a.jsonl", None),
    ]
    assert found[1].message == "The queue is full. Run again later."
    assert found[2].message == "invalid_url: The url is wrong."
    assert found[3].message == "The request id-17 failed (server_error): It broke."


@pytest.mark.parametrize(("mistakes", "more", "left"), [(9, 0, None), (10, 0, 2), (9, 1, 2), (50, 100, 142)])
def test_of_many_the_first_are_shown_and_the_others_are_counted(mistakes: int, more: int, left: int | None) -> None:
    found = error_annotations(report_of(invalid=[invalid(mistakes=mistakes, more=more)]), 10)
    assert len(found) == 10
    last = found[-1].message
    if left is None:
        assert last.startswith("Not submitted")
    else:
        assert last == f"{left} more mistakes and failures: see the job summary."


def test_advice_is_said_in_inputs_of_the_action() -> None:
    assert as_inputs("Run `vsync batch fetch --resubmit-failed`: it submits.") == (
        "Run `command: batch fetch` with `args: --resubmit-failed`: it submits."
    )
    assert as_inputs("Next: `vsync batch submit` or `vsync sync`.") == "Next: `command: batch submit` or `vsync sync`."


def test_the_error_that_ended_the_run_is_the_first() -> None:
    [first, *_] = error_annotations(report_of(error=ApiUnavailable("It broke.", "Run again."), failed=[failed()]), 10)
    assert first == Annotation("vsync", "It broke. Run again.")


def test_the_outputs_count_batches_and_request_files() -> None:
    report = report_of(
        "fetch",
        submitted=[submitted(resubmission=True)],
        fetched=[fetched(), fetched("batches/b.jsonl", 2)],
        pending=[pending()],
        failed=[failed()],
        failed_requests=[request(path="batches/b.jsonl")] * 2,
        failing=["batches/b.jsonl"],
        published={"branch": "vsync-batch-results", "commit": "c" * 40},
    )
    found = outputs(report, ".vsync/report.json")
    assert found == {
        "submitted": "1",
        "completed": "2",
        "failed": "2",
        "pending": "1",
        "changed": "true",
        "dry-run": "false",
        "manifest-commit": "c" * 40,
        "failure-reason": "documents",
        "report": ".vsync/report.json",
    }
    assert tuple(found) == OUTPUTS


@pytest.mark.parametrize(
    ("report", "number"),
    [
        (report_of(), 0),
        (report_of(invalid=[invalid(), invalid("batches/c.jsonl")]), 2),
        (report_of("fetch", fetched=[fetched(failed=3)], failing=["batches/a.jsonl"]), 1),
        (report_of(failed=[failed(batch_id="batch_1"), failed(batch_id="batch_2")]), 2),
        (report_of(failed=[failed("batches/b.jsonl")], invalid=[invalid("batches/b.jsonl")]), 1),
        (report_of("fetch", failing=["batches/a.jsonl", "batches/b.jsonl"]), 2),
    ],
)
def test_a_file_that_failed_in_several_ways_counts_once(report: BatchReport, number: int) -> None:
    assert failed_files(report) == number


@pytest.mark.parametrize(
    ("report", "changed"),
    [
        (report_of(), "false"),
        (report_of("fetch", pending=[pending()]), "false"),
        (report_of("cancel", cancelled=[Cancelled("a", "b", "cancelling")]), "true"),
        (report_of("fetch", cleaned=1), "true"),
    ],
)
def test_only_what_was_done_is_a_change(report: BatchReport, changed: str) -> None:
    assert outputs(report, "")["changed"] == changed
