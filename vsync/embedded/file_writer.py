"""Writes a new File into the database, piece by piece, so that a file need not fit into memory."""

from __future__ import annotations

import sqlite3

from vsync.embedded.database import new_id
from vsync.embedded.messages import PIECE_BYTES


class FileWriter:
    """One new File inside a transaction. Whoever writes must call `close`."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        filename: str,
        purpose: str,
        created_at: int,
        lifetime_s: int | None,
    ) -> None:
        """Times are in seconds. Without a lifetime the File does not expire."""
        self._connection = connection
        self._held = bytearray()
        self._pieces = self._bytes = 0
        self.id = new_id("file-")
        (self._seq,) = connection.execute(
            "INSERT INTO files (id, filename, bytes, purpose, created_at, expires_at)"
            " VALUES (?, ?, 0, ?, ?, ?) RETURNING seq",
            (self.id, filename, purpose, created_at, None if lifetime_s is None else created_at + lifetime_s),
        ).fetchone()

    def write(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE_BYTES):
            self._held += data[start : start + PIECE_BYTES]
            if len(self._held) >= PIECE_BYTES:
                self._store(PIECE_BYTES)

    def close(self) -> sqlite3.Row:
        """The row of the File, which is complete now."""
        if self._held:
            self._store(len(self._held))
        self._connection.execute("UPDATE files SET bytes = ? WHERE seq = ?", (self._bytes, self._seq))
        row: sqlite3.Row = self._connection.execute("SELECT * FROM files WHERE seq = ?", (self._seq,)).fetchone()
        return row

    def _store(self, size: int) -> None:
        self._connection.execute(
            "INSERT INTO file_pieces (file, n, data) VALUES (?, ?, ?)",
            (self._seq, self._pieces, bytes(self._held[:size])),
        )
        del self._held[:size]
        self._pieces += 1
        self._bytes += size
