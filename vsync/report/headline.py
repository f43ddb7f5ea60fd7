"""How a run went: one mark and one sentence, which every rendering of a report shows. Pure.

Names that a person or a server chose stand apart from our own words: whoever prints the names makes them inert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vsync.errors import PlanChanged
from vsync.report.body import Planned, Synced
from vsync.report.documents import SIGNS, Documents
from vsync.report.report import Report
from vsync.report.store_size import StoreSize
from vsync.report.verification import Verification
from vsync.system.wording import count


class Headline(NamedTuple):
    """A mark and a sentence.

    `words` begins with a capital letter, a sign or a number, and has no full stop. Each `{}` in it stands for one of the
    `names`. `detail` is more sentences with names in them, or empty.
    """

    mark: str
    words: str
    names: tuple[str, ...] = ()
    detail: str = ""

    @property
    def sentence(self) -> str:
        return self.words.format(*self.names)


def headline(report: Report) -> Headline:
    """What matters most about the report: why it ended early, else what its body says."""
    if report.superseded:
        mark = "❌" if report.exit_code else "⏭️"
        return Headline(mark, "A newer run has already synced, nothing was changed")
    if report.error is not None:
        return _of_error(report)
    if isinstance(report.body, Verification):
        return _of_verification(report.body)
    return _of_plan(report, report.body) if isinstance(report.body, Planned) else _of_sync(report, report.body)


def _of_error(report: Report) -> Headline:
    if isinstance(report.error, PlanChanged):
        return Headline("🛑", "Not the expected plan, nothing was changed")
    if report.refused:
        if isinstance(report.body, Planned):
            return _of_plan(report, report.body)
        return Headline("🛑", "Refused by a limit, nothing was changed")
    if isinstance(report.body, Planned):
        return Headline("❌", "There is no plan")
    left = report.sync.left if isinstance(report.sync, Synced) else 0
    rest = f", {count(left, 'document')} left to do" if left else ""
    return Headline("❌", f"Not finished{rest}")


def _of_plan(report: Report, planned: Planned) -> Headline:
    documents, after = planned.documents, planned.store.after if planned.store else None
    if planned.refused:
        if not documents.changes:
            return Headline("🛑", "The plan is refused by a limit")
        amounts = _amounts(documents, after, "afterwards")
        return Headline("🛑", f"The plan is refused by a limit: {amounts}", (place(report),))
    if documents.changes:
        return Headline("📋", _amounts(documents, after, "afterwards"), (place(report),))
    if planned.estimate is not None and planned.estimate.deletes and not planned.of_pull_request:
        left = count(planned.estimate.deletes, "File")
        return Headline(
            "📋", f"No document would change, {left} of the last run would be deleted in {{}}", (place(report),)
        )
    if planned.of_pull_request:
        detail = f"{_last_sync(report)}{_not_asked(report)}"
        return Headline("✅", "This pull request changes no document", detail=detail)
    return _unchanged(report, "No document would change")


def _of_sync(report: Report, synced: Synced) -> Headline:
    documents, after = synced.documents, synced.store.after if synced.store else None
    failed = f"{count(len(documents.failed), 'document')} failed, " if documents.failed else ""
    if report.doubled:
        failed += f"{count(len(report.doubled), 'document')} may be there twice, "
    if documents.changes:
        return Headline("❌" if failed else "✅", f"{failed}{_amounts(documents, after)}", (place(report),))
    if failed:
        return Headline("❌", f"{failed}nothing changed in {{}}{_held(after)}", (place(report),))
    if not documents.unchanged and not (synced.store and synced.store.before.documents):
        return Headline("📋", "Nothing is selected, there is no document to sync")
    if synced.listed:
        detail = "The store was listed: it holds every document."
        return Headline("✅", f"Nothing to do in {{}}{_held(after)}", (place(report),), detail)
    return _unchanged(report, "Nothing to do")


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


# --- Parts ------------------------------------------------------------------------------------------------------


def place(report: Report) -> str:
    """What people call the store: its name, else the target's, else the source's."""
    named = report.target if report.target != "default" else report.source
    return report.vector_store_name or named or "the vector store"


def signed(documents: Documents) -> str:
    """What changes, in numbers: `+2 ~1 −1`."""
    return signed_numbers(documents.counts)


def signed_numbers(numbers: Mapping[str, int]) -> str:
    """The same, from the counts of documents."""
    return " ".join(f"{sign}{numbers[word]:,}" for word, sign in SIGNS.items() if numbers[word])


def _amounts(documents: Documents, after: StoreSize | None, when: str = "") -> str:
    """What changes, where, and how many documents there are then: `+2 ~1 in {}, 46 documents`."""
    held = _held(after)
    return f"{signed(documents)}{_dropped(documents)} in {{}}{held}{f' {when}' if held and when else ''}"


def _dropped(documents: Documents) -> str:
    """How many documents are removed although their file is still there."""
    number = len(documents.dropped)
    if not number:
        return ""
    return f" ({number:,} no longer {'a document' if number == 1 else 'documents'})"


def _held(size: StoreSize | None) -> str:
    return f", {count(size.documents, 'document')}" if size else ""


def _unchanged(report: Report, otherwise: str) -> Headline:
    """Of a run with nothing to do. It compares with what is recorded, and promises nothing of the store itself."""
    last = report.last_sync
    if last is None:
        return Headline("✅", f"{otherwise} in {{}}", (place(report),), _not_asked(report))
    if last.commit:
        since = "{}, which was synced {}" if last.when else "{}, which was synced"
    else:
        since = "the sync of {}" if last.when else "the last sync"
    names = filter(None, (last.commit and last.commit[:12], last.when, _store(report)))
    return Headline("✅", f"Nothing changed since {since} into {{}}", tuple(names), _not_asked(report))


def _last_sync(report: Report) -> str:
    last = report.last_sync
    if last is None:
        return ""
    facts = [last.commit and last.commit[:12], last.when, f"into {_store(report)}"]
    return f"Last synced: {', '.join(filter(None, facts))}. "


def _not_asked(report: Report) -> str:
    """What a run with nothing to do does not know."""
    if report.requests:
        return "The documents in the store were not compared: `vsync verify` does that."
    return "The store itself was not asked: `vsync verify` does that."


def _store(report: Report) -> str:
    """The store by its id, with the name behind it."""
    if report.vector_store_id is None:
        return place(report)
    return f"{report.vector_store_id} ({place(report)})"
