"""File batches: many files that are attached with one request, and have one common status."""

from __future__ import annotations

import sqlite3

from vsync.embedded import arguments, attaching, vector_store_files, vector_stores
from vsync.embedded.context import Context
from vsync.embedded.database import new_id
from vsync.embedded.messages import Request, Response, invalid, not_found
from vsync.embedded.vector_store_files import POLL_AFTER

MAX_FILES = 2000


def create(context: Context, request: Request, store_id: str) -> Response:
    attachments, param = _attachments(request)
    with context.database.write() as connection:
        store = vector_stores.use(connection, context, store_id)
        entries = attaching.attach_all(connection, context, store, attachments, param)
        batch_id = new_id("vsfb_")
        (batch,) = connection.execute(
            "INSERT INTO file_batches (id, vector_store, created_at) VALUES (?, ?, ?) RETURNING seq",
            (batch_id, store, context.timestamp),
        ).fetchone()
        connection.executemany(
            "INSERT OR IGNORE INTO file_batch_files (batch, entry) VALUES (?, ?)",
            ((batch, entry) for entry in entries),
        )
        return _response(connection, store_id, batch_id)


def retrieve(context: Context, request: Request, store_id: str, batch_id: str) -> Response:
    with context.database.read() as connection:
        return _response(connection, store_id, batch_id)


def cancel(context: Context, request: Request, store_id: str, batch_id: str) -> Response:
    """Cancels the files that are not indexed yet. The others stay in the store."""
    with context.database.write() as connection:
        batch = _find(connection, store_id, batch_id)["seq"]
        cancelled = connection.execute(
            "UPDATE vector_store_files SET status = 'cancelled' WHERE status = 'in_progress'"
            " AND seq IN (SELECT entry FROM file_batch_files WHERE batch = ?)",
            (batch,),
        ).rowcount
        if cancelled:
            connection.execute("UPDATE file_batches SET cancelled = 1 WHERE seq = ?", (batch,))
        return _response(connection, store_id, batch_id)


def list_files(context: Context, request: Request, store_id: str, batch_id: str) -> Response:
    with context.database.read() as connection:
        batch = _find(connection, store_id, batch_id)["seq"]
    return vector_store_files.list_batch(context, request, batch)


def _attachments(request: Request) -> tuple[list[attaching.Attachment], str]:
    body = arguments.json_body(request, ("file_ids", "files", "attributes", "chunking_strategy"))
    if body.has("file_ids") == body.has("files"):
        raise invalid("Exactly one of 'file_ids' and 'files' is required.", "file_ids", "invalid_value")
    if body.has("file_ids"):
        attributes, chunking = body.attributes(), body.chunking()
        file_ids = body.strings("file_ids", MAX_FILES, at_least=1)
        return [attaching.Attachment(file_id, attributes, chunking) for file_id in file_ids], "file_ids"
    attachments = []
    for n, value in enumerate(body.array("files", MAX_FILES, at_least=1)):
        item = arguments.nested(value, f"files[{n}]", ("file_id", "attributes", "chunking_strategy"))
        file_id = item.required_text("file_id")
        attachments.append(attaching.Attachment(file_id, item.attributes(), item.chunking()))
    return attachments, "files"


def _find(connection: sqlite3.Connection, store_id: str, batch_id: str) -> sqlite3.Row:
    if not batch_id.startswith("vsfb_"):
        raise invalid(
            f"Invalid 'batch_id': '{batch_id}'. Expected an ID that begins with 'vsfb_'.",
            "batch_id",
            "invalid_value",
        )
    store = vector_stores.find(connection, store_id)
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM file_batches WHERE id = ? AND vector_store = ?", (batch_id, store["seq"])
    ).fetchone()
    if row is None:
        raise not_found(f"No file batch found with id '{batch_id}' in vector store '{store_id}'.")
    return row


def _response(connection: sqlite3.Connection, store_id: str, batch_id: str) -> Response:
    batch = _find(connection, store_id, batch_id)
    counts, _ = attaching.counts(
        connection.execute(
            "SELECT entry.status, count(*), sum(entry.usage_bytes) FROM file_batch_files AS member"
            " JOIN vector_store_files AS entry ON entry.seq = member.entry WHERE member.batch = ?"
            " GROUP BY entry.status",
            (batch["seq"],),
        )
    )
    status = "in_progress" if counts["in_progress"] else "completed"
    value = {
        "id": batch_id,
        # The name in OpenAI's schema; its documentation says `vector_store.file_batch`.
        "object": "vector_store.files_batch",
        "created_at": batch["created_at"],
        "vector_store_id": store_id,
        "status": "cancelled" if batch["cancelled"] else status,
        "file_counts": counts,
    }
    return Response.of_json(value, headers=POLL_AFTER)
