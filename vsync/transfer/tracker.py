"""What becomes of the documents of a run, and of each File that is uploaded for them: none is forgotten.

Every File that `uploaded` was told of ends in `confirmed` or in `discarded`, whatever happens to the run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Collection
from dataclasses import dataclass

from vsync.documents.document import Document
from vsync.errors import ApiUnavailable, Interrupted, VsyncError
from vsync.plan.plan import Operation
from vsync.report.documents import with_old_version
from vsync.report.observer import Observer
from vsync.state.manifest import Entry
from vsync.store.api_errors import AnswerLost, Refused
from vsync.store.entries import NewEntry
from vsync.system.stop import Stop
from vsync.transfer.outcome import FailedDocument, Outcome

MAX_TRIES = 3
"""How often a document is uploaded in one run when the server fails to index it."""

_HOPELESS_AFTER = 10
_FINAL_INDEXING_CODES = {"unsupported_file", "invalid_file"}


@dataclass(frozen=True, slots=True)
class Pending:
    """A File that is uploaded and not yet searchable. `patience_s` is how long its indexing may take from now on."""

    operation: Operation
    document: Document
    file_id: str
    sha256: str
    bytes: int
    blob: str
    entry: NewEntry
    patience_s: float


class Ledger:
    """The outcome of a run while it comes about, and whether the run goes on."""

    def __init__(self, observer: Observer, stop: Stop) -> None:
        self.outcome = Outcome()
        self.kept: Collection[str] = ()
        """The paths of documents that the store holds in an older version, which stays when the new one fails."""
        self._observer = observer
        self._stop = stop
        self._open: dict[str, Pending] = {}
        self._tries: Counter[str] = Counter()
        self._waited_s: dict[str, float] = {}
        self._failing: dict[str, FailedDocument] = {}
        self._again: dict[str, Operation] = {}
        self._ended = 0
        self._some_indexed = False
        self._hurried: list[asyncio.Event] = []

    # --- Whether to go on -----------------------------------------------------------------------------------

    @property
    def halted(self) -> bool:
        return self.outcome.cause is not None or self._stop.requested

    def halt(self, cause: VsyncError) -> None:
        """No new work begins; the first cause is the one that is told."""
        self.outcome.cause = self.outcome.cause or self._stop.cause(cause)
        self.hurry()

    def when_halted(self, event: asyncio.Event) -> None:
        """Sets the event when the run is to end, so that who waits for it does not keep it."""
        self._hurried.append(event)

    def hurry(self) -> None:
        for event in self._hurried:
            event.set()

    async def guarded(self, work: Awaitable[None]) -> None:
        """Does a part of the run. What goes wrong with it ends the run, and no other part is cut off in the middle."""
        try:
            await work
        except AnswerLost as lost:
            self.halt(lost.error)
        except VsyncError as error:
            self.halt(error)
        except Refused as error:  # of what every API can tell, e.g. whether an entry is there
            self.halt(ApiUnavailable(error.message, "Run again later: it continues from here."))
        except Exception as error:  # a defect: what is uploaded must be recorded before it is told
            self.outcome.defect = self.outcome.defect or error
            self.halt(
                VsyncError(f"An unexpected error ended the run: {error!r}.", "What was done is recorded. Run again.")
            )

    # --- What becomes of documents --------------------------------------------------------------------------

    def patience_s(self, path: str, timeout_s: float) -> float:
        """How much of a document's time for indexing is left."""
        return timeout_s - self._waited_s.get(path, 0.0)

    def uploaded(self, item: Pending) -> None:
        self._open[item.file_id] = item
        self._tries[item.document.path] += 1

    def confirm(self, item: Pending) -> None:
        """The File is searchable."""
        if self._open.pop(item.file_id, None) is not None:
            self._count(indexed=True)
            self.outcome.confirmed[item.document.path] = Entry(
                item.blob, item.sha256, item.bytes, item.file_id, item.document.tag
            )

    def retagged(self, path: str, entry: Entry) -> None:
        self.outcome.confirmed[path] = entry

    def reject(self, item: Pending, code: str, message: str, *, final: bool = False) -> None:
        """The File was uploaded in vain, and this run does not try again."""
        if self._take_back(item):
            self.fail(item.document.path, code, message, final=final)

    def unindexed(self, item: Pending, code: str, message: str, waited_s: float) -> None:
        """Indexing the File ended badly. Unless the content is to blame, the document may be tried again."""
        if not self._take_back(item):
            return
        path = item.document.path
        final = code in _FINAL_INDEXING_CODES
        self._count(indexed=final)
        if final:
            self.fail(path, code, message, final=True)
            return
        self._failing[path] = FailedDocument(code, f"{message} ({_times(self._tries[path])})")
        self._waited_s[path] = self._waited_s.get(path, 0.0) + waited_s
        if self._tries[path] < MAX_TRIES and item.patience_s > waited_s:
            self._again[path] = item.operation

    def fail(self, path: str, code: str, message: str, *, final: bool = False) -> None:
        """The document, or its new version, is not in the store."""
        self._failing.pop(path, None)
        if path in self.kept:
            message = with_old_version(message)
        self.outcome.failed[path] = FailedDocument(code, message, final)
        self._observer.failed(path, code, message)

    def to_try_again(self) -> list[Operation]:
        """The documents that are worth another upload; none when the server indexes nothing at all just now."""
        again, self._again = list(self._again.values()), {}
        hopeless = self._ended >= _HOPELESS_AFTER and not self._some_indexed
        return [] if self.halted or hopeless else again

    def close(self, paths: list[str]) -> Outcome:
        """The outcome of a run over these paths: what is still open then was uploaded in vain."""
        if self._stop.signum is not None and self.outcome.cause is None:
            self.outcome.cause = Interrupted(self._stop.signum)
        self.outcome.discarded += self._open
        for path, failure in list(self._failing.items()):
            if path not in self.outcome.confirmed:
                self.fail(path, failure.code, failure.message)
        done = self.outcome.confirmed.keys() | self.outcome.failed.keys()
        self.outcome.unfinished = any(path not in done for path in paths)
        return self.outcome

    def _take_back(self, item: Pending) -> bool:
        if self._open.pop(item.file_id, None) is None:
            return False
        self.outcome.discarded.append(item.file_id)
        return True

    def _count(self, *, indexed: bool) -> None:
        self._ended += 1
        self._some_indexed |= indexed


def _times(tries: int) -> str:
    return "tried once" if tries == 1 else f"tried {tries} times"
