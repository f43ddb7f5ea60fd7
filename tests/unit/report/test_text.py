"""A report as plain text: every fact once, and nothing in it that a terminal or a runner would act on."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.support.builders import report
from tests.support.reports import planned_report, synced_report, texts
from tests.unit.report.examples import EXAMPLES
from vsync.plan.comparison import Comparison
from vsync.report.body import Estimate, Planned, Synced
from vsync.report.documents import Documents, FailedItem
from vsync.report.last_sync import LastSync
from vsync.report.remedies import remedy
from vsync.report.report import Report
from vsync.report.store_size import StoreSize, StoreSizes
from vsync.report.text import operations, plan_lines, summary_lines

SIZES = StoreSizes(StoreSize(1, 1, 1), StoreSize(1_201, 9, 9))
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
        ("→", "d.md (was old/x.md)"),
        ("*", "e.md (attributes)"),
        ("−", "f.md"),
    ]


def test_a_plan_lists_its_operations_under_its_range() -> None:
    assert texts(plan_lines(full_report(plan=True))) == [
        "Plan for acme/x.md: cccccccccccc..dddddddddddd (4 uploads, 2.0 KB)",
        "  + a/x.md",
        "  ~ b.md",
        "  + c.md",
        "  → d.md (was old/x.md)",
        "  * e.md (attributes)",
        "  − f.md",
    ]


def test_each_kind_of_operation_has_its_tone() -> None:
    tones = {line.text.split()[0]: line.tone for line in plan_lines(full_report(plan=True))[1:]}
    assert tones == {"+": "added", "~": "changed", "→": "changed", "*": "changed", "−": "removed"}


@pytest.mark.parametrize(
    ("base", "head", "shown"),
    [
        ("a" * 40, "b" * 40, "aaaaaaaaaaaa..bbbbbbbbbbbb"),
        (None, "b" * 40, "bbbbbbbbbbbb"),
        (None, None, "folder as it is"),
    ],
)
def test_a_plan_says_between_which_commits(base: str | None, head: str | None, shown: str) -> None:
    assert texts(plan_lines(report(base=base, head=head)))[0].endswith(shown)


def test_an_empty_plan_says_so() -> None:
    assert texts(plan_lines(report()))[1:] == ["  nothing to do"]


@pytest.mark.parametrize(("number", "lines"), [(3, 3), (4, 4), (5, 4)])
def test_a_long_list_is_cut_and_says_how_much_is_left(number: int, lines: int) -> None:
    shown = texts(plan_lines(report(added=tuple(f"{n}.md" for n in range(number))), 3, " (-v lists all)"))[1:]
    assert len(shown) == lines
    if number > 4:
        assert shown[-1] == "  … and 2 more (-v lists all)"


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (synced_report(added=("a.md",)), "+1 in acme/docs"),
        (synced_report(added=("a.md",), vector_store_name="help"), "+1 in help"),
        (planned_report(removed=("a.md",), renamed=(("b", "c"),)), "Plan: →1 −1 in acme/docs"),
        (planned_report(added=("a.md",) * 1_200, store=SIZES), "Plan: +1,200 in acme/docs, 1,201 documents afterwards"),
        (planned_report(added=("a.md",), refused="too many"), "The plan is refused by a limit: +1 in acme/docs"),
        (planned_report(superseded=True), "A newer run has already synced, nothing was changed"),
    ],
)
def test_the_result_is_one_line(found: Report, line: str) -> None:
    assert line in texts(summary_lines(found))


def test_a_sync_ends_with_its_result_behind_what_needs_a_persons_eye() -> None:
    assert texts(summary_lines(full_report())) == [
        "Failed:",
        "  z/x.md: invalid_file: broken x.md",
        "What to do about failed documents:",
        f"  invalid_file (1): {remedy('invalid_file')}",
        "Skipped (1 empty):",
        "  s.md: empty",
        "Warning: careful x.md",
        "1 document failed, +2 ~1 →1 *1 −1 in acme/x.md",
        "  added 2 · updated 1 · renamed 1 · retagged 1 · removed 1 · unchanged 7 · skipped 1 · failed 1",
        "  acme/x.md at dddddddddddd → vs_1, 1.3 s",
        "  compared: git diff since the last synced commit cccccccccccc",
        "  uploaded 2.0 KB in 5 requests",
    ]


def test_many_skipped_files_are_counted_and_the_first_of_them_listed() -> None:
    skipped = tuple((f"{n}.html", "template") for n in range(17))
    lines = texts(summary_lines(planned_report(added=("a.md",), skipped=skipped)))
    assert lines[:2] == ["Skipped (17 template):", "  0.html: template"]
    assert lines[5:7] == ["  4.html: template", "  … and 12 more (all with --json)"]


def test_only_a_plan_that_a_sync_would_carry_out_offers_its_id() -> None:
    offered = planned_report(added=("a.md",), plan_id="0123456789abcdef")
    assert any("--expect 0123456789abcdef" in line for line in texts(summary_lines(offered)))
    refused = planned_report(added=("a.md",), plan_id="0123456789abcdef", refused="too many")
    assert not any("--expect" in line for line in texts(summary_lines(refused)))


def test_a_plan_that_only_deletes_what_the_last_run_left_says_so() -> None:
    found = planned_report(unchanged=3, estimate=Estimate(uploads=0, upload_bytes=0, deletes=2))
    assert "  − 2 Files that the last run replaced or removed" in texts(plan_lines(found))
    assert any(line.startswith("No document would change, 2 Files of the last run would be deleted in")
               for line in texts(summary_lines(found)))  # fmt: skip


def test_a_plan_ends_with_the_next_step() -> None:
    found = planned_report(added=("a.md",), unchanged=40, vector_store_id="vs_1", options=("--include", "docs/*.md"))
    assert texts(summary_lines(found)) == [
        "Plan: +1 in acme/docs",
        "  added 1 · unchanged 40",
        "  acme/docs at dddddddddddd → vs_1, 0.0 s",
        "  compared: git diff since the last synced commit 0123456789ab",
        "Next: vsync sync --include 'docs/*.md'",
    ]


def test_a_refused_plan_says_why_and_proposes_no_sync() -> None:
    lines = texts(summary_lines(planned_report(added=("a.md",), refused="too much")))
    assert "Refused: too much" in lines
    assert not any(line.startswith("Next:") for line in lines)


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_number_in_the_text_is_zero(name: str) -> None:
    for line in texts(summary_lines(EXAMPLES[name])):
        assert not re.search(
            r"\b(added|updated|renamed|retagged|removed|unchanged|skipped|failed) 0\b|[+~→*−]0\b", line
        )


def test_hostile_names_stay_on_their_line_and_do_nothing() -> None:
    found = full_report(HOSTILE)
    for line in texts([*plan_lines(full_report(HOSTILE, plan=True)), *summary_lines(found)]):
        assert line.isprintable()


def test_what_a_hostile_manifest_or_server_says_does_nothing_either() -> None:
    found = replace(
        report(vector_store_id=HOSTILE, base=HOSTILE, head=HOSTILE, comparison=Comparison("full", HOSTILE)),
        body=Planned(
            Documents(skipped=(("s.md", HOSTILE),), failed=(FailedItem(path="a.md", code=HOSTILE, message="m"),)),
            refused=HOSTILE,
        ),
        vector_store_name=HOSTILE,
        last_sync=LastSync(HOSTILE, HOSTILE),
        options=(HOSTILE,),
    )
    for made in (found, replace(found, body=Planned(Documents(added=(HOSTILE,)))), replace(found, body=Synced())):
        lines = texts([*plan_lines(made), *summary_lines(made)])
        assert [line for line in lines if not line.isprintable()] == []


def test_a_removed_document_whose_file_is_still_there_has_the_reason_beside_it() -> None:
    documents = Documents(removed=("a.md", "b.md"), dropped={"a.md": "symlink"})
    assert operations(documents) == [("−", "a.md (no longer a document: symlink)"), ("−", "b.md")]


@pytest.mark.parametrize(
    ("encodings", "line"),
    [
        ({"a.txt": "Shift_JIS"}, "1 document is converted to UTF-8: a.txt (Shift_JIS)"),
        (
            {f"{name}.txt": "Big5" for name in "edcba"},
            "5 documents are converted to UTF-8: a.txt (Big5), b.txt (Big5), c.txt (Big5) and 2 more (all with --json)",
        ),
    ],
)
def test_documents_that_are_converted_are_counted_and_the_first_are_named(encodings: dict[str, str], line: str) -> None:
    assert line in texts(summary_lines(synced_report(added=tuple(encodings), converted=encodings)))
