"""The comment on a pull request: what it says in each state, how it is found again, and that it fits."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support.reports import planned_report
from tests.unit.report.test_summary import plain
from vsync.errors import ApiUnavailable
from vsync.plan.comparison import Comparison
from vsync.report.body import Planned
from vsync.report.comment import MAX_BYTES, State, body, marker, run_of, worth_creating
from vsync.report.documents import FailedItem
from vsync.report.report import Report
from vsync.report.store_size import StoreSize, StoreSizes

REPOSITORY = "https://github.com/acme/docs"
RUN = f"{REPOSITORY}/actions/runs/12"
BASE, HEAD = "b" * 40, "f" * 40


def plan(**facts: Any) -> Report:
    return planned_report(**{"base": BASE, "head": HEAD, "repository_url": REPOSITORY, **facts})


def title(text: str) -> str:
    return plain(next(line for line in text.splitlines() if line.startswith("### ")))


# --- What it says -----------------------------------------------------------------------------------------------


def test_the_title_counts_what_the_pull_request_would_do() -> None:
    report = plan(added=("a.md", "b.md"), renamed=(("c.md", "d.md"),), removed=("e.md",))
    assert title(body(report)) == "### 📋 vsync: +2 →1 −1 in acme/docs"


@pytest.mark.parametrize(
    ("report", "state", "expected"),
    [
        (plan(), "open", "✅ vsync: No document would change in acme/docs"),
        (plan(added=("a.md",)), "merged", "🔀 vsync: merged, +1 in acme/docs"),
        (plan(), "merged", "🔀 vsync: merged"),
        (plan(added=("a.md",)), "closed", "🚪 vsync: closed without merging"),
        (
            plan(added=("a.md",), refused="too many"),
            "open",
            "🛑 vsync: The plan is refused by a limit: +1 in acme/docs",
        ),
        (plan(error=ApiUnavailable("down")), "open", "❌ vsync: There is no plan"),
        (plan(target="api"), "open", "✅ vsync <code>api</code>: No document would change in api"),
    ],
)
def test_the_title_says_how_things_stand(report: Report, state: State, expected: str) -> None:
    assert title(body(report, state=state)) == f"### {expected}"


def test_documents_stand_with_their_sizes_and_links_to_the_commit_where_they_exist() -> None:
    text = body(plan(added=("docs/a b.md",), removed=("old.md",), sizes={"docs/a b.md": 1_500}))
    (added,) = [line for line in text.splitlines() if "add" in line and line.startswith("| ")]
    assert f'<a href="{REPOSITORY}/blob/{HEAD}/docs/a%20b.md">' in added
    assert "| 1.5\N{NO-BREAK SPACE}KB |" in added
    assert f"/blob/{BASE}/old.md" in text


def test_skipped_files_are_folded_with_their_reason() -> None:
    text = body(plan(added=("a.md",), skipped=(("s.md", "lfs-pointer"),)))
    folded = text[text.index("<details>") :]
    assert "<summary>1 skipped file: 1 lfs-pointer</summary>" in folded
    assert "a Git LFS pointer" in folded


def test_what_the_store_lacks_anyway_is_one_line() -> None:
    assert "\nℹ️ 3 documents of main are missing\n" in body(plan(backlog="3 documents of main are missing"))


def test_refusals_warnings_and_errors_are_alerts() -> None:
    text = body(plan(refused="too many", warnings=("mind this",)))
    assert "> [!CAUTION]\n> too many" in text
    assert "> [!CAUTION]\n> down" in body(plan(error=ApiUnavailable("down", "wait")))
    assert "> [!WARNING]\n> mind this" in text


def test_a_remedy_stands_once_for_each_code() -> None:
    items = tuple(FailedItem(path=f"{n}.pdf", code="invalid_file", message="no") for n in range(3))
    text = body(plan(failed=items))
    assert text.count("could not parse the file") == 1
    assert "<code>invalid&#95;file</code> (3)" in text


def test_the_stores_size_stands_before_and_after_with_both_bounds_of_its_cost() -> None:
    text = body(plan(store=StoreSizes(StoreSize(100, 2**30, 2**30), StoreSize(120, 21 * 2**30, 21 * 2**30))))
    told = re.sub(r"&#([0-9]+);", lambda code: chr(int(code[1])), text)
    assert "100 → 120 documents, 1.1 GB → 22.5 GB of files" in told
    assert "about $0.00 → $2.00 a day, or $2.10 where other stores use up the free 1 GB" in told


def test_what_is_not_known_is_left_out() -> None:
    text = body(Report(target="default", comparison=Comparison("full", "asked for"), body=Planned()))
    for word in ("Documents:", "ℹ️", "href", "Job summary", "| Size |", "None"):
        assert word not in text


def test_the_commits_compared_and_the_run_are_linked() -> None:
    text = body(plan(), run_url=RUN)
    assert f'<a href="{REPOSITORY}/compare/{BASE}..{HEAD}">' in text
    assert f'<a href="{RUN}">Job summary</a>' in text


@pytest.mark.parametrize("url", ["javascript:alert(1)", 'https://x/"onclick=', "https://x/a b", "//x"])
def test_an_address_in_doubt_is_no_link(url: str) -> None:
    assert "href" not in body(plan(repository_url=url), run_url=url)


@pytest.mark.parametrize("head", ["main", "f" * 39, "f" * 40 + "/../x", "F" * 40])
def test_what_is_no_commit_is_no_link(head: str) -> None:
    assert "href" not in body(plan(added=("a.md",), head=head))


def test_a_merged_pull_request_without_a_plan_says_what_brings_it_to_the_store() -> None:
    text = body(plan(comparison=Comparison("diff", "nothing was compared")), state="merged", run_url=RUN)
    assert "brings it to the vector store" in text
    assert "nothing was compared" not in text


def test_a_merged_pull_request_with_a_plan_keeps_its_table() -> None:
    text = body(plan(added=("a.md",)), state="merged")
    assert "brings it to the vector store" in text
    assert "a&#46;md" in text


def test_a_closed_pull_request_keeps_no_table() -> None:
    text = body(plan(added=("a.md",)), state="closed", run_url=RUN)
    assert "a&#46;md" not in text
    assert "the vector store stays as it is" in text


@pytest.mark.parametrize(
    ("report", "worth"),
    [
        (plan(), False),
        (plan(skipped=(("a.md", "empty"),), warnings=("w",)), False),
        (plan(added=("a.md",)), True),
        (plan(retagged=("a.md",)), True),
        (plan(refused="too many"), True),
        (plan(error=ApiUnavailable("down")), True),
    ],
)
def test_a_comment_is_made_where_there_is_something_to_say(report: Report, worth: bool) -> None:
    assert worth_creating(report) is worth


# --- That it fits -----------------------------------------------------------------------------------------------


def test_many_documents_are_folded_and_those_that_do_not_fit_are_counted() -> None:
    names = tuple(f"docs/{'ü' * 40}/{number:06}.md" for number in range(2_000))
    text = body(plan(added=names), run_url=RUN)
    assert len(text.encode()) <= MAX_BYTES
    shown = text.count("/blob/")
    assert f"<summary>{shown:,} changes</summary>" in text
    assert f"… and {2_000 - shown:,} more, which do not fit here: see the job summary." in text
    assert shown > 100


def test_changes_come_before_skipped_files_when_room_is_short() -> None:
    skipped = tuple((f"skipped/{number}.md", "empty") for number in range(2_000))
    text = body(plan(added=("wanted.md",), skipped=skipped), run_url=RUN)
    assert "wanted&#46;md" in text
    assert len(text.encode()) <= MAX_BYTES


# --- How it is found again --------------------------------------------------------------------------------------


def test_the_comment_begins_with_its_marker() -> None:
    assert body(plan(target="api"), place="sub/.vsync/manifest.json").startswith(
        marker("api", "sub/.vsync/manifest.json")
    )


def test_the_marker_is_json_with_its_version() -> None:
    found = re.fullmatch(r"<!-- vsync (\{.*\}) -->", marker("default"))
    assert found is not None
    assert json.loads(found[1]) == {"format": 1, "target": "default"}


@pytest.mark.parametrize("target", ["--> <b>", "--!>", "a--b", "-", "\n\n# x", '"}', "\\", "é\ud800", "@octocat"])
def test_no_target_ends_the_marker(target: str) -> None:
    text = marker(target)
    inside = text.removeprefix("<!-- vsync ").removesuffix(" -->")
    assert json.loads(inside)["target"] == target
    assert not re.search(r"[-<>@\n]", inside)


def test_targets_of_one_name_at_two_places_are_apart() -> None:
    assert len({marker("a"), marker("a", "one"), marker("a", "two"), marker("a" * 9_000), marker("a" * 9_001)}) == 5


def test_the_run_that_wrote_it_can_be_read_back() -> None:
    assert run_of(body(plan(), run_id=123456)) == 123456
    assert run_of(body(plan())) == 0


def test_a_run_that_stands_elsewhere_in_the_text_is_none() -> None:
    assert run_of(f"{marker('a')}\n### x\n<!-- vsync-run 9 -->") == 0
    assert run_of("") == 0
