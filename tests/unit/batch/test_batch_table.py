"""The table of batches: what it shows, and that it fits a terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from vsync.batch.batch_table import status_lines
from vsync.batch.metadata import Made
from vsync.batch.status_report import BatchRow, StatusReport
from vsync.manage.table import text_width
from vsync.store.batch_info import BatchError, BatchInfo


def info(**facts: Any) -> BatchInfo:
    given: dict[str, Any] = {
        "id": "batch_67f0a1b2c3d4e5f60718293a4b5c6d7e", "status": "in_progress", "endpoint": "/v1/responses", "model": "gpt-1",
        "window": "24h", "input_file_id": "file-1", "output_file_id": None, "error_file_id": None, "created_at": 1_000,
        "in_progress_at": 1_010, "expires_at": 87_400, "finalizing_at": None, "completed_at": None, "failed_at": None,
        "expired_at": None, "cancelling_at": None, "cancelled_at": None, "total": 100, "completed": 40, "failed": 2,
        "errors": (), "metadata": {}, "input_tokens": None, "output_tokens": None, "total_tokens": None,
    }  # fmt: skip
    return BatchInfo(**given | facts)


def row(
    path: str = "batches/a.jsonl", *, batch: BatchInfo | None = None, source: str = "owner/name", **facts: Any
) -> BatchRow:
    batch = batch or info()
    made = Made(source, path, "5a" * 32, 100) if source else None
    given: dict[str, Any] = {"ours": True, "paths": (path,), "fetched": False, "age_s": 5_400}
    return BatchRow(info=batch, made=made, **{"left_s": None if batch.ended else 81_000, **given, **facts})


DONE = info(id="batch_2", status="completed", completed=98, completed_at=4_000, total_tokens=12_345)


def shown(report: StatusReport, width: int | None = None) -> list[str]:
    return [line.text for line in status_lines(report, "batches", width)]


def test_each_batch_has_a_row_with_its_state_its_numbers_and_its_times() -> None:
    report = StatusReport("owner/name", [row(), row("batches/b.jsonl", batch=DONE)], [])
    lines = shown(report)
    assert lines[0].split() == ["PATH", "STATE", "DONE", "FAILED", "AGE", "LEFT", "TOKENS", "RESULTS", "BATCH"]
    assert "  ".join(lines[1].split("  ")).split() == [
        *("batches/a.jsonl", "in_progress", "42/100", "2", "90", "min", "22", "h", "30", "min", "-", "-", info().id)
    ]
    assert lines[2].split() == [
        "batches/b.jsonl",
        "completed",
        "100/100",
        "2",
        "90",
        "min",
        "-",
        "12,345",
        "ready",
        "batch_2",
    ]
    assert lines[3:] == [
        "2 batches: 1 completed, 1 in progress; 12,345 tokens.",
        "Next: `vsync batch fetch` brings the results that are ready.",
    ]


def test_before_the_api_has_counted_the_requests_the_metadata_say_how_many_there_are() -> None:
    lines = shown(StatusReport("owner/name", [row(batch=info(status="validating", total=0, completed=0, failed=0))]))
    assert lines[1].split()[:3] == ["batches/a.jsonl", "validating", "0/100"]


def test_fetched_results_and_those_of_an_earlier_content_are_told_apart() -> None:
    report = StatusReport(
        "owner/name",
        [row(batch=DONE, fetched=True), row(batch=DONE, paths=()), row(batch=info(status="failed", failed_at=5))],
    )
    first, second, third = shown(report)[1:4]
    assert first.split()[-2:] == ["fetched", "batch_2"]
    assert "ready, of an earlier content  batch_2" in second
    assert third.split()[-2] == "none"
    cancelled = info(status="cancelled", total=0, completed=0, failed=0)
    lines = shown(StatusReport("owner/name", [row(batch=cancelled)]))
    assert lines[1].split()[-2] == "none"
    assert not any("Next:" in line for line in lines), "there is nothing to fetch"


def test_batches_of_others_are_shown_with_their_source() -> None:
    report = StatusReport("owner/name", [row(), row("", source="", ours=False, batch=DONE)])
    lines = shown(report)
    assert "SOURCE" in lines[0]
    assert lines[2].split()[:3] == ["-", "-", "completed"]
    assert "Next:" not in "".join(lines)


def test_what_the_api_says_of_a_refused_batch_stands_at_its_lines() -> None:
    errors = tuple(BatchError("invalid_json_line", f"Line {line} is no JSON.", line, "") for line in range(1, 6))
    refused = info(status="failed", errors=errors)
    lines = shown(StatusReport("owner/name", [row(batch=refused)]))
    assert "batches/a.jsonl:1: invalid_json_line: Line 1 is no JSON." in lines
    assert "batches/a.jsonl: … and 2 more errors" in lines
    whole = info(status="failed", errors=(BatchError("token_limit_exceeded", "Too many.", None, ""),))
    assert "batches/a.jsonl: token_limit_exceeded: Too many." in shown(StatusReport("owner/name", [row(batch=whole)]))


def test_request_files_without_a_batch_are_named() -> None:
    files = [f"batches/{number}.jsonl" for number in range(30)]
    lines = shown(StatusReport("owner/name", [], files), 80)
    assert lines[:3] == ["owner/name has no batch.", "Request files without a batch (30):", "  batches/0.jsonl"]
    assert "  … and 10 more (all with --json)" in lines
    assert lines[-1] == "Next: `vsync batch submit` makes the batches of the files without one."
    assert "  batches/29.jsonl" in shown(StatusReport("owner/name", [], files)), "a program may read it"


def test_a_source_without_any_file_is_told_where_files_are_looked_for() -> None:
    assert shown(StatusReport("owner/name")) == [
        "owner/name has no batch.",
        "No request file in batches waits for a batch.",
    ]


def test_a_request_file_that_the_api_refused_is_not_told_to_be_submitted() -> None:
    lines = shown(StatusReport("owner/name", [row(batch=info(status="failed"))], refused=["batches/a.jsonl"]))
    assert lines[-3:] == [
        "Request files that the API refused (1):",
        "  batches/a.jsonl",
        "Next: correct the files that the API refused, and submit them: `vsync batch submit` says why.",
    ]


def test_results_with_failures_get_a_next_step() -> None:
    lines = shown(StatusReport("owner/name", [row(batch=DONE, fetched=True)], failing=["batches/a.jsonl"]))
    assert lines[-3:-1] == ["Request files whose results hold failures (1):", "  batches/a.jsonl"]
    assert lines[-1].startswith("Next: `vsync batch fetch` says which requests failed")


def test_a_batch_of_just_what_failed_shows_that_it_is_one() -> None:
    first = row(batch=DONE, fetched=True)
    made = first.made
    assert made is not None
    lines = shown(
        StatusReport("owner/name", [replace(first, made=replace(made, attempt=2, part_sha256="b" * 64)), first])
    )
    assert "TRY" in lines[0]
    assert lines[1].endswith("2 (failed only)  batch_2")
    assert lines[2].split()[-2:] == ["1", "batch_2"]
    assert "TRY" not in shown(StatusReport("owner/name", [first]))[0]


@pytest.mark.parametrize("width", [30, 60, 80, 100, 120, 140, 200])
def test_an_id_is_never_cut(width: int) -> None:
    rows = [row("batches/deep/er/and/deeper/requests.jsonl"), row(batch=DONE)]
    lines = shown(StatusReport("owner/name", rows), width)
    assert any(line.split()[-1] == info().id for line in lines)
    assert any(line.split()[-1] == "batch_2" for line in lines)


def test_where_ids_stand_on_their_own_lines_no_other_column_is_lost() -> None:
    lines = shown(StatusReport("owner/name", [row()]), 110)
    assert lines[0].split() == ["PATH", "STATE", "DONE", "FAILED", "AGE", "LEFT", "TOKENS", "RESULTS"]
    assert lines[2] == f"  {info().id}"


def test_an_error_without_words_is_left_out() -> None:
    errors = (BatchError("", "", 3, ""), BatchError("", "Too many.", None, ""))
    lines = shown(StatusReport("owner/name", [row(batch=info(status="failed", errors=errors))]))
    assert [line for line in lines if line.startswith("batches/a.jsonl:")] == ["batches/a.jsonl: Too many."]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_table_fits_the_terminal(width: int) -> None:
    paths = ["batches/a.jsonl", f"batches/{'文' * 60}.jsonl", "batches/deep/er/and/deeper/requests.jsonl"]
    rows = [row(path, batch=info(total=50_000, completed=49_000, total_tokens=123_456_789)) for path in paths]
    for line in shown(StatusReport("owner/name", rows), width)[:4]:
        assert text_width(line) <= width, line


def test_the_state_and_the_numbers_are_never_left_out() -> None:
    lines = shown(StatusReport("owner/name", [row()]), 50)
    assert lines[0].split()[:4] == ["PATH", "STATE", "DONE", "FAILED"]


@pytest.mark.parametrize("hostile", ["\x1b[31m", "a\nb", "\u202e", "\r"])
def test_nothing_from_outside_acts_in_a_terminal(hostile: str) -> None:
    error = BatchError(hostile, hostile, 3, hostile)
    batch = info(id=hostile, status=hostile, errors=(error,) * 5)
    report = StatusReport(hostile, [row(hostile, batch=batch), row(hostile, source=hostile, ours=False)], [hostile])
    for line in status_lines(report, hostile, 80):
        assert line.text.isprintable(), line


def test_a_batch_stands_under_the_present_names_of_its_content() -> None:
    renamed = row("batches/old.jsonl", paths=("batches/new.jsonl", "batches/other.jsonl"))

    assert shown(StatusReport("owner/name", [renamed]))[1].startswith("batches/new.jsonl (+1)")
