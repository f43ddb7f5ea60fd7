"""The report says what happened, in the form of the contract, and how a run exits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.support.builders import COMMIT, HEAD, by_path, document, entry, report, state
from vsync.config.targets import Target
from vsync.documents.secret_scan import Finding
from vsync.errors import ApiUnavailable, LimitExceeded
from vsync.plan.comparison import Comparison
from vsync.plan.plan import Plan, make_plan
from vsync.report.remedies import remedy
from vsync.report.report import FailedItem, Report, carried_over, of_plan
from vsync.state.manifest import Failure, Skipped

BARE = Report("default", Comparison("full", "first sync"))


def a_plan() -> Plan:
    before = state(
        {
            path: entry(path, text)
            for path, text in (("gone.md", "1"), ("old.md", "2"), ("kept.md", "3"), ("re.md", "4"))
        }
        | {"edit.md": entry("edit.md", "5"), "bad.md": entry("bad.md", "6")},
        pending_delete=("file-9",),
    )
    bad = document("bad.md", "worse")
    before = replace(before, failed={"bad.md": Failure(bad.blob, bad.tag, "invalid_file")})
    wanted = by_path(
        document("new.md", "two", size=7),
        document("moved.md", "2", size=3),
        document("kept.md", "3"),
        document("re.md", "4", Target(source="acme/docs", attributes={"team": "docs"})),
        document("edit.md", "five", size=10),
        bad,
    )
    return make_plan(before, wanted, {"empty.md": Skipped("e", "empty")})


def test_a_plan_is_told_document_by_document() -> None:
    found = of_plan(BARE, a_plan(), refused="too much")
    assert found.added == ("new.md",)
    assert found.updated == ("edit.md",)
    assert found.renamed == (("old.md", "moved.md"),)
    assert found.retagged == ("re.md",)
    assert found.removed == ("gone.md",)
    assert found.unchanged == 1
    assert found.skipped == (("empty.md", "empty"),)
    assert [(item["path"], item["code"]) for item in found.failed] == [("bad.md", "invalid_file")]
    assert found.refused == "too much"


def test_a_plan_estimates_what_it_costs() -> None:
    # edit.md, new.md and moved.md go up; edit.md's old version, gone.md, old.md and file-9 go.
    assert of_plan(BARE, a_plan(), refused=None).estimate == {"uploads": 3, "upload_bytes": 20, "deletes": 4}


def test_a_late_run_ends_well_whatever_newer_ones_could_not_do() -> None:
    failed = of_plan(BARE, a_plan(), refused=None)
    assert failed.exit_code == 1
    assert replace(failed, superseded=True).exit_code == 0


def test_what_becomes_of_a_document_that_got_a_secret_is_told_as_it_is() -> None:
    plan = make_plan(
        state(["was.md", "old.md"]), {}, {"was.md": Skipped("b", "secret"), "new.md": Skipped("b", "secret")}
    )
    leaks = {path: (Finding("GitHub token", 3),) for path in ("was.md", "new.md", "old.md")}
    kept = replace(plan, leaks=leaks, held=("old.md",), operations=plan.operations[1:])
    told = dict(zip(leaks, of_plan(BARE, kept, refused=None).warnings[1:], strict=True))
    assert "the version that is in the store is removed" in told["was.md"]
    assert told["new.md"].startswith(
        "new.md is not uploaded because it seems to hold a secret: GitHub token in line 3."
    )
    assert "is not uploaded" not in told["old.md"]
    assert "stays there" in told["old.md"]


def test_an_empty_plan_changes_nothing() -> None:
    found = of_plan(BARE, Plan(), refused=None)
    assert not found.changed
    assert found.estimate == {"uploads": 0, "upload_bytes": 0, "deletes": 0}


def test_an_earlier_refusal_keeps_the_remedy_of_its_code() -> None:
    item = carried_over("a.md", Failure("b", "t", "invalid_file"), ())
    assert item == {
        "path": "a.md",
        "code": "invalid_file",
        "message": "refused by an earlier run and unchanged since",
    }
    (told,) = replace(BARE, failed=(item,)).to_json()["failed"]
    assert told == {**item, "remedy": remedy("invalid_file")}


def test_an_earlier_refusal_says_that_the_old_version_stays_where_there_is_one() -> None:
    (item,) = of_plan(BARE, a_plan(), refused=None).failed
    assert item["message"] == "refused by an earlier run and unchanged since; the old version stays in the store"
    new = replace(state({}), failed={"bad.md": Failure(document("bad.md").blob, document("bad.md").tag, "x")})
    (item,) = of_plan(BARE, make_plan(new, by_path(document("bad.md")), {}), refused=None).failed
    assert "old version" not in item["message"]


@pytest.mark.parametrize(
    "changes",
    [
        {"added": ("a",)},
        {"updated": ("a",)},
        {"renamed": (("a", "b"),)},
        {"retagged": ("a",)},
        {"removed": ("a",)},
    ],
)
def test_any_operation_is_a_change(changes: dict[str, tuple[str, ...]]) -> None:
    assert replace(BARE, **changes).changed  # type: ignore[arg-type]  # from a table


def test_failures_and_skipped_files_are_no_change() -> None:
    assert not replace(BARE, unchanged=3, skipped=(("a", "empty"),), failed=report(failed={"a": "x"}).failed).changed


FAILED = report(failed={"a.md": "invalid_file"})


@pytest.mark.parametrize(
    ("found", "code", "reason"),
    [
        (BARE, 0, None),
        (FAILED, 1, "documents"),
        (replace(FAILED, dry_run=True), 0, None),
        (replace(BARE, refused="too much", dry_run=True), 0, None),
        (replace(BARE, error=LimitExceeded("too much")), 4, "limit"),
        (replace(FAILED, error=ApiUnavailable("gone")), 3, "api"),
        (replace(BARE, superseded=True), 0, None),
    ],
)
def test_a_run_exits_by_what_went_wrong(found: Report, code: int, reason: str | None) -> None:
    assert found.exit_code == code
    assert found.failure_reason == reason


def test_the_json_is_the_one_of_the_contract() -> None:
    found = replace(
        report(added=("a.md",), failed={"f.md": "invalid_file"}),
        updated=("u.md",),
        renamed=(("old.md", "new.md"),),
        retagged=("t.md",),
        removed=("r.md",),
        unchanged=5,
        skipped=(("s.md", "empty"),),
        warnings=("careful",),
        estimate={"uploads": 2},
        requests={"POST /files": 2, "GET /vector_stores/{id}": 1},
        bytes_uploaded=12,
        duration_s=1.23456,
        manifest=".vsync/manifest.json",
    )
    data = json.loads(json.dumps(found.to_json()))
    assert data == {
        "target": "default",
        "vector_store_id": "vs_1",
        "base": COMMIT,
        "head": HEAD,
        "comparison": {"mode": "diff", "reason": "git diff since the last synced commit cccccccccccc"},
        "dry_run": False,
        "superseded": False,
        "added": ["a.md"],
        "updated": ["u.md"],
        "renamed": [{"from": "old.md", "to": "new.md"}],
        "retagged": ["t.md"],
        "removed": ["r.md"],
        "unchanged": 5,
        "skipped": [{"path": "s.md", "reason": "empty"}],
        "failed": [
            {
                "path": "f.md",
                "code": "invalid_file",
                "message": "refused",
                "remedy": remedy("invalid_file"),
            }
        ],
        "refused": None,
        "warnings": ["careful"],
        "estimate": {"uploads": 2},
        "requests": {"GET /vector_stores/{id}": 1, "POST /files": 2},
        "bytes_uploaded": 12,
        "duration_s": 1.235,
        "manifest": ".vsync/manifest.json",
        "leftovers": [],
        "error": None,
    }


def test_the_json_tells_an_error_in_parts() -> None:
    data = replace(BARE, error=ApiUnavailable("Out of reach.", "Run again.")).to_json()
    assert data["error"] == {"reason": "api", "message": "Out of reach.", "remedy": "Run again."}


def test_a_report_shares_nothing_with_its_json() -> None:
    item = FailedItem(path="a.md", code="x", message="y")
    found = replace(BARE, failed=(item,), estimate={"uploads": 1})
    data = found.to_json()
    data["failed"][0]["code"] = "changed"
    data["estimate"]["uploads"] = 9
    assert found.failed[0]["code"] == "x"
    assert found.estimate == {"uploads": 1}
