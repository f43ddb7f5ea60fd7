"""Uploads: a large File that comes in parts, and becomes a File when it is completed."""

from __future__ import annotations

import hashlib
import sqlite3

from vsync.embedded import arguments, files, lifetimes
from vsync.embedded.context import Context
from vsync.embedded.database import new_id
from vsync.embedded.file_writer import FileWriter
from vsync.embedded.messages import PIECE_BYTES, Request, Response, invalid, not_found
from vsync.embedded.multipart import form_of

PURPOSES = ("assistants", "batch", "fine-tune", "vision")
LIFETIME_S = 3600
MAX_PART_BYTES = 64 * 1024 * 1024
MAX_UPLOAD_BYTES = 8 * 1024 * 1024 * 1024
MAX_PARTS = 10_000


def create(context: Context, request: Request) -> Response:
    body = arguments.json_body(request, ("filename", "purpose", "bytes", "mime_type", "expires_after"))
    filename, purpose = body.required_text("filename"), body.required_text("purpose")
    body.required_text("mime_type")
    if purpose not in PURPOSES:
        listed = ", ".join(f"'{item}'" for item in PURPOSES)
        raise invalid(f"Invalid 'purpose': expected one of {listed}.", "purpose", "invalid_value")
    size = body.integer("bytes", 1, MAX_UPLOAD_BYTES)
    files.refuse_too_large(purpose, size, "bytes")
    lifetime = lifetimes.asked_for(body, "expires_after") or lifetimes.default(purpose)
    with context.database.write() as connection:
        row = connection.execute(
            "INSERT INTO uploads (id, filename, bytes, purpose, created_at, expires_at, file_lifetime_s)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *",
            (new_id("upload_"), filename, size, purpose, context.timestamp, context.timestamp + LIFETIME_S, lifetime),
        ).fetchone()
    return Response.of_json(_as_json(row))


def add_part(context: Context, request: Request, upload_id: str) -> Response:
    with form_of(request) as form:
        data = form.uploads.get("data")
        if data is None:
            raise invalid("'data' is a required property", "data", "missing_required_parameter")
        if data.size > MAX_PART_BYTES:
            raise invalid(f"The part is larger than {MAX_PART_BYTES} bytes.", "data", "part_too_large")
        with context.database.write() as connection:
            upload = _pending(connection, upload_id)
            (stored,) = connection.execute(
                "SELECT coalesce(sum(bytes), 0) FROM upload_parts WHERE upload = ?", (upload["seq"],)
            ).fetchone()
            if stored + data.size > MAX_UPLOAD_BYTES:
                raise invalid(f"The upload has more than {MAX_UPLOAD_BYTES} bytes.", "data", "upload_too_large")
            part_id = new_id("part_")
            (part,) = connection.execute(
                "INSERT INTO upload_parts (id, upload, bytes) VALUES (?, ?, ?) RETURNING seq",
                (part_id, upload["seq"], data.size),
            ).fetchone()
            pieces = iter(lambda: data.content.read(PIECE_BYTES), b"")
            connection.executemany(
                "INSERT INTO upload_pieces (part, n, data) VALUES (?, ?, ?)",
                ((part, n, piece) for n, piece in enumerate(pieces)),
            )
    value = {"id": part_id, "object": "upload.part", "created_at": context.timestamp, "upload_id": upload_id}
    return Response.of_json(value)


def complete(context: Context, request: Request, upload_id: str) -> Response:
    """Makes the File of the named parts, in their order. Parts that are not named are removed with the others."""
    body = arguments.json_body(request, ("part_ids", "md5"))
    part_ids, md5 = body.strings("part_ids", MAX_PARTS, at_least=1), body.text("md5")
    with context.database.write() as connection:
        upload = _pending(connection, upload_id)
        parts = _parts(connection, upload, part_ids)
        writer = FileWriter(
            connection, upload["filename"], upload["purpose"], context.timestamp, upload["file_lifetime_s"]
        )
        digest = hashlib.md5(usedforsecurity=False)
        for part in parts:
            for (piece,) in connection.execute("SELECT data FROM upload_pieces WHERE part = ? ORDER BY n", (part,)):
                digest.update(piece)
                writer.write(piece)
            # The next part is written into the space of this one, so the database needs no room for both copies.
            connection.execute("DELETE FROM upload_parts WHERE seq = ?", (part,))
        if md5 is not None and md5.lower() != digest.hexdigest():
            raise invalid(
                f"The parts have the MD5 checksum {digest.hexdigest()}, and not the one that was given.",
                "md5",
                "checksum_mismatch",
            )
        row = _end(connection, upload["seq"], "completed")
        return Response.of_json(_as_json(row, files.as_json(writer.close())))


def cancel(context: Context, request: Request, upload_id: str) -> Response:
    with context.database.write() as connection:
        return Response.of_json(_as_json(_end(connection, _pending(connection, upload_id)["seq"], "cancelled")))


def expire(context: Context) -> None:
    """Ends the uploads whose hour has passed."""
    due = "SELECT seq FROM uploads WHERE status = 'pending' AND expires_at <= ?"
    with context.database.read() as connection:
        if connection.execute(due, (context.now,)).fetchone() is None:
            return
    with context.database.write() as connection:
        for (seq,) in connection.execute(due, (context.now,)).fetchall():
            _end(connection, seq, "expired")


def _pending(connection: sqlite3.Connection, upload_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM uploads WHERE id = ?", (upload_id,)).fetchone()
    if row is None:
        raise not_found(f"No such Upload object: {upload_id}")
    if row["status"] != "pending":
        raise invalid(
            f"The upload '{upload_id}' is {row['status']}. Only a pending upload can be changed.",
            "upload_id",
            f"upload_{row['status']}",
        )
    return row


def _parts(connection: sqlite3.Connection, upload: sqlite3.Row, part_ids: list[str]) -> list[int]:
    """The sequence numbers of the parts. Raises ApiError unless together they are what was announced."""
    known = {
        part_id: (seq, size)
        for part_id, seq, size in connection.execute(
            "SELECT id, seq, bytes FROM upload_parts WHERE upload = ?", (upload["seq"],)
        )
    }
    for n, part_id in enumerate(part_ids):
        if part_id not in known:
            raise invalid(f"Invalid 'part_ids[{n}]': the upload has no part '{part_id}'.", "part_ids", "invalid_value")
    if len(set(part_ids)) < len(part_ids):
        raise invalid("Invalid 'part_ids': a part is named twice.", "part_ids", "invalid_value")
    size = sum(known[part_id][1] for part_id in part_ids)
    if size != upload["bytes"]:
        raise invalid(
            f"The parts have {size} bytes, but the upload was created for {upload['bytes']} bytes.",
            "part_ids",
            "bytes_mismatch",
        )
    return [known[part_id][0] for part_id in part_ids]


def _end(connection: sqlite3.Connection, seq: int, status: str) -> sqlite3.Row:
    """The row of the upload, which has no parts from now on."""
    connection.execute("DELETE FROM upload_parts WHERE upload = ?", (seq,))
    row: sqlite3.Row = connection.execute(
        "UPDATE uploads SET status = ? WHERE seq = ? RETURNING *", (status, seq)
    ).fetchone()
    return row


def _as_json(row: sqlite3.Row, file: dict[str, object] | None = None) -> dict[str, object]:
    return {
        "id": row["id"],
        "object": "upload",
        "bytes": row["bytes"],
        "created_at": row["created_at"],
        "filename": row["filename"],
        "purpose": row["purpose"],
        "status": row["status"],
        "expires_at": row["expires_at"],
        "file": file,
    }
