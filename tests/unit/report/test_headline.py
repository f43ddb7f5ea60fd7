"""One mark and one sentence for each report, with the exit code that goes with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.reports import planned_report, synced_report
from tests.unit.report.examples import EXAMPLES
from vsync.errors import ApiUnavailable, Interrupted
from vsync.github.results import error_annotations
from vsync.report.body import Planned, Synced
from vsync.report.comment import body
from vsync.report.documents import Documents, FailedItem
from vsync.report.headline import headline
from vsync.report.report import Report
from vsync.report.store_size import StoreSize, StoreSizes
from vsync.report.summary import summary
from vsync.report.text import summary_lines
from vsync.report.verification import Drift, Verification

ALL = "2 to add, 1 to update, 1 to rename, 1 to retag, 1 to remove"
FAILED = (FailedItem(path="a", code="b", message="c"),)
REBUILT = "The manifest was made again from the store, no drift"
DRIFT = (Drift("missing", "a", "f", "d"),)
SIZES = StoreSizes(StoreSize(2, 9), StoreSize(2, 9))


@pytest.mark.parametrize(
    ("name", "mark", "sentence", "code", "reason"),
    [
        ("plan", "📋", ALL, 0, None),
        ("plan refused", "🛑", "The plan is refused by a limit", 0, None),
        ("plan that changes nothing", "✅", "No documents would change", 0, None),
        ("plan of a pull request", "📋", ALL, 0, None),
        ("pull request closed", "✅", "No documents would change", 0, None),
        ("plan overtaken", "⏭️", "A newer run has already synced, nothing was changed", 0, None),
        ("sync", "❌", "2 documents failed, 6 synced", 1, "documents"),
        ("sync without failures", "✅", "6 documents synced", 0, None),
        ("sync of nothing", "✅", "Nothing to do, the store equals the source", 0, None),
        ("sync with nothing selected", "📋", "Nothing is selected, there is no document to sync", 0, None),
        ("sync that only removes", "✅", "1 document synced", 0, None),
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
    assert headline(report) == (mark, sentence)
    assert (report.exit_code, report.failure_reason) == (code, reason)


def verified(found: Verification) -> Report:
    return replace(synced_report(), body=found)


def mended(*drift: Drift) -> Verification:
    return Verification(mended=drift, sync=Synced(documents=Documents(failed=FAILED)))


@pytest.mark.parametrize(
    ("report", "mark", "sentence"),
    [
        (synced_report(store=SIZES), "✅", "Nothing to do, the store equals the source"),
        (synced_report(failed=FAILED), "❌", "1 document failed, 0 synced"),
        (synced_report(removed=("a", "b"), dropped={"a": "empty"}), "✅", "2 documents synced (1 no longer a document)"),
        (
            synced_report(removed=("a",), dropped={"a": "empty"}, failed=FAILED),
            "❌",
            "1 document failed, 1 synced (1 no longer a document)",
        ),
        (planned_report(removed=("a", "b"), dropped={"a": "empty", "b": "symlink"}), "📋", "2 to remove (2 no longer documents)"),
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
    assert headline(report) == (mark, sentence)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_rendering_shows_the_headline(name: str) -> None:
    report = EXAMPLES[name]
    mark, sentence = headline(report)
    assert sentence in summary_lines(report)[0]
    title = summary(report).splitlines()[0]
    assert title.startswith(f"## {mark} vsync")
    assert title.endswith(f": {sentence}")
    assert f"### {mark} vsync <code>docs</code>: {sentence}\n" in body(report)
    if report.exit_code and report.error is None:
        assert error_annotations(report, 10)[0].message.startswith(f"{sentence}. ")
