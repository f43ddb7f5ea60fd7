"""One batch is carried out: upload, attach, wait until indexed; record; delete what was replaced; say what became of each.

The order is that of a sync. Nothing is deleted before the index records what takes its place, and nothing after the API
became unreachable.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from vsync.documents.attributes import Identity
from vsync.documents.chunking import Chunking
from vsync.documents.document import Document
from vsync.errors import VsyncError
from vsync.plan.plan import Plan
from vsync.records.decide import Decided, Work
from vsync.records.index import Index
from vsync.records.outcomes import Outcome as RecordOutcome
from vsync.recovery.proof import Proofs, ask, unproven_warnings
from vsync.report.body import Orphan
from vsync.report.observer import Observer
from vsync.state.journal import Journal
from vsync.store.client import Api
from vsync.store.files import Files
from vsync.store.vector_store import VectorStore
from vsync.system.spool import Content
from vsync.system.stop import Stop
from vsync.transfer.outcome import Outcome, Removal
from vsync.transfer.remove import remove
from vsync.transfer.transfer import transfer
from vsync.transfer.upload import Delivery

_DONE: dict[str, RecordOutcome] = {"upload": "uploaded", "replace": "replaced", "retag": "retagged"}


@dataclass(slots=True)
class Applied:
    """What came of a batch beside the outcomes of its records.

    `cause` ends the stream; `defect` is the error behind a cause that nobody foresaw.
    """

    cause: VsyncError | None = None
    defect: Exception | None = None
    warnings: list[str] = field(default_factory=list)
    orphans: list[Orphan] = field(default_factory=list)


@dataclass(slots=True)
class Removed:
    """What a step of deleting did: the Files that are gone, those that are not ours, and those that stay for now."""

    gone: set[str] = field(default_factory=set)
    others: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    cause: VsyncError | None = None
    orphans: Sequence[Orphan] = ()

    def as_applied(self) -> Applied:
        return Applied(warnings=_stayed(list(self.refused), self), orphans=list(self.orphans))


@dataclass(slots=True)
class Applier:
    """Carries out batches. Several of them may be under way, as long as no two of them share a key."""

    api: Api
    store: VectorStore
    index: Index
    journal: Journal
    identity: Identity
    chunking: Chunking
    workers: int
    index_timeout_s: float
    stop: Stop
    no_more: Callable[[], bool] = lambda: False
    """Whether no further document is begun: what is under way is brought to its end."""
    got_through: bool = False
    """Whether a document has got through to the store in this run."""

    async def apply(self, decided: Decided) -> Applied:
        """Carries out a batch. Each record whose work ended gets its outcome; the others keep None. Never raises VsyncError."""
        applied = Applied()
        try:
            self.index.move(decided.moved)
            self.index.record(decided.tombstones)
            if decided.work:
                await self._carry_out(decided.work, applied)
        except VsyncError as error:
            applied.cause = applied.cause or self.stop.cause(error)
        return applied

    async def _carry_out(self, work: dict[str, Work], applied: Applied) -> None:
        outcome = await self._transfer(work)
        applied.cause, applied.defect = outcome.cause, outcome.defect
        self.got_through = self.got_through or bool(outcome.confirmed)
        rows, replaced, deleted = [], [], []
        for path, todo in work.items():
            confirmed = outcome.confirmed.get(path)
            if todo.operation.kind == "delete":
                if applied.cause is None:
                    rows.append(todo.row)
                    deleted.append(todo.old)
            elif confirmed is not None:
                rows.append(todo.row._replace(file_id=confirmed.file_id))
                if todo.operation.previous is not None and todo.operation.previous.file_id != confirmed.file_id:
                    replaced.append(todo.operation.previous.file_id)
        pending = [*replaced, *deleted, *outcome.discarded]
        self.index.record(rows, pending)
        self.journal.forget([entry.file_id for entry in outcome.confirmed.values()])
        removed = Removed()
        if applied.cause is None:
            removed = await self.remove(pending, Proofs(made=frozenset(outcome.discarded)))
            applied.cause = removed.cause
        applied.orphans += removed.orphans
        applied.warnings += _stayed(replaced, removed)
        _settle(work, outcome, removed)

    async def _transfer(self, work: dict[str, Work]) -> Outcome:
        # In the order of the input, so that a stream that is stopped can acknowledge as many records as possible.
        plan = Plan(tuple(todo.operation for todo in sorted(work.values(), key=lambda todo: todo.keyed.item.line)))
        if not plan.of("upload", "replace", "retag"):
            return Outcome()
        delivery = Delivery(
            self.identity,
            {},
            self.chunking,
            None,
            self.workers,
            self.index_timeout_s,
            refused_before=len(work) if self.got_through else 0,
        )
        return await transfer(plan, self.store, _reader(work), delivery, Observer(), self.stop, no_more=self.no_more)

    async def remove(self, file_ids: Collection[str], proofs: Proofs) -> Removed:
        """Deletes those of the Files that are proven to be ours, and forgets those that are not there or not ours."""
        if not file_ids:
            return Removed()
        files = Files(self.api)
        unproven = proofs.unproven(file_ids)
        asked = await ask(unproven, self.store, files, self.identity, stored=self.index.documents)
        proven = replace(proofs, shown=proofs.shown | asked.shown).proven(file_ids)
        await self.journal.deleting(proven)
        removal: Removal = await remove(proven, self.store, Observer(), self.stop, concurrency=self.workers)
        others = {orphan.file_id: orphan.why for orphan in asked.named}
        gone = {*removal.gone, *(asked.missing - others.keys())}
        settled = gone | others.keys()
        self.index.gone(settled)
        self.journal.forget(settled)
        return Removed(gone, others, dict(removal.refused), removal.cause, asked.named)


def _reader(work: dict[str, Work]) -> Callable[[Document], tuple[Content, str]]:
    def read(document: Document) -> tuple[Content, str]:
        content = work[document.path].content
        return Content(io.BytesIO(content), document.blob.removeprefix("sha256:"), len(content)), document.blob

    return read


def _settle(work: dict[str, Work], outcome: Outcome, removed: Removed) -> None:
    """Gives each record the outcome of its work. Pure, but for the items."""
    for path, todo in work.items():
        item, kind = todo.keyed.item, todo.operation.kind
        failed, confirmed = outcome.failed.get(path), outcome.confirmed.get(path)
        if kind == "delete":
            if todo.old in removed.gone:
                item.outcome = "deleted"
            elif todo.old in removed.others:
                item.fail("failed", "not-ours", f"The File {todo.old} stays: {removed.others[todo.old]}.", final=True)
            elif todo.old in removed.refused:
                item.fail("failed", "not-deleted", removed.refused[todo.old], final=True)
        elif confirmed is not None:
            item.outcome, item.file_id = _DONE[kind], confirmed.file_id
        elif failed is not None:
            item.fail("failed", failed.code, failed.message, final=failed.final)


def _stayed(replaced: Sequence[str], removed: Removed) -> list[str]:
    """Warnings about old versions that are still in the store beside the new ones."""
    warnings = unproven_warnings(removed.orphans)
    refused = [file_id for file_id in replaced if file_id in removed.refused]
    for file_id in refused[:3]:
        warnings.append(
            f"The File {file_id} holds an older version of a document and could not be deleted: {removed.refused[file_id]}. "
            "The next run tries again."
        )
    if len(refused) > 3:
        warnings.append(f"… and {len(refused) - 3} more such Files.")
    return warnings


async def settle_pending(applier: Applier, proofs: Proofs) -> Removed:
    """Deletes what earlier batches or runs left to be deleted. What is refused again stays for the next run."""
    total = Removed()
    seen: set[str] = set()
    while True:
        part = [file_id for file_id in applier.index.pending(_PART + len(seen)) if file_id not in seen]
        if not part or total.cause is not None:
            return total
        removed = await applier.remove(part, proofs)
        seen.update(removed.refused)
        total.gone |= removed.gone
        total.others |= removed.others
        total.refused |= removed.refused
        total.orphans = [*total.orphans, *removed.orphans]
        total.cause = removed.cause
        if not removed.gone and not removed.others and not removed.refused:
            return total
        await asyncio.sleep(0)


_PART = 500
