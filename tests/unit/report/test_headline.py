"""One mark and one sentence for each report, with the exit code that goes with it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.support.reports import planned_report, synced_report, texts
from tests.unit.report.examples import EXAMPLES
from tests.unit.report.test_summary import plain
from vsync.errors import ApiUnavailable, Interrupted
from vsync.github.results import error_annotations
from vsync.report.body import Planned, Synced
from vsync.report.comment import body
from vsync.report.documents import Documents, FailedItem
from vsync.report.headline import Headline, headline
from vsync.report.last_sync import LastSync
from vsync.report.report import Report
from vsync.report.store_size import StoreSize, StoreSizes
from vsync.report.summary import summary
from vsync.report.text import summary_lines
from vsync.report.verification import Drift, Verification

ALL = "+2 ~1 →1 *1 −1 in docs"
HELD = "1,241 documents"
NOTHING = "Nothing changed since cccccccccccc, which was synced 2026-11-28 14:03 UTC into vs_1 (docs)"
FAILED = (FailedItem(path="a", code="b", message="c"),)
REBUILT = "The manifest was made again from the store, no drift"
DRIFT = (Drift("missing", "a", "f", "d"),)
SIZES = StoreSizes(StoreSize(2, 9, 9), StoreSize(2, 9, 9))


@pytest.mark.parametrize(
    ("name", "mark", "sentence", "code", "reason"),
    [
        ("plan", "📋", f"{ALL}, {HELD} afterwards", 0, None),
        ("plan refused", "🛑", f"The plan is refused by a limit: {ALL}, {HELD} afterwards", 0, None),
        ("plan that changes nothing", "✅", NOTHING, 0, None),
        ("plan of a pull request", "📋", f"{ALL}, {HELD} afterwards", 0, None),
        ("plan of a pull request that changes nothing", "✅", "This pull request changes no document", 0, None),
        ("pull request closed", "✅", "No document would change in docs", 0, None),
        ("plan overtaken", "⏭️", "A newer run has already synced, nothing was changed", 0, None),
        ("sync", "❌", f"2 documents failed, {ALL}, {HELD}", 1, "documents"),
        ("sync without failures", "✅", f"{ALL}, {HELD}", 0, None),
        ("sync of nothing", "✅", NOTHING, 0, None),
        ("sync of nothing, from a listing", "✅", "Nothing to do in docs, 1,241 documents", 0, None),
        ("sync with nothing selected", "📋", "Nothing is selected, there is no document to sync", 0, None),
        ("sync that only removes", "✅", "−1 in docs", 0, None),
        ("sync refused", "🛑", "Refused by a limit, nothing was changed", 4, "limit"),
        ("sync overtaken", "⏭️", "A newer run has already synced, nothing was changed", 0, None),
        ("sync not finished", "❌", "Not finished, 2 documents left to do", 3, "api"),
        ("verification", "❌", "Drift: 2 differences between the manifest and the store", 1, "drift"),
        ("verification without drift", "✅", "No drift", 0, None),
        ("verification without a manifest", "📋", "Not compared: there is no manifest yet", 0, None),
        ("verification of a manifest made again", "❌", "Drift: 1 difference between the manifest and the store", 1, "drift"),
        ("verification mended", "✅", "Mended: 2 differences, none is left", 0, None),
        ("verification mended with failures", "❌", "Drift: 1 difference between the manifest and the store", 1, "drift"),
        ("verification refused", "🛑", "Refused by a limit, nothing was changed", 4, "limit"),
        ("verification overtaken", "⏭️", "A newer run has already synced, nothing was changed", 0, None),
    ],
)  # fmt: skip
def test_each_kind_of_report_has_its_headline(
    name: str, mark: str, sentence: str, code: int, reason: str | None
) -> None:
    report = EXAMPLES[name]
    assert (headline(report).mark, headline(report).sentence) == (mark, sentence)
    assert (report.exit_code, report.failure_reason) == (code, reason)


def verified(found: Verification) -> Report:
    return replace(synced_report(), body=found)


def mended(*drift: Drift) -> Verification:
    return Verification(mended=drift, sync=Synced(documents=Documents(failed=FAILED)))


@pytest.mark.parametrize(
    ("report", "mark", "sentence"),
    [
        (synced_report(store=SIZES), "✅", "Nothing to do in acme/docs"),
        (synced_report(failed=FAILED), "❌", "1 document failed, nothing changed in acme/docs"),
        (synced_report(failed=FAILED, store=SIZES), "❌", "1 document failed, nothing changed in acme/docs, 2 documents"),
        (
            synced_report(removed=("a", "b"), dropped={"a": "empty"}),
            "✅",
            "−2 (1 no longer a document) in acme/docs",
        ),
        (
            synced_report(removed=("a",), dropped={"a": "empty"}, failed=FAILED),
            "❌",
            "1 document failed, −1 (1 no longer a document) in acme/docs",
        ),
        (
            planned_report(removed=("a", "b"), dropped={"a": "empty", "b": "symlink"}),
            "📋",
            "−2 (2 no longer documents) in acme/docs",
        ),
        (synced_report(error=Interrupted(15), left=1_200), "❌", "Not finished, 1,200 documents left to do"),
        (synced_report(error=ApiUnavailable("gone")), "❌", "Not finished"),
        (planned_report(error=ApiUnavailable("gone")), "❌", "There is no plan"),
        (verified(mended()), "❌", "No drift, but 1 document failed"),
        (verified(mended(*DRIFT)), "❌", "Mended: 1 difference, none is left, but 1 document failed"),
        (verified(Verification(rebuilt=True)), "✅", REBUILT),
        (verified(Verification(refused_before=FAILED)), "✅", "No drift"),
        (verified(Verification(rebuilt=True, sync=Planned(refused="too many"))), "✅", REBUILT),
        (replace(verified(Verification(DRIFT)), superseded=True), "❌", "A newer run has already synced, nothing was changed"),
    ],
)  # fmt: skip
def test_a_headline_says_what_matters_most(report: Report, mark: str, sentence: str) -> None:
    assert (headline(report).mark, headline(report).sentence) == (mark, sentence)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_rendering_shows_the_headline(name: str) -> None:
    report = EXAMPLES[name]
    said = headline(report)
    mark, sentence, detail = said.mark, said.sentence, said.detail
    assert any(sentence in line for line in texts(summary_lines(report)))
    title = plain(summary(report).splitlines()[0])
    assert title.startswith(f"## {mark} vsync")
    assert title.endswith(f" <code>docs</code>: {sentence}")
    assert f"### {mark} vsync <code>docs</code>: {sentence}\n" in plain(body(report))
    if detail:
        assert any(detail in line for line in texts(summary_lines(report)))
        words = re.sub(r"</?code>", "`", plain(summary(report)))
        assert f"\n{detail}\n" in words
    if report.exit_code and report.error is None:
        assert error_annotations([report], 10)[0].message.startswith(f"{sentence}. ")


# --- A run with nothing to do promises nothing ------------------------------------------------------------------


NOT_ASKED = "The store itself was not asked: `vsync verify` does that."
NOT_COMPARED = "The documents in the store were not compared: `vsync verify` does that."


WHEN = "2026-11-28 14:03 UTC"


def nothing(**facts: Any) -> Headline:
    given = {"unchanged": 7, "vector_store_id": "vs_1", "last_sync": LastSync("c" * 40, WHEN)}
    return headline(synced_report(**{**given, **facts}))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, f"Nothing changed since cccccccccccc, which was synced {WHEN} into vs_1 (acme/docs)"),
        (
            {"vector_store_name": "help"},
            f"Nothing changed since cccccccccccc, which was synced {WHEN} into vs_1 (help)",
        ),
        ({"target": "api"}, f"Nothing changed since cccccccccccc, which was synced {WHEN} into vs_1 (api)"),
        (
            {"last_sync": LastSync("c" * 40, None)},
            "Nothing changed since cccccccccccc, which was synced into vs_1 (acme/docs)",
        ),
        ({"last_sync": LastSync(None, WHEN)}, f"Nothing changed since the sync of {WHEN} into vs_1 (acme/docs)"),
        ({"last_sync": LastSync(None, None)}, "Nothing changed since the last sync into vs_1 (acme/docs)"),
        ({"last_sync": None}, "Nothing to do in acme/docs"),
    ],
)
def test_a_run_with_nothing_to_do_says_since_when_and_into_which_store(facts: dict[str, Any], sentence: str) -> None:
    said = nothing(**facts)
    assert (said.mark, said.sentence, said.detail) == ("✅", sentence, NOT_ASKED)


def test_a_run_with_nothing_to_do_never_says_that_it_asked_the_store() -> None:
    assert nothing(requests={"GET /vector_stores/{id}": 1}).detail == NOT_COMPARED
    assert "was listed" in nothing(requests={"GET /x": 1}, listed=True).detail
    assert "not asked" not in nothing(requests={"GET /x": 1}, listed=True).detail


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_report_says_that_the_store_equals_the_source(name: str) -> None:
    report = EXAMPLES[name]
    for text in (*texts(summary_lines(report)), summary(report), body(report)):
        assert "equals" not in text
