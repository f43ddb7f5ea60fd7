"""Files: uploaded bytes with a name, independent of any vector store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from vsync.embedded import arguments, paging
from vsync.embedded.context import Context
from vsync.embedded.database import Database, new_id
from vsync.embedded.messages import PIECE_BYTES, Request, Response, invalid, not_found
from vsync.embedded.multipart import Form, form_of

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
BATCH_FILE_LIFETIME_S = 30 * 24 * 3600


def create(context: Context, request: Request) -> Response:
    with form_of(request) as form:
        purpose = _purpose(form)
        lifetime = _lifetime(form, purpose)
        upload = form.uploads.get("file")
        if upload is None:
            raise invalid("'file' is a required property", "file", "missing_required_parameter")
        with context.database.write() as connection:
            expires_at = None if lifetime is None else context.timestamp + lifetime
            (seq,) = connection.execute(
                "INSERT INTO files (id, filename, bytes, purpose, created_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?) RETURNING seq",
                (new_id("file-"), upload.filename, upload.size, purpose, context.timestamp, expires_at),
            ).fetchone()
            pieces = iter(lambda: upload.content.read(PIECE_BYTES), b"")
            connection.executemany(
                "INSERT INTO file_pieces (file, n, data) VALUES (?, ?, ?)",
                ((seq, n, piece) for n, piece in enumerate(pieces)),
            )
            row = connection.execute("SELECT * FROM files WHERE seq = ?", (seq,)).fetchone()
    return Response.of_json(_as_json(row))


def list_files(context: Context, request: Request) -> Response:
    page = arguments.Paging.from_query(request.query, default=10_000, maximum=10_000)
    purpose = arguments.one(request.query, "purpose")
    where, parameters = ("files.purpose = ?", (purpose,)) if purpose else ("1", ())
    listing = paging.Listing("files.*", "files", "files", "files.id", where, parameters)
    with context.database.read() as connection:
        return Response.of_json(paging.page(connection, listing, page, _as_json))


def retrieve(context: Context, request: Request, file_id: str) -> Response:
    with context.database.read() as connection:
        return Response.of_json(_as_json(_find(connection, file_id)))


def content(context: Context, request: Request, file_id: str) -> Response:
    with context.database.read() as connection:
        row = _find(connection, file_id)
    headers = {"content-type": "application/octet-stream", "content-length": str(row["bytes"])}
    return Response(200, headers, _streamed(context.database, row["seq"]))


def delete(context: Context, request: Request, file_id: str) -> Response:
    """Removes the file from all vector stores as well."""
    with context.database.write() as connection:
        connection.execute("DELETE FROM files WHERE seq = ?", (_find(connection, file_id)["seq"],))
    return Response.of_json({"id": file_id, "object": "file", "deleted": True})


def remove_expired(context: Context) -> None:
    with context.database.read() as connection:
        due = connection.execute("SELECT 1 FROM files WHERE expires_at <= ? LIMIT 1", (context.now,)).fetchone()
    if due:
        with context.database.write() as connection:
            connection.execute("DELETE FROM files WHERE expires_at <= ?", (context.now,))


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


def _find(connection: sqlite3.Connection, file_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM files WHERE id = ?", (file_id,)).fetchone()
    if row is None:
        raise not_found(f"No such File object: {file_id}")
    return row


def _as_json(row: sqlite3.Row) -> dict[str, object]:
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
        return BATCH_FILE_LIFETIME_S if purpose == "batch" else None
    if anchor != "created_at":
        raise invalid("Invalid 'expires_after.anchor': expected 'created_at'.", "expires_after.anchor", "invalid_value")
    if seconds is None or not seconds.isdecimal() or len(seconds) > 9 or not 3600 <= int(seconds) <= 2_592_000:
        raise invalid(
            "Invalid 'expires_after.seconds': expected a value from 3600 to 2592000.",
            "expires_after.seconds",
            "invalid_value",
        )
    return int(seconds)
