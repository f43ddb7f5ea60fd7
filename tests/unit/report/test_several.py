"""What several reports say together: the exit code, the sums, the order, and what is said once."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reports import planned_report, synced_report, texts
from tests.unit.report.examples import EXAMPLES
from vsync.config.config_change import ChangedKey, ConfigChange
from vsync.errors import ApiUnavailable, ConfigurationError, Interrupted, LimitExceeded, VsyncError, worst_exit_code
from vsync.report import several
from vsync.report.comment import MAX_BYTES as COMMENT_BYTES
from vsync.report.comment import body, marker
from vsync.report.documents import FailedItem
from vsync.report.report import Report
from vsync.report.several_comment import ALL_TARGETS, comment, is_worth_creating
from vsync.report.several_headline import total
from vsync.report.several_summary import several_summary
from vsync.report.several_text import several_lines
from vsync.report.summary import summary
from vsync.report.text import summary_lines

FAILED = (FailedItem(path="z.md", code="invalid_file", message="no"),)
CHANGE = ConfigChange(".vsync.yml", "changed", (ChangedKey("targets.api.exclude", "new"),))


def synced(target: str, **facts: Any) -> Report:
    return synced_report(target=target, **facts)


def planned(target: str, **facts: Any) -> Report:
    return planned_report(target=target, **facts)


def shown(markdown: str) -> str:
    return html.unescape(markdown).replace("<code>", "`").replace("</code>", "`")


# --- For programs -------------------------------------------------------------------------------------------------


ERRORS: list[VsyncError | None] = [
    None, Interrupted(2), Interrupted(15), ConfigurationError("c"), ApiUnavailable("a"), LimitExceeded("l"),
]  # fmt: skip


@given(st.lists(st.sampled_from(ERRORS), min_size=1, max_size=5))
def test_the_exit_code_and_the_reason_are_those_of_the_gravest_target(errors: list[VsyncError | None]) -> None:
    reports = [synced(f"t{number}", error=error) for number, error in enumerate(errors)]
    assert several.exit_code(reports) == worst_exit_code([report.exit_code for report in reports])
    of_code = [report.failure_reason for report in reports if report.exit_code == several.exit_code(reports)]
    assert several.failure_reason(reports) == of_code[0]


def test_counts_are_summed() -> None:
    reports = [synced("a", added=("1", "2"), unchanged=3), synced("b", added=("3",), failed=FAILED)]
    counts = several.counts(reports)
    assert (counts["added"], counts["unchanged"], counts["failed"], counts["removed"]) == (3, 3, 1, 0)


def test_json_is_an_object_of_one_and_a_list_of_several() -> None:
    one, two = synced("a"), synced("b")
    assert several.to_json([one]) == one.to_json()
    assert several.to_json([one, two]) == [one.to_json(), two.to_json()]


def test_several_are_a_dry_run_or_superseded_only_all_together() -> None:
    assert several.dry_run([planned("a"), planned("b")])
    assert not several.dry_run([planned("a"), synced("b")])
    assert several.superseded([synced("a", superseded=True), synced("b", superseded=True)])
    assert not several.superseded([synced("a", superseded=True), synced("b")])


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_target_without_a_run_has_a_report_of_its_error(dry_run: bool) -> None:
    report = several.without_run("a", ApiUnavailable("down", "wait"), dry_run=dry_run)
    assert (report.exit_code, report.dry_run, report.failure_reason) == (3, dry_run, "api")
    assert "down" in summary(report)


# --- For people ---------------------------------------------------------------------------------------------------


OK, PLAN = synced("ok", added=("a.md",)), planned("plan", added=("b.md",))
QUIET, BAD = synced("quiet", unchanged=2), synced("bad", failed=FAILED)
BROKEN = synced("broken", error=ConfigurationError("wrong", "mend it"))
REFUSED = planned("refused", removed=("a.md",), refused="too many")


@pytest.mark.parametrize(
    ("reports", "mark", "command", "sentence"),
    [
        ([OK, QUIET], "✅", "", "+1 in 1 of 2 targets"),
        ([OK, OK], "✅", "", "+2 in 2 targets"),
        ([QUIET, QUIET], "✅", "", "Nothing changed in 2 targets"),
        ([PLAN, PLAN], "📋", "plan", "+2 in 2 targets"),
        ([planned("a"), planned("b")], "✅", "plan", "No document would change in 2 targets"),
        ([OK, PLAN], "✅", "", "+1 in 1 of 2 targets"),
        ([OK, BAD], "❌", "", "1 of 2 targets failed, +1"),
        ([PLAN, REFUSED], "🛑", "plan", "The plan of 1 of 2 targets is refused by a limit, +1 −1"),
        (
            [synced("a", superseded=True), synced("b", superseded=True)],
            "⏭️", "", "Newer runs have already synced 2 targets, nothing was changed",
        ),
    ],
)  # fmt: skip
def test_the_headline_of_several(reports: Sequence[Report], mark: str, command: str, sentence: str) -> None:
    assert total(reports) == (mark, command, sentence)


def test_what_failed_is_read_first() -> None:
    order = [report.target for report in several.gravest_first([QUIET, OK, REFUSED, BAD, BROKEN])]
    assert order == ["broken", "bad", "refused", "ok", "quiet"]


def test_an_interrupted_target_is_graver_than_any_other() -> None:
    assert several.gravest_first([BROKEN, synced("x", error=Interrupted(15))])[0].target == "x"


def test_the_summary_has_a_line_for_each_target_and_a_section_for_each_that_has_more_to_say() -> None:
    text = shown(several_summary([OK, QUIET, BAD]))
    assert text.startswith("## ❌ vsync: 1 of 3 targets failed, +1\n\n1 added · 2 unchanged · 1 failed\n")
    assert [line.split("|")[2].strip() for line in text.splitlines() if re.match(r"\| (✅|❌) \| `", line)] == [
        "`bad`", "`ok`", "`quiet`",
    ]  # fmt: skip
    assert re.findall(r"^### . `([a-z]+)`", text, re.MULTILINE) == ["bad", "ok"]


def test_what_all_targets_say_alike_is_said_once() -> None:
    facts: dict[str, Any] = {"warnings": ("Mind this.",), "config_change": CHANGE, "started_by": "a push"}
    reports = [planned("a", added=("1",), **facts), planned("b", added=("2",), **facts)]
    text = shown(several_summary(reports))
    for words in ("Mind this.", "The config `.vsync.yml` changed: `targets.api.exclude` new.", "a push"):
        assert text.count(words) == 1
    lines = "\n".join(texts(several_lines(reports)))
    assert lines.count("Mind this.") == 1


def test_what_one_target_says_alone_stands_in_its_section() -> None:
    reports = [replace(OK, warnings=("Only here.",)), replace(OK, target="other")]
    text = shown(several_summary(reports))
    assert text.index("### ✅ `ok`") < text.index("Only here.") < text.index("### ✅ `other`")


def test_a_target_that_only_planned_says_why() -> None:
    reports = [replace(OK, started_by="the push is to main"), replace(planned("next"), started_by="not its branch")]
    assert "### ✅ `next`" in shown(several_summary(reports))
    assert "Planned only (not its branch)." in shown(several_summary(reports))


def test_one_report_is_told_as_it_is_alone() -> None:
    assert several_summary([OK]) == summary(OK)
    assert several_lines([OK]) == summary_lines(OK)
    assert comment([PLAN], "plan") == body(PLAN)


def test_the_text_names_each_target_and_ends_with_the_total() -> None:
    lines = texts(several_lines([OK, BROKEN]))
    assert lines[0] == "Target ok:"
    assert "  wrong mend it" in lines
    assert lines[-1] == "Sync: 1 of 2 targets failed, +1"


# --- The comment --------------------------------------------------------------------------------------------------


def test_the_comment_begins_with_what_it_is_known_by() -> None:
    text = comment([PLAN, REFUSED], ALL_TARGETS, run_id=7, place="sub")
    assert text.startswith(f"{marker('*', 'sub')}\n<!-- vsync-run 7 -->\n### ")
    assert marker("*") != marker("default")


def test_the_comment_says_what_becomes_of_the_pull_request() -> None:
    assert "### 🚪 vsync: closed without merging" in comment([PLAN, PLAN], "*", state="closed")
    assert "### 🔀 vsync: merged, +2 in 2 targets" in comment([PLAN, PLAN], "*", state="merged")
    nothing = [planned("a"), planned("b")]
    assert "### 🔀 vsync: merged\n" in comment(nothing, "*", state="merged")
    assert "`" not in comment(nothing, "*", state="merged").partition("### ")[2]


def test_a_changed_config_alone_is_worth_a_comment() -> None:
    assert not is_worth_creating([planned("a"), planned("b")])
    assert is_worth_creating([planned("a"), planned("b", config_change=CHANGE)])


MANY = tuple(f"docs/{'ü' * 60}{number}.md" for number in range(3_000))


@pytest.mark.parametrize("targets", [2, 60, 900])
def test_a_comment_of_many_targets_with_many_documents_fits(targets: int) -> None:
    reports = [
        planned(
            f"target-{number}",
            added=MANY[: 6_000 // targets],
            warnings=tuple(f"{number} {'w' * 600}" for _ in range(20)),
        )
        for number in range(targets)
    ]
    text = comment(reports, "*", run_url="https://github.com/acme/docs/actions/runs/1")
    assert len(text.encode()) <= COMMENT_BYTES
    assert "see the job summary" in text


@pytest.mark.parametrize("targets", [2, 60])
def test_a_summary_of_many_targets_fits(targets: int) -> None:
    reports = [synced(f"target-{number}", added=MANY) for number in range(targets)]
    text = several_summary(reports, 100_000)
    assert len(text.encode()) <= 100_000
    assert "JSON report" in text


HOSTILE = "@octocat #1 <img src=x> [a](https://evil.example) `x` | ::error::x\n## y"


def test_nothing_hostile_renders() -> None:
    facts: dict[str, Any] = {
        "added": (HOSTILE,), "warnings": (HOSTILE,), "vector_store_name": HOSTILE, "started_by": HOSTILE,
        "config_change": ConfigChange(HOSTILE, "changed", (ChangedKey(f"targets.{HOSTILE}", "new"),)),
    }  # fmt: skip
    reports = [planned(HOSTILE, **facts), planned("b", error=ConfigurationError(HOSTILE, HOSTILE))]
    for text in (several_summary(reports), comment(reports, HOSTILE, place=HOSTILE)):
        bare = re.sub(r"&#[0-9]+;|<!-- vsync .*-->", "", text)
        for words in ("@octocat", "#1", "<img", "https://evil", "## y"):
            assert words not in bare
    assert not any("\n" in line.text for line in several_lines(reports))


@pytest.mark.parametrize("names", [list(EXAMPLES)[:2], list(EXAMPLES)[-3:], list(EXAMPLES)])
def test_reports_of_every_kind_stand_together(names: list[str]) -> None:
    reports = [replace(EXAMPLES[name], target=f"t-{number}") for number, name in enumerate(names)]
    text = shown(several_summary(reports))
    assert all(f"| `{report.target}` |" in text for report in reports)
    assert all(f"Target {report.target}:" in texts(several_lines(reports)) for report in reports)
