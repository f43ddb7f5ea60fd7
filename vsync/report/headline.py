"""How a run went: one mark and one sentence, which every rendering of a report shows. Pure."""

from __future__ import annotations

from typing import NamedTuple

from vsync.errors import PlanChanged
from vsync.report.body import Planned, Synced
from vsync.report.documents import Documents
from vsync.report.report import Report
from vsync.report.verification import Verification
from vsync.system.wording import count


class Headline(NamedTuple):
    """`sentence` begins with a capital letter or a number, and has no full stop."""

    mark: str
    sentence: str


def headline(report: Report) -> Headline:
    """What matters most about the report: why it ended early, else what its body says."""
    if report.superseded:
        mark = "❌" if report.exit_code else "⏭️"
        return Headline(mark, "A newer run has already synced, nothing was changed")
    if report.error is not None:
        if isinstance(report.error, PlanChanged):
            return Headline("🛑", "Not the expected plan, nothing was changed")
        if report.refused:
            return Headline("🛑", "Refused by a limit, nothing was changed")
        if isinstance(report.body, Planned):
            return Headline("❌", "There is no plan")
        left = report.sync.left if isinstance(report.sync, Synced) else 0
        rest = f", {count(left, 'document')} left to do" if left else ""
        return Headline("❌", f"Not finished{rest}")
    if isinstance(report.body, Verification):
        return _of_verification(report.body)
    return _of_plan(report.body) if isinstance(report.body, Planned) else _of_sync(report.body)


def _of_plan(planned: Planned) -> Headline:
    if planned.refused:
        return Headline("🛑", "The plan is refused by a limit")
    if not planned.documents.changes:
        return Headline("✅", "No documents would change")
    return Headline("📋", f"{amounts(planned.documents)}{_dropped(planned.documents)}")


def amounts(documents: Documents) -> str:
    """What a plan would do, in numbers: `2 to add, 1 to remove`."""
    numbers = [(VERBS[word], number) for word, number in documents.counts.items() if word in VERBS and number]
    return ", ".join(f"{number:,} to {verb}" for verb, number in numbers)


def _dropped(documents: Documents) -> str:
    """How many documents are removed although their file is still there."""
    number = len(documents.dropped)
    if not number:
        return ""
    return f" ({number:,} no longer {'a document' if number == 1 else 'documents'})"


VERBS = {"added": "add", "updated": "update", "renamed": "rename", "retagged": "retag", "removed": "remove"}
"""What a plan would do to documents, by what a sync counts afterwards."""


def _of_sync(synced: Synced) -> Headline:
    documents = synced.documents
    failed = len(documents.failed)
    if failed:
        done = f"{documents.changes:,} synced{_dropped(documents)}"
        return Headline("❌", f"{count(failed, 'document')} failed, {done}")
    if documents.changes:
        return Headline("✅", f"{count(documents.changes, 'document')} synced{_dropped(documents)}")
    if not documents.unchanged and not (synced.store and synced.store.before.documents):
        return Headline("📋", "Nothing is selected, there is no document to sync")
    return Headline("✅", "Nothing to do, the store equals the source")


def _of_verification(verification: Verification) -> Headline:
    if verification.drift:
        return Headline(
            "❌", f"Drift: {count(len(verification.drift), 'difference')} between the manifest and the store"
        )
    failed = len(verification.sync.documents.failed) if isinstance(verification.sync, Synced) else 0
    mark, but_failed = ("❌", f", but {count(failed, 'document')} failed") if failed else ("✅", "")
    if verification.mended:
        return Headline(mark, f"Mended: {count(len(verification.mended), 'difference')}, none is left{but_failed}")
    if not verification.compared:
        return Headline(mark if failed else "📋", f"Not compared: there is no manifest yet{but_failed}")
    if verification.rebuilt and not failed:
        return Headline(mark, "The manifest was made again from the store, no drift")
    return Headline(mark, f"No drift{but_failed}")
