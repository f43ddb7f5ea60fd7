"""A plan carried out: upload, attach, wait until indexed; later, and apart from it, remove.

Uploads run side by side. What they bring is attached (`attaching`) and waited for (`indexing`) while they go on; what
becomes of each File stands in the `ledger`. Documents that the server fails to index are uploaded anew, in one more
round and another.

Nothing is removed here before the caller has published what `transfer` confirmed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass

from vsync.documents.attributes import Attributes, Identity, entry_attributes
from vsync.documents.chunking import Chunking
from vsync.documents.document import Document, media_type, upload_filename
from vsync.errors import VsyncError
from vsync.plan.plan import Operation, Plan
from vsync.report.observer import Observer
from vsync.source.base import Source
from vsync.store.api_errors import Refused
from vsync.store.entries import NewEntry, belongs
from vsync.store.refusals import is_final
from vsync.store.vector_store import VectorStore
from vsync.system.stop import Stop
from vsync.transfer.attach import Attaching
from vsync.transfer.index import Indexing
from vsync.transfer.outcome import Outcome
from vsync.transfer.remove import remove
from vsync.transfer.tracker import Ledger, Pending

__all__ = ["Delivery", "remove", "transfer"]

_ROUND_WAITS_S = (2.0, 8.0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What all documents of a run have in common on their way into the store.

    `known` are entries that are ours whatever their attributes say.
    """

    identity: Identity
    attributes: Attributes
    chunking: Chunking
    commit: str | None
    concurrency: int = 16
    index_timeout_s: float = 600.0
    known: frozenset[str] = frozenset()


async def transfer(
    plan: Plan,
    store: VectorStore,
    source: Source,
    delivery: Delivery,
    observer: Observer,
    stop: Stop,
    *,
    still_ours: Callable[[], None] = lambda: None,
) -> Outcome:
    """Carries out the uploads, replacements and retags of a plan. Never raises: see `Outcome.cause` and `.defect`.

    `still_ours` raises when another run has taken over: this one may have been stopped for long without knowing.
    """
    work = _Transfer(store, source, delivery, observer, stop, still_ours)
    return await work.run(plan.of("upload", "replace", "retag"))


class _Transfer:
    def __init__(
        self,
        store: VectorStore,
        source: Source,
        delivery: Delivery,
        observer: Observer,
        stop: Stop,
        still_ours: Callable[[], None],
    ) -> None:
        self._still_ours = still_ours
        self._store = store
        self._source = source
        self._delivery = delivery
        self._observer = observer
        self._stop = stop
        self._ledger = Ledger(observer, stop)
        indexing = Indexing(store, self._ledger, observer, stop, delivery.index_timeout_s)
        self._attaching = Attaching(store, self._ledger, indexing, delivery.identity, observer, stop, still_ours)

    async def run(self, operations: Sequence[Operation]) -> Outcome:
        async with self._listening_to_stop():
            waits = iter(_ROUND_WAITS_S)
            self._ledger.kept = {operation.path for operation in operations if operation.previous is not None}
            todo = operations
            while todo:
                await self._round(todo)
                todo = self._ledger.to_try_again()
                if todo:
                    await self._stop.sleep(next(waits))
        return self._ledger.close([operation.path for operation in operations])

    @contextlib.asynccontextmanager
    async def _listening_to_stop(self) -> AsyncIterator[None]:
        async def listen() -> None:
            await self._stop.wait()
            self._ledger.hurry()

        listening = asyncio.create_task(listen())
        try:
            yield
        finally:
            listening.cancel()

    async def _round(self, operations: Sequence[Operation]) -> None:
        """Uploads, attaches and waits, once for each of these."""
        waiting = iter(operations)
        self._observer.stage("uploading", len(operations))
        async with asyncio.TaskGroup() as attaching:
            attaching.create_task(self._attaching.run(attaching))
            async with asyncio.TaskGroup() as uploading:
                for _ in range(min(self._delivery.concurrency, len(operations))):
                    uploading.create_task(self._ledger.guarded(self._work(waiting)))
            self._attaching.no_more()

    async def _work(self, waiting: Iterable[Operation]) -> None:
        for operation in waiting:
            if self._ledger.halted:
                return
            try:
                await (self._retag(operation) if operation.kind == "retag" else self._upload(operation))
            except Refused as error:
                self._ledger.fail(operation.path, error.code, error.message, final=is_final(error))
            except OSError as error:  # a full disk for temporary files
                self._ledger.fail(operation.path, "unreadable", f"{error.strerror or error}")
            self._observer.advance("uploading")

    async def _upload(self, operation: Operation) -> None:
        document = operation.document
        assert document is not None
        try:
            content, blob = await asyncio.to_thread(self._source.read, document)
        except VsyncError as error:
            if error.exit_code != 2:
                raise
            self._ledger.fail(document.path, "unreadable", str(error))  # the others may be readable
            return
        try:
            if self._ledger.halted:
                return
            self._still_ours()
            attributes = self._attributes(document, content.sha256, self._delivery.commit)
            file_id = await self._store.upload(
                upload_filename(document.path), content.file, content.bytes, media_type(document.path)
            )
        finally:
            content.close()
        item = Pending(
            operation,
            document,
            file_id,
            content.sha256,
            content.bytes,
            blob,
            NewEntry(file_id, attributes, self._delivery.chunking),
            self._ledger.patience_s(document.path, self._delivery.index_timeout_s),
        )
        self._ledger.uploaded(item)
        self._attaching.add(item)

    async def _retag(self, operation: Operation) -> None:
        """Replaces the attributes of an entry, keeping the commit that uploaded it. A missing entry is uploaded."""
        document, previous = operation.document, operation.previous
        assert document is not None
        assert previous is not None
        entry = await self._store.entry(previous.file_id)
        known = entry is not None and previous.file_id in self._delivery.known
        if entry is None or not (known or belongs(entry, self._delivery.identity)):
            await self._upload(operation)
            return
        commit = entry.attributes.get("commit") or self._delivery.commit
        self._still_ours()
        await self._store.retag(
            previous.file_id, self._attributes(document, previous.sha256, str(commit) if commit else None)
        )
        self._ledger.retagged(document.path, previous._replace(tag=document.tag))

    def _attributes(self, document: Document, sha256: str, commit: str | None) -> Attributes:
        return entry_attributes(document.path, sha256, self._delivery.identity, commit, self._delivery.attributes)
