"""What a stream did, as numbers, text, JSON and Markdown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vsync.errors import ApiUnavailable, InputDamaged, Interrupted, VsyncError
from vsync.records.outcomes import Item, Outcome
from vsync.records.stream_report import OUTCOMES, StreamReport, report_lines, stream_headline
from vsync.records.stream_summary import stream_summary
from vsync.report.body import Orphan


def item(outcome: Outcome, line: int = 1, key: Any = "k", code: str = "", reason: str = "") -> Item:
    return Item(line, b"", f"p{line}", key, outcome, "", code, reason)


def report_of(*items: Item, **more: Any) -> StreamReport:
    report = StreamReport(**{"read": len(items), "target": "records", "source": "acme/crm", "duration_s": 2.0, **more})
    for one in items:
        report.saw(one)
    return report


def text(report: StreamReport) -> str:
    return "\n".join(line.text for line in report_lines(report))


def bad(number: int, key: Any = "k") -> list[Item]:
    return [item("dead", line, key, "not-json", "It is no JSON.") for line in range(1, number + 1)]


def test_each_outcome_is_counted() -> None:
    report = report_of(*(item(outcome, line) for line, outcome in enumerate(OUTCOMES, 1)))
    assert report.counts == dict.fromkeys(OUTCOMES, 1)
    assert (report.applied, report.finished, report.rate) == (3, 11, 5.5)
    assert report.last_position == "p11"


def test_a_report_without_time_has_no_rate() -> None:
    assert StreamReport(read=5).rate == 0.0


@pytest.mark.parametrize(
    ("items", "error", "code", "reason"),
    [
        ([], None, 0, None),
        ([item("uploaded")], None, 0, None),
        ([item("older"), item("absent")], None, 0, None),
        ([item("dead")], None, 1, "documents"),
        ([item("failed")], None, 1, "documents"),
        ([item("dead")], ApiUnavailable("No."), 3, "api"),
        ([], InputDamaged("No."), 1, "documents"),
        ([item("failed")], Interrupted(15), 143, "interrupted"),
    ],
)
def test_the_exit_code_tells_what_went_wrong(
    items: list[Item], error: VsyncError | None, code: int, reason: str | None
) -> None:
    report = report_of(*items, error=error)
    assert (report.exit_code, report.failure_reason) == (code, reason)


@pytest.mark.parametrize(
    ("report", "mark", "sentence"),
    [
        (report_of(), "✅", "No records came"),
        (report_of(item("uploaded")), "✅", "1 record: 1 applied"),
        (
            report_of(item("deleted"), item("unchanged"), item("older")),
            "✅",
            "3 records: 1 deleted, 2 without a change",
        ),
        (report_of(item("retagged"), item("dead"), item("failed")), "❌", "3 records: 1 applied, 1 dead, 1 failed"),
        (
            report_of(item("uploaded"), read=1_500, error=ApiUnavailable("No.")),
            "🛑",
            "Ended early after 1 record: 1 applied; 1,499 more were read, and come again",
        ),
        (report_of(item("uploaded"), error=ApiUnavailable("No.")), "🛑", "Ended early after 1 record: 1 applied"),
        (report_of(read=2, error=Interrupted(15)), "🛑", "Interrupted: 2 records read, and none acknowledged"),
        (report_of(item("uploaded"), read=2), "✅", "2 records: 1 applied, 1 left for the next run"),
        (report_of(error=Interrupted(15)), "🛑", "Interrupted: no record was read"),
    ],
)
def test_the_headline_has_the_numbers_that_are_not_zero(report: StreamReport, mark: str, sentence: str) -> None:
    assert stream_headline(report) == (mark, sentence)
    assert f"{sentence}." in text(report)
    assert f"## {mark} vsync records: {sentence}\n" in stream_summary(report)


def test_the_text_has_the_facts() -> None:
    report = report_of(
        item("uploaded"),
        item("unchanged", 2),
        vector_store_id="vs_1",
        bytes_uploaded=1500,
        requests={"POST /files": 1, "GET /files": 1},
        cut_attributes=1,
        warnings=["Take care."],
    )
    assert text(report).splitlines() == [
        "Warning: Take care.",
        "2 records: 1 applied, 1 without a change.",
        "  uploaded 1 · unchanged 1",
        "  acme/crm → vs_1, 2.0 s, 1 records/s",
        "  uploaded 1.5 KB in 2 requests",
        "  1 value of attributes cut: a value has at most 256 characters",
        "  last acknowledged position: p2",
    ]


def test_an_interrupted_stream_says_what_is_done_and_what_becomes_of_the_rest() -> None:
    report = report_of(
        item("uploaded"), item("uploaded", 2), read=2_500, duration_s=4.0, error=Interrupted(15),
        bytes_uploaded=3_000_000, requests={"POST /files": 2_000},
    )  # fmt: skip
    assert report.rate == 0.5  # of what was acknowledged, not of what was read
    kept = (
        "the next run recognises what was uploaded of the 2,498 records that come again, and does not upload it again"
    )
    assert text(report).splitlines() == [
        "Interrupted after 2 records: 2 applied; 2,498 more were read, and come again.",
        "  uploaded 2",
        "  acme/crm, 4.0 s, 0 records/s",
        "  uploaded 3.0 MB in 2,000 requests",
        f"  {kept}",
        "  last acknowledged position: p2",
    ]
    assert f"- {kept.capitalize()}\n" in stream_summary(report)
    assert "- 2 records in 4.0 s: 0 in a second\n" in stream_summary(report)
    one = report_of(item("uploaded"), read=2, error=Interrupted(15), bytes_uploaded=1)
    assert "what was uploaded of the record that comes again" in text(one)
    assert "recognises" not in text(report_of(item("uploaded"), read=2, error=Interrupted(15)))


def test_bad_records_are_named_with_their_reason() -> None:
    report = report_of(*bad(1), item("failed", 9, {"id": 1}, "too-large", "It is too large."), dead_letter="d.jsonl")
    assert text(report).splitlines()[:4] == [
        "Dead or failed (2):",
        "  line 1, key k: not-json: It is no JSON.",
        '  line 9, key {"id": 1}: too-large: It is too large.',
        "  These records stand in d.jsonl.",
    ]


@pytest.mark.parametrize(("number", "shown"), [(20, 20), (21, 21), (22, 20), (1_000, 20)])
def test_of_many_bad_records_the_first_are_named(number: int, shown: int) -> None:
    report = report_of(*bad(number))
    assert text(report).count("\n  line ") == shown
    assert (f"… and {number - shown:,} more; in all {number:,} not-json" in text(report)) == (number > shown)
    assert len(report.bad) <= 50


def test_a_record_without_a_key_is_named_by_its_line() -> None:
    assert "  line 1: not-json: It is no JSON." in text(report_of(*bad(1, None)))


def test_hostile_keys_do_not_act_and_do_not_fill_the_screen() -> None:
    hostile = "\x1b[31m<b>@everyone</b> | `x`\n" + "y" * 10_000
    report = report_of(*bad(1, hostile))
    assert "\x1b" not in text(report)
    assert len(text(report)) < 1_000
    summary = stream_summary(report)
    assert "<b>" not in summary
    assert "@" not in summary
    assert len(summary) < 5_000


def test_the_json_is_whole() -> None:
    report = report_of(
        item("uploaded"),
        *bad(2),
        vector_store_id="vs_1",
        input="in.jsonl",
        state="s.db",
        dead_letter="d.jsonl",
        requests={"b": 1, "a": 2},
        orphans=[Orphan("file-1", "a.txt", 3, "listed", "It may be ours.")],
        error=ApiUnavailable("It broke.", "Run again."),
    )
    data = report.to_json()
    assert json.loads(json.dumps(data)) == {
        "target": "records",
        "source": "acme/crm",
        "vector_store_id": "vs_1",
        "input": "in.jsonl",
        "read": 3,
        "applied": 1,
        "uploaded": 1,
        "replaced": 0,
        "retagged": 0,
        "deleted": 0,
        "unchanged": 0,
        "absent": 0,
        "superseded": 0,
        "older": 0,
        "skipped": 0,
        "dead": 2,
        "failed": 0,
        "codes": {"not-json": 2},
        "cut_attributes": 0,
        "bytes_uploaded": 0,
        "requests": {"a": 2, "b": 1},
        "duration_s": 2.0,
        "rate": 1.5,
        "state": "s.db",
        "dead_letter": "d.jsonl",
        "last_position": "p2",
        "warnings": [],
        "leftovers": [
            {"file_id": "file-1", "filename": "a.txt", "bytes": 3, "verdict": "listed", "why": "It may be ours."}
        ],
        "error": {"reason": "api", "message": "It broke.", "remedy": "Run again."},
    }


def test_every_text_from_outside_can_be_changed() -> None:
    secret = "SECRET"
    report = report_of(
        item("dead", 1, secret, "not-json", secret),
        input=secret,
        state=secret,
        dead_letter=secret,
        warnings=[secret],
        orphans=[Orphan("file-1", secret, 3, "listed", secret)],
        error=ApiUnavailable(secret, secret),
    )
    report.source, report.last_position = secret, {secret: [secret, 1, None]}
    changed = report.mapped(lambda words: words.replace(secret, "***"))
    for shown in (json.dumps(changed.to_json()), text(changed), stream_summary(changed)):
        assert secret not in shown
    assert secret in json.dumps(report.to_json())
    changed.warnings.append("new")
    changed.codes["new"] += 1
    assert (report.warnings, report.codes["new"]) == ([secret], 0)


def test_the_summary_has_what_needs_an_eye_and_the_facts() -> None:
    report = report_of(
        item("uploaded"),
        *bad(60),
        vector_store_id="vs_1",
        state="s.db",
        dead_letter="d.jsonl",
        bytes_uploaded=10,
        cut_attributes=2,
        warnings=[f"warning {number}" for number in range(25)],
        error=ApiUnavailable("It broke.", "Run again."),
    )
    summary = stream_summary(report)
    for part in (
        "> [!CAUTION]\n> It broke&#46;",
        "> warning 19\n>\n> … and 5 more warnings, which the log has.",
        "| Uploaded | 1 |",
        "| Dead | 60 |",
        "### Dead or failed (60)",
        "… and 10 more. In all: 60 not-json.",
        "<code>vs&#95;1</code>",
        "<code>d&#46;jsonl</code>",
        "<code>s&#46;db</code>",
        "uploaded 10 B",
        "2 values of attributes cut",
    ):
        assert part in summary
    assert "Unchanged" not in summary


def test_the_summary_says_why_nothing_was_done() -> None:
    assert "Nothing was done: a pull request only shows&#46;" in stream_summary(
        StreamReport(), "a pull request only shows."
    )
