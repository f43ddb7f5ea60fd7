"""Deletes of documents that another target of the store takes over."""

from __future__ import annotations

from dataclasses import replace

from vsync.config.limits import Limits
from vsync.documents.document import Document
from vsync.plan.handover import hand_over
from vsync.plan.limits import refusal
from vsync.plan.plan import Plan, make_plan
from vsync.state.manifest import EMPTY_STATE, Entry


def _plan(recorded: dict[str, str], selected: dict[str, str]) -> Plan:
    files = {path: Entry(blob, "", 1, f"file-{path}", "tag") for path, blob in recorded.items()}
    return make_plan(
        replace(EMPTY_STATE, files=files), {path: Document(path, blob, "tag") for path, blob in selected.items()}, {}
    )


def test_a_delete_waits_for_the_target_that_takes_the_document_over() -> None:
    plan = hand_over(_plan({"a.md": "1", "b.md": "2"}, {"a.md": "1"}), {"b.md": "other"}, there=())
    assert (plan.operations, plan.awaited, plan.unchanged) == ((), {"b.md": "other"}, 2)
    assert plan.is_empty


def test_what_the_other_target_has_is_deleted() -> None:
    plan = hand_over(_plan({"a.md": "1", "b.md": "2"}, {"a.md": "1"}), {"b.md": "other"}, there={"b.md"})
    assert [(op.kind, op.path) for op in plan.operations] == [("delete", "b.md")]
    assert not plan.awaited
    assert plan.handed == {"b.md"}


def test_a_delete_that_nobody_takes_over_stays_as_it_is() -> None:
    plan = _plan({"a.md": "1", "b.md": "2"}, {"a.md": "1"})
    assert hand_over(plan, {"a.md": "other"}, there=()) == plan


def test_a_copy_is_no_rename_of_a_document_that_stays_for_another_target() -> None:
    plan = _plan({"old.md": "1"}, {"new.md": "1"})
    assert plan.renamed == (("old.md", "new.md"),)
    kept = hand_over(plan, {"old.md": "other"}, there=())
    assert (kept.renamed, [(op.kind, op.path) for op in kept.operations]) == ((), [("upload", "new.md")])


def test_only_what_no_target_takes_over_counts_as_deleted_for_the_limit() -> None:
    plan = _plan({f"{number}.md": str(number) for number in range(12)}, {})
    assert refusal(plan, Limits())
    takers = dict.fromkeys((f"{number}.md" for number in range(8)), "other")
    assert refusal(hand_over(plan, takers, takers), Limits()) is None
    few = Limits(max_deletes=3)
    assert "The plan deletes 4 of 12 documents" in (refusal(hand_over(plan, takers, takers), few) or "")
