"""A plan carried out: upload, attach, wait until indexed; later, and apart from it, remove.

Uploads run side by side. What they bring is attached in batches while they go on, every second or hundred Files, so
that a run that dies leaves little that no store knows of. Each batch is asked for by itself, ever more rarely, and not
before all is attached or two seconds have passed: the early batches are then most often ready at the first look.

Nothing is removed here before the caller has published what `transfer` confirmed.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .api import Refused
from .documents import Attributes, Chunking, Document, Identity, entry_attributes, media_type, upload_filename
from .errors import Interrupted, VsyncError
from .manifest import Entry
from .observer import Observer
from .outcome import FailedDocument, Outcome, Removal
from .planning import Operation, Plan
from .recovery import belongs
from .source import Source
from .stop import Stop
from .store import MAX_BATCH, NewEntry, StoreEntry, VectorStore

FLUSH_EVERY_S = 1.0
FLUSH_AT = 100
_FINAL_INDEXING_CODES = {"unsupported_file", "invalid_file"}
_FINAL_REFUSAL = re.compile(
    r"extension|unsupported|not supported|invalid format|too large|could not be parsed", re.IGNORECASE
)
_UNKNOWN_FILE = re.compile(
    r"(cannot find|no such|not find|no file|unknown).{0,40}file|file.{0,60}(not found|does not exist)",
    re.IGNORECASE,
)
_FRESH_FILE_WAITS_S = (0.5, 1.0, 2.0, 4.0)
_SINGLE_CONCURRENCY = 8


_LOOK_AT_S = (0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 2.9, 4.2)
_LOOK_LATER_EVERY_S = 5.0
_FIRST_LOOK_WITHIN_S = 2.0


def _next_look(age_s: float) -> float:
    """The age at which Files that were attached so long ago are asked for next: ever more rarely."""
    return next((look for look in _LOOK_AT_S if look > age_s), age_s + _LOOK_LATER_EVERY_S)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What all documents of a run have in common on their way into the store."""

    identity: Identity
    attributes: Attributes
    chunking: Chunking
    commit: str | None
    concurrency: int = 16
    index_timeout_s: float = 600.0


@dataclass(frozen=True, slots=True)
class _Pending:
    """A File that is uploaded and not yet searchable."""

    operation: Operation
    document: Document
    file_id: str
    sha256: str
    bytes: int
    blob: str
    entry: NewEntry


@dataclass(frozen=True, slots=True)
class _Group:
    """Files attached together; without a batch id each is asked for by itself."""

    pending: Sequence[_Pending]
    batch_id: str | None
    since: float


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
    """Carries out the uploads, replacements and retags of a plan. Never raises for the API: see `Outcome.cause`.

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
        self._outcome = Outcome()
        self._uploaded: list[_Pending] = []
        self._full = asyncio.Event()
        self._all_uploaded = False
        self._all_attached = asyncio.Event()
        self._waits = asyncio.TaskGroup()
        self._batches_taken = 0
        self._batches_refused = 0

    async def run(self, operations: Sequence[Operation]) -> Outcome:
        waiting = iter(operations)
        self._observer.stage("uploading", len(operations))
        async with self._waits, asyncio.TaskGroup() as attaching:
            attaching.create_task(self._attach_as_they_come())
            async with asyncio.TaskGroup() as uploading:
                for _ in range(min(self._delivery.concurrency, len(operations))):
                    uploading.create_task(self._work(waiting))
            self._all_uploaded = True
            self._full.set()
        if self._stop.signum is not None and self._outcome.cause is None:
            self._outcome.cause = Interrupted(self._stop.signum)
        done = self._outcome.confirmed.keys() | self._outcome.failed.keys()
        self._outcome.unfinished = any(operation.path not in done for operation in operations)
        return self._outcome

    @property
    def _halted(self) -> bool:
        return self._outcome.cause is not None or self._stop.requested

    def _halt(self, cause: VsyncError) -> None:
        self._outcome.cause = self._outcome.cause or cause
        self._full.set()
        self._all_attached.set()

    # --- Upload ---------------------------------------------------------------------------------------------

    async def _work(self, waiting: Iterable[Operation]) -> None:
        for operation in waiting:
            if self._halted:
                return
            try:
                await (self._retag(operation) if operation.kind == "retag" else self._upload(operation))
            except Refused as error:
                self._fail(operation.path, error.code, error.message, final=_is_final(error))
            except VsyncError as error:
                if error.exit_code == 2:  # this document cannot be read; the others can
                    self._fail(operation.path, "unreadable", str(error))
                else:
                    self._halt(error)
            except OSError as error:  # a full disk for temporary files
                self._fail(operation.path, "unreadable", f"{error.strerror or error}")
            self._observer.advance("uploading")

    async def _upload(self, operation: Operation) -> None:
        document = operation.document
        assert document is not None
        content, blob = await asyncio.to_thread(self._source.read, document)
        try:
            file_id = await self._store.upload(
                upload_filename(document.path), content.file, content.bytes, media_type(document.path)
            )
        finally:
            content.close()
        attributes = entry_attributes(
            document.path,
            content.sha256,
            self._delivery.identity,
            self._delivery.commit,
            self._delivery.attributes,
        )
        entry = NewEntry(file_id, attributes, self._delivery.chunking)
        self._uploaded.append(_Pending(operation, document, file_id, content.sha256, content.bytes, blob, entry))
        if len(self._uploaded) >= FLUSH_AT:
            self._full.set()

    async def _retag(self, operation: Operation) -> None:
        """Replaces the attributes of an entry, keeping the commit that uploaded it. A missing entry is uploaded."""
        document, previous = operation.document, operation.previous
        assert document is not None
        assert previous is not None
        entry = await self._store.entry(previous.file_id)
        if entry is None or not belongs(entry, self._delivery.identity):
            await self._upload(operation)
            return
        commit = entry.attributes.get("commit")
        attributes = entry_attributes(
            document.path,
            previous.sha256,
            self._delivery.identity,
            str(commit) if commit else None,
            self._delivery.attributes,
        )
        await self._store.retag(previous.file_id, attributes)
        self._outcome.confirmed[document.path] = previous._replace(tag=document.tag)

    # --- Attach ---------------------------------------------------------------------------------------------

    async def _attach_as_they_come(self) -> None:
        while True:
            last = self._all_uploaded
            if not last:
                await self._enough_or_a_second()
                last = self._all_uploaded
            self._full.clear()
            taken, self._uploaded = self._uploaded, []
            if self._outcome.cause is not None:
                # The API is out of reach or refuses: their ids are remembered, so that the next run can delete them.
                self._outcome.discarded += [item.file_id for item in taken]
                taken = []
            for start in range(0, len(taken), MAX_BATCH):
                await self._attach_guarded(taken[start : start + MAX_BATCH])
            if last:
                break
        self._all_attached.set()

    async def _enough_or_a_second(self) -> None:
        try:
            async with asyncio.timeout(FLUSH_EVERY_S):
                await self._full.wait()
        except TimeoutError:
            return

    async def _attach_guarded(self, pending: Sequence[_Pending], *, singly: bool = False) -> None:
        """Attaches; when the run must end, the ids are remembered, so that the next run can delete what is left."""
        try:
            if pending:
                self._still_ours()
            await (self._attach_singly(pending) if singly else self._attach(pending))
        except VsyncError as error:
            self._halt(error)
            known = self._outcome.discarded
            known += [item.file_id for item in pending if item.file_id not in known]

    async def _attach(self, pending: Sequence[_Pending]) -> None:
        """Attaches in one batch. A refused batch is split until the culprit is alone; it is then tried by itself."""
        parts: deque[Sequence[_Pending]] = deque([pending])
        while parts:
            part = parts.popleft()
            # A server that refuses every batch, whatever is in it, does not take Files with attributes of their own.
            if len(part) == 1 or (self._batches_taken == 0 and self._batches_refused >= 3):
                await self._attach_singly(part)
            elif not await self._attach_batch(part):
                middle = len(part) // 2
                parts += [part[:middle], part[middle:]]

    async def _attach_batch(self, part: Sequence[_Pending]) -> bool:
        for wait in (*_FRESH_FILE_WAITS_S[:2], None):
            try:
                batch_id = await self._store.attach_batch([item.entry for item in part])
            except Refused as error:
                if wait is not None and _is_unknown_file(error) and not self._halted:
                    await self._stop.sleep(wait)
                    continue
                self._batches_refused += 1
                return False
            self._batches_taken += 1
            self._expect(_Group(part, batch_id, time.monotonic()))
            return True
        return False

    async def _attach_singly(self, part: Sequence[_Pending]) -> None:
        slots = asyncio.Semaphore(_SINGLE_CONCURRENCY)

        async def one(item: _Pending) -> _Pending | None:
            async with slots:
                return item if await self._attach_one(item) else None

        # All of them end before an error goes on: what is attached meanwhile must not be missed.
        answers = await asyncio.gather(*map(one, part), return_exceptions=True)
        taken = [item for item in answers if isinstance(item, _Pending)]
        if taken:
            self._expect(_Group(taken, None, time.monotonic()))
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer

    async def _attach_one(self, item: _Pending) -> bool:
        for wait in (*_FRESH_FILE_WAITS_S, None):
            try:
                await self._store.attach(item.entry)
            except Refused as error:
                if wait is not None and _is_unknown_file(error) and not self._halted:
                    await self._stop.sleep(wait)
                    continue
                self._discard(item, error.code, error.message, final=_is_final(error))
                return False
            return True
        return False

    def _expect(self, group: _Group) -> None:
        self._observer.stage("indexing", len(group.pending))
        self._waits.create_task(self._wait_guarded(group))

    # --- Wait -----------------------------------------------------------------------------------------------

    async def _wait_guarded(self, group: _Group) -> None:
        # To ask while uploads go on tells nothing that is of use then.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_LOOK_WITHIN_S):
                await self._all_attached.wait()
        try:
            await self._wait_for(group)
        except VsyncError as error:
            self._halt(error)

    async def _wait_for(self, group: _Group) -> None:
        """Asks, ever more rarely, until every File of the group has ended or the time is over."""
        deadline = group.since + self._delivery.index_timeout_s
        batch_id, look_at = group.batch_id, _LOOK_AT_S[0]
        waiting = {item.file_id: item for item in group.pending}
        while waiting and not self._halted:
            await self._stop.sleep(look_at - (time.monotonic() - group.since))
            look_at = _next_look(time.monotonic() - group.since)
            dropped = False
            try:
                if batch_id is not None:
                    dropped = await self._ask_batch(batch_id, waiting, len(group.pending))
                else:
                    await self._ask_each(waiting)
            except Refused:
                batch_id = None  # no such endpoint, or not for this batch: each File is asked for by itself
            if dropped:
                # The server took the batch and left some of its Files out: attach those by themselves.
                items, waiting = list(waiting.values()), {}
                await self._attach_guarded(items, singly=True)
            if waiting and time.monotonic() >= deadline:
                if batch_id is not None:
                    # One File that hangs keeps its batch in progress; the others may be searchable long since.
                    self._settle(await self._listed(batch_id), waiting)
                for item in waiting.values():
                    self._discard(
                        item,
                        "index-timeout",
                        f"not indexed after {self._delivery.index_timeout_s:g} s; raise --index-timeout or run again",
                    )
                return

    async def _ask_batch(self, batch_id: str, waiting: dict[str, _Pending], sent: int) -> bool:
        """Settles what has ended of the Files sent; True when the batch is done and what still waits was never in it."""
        progress = await self._store.batch_progress(batch_id)
        if progress.readable and progress.in_progress > 0:
            return False
        if progress.readable and progress.completed == progress.total == sent:
            for item in waiting.values():
                self._confirm(item)
            waiting.clear()
            return False
        if progress.readable and progress.total == sent and not progress.cancelled:
            refused = await self._store.batch_entries(batch_id, "failed")
            if len(refused) == progress.failed:
                self._settle(refused, waiting)
                for item in waiting.values():
                    self._confirm(item)
                waiting.clear()
                return False
        entries = await self._listed(batch_id)
        self._settle(entries, waiting)
        listed = {entry.file_id for entry in entries}
        return bool(waiting) and not listed & waiting.keys()

    async def _listed(self, batch_id: str) -> list[StoreEntry]:
        try:
            return await self._store.batch_entries(batch_id)
        except Refused:
            return []

    async def _ask_each(self, waiting: dict[str, _Pending]) -> None:
        slots = asyncio.Semaphore(_SINGLE_CONCURRENCY)

        async def one(file_id: str) -> StoreEntry | None:
            async with slots:
                return await self._store.entry(file_id)

        entries = await asyncio.gather(*map(one, list(waiting)))
        self._settle([entry for entry in entries if entry is not None], waiting)

    def _settle(self, entries: Iterable[StoreEntry], waiting: dict[str, _Pending]) -> None:
        for entry in entries:
            if entry.file_id not in waiting or entry.status == "in_progress":
                continue
            item = waiting.pop(entry.file_id)
            if entry.status == "completed":
                self._confirm(item)
            else:
                code = entry.error_code or entry.status or "unknown"
                message = entry.error_message or f"the store reports the status {entry.status!r}"
                self._discard(item, code, message, final=code in _FINAL_INDEXING_CODES)

    # --- Results --------------------------------------------------------------------------------------------

    def _confirm(self, item: _Pending) -> None:
        self._outcome.confirmed[item.document.path] = Entry(
            item.blob, item.sha256, item.bytes, item.file_id, item.document.tag
        )
        self._observer.advance("indexing")

    def _discard(self, item: _Pending, code: str, message: str, *, final: bool = False) -> None:
        self._outcome.discarded.append(item.file_id)
        self._fail(item.document.path, code, message, final=final)

    def _fail(self, path: str, code: str, message: str, *, final: bool = False) -> None:
        self._outcome.failed[path] = FailedDocument(code, message, final)
        self._observer.failed(path, code, message)


def _is_final(error: Refused) -> bool:
    """Whether the same bytes under the same name would be refused again. In doubt they are tried again."""
    if _is_unknown_file(error):
        return False
    return error.status in {413, 415} or (error.status in {400, 422} and bool(_FINAL_REFUSAL.search(error.message)))


def _is_unknown_file(error: Refused) -> bool:
    """A File that was just uploaded can be unknown for some seconds."""
    return error.status in {400, 404} and bool(_UNKNOWN_FILE.search(error.message))


# --- Remove -------------------------------------------------------------------------------------------------


async def remove(
    file_ids: Sequence[str],
    store: VectorStore,
    observer: Observer,
    stop: Stop,
    *,
    concurrency: int,
    still_ours: Callable[[], None] = lambda: None,
) -> Removal:
    """Removes entries and their Files. Every id must be known to be ours: see `recovery`."""
    removal = Removal()
    observer.stage("deleting", len(file_ids))
    waiting = iter(file_ids)

    async def work() -> None:
        for file_id in waiting:
            if removal.cause is not None or stop.requested:
                return
            try:
                still_ours()
                await store.remove(file_id)
            except Refused as error:
                removal.refused[file_id] = error.message
            except VsyncError as error:
                removal.cause = error
            else:
                removal.gone.append(file_id)
            observer.advance("deleting")

    await asyncio.gather(*(work() for _ in range(max(1, min(concurrency, len(file_ids))))))
    if stop.signum is not None and removal.cause is None:
        removal.cause = Interrupted(stop.signum)
    return removal
