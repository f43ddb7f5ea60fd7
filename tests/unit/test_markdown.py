"""The job summary: what it shows, that nothing hostile renders, and that it fits."""

from __future__ import annotations

import re

from vsync.errors import StoreGone
from vsync.markdown import MAX_BYTES, failure, summary
from vsync.markup import code
from vsync.planning import Comparison
from vsync.reporting import FailedItem, Report

COMPARISON = Comparison("diff", "git diff since the last synced commit 0123456789ab")


def report(**changes: object) -> Report:
    return Report(target="default", comparison=COMPARISON, source="acme/docs", head="f" * 40, **changes)  # type: ignore[arg-type]  # fields by name


def raw(text: str) -> str:
    """The text without its entities: what Markdown could still act on."""
    return re.sub(r"&#[0-9]+;", "", text)


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ") and "<code>" in line]


def test_failures_come_first_then_what_changed_then_what_was_skipped() -> None:
    text = summary(
        report(
            added=("a.md",),
            removed=("b.md",),
            renamed=(("old.md", "new.md"),),
            skipped=(("s.md", "symlink"),),
            failed=(FailedItem(path="z.md", code="invalid_file", message="could not be parsed"),),
        )
    )
    marks = [row.split("|")[1].split()[-1] for row in rows(text)]
    assert marks == ["failed", "added", "renamed", "removed", "skipped"]


def test_counts_stand_in_a_table() -> None:
    text = summary(report(added=("a.md", "b.md"), unchanged=1234))
    assert "| 2 | 0 | 0 | 0 | 0 | 1,234 | 0 | 0 |" in text


def test_a_title_says_how_it_went() -> None:
    assert summary(report()).startswith("## ✅ vsync: nothing to do")
    assert summary(report(added=("a.md",))).startswith("## ✅ vsync: 1 document synced")
    assert summary(report(added=("a.md",), dry_run=True)).startswith("## 📋 vsync plan: 1 document would change")
    assert summary(report(refused="too many", dry_run=True)).startswith("## 🛑 vsync plan: refused")
    assert summary(report(superseded=True)).startswith("## ⏭️ vsync: a newer run")
    failed = (FailedItem(path="z.md", code="x", message="y"),)
    assert summary(report(failed=failed)).startswith("## ❌ vsync: 1 failed, 0 documents synced")


def test_an_error_is_shown_with_its_remedy() -> None:
    text = summary(report(error=StoreGone("The store is gone.", "Make another.")))
    assert "> [!CAUTION]" in text
    assert "The store is gone" in text
    assert "Make another" in text


def test_a_plan_says_what_it_would_upload() -> None:
    text = summary(
        report(added=("a.md",), dry_run=True, estimate={"uploads": 1, "upload_bytes": 2_000_000, "deletes": 0})
    )
    assert "Would upload 1 documents, 2.0 MB" in text
    assert "| ➕\N{NO-BREAK SPACE}add |" in text


HOSTILE = "a|b`c`<img src=x onerror=1>\n## @octocat #1 [x](http://evil) $x$ \x1b[31m\u202e.md"


def test_a_hostile_name_stays_in_its_cell() -> None:
    text = summary(report(added=(HOSTILE,)))
    (row,) = rows(text)
    assert row.count("|") == 4
    for active in ("<img", "@octocat", "#1", "](", "`", "\x1b", "\u202e", "$x$"):
        assert active not in raw(row)


def test_a_hostile_message_makes_no_mention_and_no_markup() -> None:
    item = FailedItem(path="a.md", code="x", message="ask @octocat | <b>now</b> #12\n| injected |")
    (row,) = rows(summary(report(failed=(item,))))
    assert row.count("|") == 4
    for active in ("@", "<b>", "#"):
        assert active not in raw(row)


def test_a_summary_that_would_not_fit_is_cut_with_a_count() -> None:
    names = tuple(f"docs/{'ü' * 100}/{number:06}.md" for number in range(20_000))
    text = summary(report(added=names))
    assert len(text.encode()) < MAX_BYTES
    shown = len(rows(text))
    assert f"… and {20_000 - shown:,} more documents" in text
    assert shown > 1_000


def test_a_failure_without_a_report_says_what_to_do() -> None:
    text = failure("config", "It is wrong.", "Mend it.")
    assert text.startswith("## ❌ vsync: config")
    assert "Mend it" in text


def test_code_makes_everything_active_an_entity() -> None:
    assert code("a_b*c.md") == "<code>a&#95;b&#42;c&#46;md</code>"
