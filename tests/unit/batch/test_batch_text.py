"""What a run of batches did, as lines for a terminal."""

from __future__ import annotations

import pytest

from tests.support.batch_reports import (
    SHA,
    failed,
    fetched,
    full_of,
    invalid,
    pending,
    report_of,
    request,
    submitted,
)
from vsync.batch.batch_advice import next_steps
from vsync.batch.batch_report import BatchReport, Cancelled, Mistake, Skipped, Unchanged
from vsync.batch.batch_summary import batch_summary
from vsync.batch.batch_text import batch_headline, lasting, report_lines
from vsync.errors import ApiUnavailable, Interrupted


def text(report: BatchReport, *, verbose: bool = False) -> str:
    return "\n".join(line.text for line in report_lines(report, next_steps(report), verbose=verbose))


@pytest.mark.parametrize(
    ("report", "mark", "sentence"),
    [
        (report_of(), "✅", "There is no request file"),
        (report_of("fetch"), "✅", "There are no new results"),
        (report_of("cancel"), "✅", "Nothing was cancelled: no batch is under way"),
        (
            report_of("cancel", unchanged=[Unchanged("batches/a.jsonl", SHA, "It has ended.")]),
            "✅",
            "Nothing was cancelled, 1 batch had ended before",
        ),
        (
            report_of(checked=["batches/a.jsonl"], invalid=[invalid()], dry_run=True),
            "❌",
            "2 request files checked, 1 file invalid",
        ),
        (
            report_of("fetch", fetched=[fetched(), fetched(failed=1), fetched("batches/b.jsonl")]),
            "✅",
            "2 results files written",
        ),
        (report_of(submitted=[submitted(), submitted()]), "✅", "2 batches made"),
        (report_of(submitted=[submitted(batch_id=None)], dry_run=True), "🔍", "1 batch would be made"),
        (
            report_of(
                submitted=[submitted()],
                unchanged=[Unchanged("batches/u.jsonl", SHA, "It has a batch.")],
                invalid=[invalid()],
                left=["batches/l.jsonl"],
            ),
            "❌",
            "1 batch made, 1 file unchanged, 1 file left for the next run, 1 file invalid",
        ),
        (report_of("fetch", fetched=[fetched()], pending=[pending()]), "✅", "1 results file written, 1 batch pending"),
        (
            report_of("fetch", fetched=[fetched(failed=1)], failed_requests=[request()], failing=["batches/a.jsonl"]),
            "❌",
            "1 results file written, 1 request failed",
        ),
        (report_of("fetch", failing=["batches/a.jsonl"]), "❌", "Failed requests in 1 results file"),
        (
            report_of("fetch", submitted=[submitted(resubmission=True)]),
            "✅",
            "1 batch of failed requests made",
        ),
        (
            report_of("fetch", pending=[pending(), pending()], deadline_passed=True),
            "❌",
            "The time to wait is over: 2 batches pending",
        ),
        (report_of("cancel", cancelled=[Cancelled("a", "b", "cancelling")]), "✅", "1 batch cancelled"),
        (report_of(error=ApiUnavailable("No."), bytes_uploaded=230), "🛑", "Ended early: no batch was made"),
        (report_of("fetch", error=ApiUnavailable("No.")), "🛑", "Ended early: no results were written"),
        (report_of("cancel", error=ApiUnavailable("No.")), "🛑", "Ended early: no batch was cancelled"),
        (report_of(submitted=[submitted()], error=Interrupted(15)), "🛑", "Interrupted: 1 batch made"),
        (report_of(failed=[failed()]), "❌", "1 file or batch failed"),
    ],
)
def test_the_headline_has_the_numbers_that_are_not_zero(report: BatchReport, mark: str, sentence: str) -> None:
    assert batch_headline(report) == (mark, sentence)
    assert f"{sentence}." in text(report).splitlines()
    assert batch_summary(report).startswith(f"## {mark} vsync batch {report.command}: {sentence}\n")


def test_a_mistake_is_one_line_with_file_and_line_as_compilers_write_it() -> None:
    report = report_of(invalid=[invalid(mistakes=1_000, more=39_000)])
    lines = [line.text for line in report_lines(report, ()) if line.text.startswith("batches/b.jsonl")]
    assert lines[0] == "batches/b.jsonl:40000: The line is no JSON (0)."
    assert lines[999] == "batches/b.jsonl:40999: The line is no JSON (999)."
    assert lines[1_000:] == ["batches/b.jsonl: … and 39,000 more mistakes"]


def test_a_mistake_of_a_whole_file_has_no_line() -> None:
    whole = invalid(mistakes=0)
    report = report_of(invalid=[type(whole)(whole.path, (Mistake(None, "empty-file", "The file is empty."),))])
    assert "\nbatches/b.jsonl: The file is empty.\n" in f"\n{text(report)}\n"


def test_a_batch_that_was_made_is_named_with_what_it_holds() -> None:
    report = report_of(submitted=[submitted(), submitted("batches/b.jsonl", "batch_2", resubmission=True, model=None)])
    assert "  batches/a.jsonl → batch_1: 5,000 requests, 1.5 MB, /v1/responses, gpt-1\n" in text(report)
    assert "  batches/b.jsonl → batch_2: 5,000 requests, 1.5 MB, /v1/responses (what failed before)\n" in text(report)
    assert "Next: `vsync batch fetch --wait` brings the results." in text(report)


def test_a_dry_run_says_what_it_would_do_and_how_to_do_it() -> None:
    shown = text(report_of(submitted=[submitted(batch_id=None)], dry_run=True))
    assert "Would be submitted:\n  batches/a.jsonl: 5,000 requests" in shown
    assert "Next: `vsync batch submit` submits them." in shown


def test_results_are_named_with_what_is_unusual_about_them() -> None:
    report = report_of(
        "fetch",
        fetched=[
            fetched(tokens=1_234),
            fetched("batches/o.jsonl", 4, status="expired", current=False, in_input_order=False),
        ],
        failing=["batches/o.jsonl"],
    )
    assert "  batch-results/a.jsonl: 10 of 10 requests completed, 1,234 tokens\n" in text(report)
    assert (
        "  batch-results/o.jsonl: 6 of 10 requests completed, 4 failed (the batch is expired; of an earlier content of the "
        "request file; not in the order of the requests)\n"
    ) in text(report)
    assert "Next: `vsync batch fetch --resubmit-failed` runs just what failed once more." in text(report)


def test_each_results_file_is_named_once_in_the_order_of_the_paths() -> None:
    report = report_of(
        "fetch",
        fetched=[fetched("batches/l.jsonl", 4, tokens=10), fetched(tokens=3), fetched("batches/l.jsonl", 1, tokens=5)],
        submitted=[submitted("batches/z.jsonl"), submitted("batches/c.jsonl")],
    )
    lines = text(report).splitlines()
    start = lines.index("Results:")
    assert lines[start + 1 : start + 3] == [
        "  batch-results/a.jsonl: 10 of 10 requests completed, 3 tokens",
        "  batch-results/l.jsonl: 9 of 10 requests completed, 1 failed, 15 tokens",
    ]
    places = [number for number, line in enumerate(lines) if "→ batch_1" in line]
    assert [lines[place].split()[0] for place in places] == ["batches/c.jsonl", "batches/z.jsonl"]
    assert "2 results files written" in text(report)


def test_mistakes_stand_below_a_heading() -> None:
    report = report_of(skipped=[Skipped("batches/x", "It is a link.")], invalid=[invalid()])
    lines = text(report).splitlines()
    assert lines[lines.index("Invalid:") + 1].startswith("batches/b.jsonl:40000: ")


def test_a_batch_that_this_run_made_is_not_told_twice() -> None:
    report = report_of(submitted=[submitted()], pending=[pending(batch_id="batch_1"), pending()])
    assert "1 batch made, 1 batch pending." in text(report)
    assert text(report).count("batch_1") == 1


def test_a_pending_batch_shows_how_far_it_is_and_how_long_it_has() -> None:
    shown = text(report_of("fetch", pending=[pending(), pending("batches/q.jsonl", left_s=None, failed=0)]))
    assert (
        "  batches/p.jsonl: batch_9 in_progress, 42 of 100 requests done, 2 failed, 90 min old, 22 h 30 min left\n"
        in shown
    )
    assert "  batches/q.jsonl: batch_9 in_progress, 40 of 100 requests done, 90 min old\n" in shown


def test_each_failed_request_is_named_and_what_to_do_stands_once_for_each_code() -> None:
    found = [request(line) for line in range(1, 70)] + [request(None, code="batch_expired")]
    report = report_of("fetch", failed_requests=found, failed_requests_total=90)
    lines = text(report).splitlines()
    assert "  batches/a.jsonl:1: id-1: server_error: It broke." in lines
    assert sum("server_error: It broke." in line for line in lines) == 50
    assert any("… and 40 more" in line for line in lines)
    [what] = [line for line in lines if line.startswith("  server_error (69): ")]
    assert len([line for line in lines if line.startswith("  batch_expired (1): ")]) == 1
    assert lines.index("What to do about failed requests:") < lines.index(what)


def test_results_that_held_failures_before_are_named_too() -> None:
    report = report_of("fetch", failing=["batches/a.jsonl", "batches/old.jsonl"], failed_requests=[request()])
    assert "Request files whose results hold failures:\n  batches/old.jsonl\n" in text(report)


def test_what_failed_comes_with_its_remedy_and_the_lines_that_the_api_names() -> None:
    report = report_of(failed=[failed(batch_id="batch_7", mistakes=(Mistake(4, "invalid_url", "The url is wrong."),))])
    assert (
        "Failed:\n"
        "batches/f.jsonl (batch_7): token_limit_exceeded: The queue is full.\n"
        "  Run again later.\n"
        "batches/f.jsonl:4: The url is wrong.\n"
    ) in text(report)


def test_of_many_things_that_went_well_the_first_are_shown_unless_all_are_asked_for() -> None:
    report = report_of(
        unchanged=[Unchanged(f"batches/{number}.jsonl", SHA, "It has a batch.") for number in range(50)],
        skipped=[Skipped(f"batches/{number}.link", "It is a link.") for number in range(21)],
    )
    assert "  … and 30 more (-v lists all)" in text(report)
    assert "batches/20.link: It is a link." in text(report)
    assert "batches/49.jsonl: It has a batch." in text(report, verbose=True)


def test_the_numbers_stand_at_the_end() -> None:
    report = report_of(
        "fetch",
        bytes_uploaded=1_000,
        bytes_downloaded=2_000_000,
        requests={"GET /batches": 2, "POST /files": 1},
        duration_s=1.25,
        cleaned=3,
        published={"branch": "vsync-batch-results", "commit": "c" * 40},
    )
    assert text(report).splitlines()[1:] == [
        "  owner/name: batches → batch-results",
        "  uploaded 1.0 KB, downloaded 2.0 MB, 3 requests to the API, 1.2 s",
        "  deleted 3 Files of the API",
        "  results pushed to vsync-batch-results (cccccccccccc)",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7_199, "119 min"),
        (7_200, "2 h"),
        (9_000, "2 h 30 min"),
        (200_000, "2 d"),
    ],
)
def test_a_length_of_time_is_short(seconds: int, said: str) -> None:
    assert lasting(seconds) == said


@pytest.mark.parametrize("hostile", ["\x1b[31m", "a\nb", "\u202e", "\r", "::error::x\n::error::y"])
def test_nothing_from_outside_acts_in_a_terminal(hostile: str) -> None:
    for line in report_lines(full_of(hostile), ()):
        assert line.text.isprintable(), line


def test_a_very_long_message_is_cut() -> None:
    lines = report_lines(full_of("x" * 100_000), ())
    assert sum("x" * 400 in line.text for line in lines) > 0
    failures = [line.text for line in lines if line.tone == "bad" and "id" not in line.text]
    assert failures


def test_secrets_are_taken_out_of_every_text() -> None:
    changed = full_of("SECRET").mapped(lambda words: words.replace("SECRET", "***"))
    assert "SECRET" not in text(changed)
    assert "SECRET" not in batch_summary(changed)
