"""A plan has one id, whatever does not change what it does; and another id when anything does."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import TARGET, by_path, document, entry, state
from vsync.auth.api_address import EMBEDDED_API, OPENAI_API
from vsync.config.targets import Target
from vsync.plan.plan import Operation, Plan, make_plan
from vsync.plan.plan_id import plan_id
from vsync.state.manifest import Entry

OPERATIONS = (
    Operation("delete", "a.md", previous=entry("a.md")),
    Operation("replace", "b.md", document("b.md", "two"), entry("b.md")),
    Operation("retag", "c.md", document("c.md"), entry("c.md")),
    Operation("upload", "d.md", document("d.md")),
)
PLAN = Plan(OPERATIONS, unchanged=3, existing=6, pending_delete=("file-old",))


def of(plan: Plan, target: str = "default", store: str = "vs_1", api: str = OPENAI_API) -> str:
    return plan_id(target, api, store, plan)


def with_operation(number: int, **changes: object) -> Plan:
    operations = list(OPERATIONS)
    operations[number] = replace(operations[number], **changes)  # type: ignore[arg-type]  # a test names the fields
    return replace(PLAN, operations=tuple(operations))


def test_an_id_is_short_and_plain() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", of(PLAN))
    assert re.fullmatch(r"[0-9a-f]{16}", of(Plan()))


def test_an_id_is_that_of_earlier_versions() -> None:
    assert of(Plan((Operation("delete", "a.md", previous=Entry("b", "s", 1, "file-1", "t")),))) == "0e2aefca145a6a64"


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, unchanged=9, existing=12),
        replace(PLAN, skipped={}, failed={}),
        with_operation(3, document=document("d.md", size=12)),
        with_operation(0, previous=entry("a.md", "another text")._replace(file_id="file-a.md")),
    ],
    ids=["numbers", "records", "size", "what-the-old-entry-held"],
)
def test_what_a_plan_does_not_do_does_not_count(other: Plan) -> None:
    assert of(other) == of(PLAN)


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, operations=OPERATIONS[1:]),
        replace(PLAN, pending_delete=()),
        replace(PLAN, pending_delete=("file-older",)),
        with_operation(0, previous=entry("a.md", file_id="file-x")),
        with_operation(0, path="z.md"),
        with_operation(1, document=document("b.md", "three")),
        with_operation(1, document=document("b.md", "two", Target(source="acme/docs", attributes={"a": 1}))),
        with_operation(1, previous=entry("b.md", file_id="file-x")),
        with_operation(2, kind="replace"),
        with_operation(3, path="e.md"),
    ],
)
def test_anything_else_that_a_plan_does_is_another_plan(other: Plan) -> None:
    assert of(other) != of(PLAN)


def test_another_target_store_or_api_is_another_plan() -> None:
    others = [of(PLAN, target="code"), of(PLAN, store="vs_2"), of(PLAN, store="acme/docs"), of(PLAN, api=EMBEDDED_API)]
    assert len({of(PLAN), *others}) == 5


paths = st.text("ab/", min_size=1, max_size=3)
texts = st.sampled_from(["one", "two", "three"])


@given(before=st.dictionaries(paths, texts), after=st.dictionaries(paths, texts), data=st.data())
def test_the_order_in_which_documents_are_found_does_not_count(
    before: dict[str, str], after: dict[str, str], data: st.DataObject
) -> None:
    known = state({path: entry(path, text) for path, text in before.items()})
    shuffled = data.draw(st.permutations(list(after.items())))
    plans = [
        make_plan(known, by_path(*(document(path, text) for path, text in items)), {})
        for items in (after.items(), shuffled)
    ]
    assert len({plan_id(TARGET.name, OPENAI_API, "vs_1", plan) for plan in plans}) == 1
