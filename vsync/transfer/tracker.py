"""What becomes of each document of a run, and of each File that is uploaded for it.

Every File that `uploaded` has seen ends in `confirmed` or in `discarded`, whatever happens to the run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from vsync.documents.document import Document
from vsync.errors import VsyncError
from vsync.plan.plan import Operation
from vsync.report.documents import with_old_version
from vsync.report.observer import Observer
from vsync.state.manifest import Entry
from vsync.store.entries import NewEntry
from vsync.transfer.outcome import FailedDocument, Outcome

MAX_TRIES = 3
"""How often a document is uploaded in one run when the server fails to index it."""

_HOPELESS_AFTER = 10
"""After so many failures without one success the server indexes nothing at present, and no document is tried again."""

_FINAL_INDEXING_CODES = {"unsupported_file", "invalid_file"}
_NOT_OF_THE_DOCUMENT = {"cancelled", "expired", "rate_limit_exceeded"}


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


@dataclass(slots=True)
class _Tries:
    """How often a document was uploaded, how long its indexing was waited for, and how the last try failed."""

    number: int = 0
    waited_s: float = 0.0
    failure: FailedDocument | None = None
    again: Operation | None = None
    """The operation to try again. None when another try is not worth it."""


class Tracker:
    """What is known of the documents and Files of a run. `replaced` are the paths whose older version is in the store."""

    def __init__(self, observer: Observer, replaced: Collection[str] = ()) -> None:
        self._observer = observer
        self._replaced = replaced
        self._confirmed: dict[str, Entry] = {}
        self._failed: dict[str, FailedDocument] = {}
        self._discarded: list[str] = []
        self._open: dict[str, Pending] = {}
        self._tries: defaultdict[str, _Tries] = defaultdict(_Tries)
        self._indexing_worked: Counter[bool] = Counter()

    def patience_s(self, path: str, timeout_s: float) -> float:
        """How much of a document's time for indexing is left."""
        return timeout_s - self._tries[path].waited_s

    def uploaded(self, item: Pending) -> None:
        self._open[item.file_id] = item
        self._tries[item.document.path].number += 1

    def confirm(self, item: Pending) -> None:
        """The File is searchable."""
        if self._open.pop(item.file_id, None) is not None:
            self._indexing_worked[True] += 1
            self._confirmed[item.document.path] = Entry(
                item.blob, item.sha256, item.bytes, item.file_id, item.document.tag
            )

    def retagged(self, path: str, entry: Entry) -> None:
        self._confirmed[path] = entry

    def reject(self, item: Pending, code: str, message: str, *, final: bool = False) -> None:
        """The File was uploaded, but no document uses it, and this run does not try the document again."""
        if self._discard(item):
            self.fail(item.document.path, code, message, final=final)

    def unindexed(self, item: Pending, code: str, message: str, waited_s: float) -> None:
        """The store failed to index the File. Unless the content is to blame, the document may be tried again."""
        if not self._discard(item):
            return
        path, tries = item.document.path, self._tries[item.document.path]
        final = code in _FINAL_INDEXING_CODES
        self._indexing_worked[final] += 1  # a server that refuses a content does index
        if final:
            self.fail(path, code, message, final=True)
            return
        blamed = 0 if code in _NOT_OF_THE_DOCUMENT else tries.number
        tries.failure = FailedDocument(code, f"{message} ({_times(tries.number)})", tries=blamed)
        tries.waited_s += waited_s
        if tries.number < MAX_TRIES and item.patience_s > waited_s:
            tries.again = item.operation

    def fail(self, path: str, code: str, message: str, *, final: bool = False, tries: int = 0) -> None:
        """The document, or its new version, is not in the store."""
        self._tries[path].failure = None
        if path in self._replaced:
            message = with_old_version(message)
        self._failed[path] = FailedDocument(code, message, final, tries)
        self._observer.failed(path, code, message)

    def to_try_again(self) -> list[Operation]:
        """The documents that are worth another upload. Each is named once."""
        again = [tries.again for tries in self._tries.values() if tries.again is not None]
        for tries in self._tries.values():
            tries.again = None
        hopeless = self._indexing_worked.total() >= _HOPELESS_AFTER and not self._indexing_worked[True]
        return [] if hopeless else again

    def outcome(
        self, paths: Sequence[str], cause: VsyncError | None = None, defect: Exception | None = None
    ) -> Outcome:
        """The outcome of a run over these paths, when it has ended. No document uses what is still open."""
        for item in list(self._open.values()):
            self._discard(item)
        for path, tries in list(self._tries.items()):
            if tries.failure is not None and path not in self._confirmed:
                self.fail(path, tries.failure.code, tries.failure.message, tries=tries.failure.tries)
        done = self._confirmed.keys() | self._failed.keys()
        return Outcome(
            self._confirmed,
            self._failed,
            self._discarded,
            indexed=self._indexing_worked[True] > 0,
            unfinished=any(path not in done for path in paths),
            cause=cause,
            defect=defect,
        )

    def _discard(self, item: Pending) -> bool:
        """Whether the File was open until now."""
        if self._open.pop(item.file_id, None) is None:
            return False
        self._discarded.append(item.file_id)
        return True


def _times(tries: int) -> str:
    return "tried once" if tries == 1 else f"tried {tries} times"
