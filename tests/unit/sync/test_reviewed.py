"""A plan is carried out only when it is the expected one; else the message says why it is not."""

from __future__ import annotations

from dataclasses import replace

from tests.support.builders import TARGET, by_path, document, state
from vsync.config.targets import Target
from vsync.plan.plan import Plan, make_plan
from vsync.sync.reviewed import id_of, remedy, unexpected

PLAN = make_plan(state(), by_path(document("a.md")), {})
ID, OTHER = id_of(PLAN, TARGET, state()), "0" * 16


def test_without_an_expected_plan_every_plan_is_carried_out() -> None:
    assert unexpected(None, PLAN, ID, None) is None


def test_the_expected_plan_is_carried_out() -> None:
    assert unexpected(ID, PLAN, ID, None) is None


def test_another_plan_is_told_with_both_ids() -> None:
    message = unexpected(OTHER, PLAN, ID, state())
    assert message is not None
    assert OTHER in message
    assert ID in message
    assert f"--expect {ID}" in remedy(PLAN, ID)


def test_a_plan_that_was_carried_out_already_is_told_with_its_time() -> None:
    done = replace(state(), run={"plan_id": OTHER, "when": "2024-01-02T03:04:05+00:00"})
    message = unexpected(OTHER, Plan(), id_of(Plan(), TARGET, done), done)
    assert message is not None
    assert "carried out already, at 2024-01-02T03:04:05+00:00" in message


def test_nothing_to_do_is_not_taken_for_the_expected_plan() -> None:
    message = unexpected(OTHER, Plan(), ID, state())
    assert message is not None
    assert "nothing to do" in message
    assert "--expect" in remedy(Plan(), ID)


def test_the_store_counts_by_the_recorded_id_then_the_given_id_then_the_name() -> None:
    named, given = Target(source="acme/docs", vector_store_name="Docs"), replace(TARGET, vector_store_id="vs_1")
    assert id_of(PLAN, named, state()) == id_of(PLAN, given, None) == ID
    assert id_of(PLAN, named, None) != id_of(PLAN, TARGET, None)
    assert id_of(PLAN, TARGET, None) == id_of(PLAN, replace(TARGET, vector_store_name="acme/docs"), None)
