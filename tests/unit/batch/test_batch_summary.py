"""What a run of batches did, as a job summary: what it shows, and that it fits."""

from __future__ import annotations

import pytest

from tests.support.batch_reports import SHA, failed, fetched, full_of, invalid, pending, report_of, request, submitted
from tests.unit.batch.test_batch_table import row
from vsync.batch.batch_report import Cancelled, Mistake, Skipped, Unchanged
from vsync.batch.batch_summary import batch_summary, status_summary
from vsync.batch.status_report import StatusReport
from vsync.errors import ApiUnavailable


def test_what_needs_an_eye_comes_first() -> None:
    summary = batch_summary(
        report_of(
            "fetch",
            warnings=[f"warning {number}" for number in range(25)],
            error=ApiUnavailable("It broke.", "Run again."),
            invalid=[invalid()],
            failed=[failed(batch_id="batch_7", mistakes=(Mistake(4, "invalid_url", "The url is wrong."),))],
            failed_requests=[request()],
            submitted=[submitted()],
            fetched=[fetched()],
            pending=[pending()],
            cancelled=[Cancelled("batches/c.jsonl", "batch_3", "cancelling")],
            unchanged=[Unchanged("batches/u.jsonl", SHA, "`vsync batch fetch` brings it.")],
            skipped=[Skipped("batches/link", "It is a link.")],
            left=["batches/l.jsonl"],
            failing=["batches/old.jsonl"],
        )
    )
    parts = [
        "> [!CAUTION]\n> It broke&#46;",
        "> … and 5 more warnings, which the log has.",
        "### Invalid request files (1)",
        "| <code>batches/b&#46;jsonl</code> | 40,000 | The line is no JSON &#40;0&#41;&#46; |",
        "### Failed (1)",
        "<code>token&#95;limit&#95;exceeded</code>",
        "| <code>batches/f&#46;jsonl</code> | 4 | The url is wrong&#46; |",
        "### Failed requests (1)",
        "| <code>batches/a&#46;jsonl</code> | 3 | <code>id-3</code> |",
        "<code>batches/old&#46;jsonl</code>",
        "### Submitted",
        "| 5,000 | 1&#46;5 MB |",
        "### Results",
        "### Pending",
        "| 42 of 100 | 2 | 90 min | 22 h 30 min |",
        "### Cancelled",
        "Unchanged (1)",
        "<code>vsync batch fetch</code> brings it",
        "Skipped (1)",
        "Left for the next run (1)",
        "Folders and numbers",
    ]
    places = [summary.index(part) for part in parts]
    assert places == sorted(places)


def test_of_a_file_with_very_many_mistakes_the_first_fifty_are_shown() -> None:
    summary = batch_summary(report_of(invalid=[invalid(mistakes=1_000, more=39_000)]))
    assert summary.count("The line is no JSON") == 50
    assert "… and 39,950 more mistakes" in summary


def test_requests_that_are_not_named_are_counted() -> None:
    summary = batch_summary(report_of("fetch", failed_requests=[request()], failed_requests_total=1_200))
    assert "… and 1,199 more. The summary file beside each results file names them." in summary


def test_it_says_why_nothing_was_submitted() -> None:
    assert "Nothing was submitted: a pull request only shows&#46;" in batch_summary(
        report_of(dry_run=True), "a pull request only shows."
    )
    assert "Nothing was changed: this is a dry run." in batch_summary(report_of(dry_run=True))


def test_a_dry_run_without_a_key_says_only_what_was_checked() -> None:
    report = report_of(checked=["batches/a.jsonl"], invalid=[invalid()], dry_run=True)
    summary = batch_summary(report, "a pull request only shows")
    assert summary.startswith("## ❌ vsync batch submit: 2 request files checked, 1 file invalid\n")
    assert "Checked (1)" in summary
    assert "submitted" not in summary.split("\n", 3)[3].replace("Nothing was submitted", "")


def test_a_plan_has_no_column_for_batches_that_do_not_exist() -> None:
    assert "| File | Requests | Size |" in batch_summary(report_of(submitted=[submitted(batch_id=None)], dry_run=True))
    assert "| File | Batch | Requests |" in batch_summary(report_of(submitted=[submitted()]))


def test_it_says_where_the_results_are_and_how_a_clone_gets_them() -> None:
    report = report_of("fetch", fetched=[fetched()], published={"branch": "vsync-batch-results", "commit": "c" * 40})
    assert "<code>git fetch origin vsync&#45;batch&#45;results</code>".replace("&#45;", "-") in batch_summary(report)


def test_commands_are_said_as_the_reader_gives_them() -> None:
    report = report_of(
        "fetch", failed_requests=[request()], failing=["batches/a.jsonl"], unsubmitted=["batches/n.jsonl"]
    )
    summary = batch_summary(report, None, lambda text: text.replace("vsync batch fetch", "THE STEP"))
    assert "<code>vsync batch fetch" not in summary
    assert summary.count("THE STEP") == 2
    assert "### Request files without a batch (1)" in summary


@pytest.mark.parametrize("text", ["a", "😀", "|", "`", "<"])
def test_the_largest_report_fits_into_what_github_shows(text: str) -> None:
    assert len(batch_summary(full_of(text * 1_000, 120)).encode()) < 1024 * 1024


def test_the_status_has_a_row_for_each_batch_and_names_files_without_one() -> None:
    report = StatusReport("owner/name", [row()], ["batches/new.jsonl"])
    summary = status_summary(report, "batches")
    assert summary.startswith("## vsync batch status: 1 batch&#58; 1 in progress\n")
    assert "| <code>batches/a&#46;jsonl</code> | in&#95;progress | 42/100 | 2 |" in summary
    assert "### Request files without a batch (1)\n\nIn <code>batches</code>:" in summary
    assert "<code>vsync batch submit</code> makes the batches" in summary
    assert "<code>batches/new&#46;jsonl</code>" in summary


def test_what_is_unusual_about_results_stands_apart_from_their_name() -> None:
    summary = batch_summary(report_of("fetch", fetched=[fetched(current=False)]))
    assert "jsonl</code> &#40;of an earlier content" in summary
