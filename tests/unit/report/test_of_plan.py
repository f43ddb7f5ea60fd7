"""From a plan to its report: documents, the estimate, sizes and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

import pytest

from tests.support.builders import by_path, document, entry, state
from vsync.config.targets import Target
from vsync.documents.chunking import Chunking
from vsync.documents.secret_scan import Finding
from vsync.documents.selection import SkipReason
from vsync.plan.comparison import Comparison
from vsync.plan.plan import Plan, make_plan
from vsync.report.body import Estimate, Synced
from vsync.report.documents import Documents, carried_over
from vsync.report.of_plan import nothing_done, of_plan, overtaken
from vsync.report.remedies import NO_LONGER, remedy
from vsync.report.report import Report
from vsync.report.store_size import StoreSize, StoreSizes, size_after, size_of
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
    report = of_plan(BARE, a_plan(), refused="too much")
    found = report.documents
    assert found.added == ("new.md",)
    assert found.updated == ("edit.md",)
    assert found.renamed == (("old.md", "moved.md"),)
    assert found.retagged == ("re.md",)
    assert found.removed == ("gone.md",)
    assert found.unchanged == 1
    assert found.skipped == (("empty.md", "empty"),)
    assert [(item["path"], item["code"]) for item in found.failed] == [("bad.md", "invalid_file")]
    assert report.refused == "too much"


def test_a_plan_estimates_what_it_costs() -> None:
    # edit.md, new.md and moved.md go up; edit.md's old version, gone.md, old.md and file-9 go.
    assert of_plan(BARE, a_plan()).plan.estimate == Estimate(3, upload_bytes=20, deletes=4, tokens=6, chunks=3)


def test_what_becomes_of_a_document_that_got_a_secret_is_told_as_it_is() -> None:
    plan = make_plan(
        state(["was.md", "old.md"]), {}, {"was.md": Skipped("b", "secret"), "new.md": Skipped("b", "secret")}
    )
    leaks = {path: (Finding("GitHub token", 3),) for path in ("was.md", "new.md", "old.md")}
    kept = replace(plan, leaks=leaks, held={"old.md": "new.md"}, operations=plan.operations[1:])
    warnings = dict(zip(leaks, of_plan(BARE, kept).warnings[1:], strict=True))
    assert "the version that is in the store is removed" in warnings["was.md"]
    assert warnings["new.md"].startswith(
        "new.md is not uploaded because it seems to hold a secret: GitHub token in line 3."
    )
    assert "is not uploaded" not in warnings["old.md"]
    assert "stays there" in warnings["old.md"]


def dropping(*paths: str, reason: str = "empty", leaks: Mapping[str, tuple[Finding, ...]] | None = None) -> Plan:
    plan = make_plan(state(paths), {}, {path: Skipped("b", reason) for path in paths})
    return replace(plan, leaks=leaks or {})


@pytest.mark.parametrize("reason", sorted({*get_args(SkipReason)} - {"undecodable-name"}))
def test_a_document_whose_file_stops_being_one_is_a_warning_that_says_why_and_what_to_do(reason: str) -> None:
    report = of_plan(BARE, dropping("docs/a.md", reason=reason))
    (warning,) = report.warnings
    why, what_to_do = NO_LONGER[reason]
    assert (
        warning == f"docs/a.md is no longer a document, because {why}. The sync removes it from the store. {what_to_do}"
    )
    assert report.document_warnings == {warning: "docs/a.md"}
    assert report.documents.dropped == {"docs/a.md": reason}
    assert report.to_json()["warnings"] == [warning]


def test_a_document_that_got_a_secret_has_one_warning() -> None:
    found = of_plan(BARE, dropping("a.md", reason="secret", leaks={"a.md": (Finding("GitHub token", 3),)}))
    (warning,) = found.warnings
    assert "GitHub token in line 3" in warning
    assert found.documents.dropped == {"a.md": "secret"}
    # An earlier run has found the secret, and could not remove the document.
    (warning,) = of_plan(BARE, dropping("a.md", reason="secret")).warnings
    assert warning.startswith("a.md is no longer a document, because the file seems to hold a secret. ")


@pytest.mark.parametrize(
    ("number", "last"), [(20, "0019.md is no longer"), (21, "1 more document is"), (320, "300 more documents are")]
)
def test_of_many_documents_the_first_are_named(number: int, last: str) -> None:
    found = of_plan(BARE, dropping(*(f"{n:04}.md" for n in range(number))))
    assert len(found.warnings) == min(number, 21)
    assert found.warnings[-1].startswith(last)
    assert len(found.documents.dropped) == number


def test_a_second_plan_replaces_the_warnings_about_documents_of_the_first() -> None:
    first = of_plan(replace(BARE, warnings=("about the run",)), dropping("a.md", "b.md"))
    second = of_plan(first, dropping("b.md"))
    assert second.warnings == ("about the run", first.warnings[2])
    assert second.document_warnings == {first.warnings[2]: "b.md"}
    assert of_plan(second, Plan()).warnings == ("about the run",)


def test_a_document_is_dropped_when_it_is_removed_and_not_before() -> None:
    documents = of_plan(BARE, dropping("a.md", "b.md")).documents
    assert documents.only((), {"b.md"}).dropped == {"b.md": "empty"}
    assert nothing_done(of_plan(BARE, dropping("a.md"))).documents.dropped == {}


def test_an_empty_plan_changes_nothing() -> None:
    found = of_plan(BARE, Plan())
    assert not found.changed
    assert found.plan.estimate == Estimate(0, 0, 0)


def test_an_earlier_refusal_keeps_the_remedy_of_its_code() -> None:
    item = carried_over("a.md", Failure("b", "t", "invalid_file"), ())
    assert item == {
        "path": "a.md",
        "code": "invalid_file",
        "message": "refused by an earlier run and unchanged since",
    }
    (shown,) = Documents(failed=(item,)).to_json()["failed"]
    assert shown == {**item, "remedy": remedy("invalid_file")}


def test_an_earlier_failure_to_index_says_how_often_it_was_tried() -> None:
    item = carried_over("a.md", Failure("b", "t", "server_error", 6), ("a.md",))
    assert "tried 6 times" in item["message"]
    assert item["message"].endswith("with --reindex PATH; the old version stays in the store")


def test_an_earlier_refusal_says_that_the_old_version_stays_where_there_is_one() -> None:
    (item,) = of_plan(BARE, a_plan()).documents.failed
    assert item["message"] == "refused by an earlier run and unchanged since; the old version stays in the store"
    new = replace(state({}), failed={"bad.md": Failure(document("bad.md").blob, document("bad.md").tag, "x")})
    (item,) = of_plan(BARE, make_plan(new, by_path(document("bad.md")), {})).documents.failed
    assert "old version" not in item["message"]


def test_a_run_that_changed_nothing_keeps_what_it_found() -> None:
    plan = of_plan(BARE, a_plan(), refused="too much", store=StoreSizes(StoreSize(6, 60, 60), StoreSize(7, 70, 70)))
    done = nothing_done(plan)
    assert not done.changed
    assert not done.dry_run
    assert done.refused == "too much"
    assert (done.documents.unchanged, done.documents.skipped) == (1, (("empty.md", "empty"),))
    assert isinstance(done.body, Synced)
    assert done.body.store == StoreSizes(StoreSize(6, 60, 60), StoreSize(6, 60, 60))


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_run_that_was_overtaken_changes_nothing(dry_run: bool) -> None:
    late = overtaken(of_plan(BARE, a_plan()), dry_run=dry_run)
    assert (late.superseded, late.changed, late.dry_run, late.exit_code) == (True, False, dry_run, 0)


def test_the_size_after_a_plan_counts_what_comes_and_goes() -> None:
    files = {"edit.md": entry("edit.md", "5"), "gone.md": entry("gone.md", "12"), "kept.md": entry("kept.md", "3")}
    wanted = by_path(document("edit.md", "five", size=10), document("kept.md", "3"), document("new.md", "n", size=7))
    before = size_of(files, Chunking())
    assert before == StoreSize(3, 4, 4)
    assert size_after(before, make_plan(state(files), wanted, {}), Chunking()) == StoreSize(3, 18, 18)


# --- Encodings and faults -----------------------------------------------------------------------------------------


def test_only_documents_that_are_uploaded_count_as_converted() -> None:
    plan = replace(a_plan(), converted={"new.md": "Shift_JIS", "kept.md": "Big5", "edit.md": "UTF-16"})
    report = of_plan(BARE, plan)
    assert report.documents.converted == {"new.md": "Shift_JIS", "edit.md": "UTF-16"}
    assert report.to_json()["converted"] == [
        {"path": "edit.md", "encoding": "UTF-16"},
        {"path": "new.md", "encoding": "Shift_JIS"},
    ]
    assert report.documents.only({"new.md"}, ()).converted == {"new.md": "Shift_JIS"}


def test_what_is_wrong_with_a_document_is_a_warning_beside_its_file() -> None:
    plan = replace(
        a_plan(), faults={"new.md": ("its front matter cannot be read (line 2: no value)", "its url is long")}
    )
    report = of_plan(BARE, plan)
    text = "new.md: its front matter cannot be read (line 2: no value); its url is long."
    assert report.document_warnings == {text: "new.md"}
    assert report.warnings == (text,)


def test_many_documents_with_faults_are_counted() -> None:
    plan = replace(a_plan(), faults={f"{number:02}.md": ("it is odd",) for number in range(25)})
    report = of_plan(BARE, plan)
    assert len(report.warnings) == 21
    assert report.warnings[-1].startswith("5 more documents are uploaded although something is wrong")
