"""A report as plain text: every fact once, and nothing in it that a terminal or a runner would act on."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from tests.support.builders import report
from vsync.errors import ApiUnavailable, Interrupted
from vsync.plan.comparison import Comparison
from vsync.report.comment import body
from vsync.report.markdown import summary
from vsync.report.remedies import remedy
from vsync.report.report import FailedItem, Report, Stock
from vsync.report.text import counts, operations, plan_lines, redacted_report, size, summary_lines
from vsync.system.redaction import printable, redacted

HOSTILE = "a\n::error::b\x1b[31m\u202e\x00\u2028.md"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text.md", "plain text.md"),
        ("日本 😀.md", "日本 😀.md"),
        ("a\nb", "a\\nb"),
        ("a\r\tb", "a\\r\\tb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202egpj.md", "\\u202egpj.md"),
        ("\u2028", "\\u2028"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_act_on_is_made_visible(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()


@pytest.mark.parametrize(
    ("text", "secrets", "shown"),
    [
        ("key abc is wrong", ("abc",), "key *** is wrong"),
        ("abcabc", ("abc",), "******"),
        ("nothing here", (None, ""), "nothing here"),
        ("Incorrect API key: sk-proj-abcdefgh_12-XY.", (), "Incorrect API key: ***."),
        ("sk-short", (), "sk-short"),
        ("a task-management-system", (), "a task-management-system"),
        ("two: one1 two2", ("one1", "two2"), "two: *** ***"),
        ("secret-and-more", ("secret", "secret-and-more"), "***"),
    ],
)
def test_no_secret_is_left_wherever_it_stands(text: str, secrets: tuple[str | None, ...], shown: str) -> None:
    assert redacted(text, secrets) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (1_234_567, "1.2 MB"),
        (5_000_000_000, "5.0 GB"),
        (5_000_000_000_000, "5000.0 GB"),
    ],
)
def test_sizes_are_told_in_the_unit_that_fits(count: int, shown: str) -> None:
    assert size(count) == shown


def full_report(path: str = "x.md") -> Report:
    return replace(
        report(),
        added=("a/" + path, "c.md"),
        updated=("b.md",),
        renamed=(("old/" + path, "d.md"),),
        retagged=("e.md",),
        removed=("f.md",),
        unchanged=7,
        skipped=(("s.md", "empty"),),
        failed=(FailedItem(path="z/" + path, code="invalid_file", message="broken " + path),),
        warnings=("careful " + path,),
        source="acme/" + path,
        estimate={"uploads": 4, "upload_bytes": 2_000, "deletes": 2},
        requests={"POST /files": 4, "GET /x": 1},
        bytes_uploaded=2_000,
        duration_s=1.26,
    )


def test_everything_is_counted_in_one_order() -> None:
    assert counts(full_report()) == [
        ("added", 2),
        ("updated", 1),
        ("renamed", 1),
        ("retagged", 1),
        ("removed", 1),
        ("unchanged", 7),
        ("skipped", 1),
        ("failed", 1),
    ]


def test_operations_stand_in_the_order_of_their_paths() -> None:
    assert operations(full_report()) == [
        ("+", "a/x.md"),
        ("~", "b.md"),
        ("+", "c.md"),
        ("»", "old/x.md → d.md"),
        ("#", "e.md (attributes)"),
        ("-", "f.md"),
    ]


def test_a_plan_is_told_with_its_comparison_counts_and_operations() -> None:
    assert plan_lines(full_report()) == [
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
    assert plan_lines(replace(report(), refused="too much"))[-1] == "Refused: too much"


@pytest.mark.parametrize(("number", "lines"), [(3, 3), (4, 4), (5, 4)])
def test_a_long_list_is_cut_and_says_how_much_is_left(number: int, lines: int) -> None:
    shown = plan_lines(report(added=tuple(f"{n}.md" for n in range(number))), shown=3)[3:]
    assert len(shown) == lines
    if number > 4:
        assert shown[-1] == "  … and 2 more"


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"added": ("a.md",)}, "Synced acme/docs at dddddddddddd → vs_1 (1.3 s)"),
        ({"unchanged": 1}, "Nothing to do: vs_1 equals acme/docs at dddddddddddd (1.3 s)"),
        ({"unchanged": 1, "head": None}, "Nothing to do: vs_1 equals acme/docs (1.3 s)"),
        ({}, "Nothing is selected: acme/docs at dddddddddddd has no document to sync (1.3 s)"),
        ({"before": Stock(2, 9)}, "Nothing to do: vs_1 equals acme/docs at dddddddddddd (1.3 s)"),
        ({"error": Interrupted(15), "left": 1}, "Not finished, 1 document left to do: acme/docs"),
        ({"error": Interrupted(15), "left": 1_200}, "Not finished, 1,200 documents left to do: acme/docs"),
        ({"failed": report(failed={"a": "x"}).failed}, "Synced with failures: acme/docs"),
        ({"error": ApiUnavailable("gone")}, "Not finished: acme/docs"),
        (
            {"dry_run": True, "vector_store_id": None},
            "Dry run: nothing was changed (acme/docs at dddddddddddd → its vector store",
        ),
        ({"superseded": True}, "A newer run has already published: acme/docs at dddddddddddd changes nothing."),
    ],
)
def test_the_first_line_says_how_it_went(changes: dict[str, object], start: str) -> None:
    found = replace(report(), duration_s=1.26, **changes)  # type: ignore[arg-type]  # from a table
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
    for line in [*plan_lines(found), *summary_lines(found)]:
        assert line.isprintable()


def test_what_a_hostile_manifest_or_server_says_does_nothing_either() -> None:
    found = replace(
        report(vector_store_id=HOSTILE, base=HOSTILE, head=HOSTILE, comparison=Comparison("full", HOSTILE)),
        skipped=(("s.md", HOSTILE),),
        failed=(FailedItem(path="a.md", code=HOSTILE, message="m"),),
        refused=HOSTILE,
    )
    lines = [*plan_lines(found), *summary_lines(found)]
    assert [line for line in lines if not line.isprintable()] == []


def test_no_secret_in_a_reports_messages_survives_markup() -> None:
    key = "sk-proj-abc_def.GHI@jkl-" + "m" * 200
    said = f"refused {key}!"
    report = Report(
        target="default",
        comparison=Comparison("diff", said),
        skipped=(("a.md", said),),
        failed=(FailedItem(path="b.md", code="x", message=said),),
        refused=said,
        warnings=(said,),
        error=Interrupted(signal.SIGTERM, said, said),
        mode=said,
        owed=said,
    )
    cleaned = redacted_report(report, (key, None))
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


def test_a_secret_is_cut_out_however_it_is_written() -> None:
    secret = "first-line\nsecond-line"
    for shown in (secret, repr(secret), "first-line", "… second-line …"):
        text = redacted(f"a {shown} b", [secret])
        assert "first-line" not in text
        assert "second-line" not in text
