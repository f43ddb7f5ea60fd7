"""Which folders of a plain folder look as if a disk were not mounted."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.support.builders import document
from vsync.config.limits import Limits
from vsync.git.changes import Lost
from vsync.plan.limits import refusal
from vsync.plan.lost_folders import lost_folders, told
from vsync.plan.plan import Operation, Plan

BARE: Lost = "empty but for dot files or lost+found"


@pytest.mark.parametrize(
    ("deleted", "states", "found"),
    [
        ((), {}, {}),
        (("a.md", "b.md"), {}, {}),
        (("disk/a.md", "disk/b.md"), {"disk": "gone"}, {"disk": "gone"}),
        (("disk/a.md", "disk/b.md"), {"disk": "empty"}, {"disk": "empty"}),
        (("disk/a.md", "disk/b.md"), {}, {}),
        (("disk/a.md",), {"disk": "gone"}, {}),
        (("disk/x/a.md", "disk/y/b.md"), {"disk": "gone", "disk/x": "gone", "disk/y": "gone"}, {"disk": "gone"}),
        (("a/old/a.md", "a/old/b.md"), {"a/old": "gone"}, {"a/old": "gone"}),
        (("a/old/a.md",), {"a/old": "gone"}, {}),
        (("a/b/c/1.md", "a/b/c/2.md"), {"a/b": "gone", "a/b/c": "gone"}, {"a/b": "gone"}),
        (("a/1.md", "a/2.md"), {"a": BARE}, {"a": BARE}),
        (("a/disk/a.md", "a/disk/b.md"), {"a/disk": "empty"}, {"a/disk": "empty"}),
        (("a/1.md", "a/2.md", "b/1.md", "b/2.md"), {"a": "gone", "b": "empty"}, {"a": "gone", "b": "empty"}),
    ],
)
def test_a_folder_is_lost_when_nothing_is_left_of_several_documents(
    deleted: tuple[str, ...], states: Mapping[str, Lost], found: Mapping[str, Lost]
) -> None:
    assert lost_folders(deleted, states.get) == found


def test_only_some_lost_folders_are_named() -> None:
    assert told({"a": "gone"}) == "the folder 'a' is gone"
    assert told({"a": "gone", "b": "empty"}) == "the folder 'a' is gone, the folder 'b' is empty"
    assert told(dict.fromkeys("abcde", "gone")).endswith("'c' is gone, and 2 more")


PLAN = Plan(
    (*(Operation("delete", f"disk/{name}.md") for name in "ab"), Operation("upload", "new.md", document("new.md"))),
    existing=9,
    lost={"disk": "gone"},
)


def test_a_plan_that_loses_a_folder_is_refused_until_somebody_allows_it() -> None:
    refused = refusal(PLAN, Limits())
    assert refused is not None
    assert "deletes 2 of 9 documents, because the folder 'disk' is gone" in refused
    assert "--max-delete 2" in refused
    assert refusal(PLAN, Limits(force=True)) is None
    assert refusal(PLAN, Limits(max_deletes=2)) is None
    assert refusal(PLAN, Limits(max_delete_percent=50)) is None


def test_a_folder_without_documents_is_refused_until_somebody_forces_it() -> None:
    refused = refusal(Plan(bare=True), Limits(max_deletes=5))
    assert refused is not None
    assert "its disk is mounted" in refused
    assert refusal(Plan(bare=True), Limits(force=True)) is None
