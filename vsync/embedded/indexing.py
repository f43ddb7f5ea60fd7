"""Indexes attached files at the next request for their store or for the list of stores, after the delay of indexing.

No thread does this, because the process that attached a file may have ended. The process of the next request indexes.
"""

from __future__ import annotations

import sqlite3
import time

from vsync.embedded import chunking, extraction, files
from vsync.embedded.context import Context

# A request answers in time even when many files are left to index. The next request indexes more.
BUDGET_S = 2.0
# Small files share a transaction, which halves the work. It must stay short, because other processes wait for it.
MAX_FILES_AT_ONCE = 64
MAX_BYTES_AT_ONCE = 1024 * 1024

_DUE = (
    "SELECT entry.*, files.filename, files.bytes FROM vector_store_files AS entry"
    " JOIN files ON files.seq = entry.file JOIN vector_stores ON vector_stores.seq = entry.vector_store"
    " WHERE entry.status = 'in_progress' AND entry.due_at <= ? AND vector_stores.id = ?"
    " ORDER BY entry.seq LIMIT ?"
)

_STORES_WITH_DUE = (
    "SELECT id FROM vector_stores WHERE EXISTS (SELECT 1 FROM vector_store_files AS entry"
    " WHERE entry.vector_store = vector_stores.seq AND entry.status = 'in_progress' AND entry.due_at <= ?)"
)


def index_all_due(context: Context) -> None:
    """Indexes what is due in every store: a list of stores shows how far each of them is."""
    deadline = time.monotonic() + BUDGET_S
    with context.database.read() as connection:
        stores = [store_id for (store_id,) in connection.execute(_STORES_WITH_DUE, (context.now,)).fetchall()]
    for store_id in stores:
        index_due(context, store_id, deadline)


def index_due(context: Context, store_id: str, deadline: float | None = None) -> None:
    """Indexes what is due in a store, until a time of the monotonic clock."""
    if deadline is None:
        deadline = time.monotonic() + BUDGET_S
    while _index_some(context, store_id) and time.monotonic() < deadline:
        pass


def _index_some(context: Context, store_id: str) -> bool:
    """Indexes some of the due files. Returns whether a file was due."""
    with context.database.read() as connection:
        if connection.execute(_DUE, (context.now, store_id, 1)).fetchone() is None:
            return False
    # The query is repeated in the write: another process may have indexed these files first.
    with context.database.write() as connection:
        size = 0
        for entry in connection.execute(_DUE, (context.now, store_id, MAX_FILES_AT_ONCE)).fetchall():
            size += entry["bytes"]
            if size > MAX_BYTES_AT_ONCE and size > entry["bytes"]:
                break
            _index(connection, entry)
    return True


def _index(connection: sqlite3.Connection, entry: sqlite3.Row) -> None:
    try:
        text = extraction.text_of(entry["filename"], files.pieces(connection, entry["file"]))
    except extraction.UnindexableError as error:
        connection.execute(
            "UPDATE vector_store_files SET status = 'failed', error_code = ?, error_message = ? WHERE seq = ?",
            (error.code, error.message, entry["seq"]),
        )
        return
    strategy = chunking.Chunking(entry["max_chunk_size_tokens"], entry["chunk_overlap_tokens"])
    usage_bytes = 0
    # A file without text has one empty chunk, so that it can be found by its name.
    for chunk in chunking.chunks(text, strategy) if text else ("",):
        usage_bytes += len(chunk.encode())
        (chunk_id,) = connection.execute(
            "INSERT INTO chunks (entry) VALUES (?) RETURNING id", (entry["seq"],)
        ).fetchone()
        connection.execute(
            "INSERT INTO chunk_texts (rowid, filename, text) VALUES (?, ?, ?)",
            (chunk_id, entry["filename"], chunk),
        )
    connection.execute(
        "UPDATE vector_store_files SET status = 'completed', usage_bytes = ? WHERE seq = ?",
        (usage_bytes, entry["seq"]),
    )
