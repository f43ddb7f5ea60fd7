"""What a run notes of documents that a gateway refused, and what the next run reads from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from vsync.config.origin import Origin
from vsync.errors import GatewayRefused
from vsync.plan.plan import Plan
from vsync.state.manifest import EMPTY_STATE, Entry
from vsync.store.api_errors import BY_GATEWAY
from vsync.sync.audit import audit, refused_before
from vsync.transfer.outcome import FailedDocument, Outcome

ENTRY = Entry("b" * 40, "5" * 64, 3, "file-1", "t.t")


def facts(outcome: Outcome) -> dict[str, Any]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return audit(Plan(()), outcome, plan_id=None, base=None, head=None, origin=Origin(), now=now)


def before(run: dict[str, Any], files: int = 1) -> int:
    return refused_before(replace(EMPTY_STATE, run=run, files={f"{number}.md": ENTRY for number in range(files)}))


REFUSED = {path: FailedDocument(BY_GATEWAY, "no") for path in ("a.md", "b.md")}


def test_the_next_run_knows_how_many_documents_a_gateway_refused() -> None:
    run = facts(Outcome(failed=REFUSED | {"c.md": FailedDocument("server_error", "no")}))
    assert before(run) == 2


def test_a_run_that_a_gateway_ended_says_nothing_of_single_documents() -> None:
    assert before(facts(Outcome(failed=REFUSED, cause=GatewayRefused("no", "x")))) == 1


def test_a_run_without_such_documents_notes_nothing() -> None:
    assert "refused_by_gateway" not in facts(Outcome(failed={"c.md": FailedDocument("server_error", "no")}))


def test_before_anything_is_in_the_store_no_document_may_be_refused() -> None:
    assert before({"refused_by_gateway": 7}, files=0) == 0


@pytest.mark.parametrize("number", [None, "9", 9.5, True, [], -4])
def test_a_note_that_is_no_number_counts_as_none(number: object) -> None:
    assert before({"refused_by_gateway": number}) == 1
