"""The job summary: what it shows, that nothing hostile renders, and that it fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import pytest
from markdown_it import MarkdownIt

from tests.support.reports import planned_report, synced_report
from vsync.documents.selection import SkipReason
from vsync.errors import LimitExceeded, StoreGone
from vsync.report.body import Estimate, changed_nothing
from vsync.report.cost import dollars, per_day
from vsync.report.documents import FailedItem
from vsync.report.last_sync import LastSync
from vsync.report.markup import code, line_url, link, prose
from vsync.report.remedies import NO_LONGER, REASONS
from vsync.report.report import Report
from vsync.report.store_size import StoreSize, StoreSizes
from vsync.report.summary import MAX_BYTES, failure, summary

HEAD = "f" * 40


def report(**facts: Any) -> Report:
    return synced_report(head=HEAD, **facts)


def plan(**facts: Any) -> Report:
    return planned_report(head=HEAD, **facts)


def raw(text: str) -> str:
    """The text without its entities: what Markdown could still act on."""
    return re.sub(r"&#[0-9]+;", "", text)


def plain(text: str) -> str:
    """The text with its entities as what they stand for."""
    return re.sub(r"&#([0-9]+);", lambda code: chr(int(code[1])), text)


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
    assert marks == ["failed", "added", "renamed", "removed"]
    assert text.index("b&#46;md") < text.index("s&#46;md")


def test_the_whole_summary_of_an_update_with_a_failure_and_a_warning() -> None:
    text = summary(
        report(
            target="help",
            vector_store_id="vs_1",
            vector_store_name="acme-docs",
            api="https://api.openai.com/v1",
            added=("a.md",),
            removed=("b.md",),
            dropped={"b.md": "empty"},
            unchanged=44,
            skipped=(("b.md", "empty"),),
            failed=(FailedItem(path="z.docx", code="invalid_file", message="no archive"),),
            sizes={"a.md": 1_500, "b.md": 20},
            store=StoreSizes(StoreSize(45, 90_000, 90_000), StoreSize(45, 91_480, 91_480)),
            warnings=("b.md is no longer a document.", "The store expires."),
            started_by="the push is to main",
            requests={"POST /files": 1},
            duration_s=1.5,
        )
    )
    assert plain(text).replace("\N{NO-BREAK SPACE}", " ") == WHOLE_UPDATE


WHOLE_UPDATE = """\
## ❌ vsync <code>help</code>: 1 document failed, +1 −1 (1 no longer a document) in acme-docs, 45 documents

1 added · 1 removed · 44 unchanged · 1 skipped · 1 failed

|  | Document |  |
| :--- | :--- | :--- |
| ❌ failed | <code>z.docx</code> | <code>invalid_file</code> no archive |

**What to do about failed documents**

- <code>invalid_file</code> (1): The store could not parse the file. It may be damaged or encrypted, be a PDF without text, or have too \
many tokens. Mend it, or exclude it. vsync tries again when the file changes.

> [!WARNING]
> b.md is no longer a document.
>
> The store expires.

|  | Document | Size |  |
| :--- | :--- | ---: | :--- |
| ➕ added | <code>a.md</code> | 1.5 KB |  |
| ➖ removed | <code>b.md</code> | 20 B | no longer a document: the file is empty, or has no text |

<details><summary>1 skipped file: 1 empty</summary>

**1 empty**: the file is empty, or has no text

- <code>b.md</code>

</details>

**Store:** <code>acme-docs</code> (<a href="https://platform.openai.com/storage/vector_stores/vs_1"><code>vs_1</code></a>), 45 documents, \
90.0 KB → 91.5 KB of files. **Storage:** about 90.0 KB → 91.5 KB with the overlap of chunks, less than $0.01 a day. \
What embeddings add is [billed](https://developers.openai.com/api/docs/guides/retrieval) too.

<details><summary>Commits, comparison and requests</summary>

- Source: <code>acme/docs</code> at <code>ffffffffffff</code>, target <code>help</code>
- Compared: git diff since the last synced commit 0123456789ab
- 1 request to the API, 1.5 s
- Started because the push is to main

</details>
"""


def test_the_whole_summary_of_a_run_with_nothing_to_do() -> None:
    text = summary(
        report(
            vector_store_id="vs_1",
            unchanged=45,
            last_sync=LastSync("c" * 40, "2026-11-28 14:03 UTC"),
            store=StoreSizes(StoreSize(45, 90_000, 90_000), StoreSize(45, 90_000, 90_000)),
        )
    )
    assert plain(text) == WHOLE_NOTHING


WHOLE_NOTHING = """\
## ✅ vsync: Nothing changed since cccccccccccc, which was synced 2026-11-28 14:03 UTC into vs_1 (acme/docs)

The store itself was not asked: <code>vsync verify</code> does that.

45 unchanged

**Store:** <code>vs_1</code>, 45 documents, 90.0 KB of files. **Storage:** about 90.0 KB with the overlap of chunks, \
less than $0.01 a day. What embeddings add is [billed](https://developers.openai.com/api/docs/guides/retrieval) too.

<details><summary>Commits, comparison and requests</summary>

- Source: <code>acme/docs</code> at <code>ffffffffffff</code>, target <code>default</code>
- Compared: git diff since the last synced commit 0123456789ab
- Last sync before this run: <code>cccccccccccc</code>, 2026-11-28 14:03 UTC
- 0 requests to the API, 0.0 s

</details>
"""


@pytest.mark.parametrize("made", [plan, lambda **facts: replace(report(**facts), superseded=True)])
def test_what_earlier_runs_were_refused_is_folded_behind_the_changes(made: Callable[..., Report]) -> None:
    item = FailedItem(path="z.pdf", code="invalid_file", message="refused by an earlier run")
    text = plain(summary(made(added=("a.md",), failed=(item,))))
    assert "· 1 refused by earlier runs\n" in text
    folded = text[text.index("<details><summary>1 document refused by earlier runs</summary>") :]
    assert text.index("a.md") < text.index(folded)
    assert "z.pdf" in folded
    assert "could not parse" in folded


def test_a_store_that_holds_nothing_has_no_price() -> None:
    text = summary(report(store=StoreSizes(StoreSize(0, 0, 0), StoreSize(0, 0, 0))))
    assert "Storage" not in text


def test_only_numbers_that_are_not_zero_are_told() -> None:
    text = summary(report(added=("a.md", "b.md"), unchanged=1234))
    assert "\n2 added · 1,234 unchanged\n" in text


def test_the_title_is_the_headline() -> None:
    assert plain(summary(report(added=("a.md",)))).startswith("## ✅ vsync: +1 in acme/docs\n")
    assert plain(summary(plan(added=("a.md",)))).startswith("## 📋 vsync plan: +1 in acme/docs\n")
    assert plain(summary(plan(target="api", added=("a.md",)))).startswith(
        "## 📋 vsync plan <code>api</code>: +1 in api\n"
    )


def test_a_sync_that_a_limit_refused_shows_what_it_would_do() -> None:
    made = report(added=("a.md",), refused="too many", error=LimitExceeded("too many"))
    text = summary(replace(made, body=changed_nothing(made.plan)))
    assert text.startswith("## 🛑 vsync: Refused by a limit")
    assert "\n1 to add\n" in text
    assert "| ➕\N{NO-BREAK SPACE}add |" in text


def test_an_error_is_shown_with_its_remedy() -> None:
    text = summary(report(error=StoreGone("The store is gone.", "Make another.")))
    assert "> [!CAUTION]" in text
    assert "The store is gone" in text
    assert "Make another" in text


def test_a_plan_says_what_it_would_upload() -> None:
    text = summary(plan(added=("a.md",), estimate=Estimate(1, 2_000_000, 0, 500_000, 1_249)))
    assert "- Would upload 1 document, 2.0 MB, about 500,000 tokens in 1,249 chunks (4 bytes of UTF-8" in text
    assert "| ➕\N{NO-BREAK SPACE}add |" in text


HOSTILE = "a|b`c`<img src=x onerror=1>\n## @octocat #1 [x](http://evil) $x$ \x1b[31m\u202e.md"


def test_a_hostile_name_stays_in_its_cell() -> None:
    text = summary(report(added=(HOSTILE,)))
    (row,) = rows(text)
    assert row.count("|") == 3
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


@pytest.mark.parametrize(("exit_code", "title"), [(2, "nothing was done"), (3, "the run could not go on")])
def test_a_failure_without_a_report_says_what_to_do(exit_code: int, title: str) -> None:
    text = failure(exit_code, "It is wrong.", "Mend it.")
    assert text.startswith(f"## ❌ vsync: {title}\n")
    assert "Mend it" in text


def test_code_makes_everything_active_an_entity() -> None:
    assert code("a_b*c.md") == "<code>a&#95;b&#42;c&#46;md</code>"


# --- Where things are, why, and what they cost --------------------------------------------------------------------


def test_a_summary_says_why_the_run_planned_or_synced() -> None:
    assert "\n- Started because the push is to main\n" in plain(summary(report(started_by="the push is to main")))
    assert "\nPlanned only (the command is plan).\n" in plain(summary(plan(started_by="the command is plan")))


def test_documents_commits_and_the_manifest_are_linked() -> None:
    text = summary(
        report(
            base="b" * 40,
            added=("docs/ä.md",),
            repository_url="https://ghe.test:8443/acme/docs",
            manifest_commit="c" * 40,
        )
    )
    home = "https://ghe.test:8443/acme/docs"
    for address in (
        f"blob/{'f' * 40}/docs/%C3%A4.md",
        f"commit/{'f' * 40}",
        f"compare/{'b' * 40}..{'f' * 40}",
        f"commit/{'c' * 40}",
    ):
        assert f'<a href="{home}/{address}">' in text


def test_what_was_removed_is_linked_at_the_base_or_not_at_all() -> None:
    home = "https://github.com/acme/docs"
    assert f"{home}/blob/{'b' * 40}/a.md" in summary(report(removed=("a.md",), base="b" * 40, repository_url=home))
    assert "/blob/" not in summary(report(removed=("a.md",), repository_url=home))


def test_a_name_that_is_not_utf8_is_not_linked() -> None:
    home = "https://github.com/acme/docs"
    text = summary(report(skipped=(("a\\xff.md", "undecodable-name"),), added=("b\ud800.md",), repository_url=home))
    assert "/blob/" not in text


def test_a_mail_address_in_a_name_is_no_link() -> None:
    assert code("me@example.com.md") == "<code>me&#64;<wbr>example&#46;com&#46;md</code>"


@pytest.mark.parametrize("text", ["- a list", "--- a rule", "    indented code"])
def test_a_message_begins_no_block(text: str) -> None:
    page = MarkdownIt("commonmark").render(prose(text))
    assert re.findall(r"<\w+", page) == ["<p"]
    assert text.strip() in page


def test_a_long_name_shows_its_beginning_and_its_end() -> None:
    shown = code("a" * 500 + "b" * 500)
    assert shown == f"<code>{'a' * 60}…{'b' * 60}</code>"


def test_each_failure_has_a_remedy_and_frequent_ones_come_first() -> None:
    codes = ["http_503", "no_such_code", "index-timeout", "index-timeout"]
    failed = tuple(FailedItem(path=f"{n}.md", code=code, message="m") for n, code in enumerate(codes))
    told = [line for line in plain(summary(report(failed=failed))).splitlines() if line.startswith("- <code>")]
    assert [line.partition("</code>")[0] for line in told] == [
        f"- <code>{code}" for code in ("index-timeout", "http_503", "no_such_code")
    ]
    assert "With a higher index-timeout it waits longer" in told[0]
    assert "next run tries again" in told[1]


def test_every_reason_to_skip_a_file_is_explained() -> None:
    assert set(get_args(SkipReason)) == set(REASONS)
    # A document's name is UTF-8, so its file cannot be skipped for its name.
    assert set(NO_LONGER) == set(REASONS) - {"undecodable-name"}


def test_a_removed_document_whose_file_is_still_there_has_the_reason_beside_it() -> None:
    shown = plain(summary(report(removed=("a.md", "b.md"), dropped={"a.md": "symlink"})))
    rows = [line for line in shown.splitlines() if "removed" in line and ".md" in line]
    assert "no longer a document: a symbolic link stands in its place" in rows[0]
    assert "no longer" not in rows[1]


def test_many_warnings_do_not_take_the_room_of_documents() -> None:
    text = summary(report(added=("a.md",), warnings=tuple(f"warning {number}" for number in range(5_000))))
    assert "more warnings, which the log has" in plain(text)
    assert len(text.encode()) < 20_000


def test_a_run_that_did_nothing_but_fail_shows_no_row_of_zeros() -> None:
    assert "| 0 |" not in summary(report(error=StoreGone("gone")))


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (0, "$0.00"),
        (2**30, "$0.00"),
        (2**30 + 1, "less than $0.01"),
        (2 * 2**30, "$0.10"),
        (10_001 * 2**30, "$1,000.00"),
    ],
)
def test_the_first_gigabyte_is_free_and_the_next_cost_ten_cents_a_day(stored: int, expected: str) -> None:
    assert dollars(per_day(stored)) == expected


def test_a_line_of_a_file_has_a_page_where_the_commit_is_known() -> None:
    page = f"https://github.com/acme/docs/blob/{'c' * 40}/a.md"
    assert line_url("https://github.com/acme/docs", "c" * 40, "a.md", 8) == f"{page}?plain=1#L8"
    assert line_url("https://github.com/acme/docs", "c" * 40, "a.md", None) == page
    assert line_url("https://github.com/acme/docs", "main", "a.md", 8) is None
    assert link("a", f"{page}?plain=1#L8") == f'<a href="{page}?plain=1#L8">a</a>'
    assert link("a", f"{page}?x=1#L8") == "a"


def test_documents_that_are_converted_are_counted_and_named_without_acting() -> None:
    made = report(added=("a.txt",), converted={"@octocat.txt": "Shift_JIS", "b.txt": "<b>"})
    text = summary(made)
    assert (
        "2 documents are converted to UTF-8: <code>@octocat.txt</code> (Shift_JIS), <code>b.txt</code> (<b>)."
        in plain(text).replace("<wbr>", "")
    )
    assert "@octocat" not in raw(text)
    assert "<b>" not in raw(text)
