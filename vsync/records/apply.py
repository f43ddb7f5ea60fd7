"""One batch is carried out: upload, attach, wait until indexed; record; delete what was replaced; say what became of each.

The order is that of a sync. Nothing is deleted before the index records what takes its place, and nothing after the API
became unreachable.
"""

from __future__ import annotations

import io
import sys
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
from vsync.records.removed import Removed, stayed
from vsync.recovery.proof import OTHERS, Asked, Proofs, ask
from vsync.report.body import Orphan
from vsync.report.observer import Observer
from vsync.state.journal import Journal
from vsync.store.client import Api
from vsync.store.files import Files
from vsync.store.polling import ask_for_each
from vsync.store.vector_store import VectorStore
from vsync.system.spool import Content
from vsync.system.stop import Stop
from vsync.transfer.outcome import Outcome
from vsync.transfer.remove import remove
from vsync.transfer.transfer import transfer
from vsync.transfer.upload import Delivery

_ASK_AGAIN_AFTER_S = 1.0

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

    def __add__(self, other: Applied) -> Applied:
        return Applied(
            self.cause or other.cause,
            self.defect or other.defect,
            [*self.warnings, *other.warnings],
            [*self.orphans, *other.orphans],
        )


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
                deleted.append(todo.old)
            elif confirmed is not None:
                rows.append(todo.row._replace(file_id=confirmed.file_id))
                if todo.operation.previous is not None and todo.operation.previous.file_id != confirmed.file_id:
                    replaced.append(todo.operation.previous.file_id)
        # After an error the Files without a document stay in the journal: the next run takes over what is indexed by then.
        pending = [*replaced, *([*outcome.discarded, *deleted] if applied.cause is None else ())]
        self.index.record(rows, pending)
        self.journal.forget([entry.file_id for entry in outcome.confirmed.values()])
        removed = Removed()
        if applied.cause is None:
            removed = await self.remove(pending, Proofs(made=frozenset(outcome.discarded)))
            applied.cause = removed.cause
            self._record_deletes(work, removed)
        applied.orphans += removed.orphans
        applied.warnings += stayed([*replaced, *removed.detached], removed)
        _settle(work, outcome, removed)

    def _record_deletes(self, work: dict[str, Work], removed: Removed) -> None:
        """Records which keys have no document any more. A File whose entry could not be deleted stays the key's document."""
        deletes = [todo for todo in work.values() if todo.operation.kind == "delete"]
        done = removed.gone | removed.detached | removed.others.keys()
        self.index.record([todo.row for todo in deletes if todo.old in done])
        self.index.keep([todo.old for todo in deletes if todo.old in removed.left and todo.old not in done])

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
            in_memory=True,
        )
        return await transfer(plan, self.store, _reader(work), delivery, Observer(), self.stop, no_more=self.no_more)

    async def remove(self, file_ids: Collection[str], proofs: Proofs) -> Removed:
        """Deletes those of the Files that are proven to be ours, and forgets those that are not there or not ours.

        A File whose entry the store does not show now, and that is there, stays to be deleted: the answer may be stale.
        """
        if not file_ids:
            return Removed()
        asked = await self._ask(proofs.unproven(file_ids))
        proven = replace(proofs, shown=proofs.shown | asked.shown).proven(file_ids)
        await self.journal.deleting(proven)
        removal = await remove(proven, self.store, Observer(), self.stop, concurrency=self.workers)
        unseen = {orphan.file_id: orphan.why for orphan in asked.named if orphan.why != OTHERS}
        others = {orphan.file_id: orphan.why for orphan in asked.named if orphan.why == OTHERS}
        gone = {*removal.gone, *(asked.missing - unseen.keys())}
        self.index.gone(gone, others)
        self.journal.forget(gone | others.keys())
        detached = await self._detached(removal.refused)
        return Removed(gone, others, {**removal.refused, **unseen}, detached, removal.cause, asked.named)

    async def _detached(self, file_ids: Collection[str]) -> set[str]:
        """Those of the Files whose entries the store does not have any more."""
        gone: set[str] = set()
        await ask_for_each(
            self.store, file_ids, lambda file_id, entry: gone.add(file_id) if entry is None else None, listed=True
        )
        return gone

    async def _ask(self, unproven: Sequence[str]) -> Asked:
        """Whose these Files are. What the store does not show is asked once more: an answer may be older than the entry."""
        files = Files(self.api)
        asked = await ask(unproven, self.store, files, self.identity, stored=self.index.documents)
        unseen = [orphan.file_id for orphan in asked.named if orphan.why != OTHERS]
        if not unseen:
            return asked
        await self.stop.pause(_ASK_AGAIN_AFTER_S)
        again = await ask(unseen, self.store, files, self.identity, stored=sys.maxsize)
        named = [orphan for orphan in asked.named if orphan.file_id not in unseen]
        return Asked(asked.shown | again.shown, (asked.missing - set(unseen)) | again.missing, [*named, *again.named])


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
            if todo.old in removed.gone or todo.old in removed.detached:
                item.outcome = "deleted"
            elif todo.old in removed.others:
                item.fail("failed", "not-ours", f"The File {todo.old} stays: {removed.others[todo.old]}.", final=True)
            elif todo.old in removed.left:
                item.fail("failed", "not-deleted", removed.left[todo.old], final=True)
        elif confirmed is not None:
            item.outcome, item.file_id = _DONE[kind], confirmed.file_id
        elif failed is not None:
            item.fail("failed", failed.code, failed.message, final=failed.final)
