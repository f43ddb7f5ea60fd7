"""The files of a vector store: attached, listed, described by attributes, detached."""

from __future__ import annotations

import json
import sqlite3

from vsync.embedded import arguments, extraction, files, paging, vector_stores
from vsync.embedded.attaching import STATUSES, Attachment, attach_all
from vsync.embedded.chunking import Chunking
from vsync.embedded.context import Context
from vsync.embedded.messages import Request, Response, invalid, not_found

# The SDK's poll helpers wait so long between two requests. Without the header they wait a second.
POLL_AFTER = {"openai-poll-after-ms": "50"}

_COLUMNS = "entry.*, files.id AS file_id, vector_stores.id AS store_id"
_TABLES = (
    "vector_store_files AS entry JOIN files ON files.seq = entry.file"
    " JOIN vector_stores ON vector_stores.seq = entry.vector_store"
)
_ONE = f"SELECT {_COLUMNS} FROM {_TABLES} WHERE entry.vector_store = ? AND files.id = ?"  # noqa: S608 - constants


def create(context: Context, request: Request, store_id: str) -> Response:
    body = arguments.json_body(request, ("file_id", "attributes", "chunking_strategy"))
    attachment = Attachment(body.required_text("file_id"), body.attributes(), body.chunking())
    with context.database.write() as connection:
        store = vector_stores.use(connection, context, store_id)
        attach_all(connection, context, store, [attachment], "file_id")
        row = connection.execute(_ONE, (store, attachment.file_id)).fetchone()
        return Response.of_json(_as_json(row), headers=POLL_AFTER)


def list_files(context: Context, request: Request, store_id: str) -> Response:
    with context.database.read() as connection:
        store = vector_stores.find(connection, store_id)["seq"]
        return list_entries(connection, request, _TABLES, "entry.vector_store = ?", store)


def list_entries(connection: sqlite3.Connection, request: Request, tables: str, where: str, parameter: int) -> Response:
    page = arguments.Paging.from_query(request.query, default=20, maximum=100)
    status = arguments.choice(request.query, "filter", STATUSES)
    parameters: tuple[object, ...] = (parameter,)
    if status is not None:
        where, parameters = f"{where} AND entry.status = ?", (parameter, status)
    listing = paging.Listing(_COLUMNS, tables, "entry", "files.id", where, parameters)
    return Response.of_json(paging.page(connection, listing, page, _as_json))


def list_batch(context: Context, request: Request, batch: int) -> Response:
    tables = f"{_TABLES} JOIN file_batch_files AS member ON member.entry = entry.seq"
    with context.database.read() as connection:
        return list_entries(connection, request, tables, "member.batch = ?", batch)


def retrieve(context: Context, request: Request, store_id: str, file_id: str) -> Response:
    with context.database.read() as connection:
        return Response.of_json(_as_json(_find(connection, store_id, file_id)), headers=POLL_AFTER)


def update(context: Context, request: Request, store_id: str, file_id: str) -> Response:
    """Replaces the attributes. The file is not indexed again."""
    body = arguments.json_body(request, ("attributes",))
    if "attributes" not in body:
        body.required("attributes")
    with context.database.write() as connection:
        vector_stores.use(connection, context, store_id)
        connection.execute(
            "UPDATE vector_store_files SET attributes = ? WHERE seq = ?",
            (json.dumps(body.attributes()), _find(connection, store_id, file_id)["seq"]),
        )
        return Response.of_json(_as_json(_find(connection, store_id, file_id)))


def delete(context: Context, request: Request, store_id: str, file_id: str) -> Response:
    """Detaches the file from the store. The file itself stays."""
    with context.database.write() as connection:
        entry = _find(connection, store_id, file_id)
        vector_stores.use(connection, context, store_id)
        connection.execute("DELETE FROM vector_store_files WHERE seq = ?", (entry["seq"],))
    return Response.of_json({"id": file_id, "object": "vector_store.file.deleted", "deleted": True})


def content(context: Context, request: Request, store_id: str, file_id: str) -> Response:
    with context.database.read() as connection:
        entry = _find(connection, store_id, file_id)
        if entry["status"] != "completed":
            raise invalid(f"The file '{file_id}' has no content in this vector store: it is {entry['status']}.")
        (filename,) = connection.execute("SELECT filename FROM files WHERE seq = ?", (entry["file"],)).fetchone()
        text = extraction.text_of(filename, files.pieces(connection, entry["file"]))
    return Response.of_json(
        {
            "object": "vector_store.file_content.page",
            "data": [{"type": "text", "text": text}],
            "has_more": False,
            "next_page": None,
        }
    )


def _find(connection: sqlite3.Connection, store_id: str, file_id: str) -> sqlite3.Row:
    store = vector_stores.find(connection, store_id)
    row: sqlite3.Row | None = connection.execute(_ONE, (store["seq"], file_id)).fetchone()
    if row is None:
        raise not_found(f"No file found with id '{file_id}' in vector store '{store_id}'.")
    return row


def _as_json(row: sqlite3.Row) -> dict[str, object]:
    error = {"code": row["error_code"], "message": row["error_message"]} if row["error_code"] else None
    return {
        "id": row["file_id"],
        "object": "vector_store.file",
        "created_at": row["created_at"],
        "vector_store_id": row["store_id"],
        "status": row["status"],
        "last_error": error,
        "usage_bytes": row["usage_bytes"],
        "attributes": json.loads(row["attributes"]),
        "chunking_strategy": Chunking(row["max_chunk_size_tokens"], row["chunk_overlap_tokens"]).as_json(),
    }
