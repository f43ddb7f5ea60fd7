"""Where the best result of each request stands, in one of several files of results.

Nothing is kept of a result but its place, so the memory depends on the number of results and not on their size.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Mapping
from typing import IO, NamedTuple

from vsync.batch.custom_ids import DIGEST_BYTES, digest
from vsync.batch.result_file import pieces, results
from vsync.batch.result_line import NO_RESULT, ResultLine

MOST_RESULTS = 200_000
"""Of one request file. A batch has at most 50,000 requests: whoever answers with more results answers something else."""

NOTHING, FAILED, GOOD = range(3)
"""The kinds of results. A higher one replaces a lower one."""


class Source(NamedTuple):
    """A file of results. `batch_ids` are of single results, by their custom_id; else they are of `batch_id`."""

    file: IO[bytes]
    batch_id: str | None
    batch_ids: Mapping[str, str | None]


class Best:
    """The best result of each request so far, by its place in one of several files, which stay open.

    `unreadable` are the places of lines that nobody can assign to a request, by the digest of the line. `forgotten` counts
    those that will come again. `beyond` counts what stands after the first 200,000 requests or unreadable lines.
    """

    def __init__(self) -> None:
        self.unreadable: dict[bytes, tuple[int, int, int]] = {}
        self.forgotten = 0
        self.beyond = 0
        self.sources: list[Source] = []
        self._numbers: dict[bytes, int] = {}
        self._source, self._kind = array("H"), array("B")
        self._offset, self._length = array("Q"), array("Q")

    def __len__(self) -> int:
        return len(self._kind)

    def number_of(self, custom_id: str) -> int | None:
        """The number of a request's result, from 0; None: it has none."""
        return self._numbers.get(digest(custom_id))

    def place(self, number: int) -> tuple[Source, int, int]:
        """The file of a result, its offset and its length there."""
        return self.sources[self._source[number]], self._offset[number], self._length[number]

    def kind(self, number: int) -> int:
        return self._kind[number]

    def unreadable_by_digest(self) -> Iterator[tuple[IO[bytes], int, int]]:
        """The file, offset and length of each unreadable line, in an order that does not depend on where they stood."""
        for _, (source, offset, length) in sorted(self.unreadable.items()):
            yield self.sources[source].file, offset, length

    def keep_unreadable(self, offset: int, length: int) -> None:
        """Takes an unreadable line of the last source."""
        found = hashlib.blake2b(digest_size=DIGEST_BYTES)
        for piece in pieces(self.sources[-1].file, offset, length):
            found.update(piece)
        if found.digest() not in self.unreadable and len(self.unreadable) == MOST_RESULTS:
            self.beyond += 1
        else:
            self.unreadable.setdefault(found.digest(), (len(self.sources) - 1, offset, length))

    def forget_unreadable(self, known: int) -> None:
        """Forgets all but the first `known` unreadable lines."""
        while len(self.unreadable) > known:
            self.unreadable.popitem()
            self.forgotten += 1

    def in_order(self) -> Iterator[int]:
        """The numbers of all results in the order in which their requests appeared first."""
        return iter(range(len(self)))

    def by_digest(self) -> Iterator[int]:
        """The numbers of all results in an order that does not depend on where they stood."""
        return (self._numbers[each] for each in sorted(self._numbers))

    def offer(self, result: ResultLine, offset: int, length: int) -> None:
        """Takes a result of the last source, unless a good one would be replaced by a failure."""
        kind = GOOD if result.ok else NOTHING if result.code == NO_RESULT else FAILED
        key = digest(result.custom_id)
        number = self._numbers.get(key)
        if number is None:
            if len(self) == MOST_RESULTS:
                self.beyond += 1
                return
            self._numbers[key] = len(self)
            self._source.append(len(self.sources) - 1)
            self._kind.append(kind)
            self._offset.append(offset)
            self._length.append(length)
        elif kind >= self._kind[number]:
            self._source[number], self._kind[number] = len(self.sources) - 1, kind
            self._offset[number], self._length[number] = offset, length


def index_results(
    file: IO[bytes],
    into: Best,
    *,
    batch_id: str | None = None,
    batch_ids: Mapping[str, str | None] | None = None,
) -> int:
    """Reads a file of results: the results on disk first, then the files of each batch, the oldest first.

    A good result replaces a failure, and a later result replaces an earlier one of its kind. Gives the number of lines
    whose request is known.
    """
    into.sources.append(Source(file, batch_id, batch_ids or {}))
    lines = 0
    for found in results(file):
        if found.result is None:
            into.keep_unreadable(found.offset, found.length)
        else:
            lines += 1
            into.offer(found.result, found.offset, found.length)
    return lines


def good_digests(file: IO[bytes]) -> set[bytes]:
    """The digests of the custom_ids whose results in a results file are good."""
    return {digest(found.result.custom_id) for found in results(file) if found.result and found.result.ok}
