"""A report as plain text: every fact once, and nothing in it that a terminal or a runner would act on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import report
from tests.support.reports import planned_report, synced_report
from vsync.plan.comparison import Comparison
from vsync.report.body import Estimate, Planned, Synced
from vsync.report.documents import Documents, FailedItem
from vsync.report.remedies import remedy
from vsync.report.report import Report
from vsync.report.text import operations, plan_lines, summary_lines

HOSTILE = "a\n::error::b\x1b[31m\u202e\x00\u2028.md"


def full_documents(path: str = "x.md") -> Documents:
    return Documents(
        added=("a/" + path, "c.md"),
        updated=("b.md",),
        renamed=(("old/" + path, "d.md"),),
        retagged=("e.md",),
        removed=("f.md",),
        unchanged=7,
        skipped=(("s.md", "empty"),),
        failed=(FailedItem(path="z/" + path, code="invalid_file", message="broken " + path),),
    )


def full_report(path: str = "x.md", *, plan: bool = False) -> Report:
    planned = Planned(full_documents(path), Estimate(uploads=4, upload_bytes=2_000, deletes=2))
    return replace(
        report(),
        body=planned if plan else Synced(planned, full_documents(path), bytes_uploaded=2_000),
        warnings=("careful " + path,),
        source="acme/" + path,
        requests={"POST /files": 4, "GET /x": 1},
        duration_s=1.26,
    )


def test_operations_stand_in_the_order_of_their_paths() -> None:
    assert operations(full_documents()) == [
        ("+", "a/x.md"),
        ("~", "b.md"),
        ("+", "c.md"),
        ("»", "old/x.md → d.md"),
        ("#", "e.md (attributes)"),
        ("-", "f.md"),
    ]


def test_a_plan_is_told_with_its_comparison_counts_and_operations() -> None:
    assert plan_lines(full_report(plan=True)) == [
        "Plan for acme/x.md: cccccccccccc..dddddddddddd",
        "  compared: git diff since the last synced commit cccccccccccc",
        "  add 2, update 1, rename 1, retag 1, remove 1, unchanged 7, skipped 1, failed 1 (4 uploads, 2.0 KB)",
        "  + a/x.md",
        "  ~ b.md",
        "  + c.md",
        "  » old/x.md → d.md",
        "  # e.md (attributes)",
        "  - f.md",
    ]


@pytest.mark.parametrize(
    ("base", "head", "shown"),
    [
        ("a" * 40, "b" * 40, "aaaaaaaaaaaa..bbbbbbbbbbbb"),
        (None, "b" * 40, "bbbbbbbbbbbb"),
        (None, None, "folder as it is"),
    ],
)
def test_a_plan_says_between_which_commits(base: str | None, head: str | None, shown: str) -> None:
    assert plan_lines(report(base=base, head=head))[0].endswith(shown)


def test_an_empty_plan_says_so() -> None:
    assert plan_lines(report())[2:] == ["  nothing to do"]


def test_a_refused_plan_says_why() -> None:
    assert plan_lines(planned_report(refused="too much"))[-1] == "Refused: too much"


@pytest.mark.parametrize(("number", "lines"), [(3, 3), (4, 4), (5, 4)])
def test_a_long_list_is_cut_and_says_how_much_is_left(number: int, lines: int) -> None:
    shown = plan_lines(report(added=tuple(f"{n}.md" for n in range(number))), shown=3)[3:]
    assert len(shown) == lines
    if number > 4:
        assert shown[-1] == "  … and 2 more"


@pytest.mark.parametrize(
    ("found", "start"),
    [
        (synced_report(added=("a.md",), vector_store_id="vs_1"), "1 document synced (acme/docs at dddddddddddd → vs_1, 0.0 s)"),
        (synced_report(unchanged=1, head=None), "Nothing to do, the store equals the source (acme/docs → its vector store"),
        (planned_report(added=("a.md",)), "Dry run, nothing was changed. 1 to add (acme/docs at dddddddddddd"),
        (planned_report(superseded=True), "A newer run has already synced, nothing was changed (acme/docs"),
    ],
)  # fmt: skip
def test_the_first_line_says_how_it_went_from_where_to_where(found: Report, start: str) -> None:
    assert summary_lines(found)[0].startswith(start)


def test_a_summary_tells_failures_skipped_files_and_warnings() -> None:
    assert summary_lines(full_report())[1:] == [
        "  added 2 · updated 1 · renamed 1 · retagged 1 · removed 1 · unchanged 7 · skipped 1 · failed 1",
        "  uploaded 2.0 KB in 5 requests",
        "Failed:",
        "  z/x.md: invalid_file: broken x.md",
        "What to do about failed documents:",
        f"  invalid_file (1): {remedy('invalid_file')}",
        "Skipped:",
        "  s.md: empty",
        "Warning: careful x.md",
    ]


def test_hostile_names_stay_on_their_line_and_do_nothing() -> None:
    found = full_report(HOSTILE)
    for line in [*plan_lines(full_report(HOSTILE, plan=True)), *summary_lines(found)]:
        assert line.isprintable()


def test_what_a_hostile_manifest_or_server_says_does_nothing_either() -> None:
    found = replace(
        report(vector_store_id=HOSTILE, base=HOSTILE, head=HOSTILE, comparison=Comparison("full", HOSTILE)),
        body=Planned(
            Documents(skipped=(("s.md", HOSTILE),), failed=(FailedItem(path="a.md", code=HOSTILE, message="m"),)),
            refused=HOSTILE,
        ),
    )
    lines = [*plan_lines(found), *summary_lines(found)]
    assert [line for line in lines if not line.isprintable()] == []


def test_a_removed_document_whose_file_is_still_there_has_the_reason_beside_it() -> None:
    documents = Documents(removed=("a.md", "b.md"), dropped={"a.md": "symlink"})
    assert operations(documents) == [("-", "a.md (no longer a document: symlink)"), ("-", "b.md")]
