"""The output File or the error File of a batch. Its lines come in another order than the requests, as the API's do."""

from __future__ import annotations

import hashlib
import sqlite3

from vsync.embedded.file_writer import FileWriter

PURPOSE = "batch_output"
# The lines change places within so many bytes, which are in memory.
SHUFFLED_BYTES = 8 * 1024 * 1024


class ResultFile:
    """A File that is made with its first line, inside the transaction that ends the batch."""

    def __init__(self, connection: sqlite3.Connection, batch: sqlite3.Row, kind: str) -> None:
        """The kind, `output` or `error`, is in the name of the File."""
        self._connection = connection
        self._batch = batch
        self._filename = f"{batch['id']}_{kind}.jsonl"
        self._writer: FileWriter | None = None
        self._held: list[bytes] = []
        self._size = 0

    def add(self, line: bytes) -> None:
        self._held.append(line)
        self._size += len(line)
        if self._size >= SHUFFLED_BYTES:
            self._write()

    def close(self) -> str | None:
        """The id of the File, or None when there is no line."""
        if self._held:
            self._write()
        if self._writer is None:
            return None
        self._writer.close()
        return self._writer.id

    def _write(self) -> None:
        if self._writer is None:
            created_at = int(self._batch["next_at"])
            lifetime_s = self._batch["output_lifetime_s"]
            self._writer = FileWriter(self._connection, self._filename, PURPOSE, created_at, lifetime_s)
        for n in shuffled(len(self._held)):
            self._writer.write(self._held[n])
        self._held.clear()
        self._size = 0


def shuffled(count: int) -> list[int]:
    """The numbers below `count` in an order that is always the same, and never their own if there are two or more."""
    numbers = range(count)
    order = sorted(numbers, key=lambda n: hashlib.blake2b(b"%d" % n, digest_size=8).digest())
    return order if order != list(numbers) else order[::-1]
