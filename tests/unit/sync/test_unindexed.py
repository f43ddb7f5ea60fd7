"""When a document that the server fails to index counts as refused for good, and when an outage is to blame."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import by_path, document, entry, state
from vsync.errors import ApiUnavailable
from vsync.plan.plan import Plan, make_plan
from vsync.state.manifest import Failure, TargetState
from vsync.sync.unindexed import is_outage, settle_unindexed
from vsync.transfer.outcome import FailedDocument, Outcome

BAD = FailedDocument("server_error", "An internal error occurred (tried 3 times)", tries=3)


def failed_once(path: str, text: str = "x") -> Failure:
    wanted = document(path, text)
    return Failure(wanted.blob, wanted.tag, "server_error", 3)


def plan_of(known: TargetState, *paths: str) -> Plan:
    return make_plan(
        known, {**by_path(*map(document, known.files)), **by_path(*(document(path, "x") for path in paths))}, {}
    )


def outcome(*bad: str, indexed: bool = True) -> Outcome:
    return Outcome(failed=dict.fromkeys(bad, BAD), indexed=indexed)


def settled(known: TargetState, run: Outcome, *paths: str) -> tuple[Outcome, dict[str, Failure]]:
    return settle_unindexed(known, plan_of(known, *paths), run)


def test_the_first_run_that_fails_is_remembered_and_not_final() -> None:
    found, left = settled(state(["a.md"]), outcome("bad.md"), "bad.md", "good.md")
    assert left == {"bad.md": failed_once("bad.md")}
    assert not found.complete


def test_the_second_run_that_fails_is_final_and_says_how_often_it_was_tried() -> None:
    known = replace(state(["a.md"]), unindexed={"bad.md": failed_once("bad.md")})
    found, left = settled(known, outcome("bad.md"), "bad.md")
    assert left == {}
    item = found.failed["bad.md"]
    assert (item.final, item.tries, found.complete) == (True, 6, True)
    assert "tried 6 times" in item.message
    assert "--reindex PATH" in item.message


def test_a_document_that_changed_begins_anew() -> None:
    known = replace(state(["a.md"]), unindexed={"bad.md": failed_once("bad.md", "before")})
    found, left = settled(known, outcome("bad.md"), "bad.md")
    assert left == {"bad.md": failed_once("bad.md")}
    assert not found.failed["bad.md"].final


def test_a_document_that_is_indexed_at_last_is_forgotten() -> None:
    known = replace(state(["a.md"]), unindexed={"bad.md": failed_once("bad.md")})
    found, left = settled(known, Outcome(confirmed={"bad.md": entry("bad.md", "x")}, indexed=True), "bad.md")
    assert (found.failed, left) == ({}, {})


def test_a_run_that_ended_early_counts_nothing_and_forgets_nothing() -> None:
    known = replace(state(["a.md"]), unindexed={"bad.md": failed_once("bad.md")})
    ended = replace(outcome("bad.md", "worse.md"), cause=ApiUnavailable("The API is away."))
    found, left = settled(known, ended, "bad.md", "worse.md")
    assert left == {"bad.md": failed_once("bad.md")}
    assert not found.failed["bad.md"].final


def test_a_document_that_failed_for_another_reason_keeps_its_record() -> None:
    known = replace(state(["a.md"]), unindexed={"bad.md": failed_once("bad.md")})
    slow = Outcome(failed={"bad.md": FailedDocument("index-timeout", "not indexed after 600 s")}, indexed=True)
    found, left = settled(known, slow, "bad.md")
    assert (left, found.failed) == ({"bad.md": failed_once("bad.md")}, slow.failed)


def test_a_document_that_was_uploaded_again_by_order_is_final_at_once() -> None:
    known = replace(state(["a.md"]), failed={"bad.md": failed_once("bad.md")._replace(tries=6)})
    plan = make_plan(known, by_path(document("a.md"), document("bad.md", "x")), {}, None, lambda path: path == "bad.md")
    found, left = settle_unindexed(known, plan, outcome("bad.md"))
    assert (found.failed["bad.md"].final, found.failed["bad.md"].tries, left) == (True, 9, {})


@pytest.mark.parametrize(
    ("stored", "remembered", "bad", "indexed", "expected"),
    [
        ([], [], ["a.md"], False, True),  # a first sync: nothing is known of the server
        (["a.md"], [], ["b.md"], False, True),  # it has indexed this type before
        (["a.md"], [], ["b.md", "c.pdf"], False, True),
        (["a.md"], [], ["c.pdf"], False, False),  # a type that the store does not hold
        (["a.md"], ["b.md"], ["b.md"], False, False),  # it failed before, alone
        (["a.md"], ["b.md"], ["b.md", "c.md"], False, True),
        (["a.md"], [], ["b.md"], True, False),  # it indexed another document
        ([], [], ["a.md"], True, False),
    ],
)
def test_an_outage_is_told_from_a_bad_document(
    stored: list[str], remembered: list[str], bad: list[str], indexed: bool, expected: bool
) -> None:
    known = replace(state(stored), unindexed={path: failed_once(path) for path in remembered})
    documents = {path: document(path, "x") for path in bad}
    assert is_outage(known, documents, outcome(*bad, indexed=indexed)) is expected


def test_an_outage_leaves_no_record() -> None:
    found, left = settled(state(["a.md"]), outcome("b.md", "c.md", indexed=False), "b.md", "c.md")
    assert left == {}
    assert not any(item.final for item in found.failed.values())
