"""Files: uploaded bytes with a name, independent of any vector store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from vsync.embedded import arguments, lifetimes, paging
from vsync.embedded.context import Context
from vsync.embedded.database import Database
from vsync.embedded.file_writer import FileWriter
from vsync.embedded.messages import PIECE_BYTES, ApiError, Request, Response, invalid, not_found
from vsync.embedded.multipart import Form, form_of

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
MAX_BATCH_INPUT_BYTES = 200 * 1024 * 1024


def create(context: Context, request: Request) -> Response:
    with form_of(request) as form:
        purpose = _purpose(form)
        lifetime = _lifetime(form, purpose)
        upload = form.uploads.get("file")
        if upload is None:
            raise invalid("'file' is a required property", "file", "missing_required_parameter")
        refuse_too_large(purpose, upload.size, "file")
        with context.database.write() as connection:
            writer = FileWriter(connection, upload.filename, purpose, context.timestamp, lifetime)
            for piece in iter(lambda: upload.content.read(PIECE_BYTES), b""):
                writer.write(piece)
            row = writer.close()
    return Response.of_json(as_json(row))


def list_files(context: Context, request: Request) -> Response:
    page = arguments.Paging.from_query(request.query, default=10_000, maximum=10_000)
    purpose = arguments.one(request.query, "purpose")
    where, parameters = ("files.purpose = ?", (purpose,)) if purpose else ("1", ())
    listing = paging.Listing("files.*", "files", "files", "files.id", where, parameters)
    with context.database.read() as connection:
        return Response.of_json(paging.page(connection, listing, page, as_json))


def retrieve(context: Context, request: Request, file_id: str) -> Response:
    with context.database.read() as connection:
        return Response.of_json(as_json(find(connection, file_id)))


def content(context: Context, request: Request, file_id: str) -> Response:
    with context.database.read() as connection:
        row = find(connection, file_id)
    headers = {"content-type": "application/octet-stream", "content-length": str(row["bytes"])}
    return Response(200, headers, _streamed(context.database, row["seq"]))


def delete(context: Context, request: Request, file_id: str) -> Response:
    """Removes the file from all vector stores as well."""
    with context.database.write() as connection:
        connection.execute("DELETE FROM files WHERE seq = ?", (find(connection, file_id)["seq"],))
    return Response.of_json({"id": file_id, "object": "file", "deleted": True})


def remove_expired(context: Context) -> None:
    with context.database.read() as connection:
        due = connection.execute("SELECT 1 FROM files WHERE expires_at <= ? LIMIT 1", (context.now,)).fetchone()
    if due:
        with context.database.write() as connection:
            connection.execute("DELETE FROM files WHERE expires_at <= ?", (context.now,))


def find(connection: sqlite3.Connection, file_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM files WHERE id = ?", (file_id,)).fetchone()
    if row is None:
        raise not_found(f"No such File object: {file_id}")
    return row


def refuse_too_large(purpose: str, size: int, param: str) -> None:
    """Raises ApiError when a File of that purpose may not have so many bytes."""
    if purpose == "batch" and size > MAX_BATCH_INPUT_BYTES:
        raise ApiError(400, "File is too large.", param=param, code="file_too_large")


def pieces(connection: sqlite3.Connection, seq: int) -> Iterator[bytes]:
    for (data,) in connection.execute("SELECT data FROM file_pieces WHERE file = ? ORDER BY n", (seq,)):
        yield data


def _streamed(database: Database, seq: int) -> Iterator[bytes]:
    # One short read for each piece: a long read would keep SQLite from writing its log back into the database.
    n = 0
    while True:
        with database.read() as connection:
            row = connection.execute("SELECT data FROM file_pieces WHERE file = ? AND n = ?", (seq, n)).fetchone()
        if row is None:
            return
        yield row["data"]
        n += 1


def as_json(row: sqlite3.Row) -> dict[str, object]:
    return {
        "id": row["id"],
        "object": "file",
        "bytes": row["bytes"],
        "created_at": row["created_at"],
        "expires_at": row["expires_at"],
        "filename": row["filename"],
        "purpose": row["purpose"],
        "status": "processed",
        "status_details": None,
    }


def _purpose(form: Form) -> str:
    purpose = form.fields.get("purpose")
    if purpose is None:
        raise invalid("'purpose' is a required property", "purpose", "missing_required_parameter")
    if purpose not in PURPOSES:
        listed = ", ".join(f"'{item}'" for item in PURPOSES)
        raise invalid(f"Invalid 'purpose': expected one of {listed}.", "purpose", "invalid_value")
    return purpose


def _lifetime(form: Form, purpose: str) -> int | None:
    anchor, seconds = form.fields.get("expires_after[anchor]"), form.fields.get("expires_after[seconds]")
    if anchor is None and seconds is None:
        return lifetimes.default(purpose)
    number = int(seconds) if seconds is not None and seconds.isdecimal() and len(seconds) <= 9 else None
    return lifetimes.checked("expires_after", anchor, number)
