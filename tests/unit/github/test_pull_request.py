"""Which trees a pull request's plan compares, and what it says of the store besides; the parts that need no git."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from tests.support.builders import COMMIT, HEAD, TARGET, MemorySource, Tree, TreeFile, entry, state
from tests.support.reports import planned_report
from vsync.config.limits import Limits
from vsync.config.targets import Target
from vsync.documents.selection import Rules
from vsync.errors import GitUnavailable
from vsync.git.changes import SYMLINK
from vsync.github.pull_change import backlog_of
from vsync.github.pull_request import with_lines
from vsync.github.trees import Candidates, Trees, checked_out_merge
from vsync.plan.comparison import Comparison
from vsync.plan.limits import refusal
from vsync.plan.plan import Kind, Operation, Plan
from vsync.plan.scan import difference
from vsync.report.documents import Lines
from vsync.state.manifest import TargetState

if TYPE_CHECKING:
    from vsync.git.repository import Repository

BASE_TIP, PULL_HEAD, MERGE = "a" * 40, "b" * 40, "c" * 40
SETTINGS = TARGET.fingerprint


# --- Which trees ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "commits",
    [
        Candidates(MERGE, (BASE_TIP, PULL_HEAD), PULL_HEAD),
        Candidates(MERGE, (BASE_TIP, PULL_HEAD), PULL_HEAD, MERGE),
        Candidates(MERGE, (BASE_TIP, PULL_HEAD), None, MERGE),
        Candidates(MERGE, (BASE_TIP, "d" * 40), PULL_HEAD, MERGE),
    ],
    ids=["the head's", "both", "the event's, head unknown", "the event's, made for another head"],
)
def test_a_merge_of_the_pull_request_is_compared_with_its_first_parent(commits: Candidates) -> None:
    trees = checked_out_merge(commits)
    assert trees is not None
    assert (trees.base, trees.head, trees.warning) == (BASE_TIP, MERGE, None)


@pytest.mark.parametrize(
    "commits",
    [
        Candidates(PULL_HEAD, (BASE_TIP,), PULL_HEAD, MERGE),
        Candidates(MERGE, (), PULL_HEAD, MERGE),
        Candidates(MERGE, (BASE_TIP, PULL_HEAD, "d" * 40), PULL_HEAD, MERGE),
        Candidates(MERGE, (BASE_TIP, "d" * 40), PULL_HEAD),
        Candidates(MERGE, (PULL_HEAD, BASE_TIP), PULL_HEAD),
        Candidates(MERGE, (BASE_TIP, "d" * 40)),
    ],
    ids=["a plain commit", "a root", "an octopus", "of another branch", "into the head", "nothing is known"],
)
def test_any_other_commit_is_not_taken_for_the_merge(commits: Candidates) -> None:
    assert checked_out_merge(commits) is None


# --- What the store lacks without it ------------------------------------------------------------------------------


def lacking(*, uploads: int = 0, retags: int = 0, deletes: int = 0) -> Plan:
    kinds: list[tuple[Kind, int]] = [("upload", uploads), ("retag", retags), ("delete", deletes)]
    return Plan(tuple(Operation(kind, f"{kind}-{n}.md") for kind, many in kinds for n in range(many)))


def synced() -> TargetState:
    return state({"a.md": entry("a.md", "one")})


@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        (lacking(uploads=1), "1 upload by which"),
        (lacking(uploads=2), "2 uploads by which"),
        (lacking(deletes=1), "1 removal by which"),
        (lacking(uploads=1_200, deletes=3), "1,200 uploads and 3 removals by which"),
        (lacking(uploads=1, retags=2, deletes=3), "1 upload, 2 changes of attributes and 3 removals by which"),
        (lacking(retags=1), "1 change of attributes by which"),
    ],
)
def test_what_the_store_lacks_of_the_base_is_one_line_without_zeros(lacks: Plan, words: str) -> None:
    line = backlog_of(synced(), lacks)
    assert line is not None
    assert words in line
    assert "\n" not in line
    assert not re.search(r"\b0 ", line)


def test_a_store_that_has_all_of_the_base_is_not_mentioned() -> None:
    assert backlog_of(synced(), lacking()) is None
    assert backlog_of(None, lacking()) is None


def test_a_store_that_was_never_synced_is_said_to_be_so() -> None:
    line = backlog_of(None, lacking(uploads=3))
    assert line == (
        "Nothing has been synced yet: the first sync brings 3 documents of the base branch. "
        "All numbers here count the base branch as synced."
    )


# --- The difference of two trees ----------------------------------------------------------------------------------


DIFF = Comparison("diff", "the pull request against its base")


def differ(old: Tree, new: Tree, target: Target = TARGET, recorded: TargetState | None = None) -> Plan:
    trees = {COMMIT: old, HEAD: new}
    return difference(MemorySource(trees, COMMIT), MemorySource(trees, HEAD), target, recorded, DIFF).plan


def tree(**files: bytes) -> dict[bytes, TreeFile]:
    return {f"{name}.md".encode(): TreeFile(data) for name, data in files.items()}


def operations(plan: Plan) -> list[tuple[str, str]]:
    return [(op.kind, op.path) for op in plan.operations]


def test_each_document_that_differs_is_one_operation_and_the_others_are_counted() -> None:
    plan = differ(tree(a=b"1", b=b"2", c=b"3", d=b"4"), tree(a=b"1", b=b"new", d=b"4", e=b"5"))
    assert operations(plan) == [("replace", "b.md"), ("delete", "c.md"), ("upload", "e.md")]
    assert (plan.unchanged, plan.existing) == (2, 4)
    assert plan.upload_bytes == 4


def test_sizes_of_what_goes_are_those_of_the_base() -> None:
    plan = differ(tree(a=b"twelve bytes"), {})
    assert [op.previous.bytes for op in plan.deletes if op.previous] == [12]


def test_a_removal_alone_is_not_taken_for_the_removal_of_everything() -> None:
    plan = differ(tree(a=b"1", b=b"2", c=b"3"), tree(a=b"1", b=b"2"))
    assert refusal(plan, Limits()) is None
    assert refusal(differ(tree(a=b"1", b=b"2"), {}), Limits()) is not None


def test_a_renamed_document_is_one_rename_and_no_delete() -> None:
    plan = differ(tree(a=b"same"), tree(b=b"same"))
    assert plan.renamed == (("a.md", "b.md"),)
    assert plan.deletes == []


def test_files_that_start_or_stop_being_documents_are_added_and_removed() -> None:
    old = {b"a.md": TreeFile(b"text"), b"b.md": TreeFile(b""), b"c.md": TreeFile(b"text"), b"d.md": TreeFile(b"\xff")}
    new = {
        b"a.md": TreeFile(b""),
        b"b.md": TreeFile(b"text"),
        b"c.md": TreeFile(b"a.md", SYMLINK),
        b"d.md": TreeFile(b"text"),
    }
    plan = differ(old, new)
    assert operations(plan) == [("delete", "a.md"), ("upload", "b.md"), ("delete", "c.md"), ("upload", "d.md")]
    assert plan.skipped is not None
    assert {path: record.reason for path, record in plan.skipped.items()} == {"a.md": "empty", "c.md": "symlink"}


def test_what_the_base_skips_already_is_listed_as_the_sync_after_the_merge_lists_it() -> None:
    plan = differ(tree(a=b"", b=b"1"), tree(a=b"", b=b"2"))
    assert plan.skipped is not None
    assert list(plan.skipped) == ["a.md"]


def test_rules_hold_on_both_sides() -> None:
    target = replace(TARGET, rules=Rules(exclude=("b.md",)))
    plan = differ(tree(a=b"1", b=b"1"), tree(a=b"2", b=b"2"), target)
    assert operations(plan) == [("replace", "a.md")]


def test_trees_that_are_equal_differ_in_nothing() -> None:
    plan = differ(tree(a=b"1"), tree(a=b"1"))
    assert plan.is_empty
    assert plan.unchanged == 1


# --- Settings that change with the trees --------------------------------------------------------------------------


def differ_in_settings(
    old: Tree, new: Tree, before: Target, after: Target, recorded: TargetState | None = None
) -> Plan:
    trees = {COMMIT: old, HEAD: new}
    at_base, at_head = MemorySource(trees, COMMIT), MemorySource(trees, HEAD)
    return difference(at_base, at_head, after, recorded, DIFF, base_target=before).plan


SAME = tree(a=b"1", b=b"2", c=b"3")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Rules(), Rules(exclude=("b.md",)), [("delete", "b.md")]),
        (Rules(exclude=("b.md",)), Rules(), [("upload", "b.md")]),
        (Rules(include=("a.md",)), Rules(include=("b.md",)), [("delete", "a.md"), ("upload", "b.md")]),
    ],
    ids=["excluded", "no longer excluded", "another include"],
)
def test_other_rules_alone_add_and_remove_documents(
    before: Rules, after: Rules, expected: list[tuple[str, str]]
) -> None:
    plan = differ_in_settings(SAME, SAME, replace(TARGET, rules=before), replace(TARGET, rules=after))
    assert operations(plan) == expected


def test_other_attributes_alone_retag_every_document() -> None:
    plan = differ_in_settings(SAME, SAME, TARGET, replace(TARGET, attributes={"team": "docs"}))
    assert operations(plan) == [("retag", "a.md"), ("retag", "b.md"), ("retag", "c.md")]


def test_settings_and_files_that_change_together_are_one_plan() -> None:
    plan = differ_in_settings(
        SAME, tree(a=b"1", b=b"new", d=b"4"), TARGET, replace(TARGET, rules=Rules(exclude=("a.md",)))
    )
    assert operations(plan) == [("delete", "a.md"), ("replace", "b.md"), ("delete", "c.md"), ("upload", "d.md")]


def test_what_the_store_holds_is_compared_with_the_settings_of_the_base() -> None:
    target = replace(TARGET, rules=Rules(exclude=("a.md",)))
    recorded = state({"b.md": entry("b.md", "2"), "old.md": entry("old.md", "9")})
    plan = differ_in_settings(tree(a=b"1", b=b"2"), tree(a=b"1", b=b"2"), TARGET, target, recorded)
    assert operations(plan) == [("delete", "a.md")]


# --- Changed lines ------------------------------------------------------------------------------------------------


class Git:
    """Counts lines, or cannot."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked: list[list[str]] = []
        self._fails = fails

    def line_counts(self, base: str, head: str, paths: list[str]) -> dict[str, tuple[int, int]]:
        self.asked.append(paths)
        if self._fails:
            raise GitUnavailable("git is gone")
        return {"a.md": (3, 1)}


def counted(git: Git, **documents: tuple[str, ...]) -> Mapping[str, Lines]:
    report = with_lines(planned_report(**documents), cast("Repository", git), Trees(BASE_TIP, MERGE, ""))
    return report.documents.lines


def test_lines_are_counted_in_one_call_for_what_is_added_updated_and_removed() -> None:
    git = Git()
    found = counted(git, added=("a.md",), updated=("b.pdf",), removed=("c.md",), retagged=("d.md",))
    assert found == {"a.md": Lines(3, 1)}
    assert git.asked == [["a.md", "b.pdf", "c.md"]]


@pytest.mark.parametrize(
    "names", [(), tuple(f"{n}.md" for n in range(1_001)), tuple("ü" * 2_000 + str(n) for n in range(30))]
)
def test_without_documents_and_for_very_many_git_is_not_asked(names: tuple[str, ...]) -> None:
    git = Git()
    assert counted(git, added=names) == {}
    assert git.asked == []


def test_a_plan_without_counted_lines_stands() -> None:
    assert counted(Git(fails=True), added=("a.md",)) == {}
