"""Vector stores: they are created, described, listed, deleted, and expire."""

from __future__ import annotations

import json
import sqlite3

from vsync.embedded import arguments, attaching, paging
from vsync.embedded.arguments import Arguments
from vsync.embedded.context import Context
from vsync.embedded.database import new_id
from vsync.embedded.messages import Request, Response, invalid, not_found

MAX_FILES_AT_CREATION = 500
DAY_S = 24 * 3600
_DUE_TO_EXPIRE = (
    "SELECT seq FROM vector_stores WHERE expired = 0 AND expires_after_days IS NOT NULL"
    " AND last_active_at + expires_after_days * 86400 <= ?"
)


def create(context: Context, request: Request) -> Response:
    body = arguments.json_body(
        request, ("name", "description", "metadata", "expires_after", "file_ids", "chunking_strategy")
    )
    name, description, metadata = body.text("name") or "", body.text("description"), body.metadata()
    days, chunking = _days(body), body.chunking()
    file_ids = body.strings("file_ids", MAX_FILES_AT_CREATION)
    if body.has("chunking_strategy") and not file_ids:
        raise invalid("'chunking_strategy' needs 'file_ids'.", "chunking_strategy", "invalid_value")
    with context.database.write() as connection:
        (seq,) = connection.execute(
            "INSERT INTO vector_stores"
            " (id, name, description, metadata, created_at, last_active_at, expires_after_days)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING seq",
            (
                new_id("vs_"),
                name,
                description,
                json.dumps(metadata),
                context.timestamp,
                context.timestamp,
                days,
            ),
        ).fetchone()
        attachments = [attaching.Attachment(file_id, {}, chunking) for file_id in file_ids]
        attaching.attach_all(connection, context, seq, attachments, "file_ids")
        row = connection.execute("SELECT * FROM vector_stores WHERE seq = ?", (seq,)).fetchone()
        return Response.of_json(_as_json(connection, row))


def list_stores(context: Context, request: Request) -> Response:
    page = arguments.Paging.from_query(request.query, default=20, maximum=100)
    listing = paging.Listing("vector_stores.*", "vector_stores", "vector_stores", "vector_stores.id", "1")
    with context.database.read() as connection:
        return Response.of_json(paging.page(connection, listing, page, lambda row: _as_json(connection, row)))


def retrieve(context: Context, request: Request, store_id: str) -> Response:
    with context.database.read() as connection:
        return Response.of_json(_as_json(connection, find(connection, store_id)))


def update(context: Context, request: Request, store_id: str) -> Response:
    body = arguments.json_body(request, ("name", "metadata", "expires_after"))
    with context.database.write() as connection:
        row = find(connection, store_id)
        name = body.text("name")
        connection.execute(
            "UPDATE vector_stores SET name = ?, metadata = ?, expires_after_days = ?, last_active_at = ? WHERE seq = ?",
            (
                row["name"] if name is None else name,
                json.dumps(body.metadata()) if "metadata" in body else row["metadata"],
                # Here null is a value: it removes the expiry.
                _days(body) if "expires_after" in body else row["expires_after_days"],
                row["last_active_at"] if row["expired"] else context.timestamp,
                row["seq"],
            ),
        )
        return Response.of_json(_as_json(connection, find(connection, store_id)))


def delete(context: Context, request: Request, store_id: str) -> Response:
    """Deletes the store. The files stay."""
    with context.database.write() as connection:
        connection.execute("DELETE FROM vector_stores WHERE seq = ?", (find(connection, store_id)["seq"],))
    return Response.of_json({"id": store_id, "object": "vector_store.deleted", "deleted": True})


def find(connection: sqlite3.Connection, store_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM vector_stores WHERE id = ?", (store_id,)).fetchone()
    if row is None:
        raise not_found(f"No vector store found with id '{store_id}'.")
    return row


def use(connection: sqlite3.Connection, context: Context, store_id: str) -> int:
    """The sequence number of a store. Using the store postpones its expiry. Raises ApiError when it has expired."""
    row = find(connection, store_id)
    if row["expired"]:
        raise invalid(f"The vector store '{store_id}' has expired.", "vector_store_id", "expired")
    if row["last_active_at"] < context.timestamp:
        connection.execute("UPDATE vector_stores SET last_active_at = ? WHERE seq = ?", (context.timestamp, row["seq"]))
    seq: int = row["seq"]
    return seq


def expire(context: Context) -> None:
    """Empties the stores that expire now. Their files stay."""
    with context.database.read() as connection:
        if connection.execute(_DUE_TO_EXPIRE, (context.now,)).fetchone() is None:
            return
    with context.database.write() as connection:
        for (seq,) in connection.execute(_DUE_TO_EXPIRE, (context.now,)).fetchall():
            connection.execute("DELETE FROM vector_store_files WHERE vector_store = ?", (seq,))
            connection.execute("UPDATE vector_stores SET expired = 1 WHERE seq = ?", (seq,))


def _days(body: Arguments) -> int | None:
    if not body.has("expires_after"):
        return None
    expires_after = body.nested("expires_after", ("anchor", "days"))
    if expires_after.required("anchor") != "last_active_at":
        raise invalid(
            "Invalid 'expires_after.anchor': expected 'last_active_at'.",
            "expires_after.anchor",
            "invalid_value",
        )
    return expires_after.integer("days", 1, 365)


def _as_json(connection: sqlite3.Connection, row: sqlite3.Row) -> dict[str, object]:
    counts, usage_bytes = attaching.counts(
        connection.execute(
            "SELECT status, count(*), sum(usage_bytes) FROM vector_store_files WHERE vector_store = ? GROUP BY status",
            (row["seq"],),
        )
    )
    days = row["expires_after_days"]
    return {
        "id": row["id"],
        "object": "vector_store",
        "created_at": row["created_at"],
        "name": row["name"],
        "description": row["description"],
        "metadata": json.loads(row["metadata"]),
        "usage_bytes": usage_bytes,
        "file_counts": counts,
        "status": "expired" if row["expired"] else "in_progress" if counts["in_progress"] else "completed",
        "expires_after": None if days is None else {"anchor": "last_active_at", "days": days},
        "expires_at": None if days is None else row["last_active_at"] + days * DAY_S,
        "last_active_at": row["last_active_at"],
    }
