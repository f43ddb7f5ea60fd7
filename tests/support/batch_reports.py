"""Reports of batches from short words."""

from __future__ import annotations

from typing import Any

from vsync.batch.batch_report import (
    BatchReport,
    Cancelled,
    Command,
    Failed,
    FailedRequest,
    Fetched,
    Invalid,
    Mistake,
    Pending,
    Skipped,
    Submitted,
    Unchanged,
)

SHA = "5a" * 32


def submitted(path: str = "batches/a.jsonl", batch_id: str | None = "batch_1", **facts: Any) -> Submitted:
    given = {
        "sha256": SHA,
        "requests": 5_000,
        "bytes": 1_500_000,
        "endpoint": "/v1/responses",
        "model": "gpt-1",
        **facts,
    }
    return Submitted(path, batch_id=batch_id, **given)


def fetched(path: str = "batches/a.jsonl", failed: int = 0, **facts: Any) -> Fetched:
    given = {"results": path.replace("batches/", "batch-results/"), "status": "completed", "requests": 10, **facts}
    return Fetched(path, "batch_1", completed=given["requests"] - failed, failed=failed, **given)


def pending(path: str = "batches/p.jsonl", **facts: Any) -> Pending:
    given = {"status": "in_progress", "requests": 100, "completed": 40, "failed": 2, "age_s": 5_400, "left_s": 81_000}
    return Pending(path, **{"batch_id": "batch_9", **given, **facts})


def invalid(path: str = "batches/b.jsonl", mistakes: int = 1, more: int = 0) -> Invalid:
    found = (Mistake(40_000 + number, "invalid-json", f"The line is no JSON ({number}).") for number in range(mistakes))
    return Invalid(path, tuple(found), more)


def failed(path: str = "batches/f.jsonl", **facts: Any) -> Failed:
    given = {"code": "token_limit_exceeded", "message": "The queue is full.", "remedy": "Run again later.", **facts}
    return Failed(path, **given)


def request(line: int | None = 3, path: str = "batches/a.jsonl", code: str = "server_error") -> FailedRequest:
    return FailedRequest(path, line, f"id-{line}", code, "It broke.", "batch_1")


def report_of(command: Command = "submit", **facts: Any) -> BatchReport:
    """The report of owner/name. `failed_requests` alone give their number as well."""
    given = {"source": "owner/name", "source_folder": "batches", "results_folder": "batch-results", **facts}
    given.setdefault("failed_requests_total", len(given.get("failed_requests", ())))
    return BatchReport(command, **given)


def full_of(text: str, number: int = 1) -> BatchReport:
    """A report in which every text from outside is this one, and each list has so many items."""
    from vsync.errors import ConfigurationError

    mistake = Mistake(7, text, text)
    return BatchReport(
        "fetch",
        source=text,
        source_folder=text,
        results_folder=text,
        submitted=[Submitted(text, SHA, text, 1, 1, text, text, resubmission=True)] * number,
        unchanged=[Unchanged(text, SHA, text, text, text)] * number,
        left=[text] * number,
        invalid=[Invalid(text, (mistake, mistake), 3)] * number,
        failed=[Failed(text, text, text, text, text, (mistake,))] * number,
        skipped=[Skipped(text, text)] * number,
        fetched=[Fetched(text, text, text, text, 3, 2, 1, current=False, in_input_order=False, tokens=3)] * number,
        failed_requests=[FailedRequest(text, 7, text, text, text, text)] * number,
        failed_requests_total=number + 5,
        failing=[text, f"{text}."] * number,
        pending=[Pending(text, text, text, 3, 1, 1, 100, 100)] * number,
        cancelled=[Cancelled(text, text, text)] * number,
        cleaned=3,
        published={"branch": text, "commit": text},
        warnings=[text] * number,
        error=ConfigurationError(text, text),
    )
