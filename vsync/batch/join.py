"""Joins results with the requests that they answer: line n of the joined file belongs to line n of the requests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import IO

from vsync.batch.result_file import pieces, result_at
from vsync.batch.result_index import GOOD, NOTHING, Best
from vsync.batch.result_line import MOST_MESSAGE, NO_RESULT, UNREADABLE, ResultLine
from vsync.batch.summary_file import MOST_FAILURES, Failure
from vsync.system.wording import shortened

_MOST_ID = 512
_WHY = {
    "completed": "The batch completed without a result for this request.",
    "expired": "The batch expired before this request was run.",
    "cancelled": "The batch was cancelled before this request was run.",
}


@dataclass(frozen=True, slots=True)
class Joined:
    """What was written.

    | field | meaning |
    | --- | --- |
    | `requests`, `completed`, `failed` | all requests, those with a good result, and the others |
    | `unanswered` | of the failed ones: they have no result at all |
    | `extra` | results of requests that are not in the request file; they stand at the end |
    | `unreadable` | lines of which nobody knows whose result they are; they stand at the very end |
    | `forgotten`, `beyond` | lines like these that will come again, and results beyond the first 200,000 |
    | `failures`, `more_failures` | the first 1,000 failed requests, and how many more there are |
    | `sha256`, `bytes` | of what was written |
    | `in_input_order` | line n belongs to line n of the requests |
    """

    requests: int
    completed: int
    failed: int
    unanswered: int
    extra: int
    unreadable: int
    forgotten: int
    beyond: int
    failures: tuple[Failure, ...]
    more_failures: int
    sha256: str
    bytes: int
    in_input_order: bool

    def oddities(self) -> list[str]:
        """What is odd about the results, in sentences that can follow the name of their file."""
        told = []
        if self.extra:
            told.append(f"Results that belong to no request of the file stand at its end: {self.extra:,}.")
        if self.unreadable:
            told.append(
                f"Lines of results that cannot be read stand at its very end, as they came: {self.unreadable:,}."
            )
        if self.forgotten:
            told.append(f"Lines of results that cannot be read are asked for again: {self.forgotten:,}.")
        if self.beyond:
            told.append(f"The API gave far too many results. These were left out: {self.beyond:,}.")
        return told


@dataclass(slots=True)
class _Writer:
    """Writes and counts. `status` and `batch_id` are of the last batch: it says why a request has no result."""

    best: Best
    out: IO[bytes]
    status: str
    batch_id: str | None
    hidden: Callable[[str], str]
    completed: int = 0
    unanswered: int = 0
    failed: int = 0
    size: int = 0
    failures: list[Failure] = field(default_factory=list)
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)

    def result(self, number: int, line: int | None) -> None:
        """Writes a result that is there. `line` is the line of its request."""
        kind = self.best.kind(number)
        self.copy(number)
        if kind == GOOD:
            self.completed += 1
            return
        self.unanswered += kind == NOTHING
        source, offset, length = self.best.place(number)
        if len(self.failures) < MOST_FAILURES:
            found = result_at(source.file, offset, length) or ResultLine("", ok=False, status_code=0, code=UNREADABLE)
            self._failure(line, found, source.batch_ids.get(found.custom_id, source.batch_id))
        self.failed += 1

    def copy(self, number: int) -> None:
        source, offset, length = self.best.place(number)
        self.line(source.file, offset, length)

    def line(self, file: IO[bytes], offset: int, length: int) -> None:
        for piece in pieces(file, offset, length):
            self._write(piece)
        self._write(b"\n")

    def nothing(self, custom_id: str, line: int) -> None:
        """Writes the line of a request without a result."""
        why = _WHY.get(self.status, "The batch ended without a result for this request.")
        error = {"code": NO_RESULT, "message": why}
        self._write(json.dumps({"id": None, "custom_id": custom_id, "response": None, "error": error}).encode() + b"\n")
        if len(self.failures) < MOST_FAILURES:
            self._failure(line, ResultLine(custom_id, ok=False, status_code=0, **error), self.batch_id)
        self.failed += 1
        self.unanswered += 1

    def _failure(self, line: int | None, found: ResultLine, batch_id: str | None) -> None:
        # First hidden, then shortened: no part of a secret may be left.
        shown = shortened(self.hidden(found.custom_id[: 4 * _MOST_ID]), _MOST_ID)
        message = self.hidden(found.message)[:MOST_MESSAGE]
        self.failures.append(Failure(line, shown, found.code, message, batch_id, found.status_code or None))

    def _write(self, data: bytes) -> None:
        self.out.write(data)
        self.sha256.update(data)
        self.size += len(data)


def write_joined(
    order: Iterable[tuple[int, str]] | None,
    best: Best,
    out: IO[bytes],
    *,
    status: str,
    batch_id: str | None = None,
    hidden: Callable[[str], str] = lambda text: text,
) -> Joined:
    """Writes the joined results. `order` are the requests: line and custom_id. None: the order of the results is kept.

    `status` and `batch_id` are of the last batch. `hidden` takes secrets out of the texts in `failures`; the results
    themselves are copied byte for byte. Raises OSError.
    """
    writer = _Writer(best, out, status, batch_id, hidden)
    extra = 0
    if order is None:
        for number in best.in_order():
            writer.result(number, None)
    else:
        asked = bytearray(len(best))
        for line, custom_id in order:
            if (found := best.number_of(custom_id)) is None:
                writer.nothing(custom_id, line)
            else:
                asked[found] = True
                writer.result(found, line)
        for number in best.by_digest():
            if not asked[number]:
                writer.copy(number)
                extra += 1
    for place in best.unreadable_by_digest():
        writer.line(*place)
    return Joined(
        requests=writer.completed + writer.failed,
        completed=writer.completed,
        failed=writer.failed,
        unanswered=writer.unanswered,
        extra=extra,
        unreadable=len(best.unreadable),
        forgotten=best.forgotten,
        beyond=best.beyond,
        failures=tuple(writer.failures),
        more_failures=writer.failed - len(writer.failures),
        sha256=writer.sha256.hexdigest(),
        bytes=writer.size,
        in_input_order=order is not None,
    )
