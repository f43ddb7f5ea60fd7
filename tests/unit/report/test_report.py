"""The report says what happened, in the form of the contract, and how a run exits."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.builders import report
from tests.support.reports import planned_report, synced_report
from tests.unit.report.examples import EXAMPLES, PLANNED
from vsync.errors import ApiUnavailable, Interrupted, LimitExceeded
from vsync.plan.comparison import Comparison
from vsync.report.comment import body
from vsync.report.documents import Documents, FailedItem
from vsync.report.report import Report
from vsync.report.summary import summary
from vsync.system.redaction import redacted

GOLDEN = Path(__file__).with_name("golden.json")
BARE = Report("default", Comparison("full", "first sync"))
FAILED = report(failed={"a.md": "invalid_file"})


def test_the_json_of_each_kind_is_that_of_the_contract_byte_for_byte() -> None:
    shown = {name: example.to_json() for name, example in EXAMPLES.items()}
    assert json.dumps(shown, ensure_ascii=False, indent=1) + "\n" == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "documents",
    [
        Documents(added=("a",)),
        Documents(updated=("a",)),
        Documents(renamed=(("a", "b"),)),
        Documents(retagged=("a",)),
        Documents(removed=("a",)),
    ],
)
def test_any_operation_is_a_change(documents: Documents) -> None:
    assert documents.changes == 1


def test_failures_and_skipped_files_are_no_change() -> None:
    assert not synced_report(unchanged=3, skipped=(("a", "empty"),), failed=FAILED.documents.failed).changed


def test_everything_is_counted_in_one_order() -> None:
    assert PLANNED.documents.counts == {
        "added": 2,
        "updated": 1,
        "renamed": 1,
        "retagged": 1,
        "removed": 1,
        "unchanged": 1_234,
        "skipped": 2,
        "failed": 2,
    }
    assert list(PLANNED.documents.counts)[-1] == "failed"


@pytest.mark.parametrize(
    ("found", "code", "reason"),
    [
        (BARE, 0, None),
        (FAILED, 1, "documents"),
        (planned_report(failed=FAILED.documents.failed), 0, None),
        (planned_report(refused="too much"), 0, None),
        (replace(BARE, error=LimitExceeded("too much")), 4, "limit"),
        (replace(FAILED, error=ApiUnavailable("gone")), 3, "api"),
        (replace(BARE, superseded=True), 0, None),
        (replace(FAILED, superseded=True), 0, None),
    ],
)
def test_a_run_exits_by_what_went_wrong(found: Report, code: int, reason: str | None) -> None:
    assert found.exit_code == code
    assert found.failure_reason == reason


def test_a_report_shares_nothing_with_its_json() -> None:
    found = synced_report(failed=(FailedItem(path="a.md", code="x", message="y"),))
    found.to_json()["failed"][0]["code"] = "changed"
    assert found.documents.failed[0]["code"] == "x"


def test_no_secret_in_a_reports_messages_survives_markup() -> None:
    key = "sk-proj-abc_def.GHI@jkl-" + "m" * 200
    said = f"refused {key}!"
    report = planned_report(
        comparison=Comparison("diff", said),
        skipped=(("a.md", said),),
        failed=(FailedItem(path="b.md", code="x", message=said),),
        refused=said,
        warnings=(said,),
        error=Interrupted(signal.SIGTERM, said, said),
        started_by=said,
        backlog=said,
    )
    cleaned = report.mapped(lambda text: redacted(text, (key, None)))
    for rendered in (summary, body):
        assert "abc" in rendered(report)
        assert "abc" not in rendered(cleaned)
        assert "mmm" not in rendered(cleaned)
    assert cleaned.error is not None
    assert (cleaned.error.exit_code, cleaned.error.reason, str(cleaned.error)) == (
        143,
        "interrupted",
        "refused ***! refused ***!",
    )
