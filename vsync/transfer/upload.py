"""One document at a time: read and uploaded, or its attributes in the store replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from vsync.documents.attributes import Attributes, AttributeValue, Identity, entry_attributes
from vsync.documents.chunking import Chunking
from vsync.documents.describing import GitFact
from vsync.documents.document import Document, media_type
from vsync.documents.recipe import describe, fixed_at_upload
from vsync.errors import VsyncError
from vsync.plan.plan import Operation
from vsync.report.observer import Observer
from vsync.store.api_errors import Refused
from vsync.store.entries import NewEntry, belongs
from vsync.store.refusals import is_final
from vsync.store.vector_store import VectorStore
from vsync.system.spool import Content
from vsync.transfer.fixed_attributes import kept_of
from vsync.transfer.gateway import Gateway
from vsync.transfer.halt import Halt
from vsync.transfer.tracker import Pending, Tracker

Read: TypeAlias = Callable[[Document], tuple[Content, str]]
"""Gives the bytes of a document for upload, and the id of its file's bytes. Several threads may call it at once."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What all documents of a run have in common on their way into the store.

    `known` are the ids of entries that are ours, whatever their attributes say. `refused_before`: how
    many documents a gateway may refuse without any other getting through, because earlier runs got others through.
    `in_memory`: the documents are there already, so no thread is needed to read them. `history`: what history says of the
    paths whose recipes ask for it.
    """

    identity: Identity
    attributes: Attributes
    chunking: Chunking
    commit: str | None
    concurrency: int = 16
    index_timeout_s: float = 600.0
    known: frozenset[str] = frozenset()
    refused_before: int = 0
    in_memory: bool = False
    history: Mapping[str, Mapping[GitFact, AttributeValue]] = field(default_factory=dict)


class Uploading:
    """Carries out operations one after the other. Several tasks share one such object."""

    def __init__(
        self,
        store: VectorStore,
        read: Read,
        delivery: Delivery,
        tracker: Tracker,
        gateway: Gateway,
        halt: Halt,
        observer: Observer,
        still_ours: Callable[[], None],
        no_more: Callable[[], bool],
    ) -> None:
        self._no_more = no_more
        self._store = store
        self._read = read
        self._delivery = delivery
        self._tracker = tracker
        self._gateway = gateway
        self._halt = halt
        self._observer = observer
        self._still_ours = still_ours

    async def run(self, operations: Iterable[Operation], uploaded: Callable[[Pending], None]) -> None:
        """Carries out operations until none is left or the run must end. `uploaded` gets each File that was uploaded."""
        for operation in operations:
            if self._halt.requested or self._no_more():
                return
            try:
                item = await (self._retag(operation) if operation.kind == "retag" else self._upload(operation))
            except Refused as error:
                reason = self._gateway.reason(error)
                self._tracker.fail(operation.path, error.code, reason, final=is_final(error))
                await self._gateway.judge("retag" if operation.kind == "retag" else "upload", operation.path, error)
            except OSError as error:  # a full disk for temporary files
                self._tracker.fail(operation.path, "unreadable", f"{error.strerror or error}")
            else:
                if item is not None:
                    uploaded(item)
            self._observer.advance("uploading")

    async def _upload(self, operation: Operation) -> Pending | None:
        """Uploads a document. None: it cannot be read, or the run must end."""
        document = operation.document
        assert document is not None
        try:
            if self._delivery.in_memory:
                content, blob = self._read(document)
            else:
                content, blob = await asyncio.to_thread(self._read, document)
        except VsyncError as error:
            if error.exit_code != 2:
                raise
            self._tracker.fail(document.path, "unreadable", str(error))  # the other documents may be readable
            return None
        try:
            if self._halt.requested:
                return None
            self._still_ours()
            attributes = self._attributes(document, content.sha256, self._delivery.commit)
            filename = document.sent_as
            media = media_type(filename)
            file_id = await self._store.upload(filename, content.file, content.bytes, media)
        finally:
            content.close()
        self._gateway.answered("upload")
        item = Pending(
            operation,
            document,
            file_id,
            content.sha256,
            content.bytes,
            blob,
            NewEntry(file_id, attributes, document.recipe.chunking if document.recipe else self._delivery.chunking),
            self._tracker.patience_s(document.path, self._delivery.index_timeout_s),
        )
        self._tracker.uploaded(item)
        return item

    async def _retag(self, operation: Operation) -> Pending | None:
        """Replaces the attributes of an entry, and keeps the commit that uploaded it. A missing entry is uploaded."""
        document, previous = operation.document, operation.previous
        assert document is not None
        assert previous is not None
        entry = await self._store.entry(previous.file_id)
        known = entry is not None and previous.file_id in self._delivery.known
        if entry is None or not (known or belongs(entry, self._delivery.identity)):
            return await self._upload(operation)
        commit = entry.attributes.get("commit") or self._delivery.commit
        attributes = self._attributes(document, previous.sha256, str(commit) if commit else None)
        if document.recipe is not None and document.blob == previous.blob:
            attributes |= kept_of(entry.attributes, previous.tag, document.recipe.fixed)
        self._still_ours()
        await self._store.retag(previous.file_id, attributes)
        self._gateway.answered("retag")
        self._tracker.retagged(document.path, previous._replace(blob=document.blob, tag=document.tag))
        return None

    def _attributes(self, document: Document, sha256: str, commit: str | None) -> dict[str, AttributeValue]:
        path, recipe, attributes = document.path, document.recipe, document.attributes
        if recipe is None:
            attributes = self._delivery.attributes if attributes is None else attributes
        else:
            attributes = describe(recipe, path).attributes if attributes is None else attributes
            history = self._delivery.history.get(path, {})
            attributes = {**attributes, **fixed_at_upload(recipe, path, commit, history)}
        return entry_attributes(path, sha256, self._delivery.identity, commit, attributes)
