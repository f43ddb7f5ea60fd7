"""Attaches files to a vector store, for single requests, batches and new stores."""

from __future__ import annotations

import json
import posixpath
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from vsync.embedded import extraction
from vsync.embedded.arguments import Attributes
from vsync.embedded.chunking import Chunking
from vsync.embedded.context import Context
from vsync.embedded.messages import invalid

STATUSES = ("in_progress", "completed", "failed", "cancelled")


@dataclass(frozen=True)
class Attachment:
    file_id: str
    attributes: Attributes
    chunking: Chunking


def attach_all(
    connection: sqlite3.Connection,
    context: Context,
    store: int,
    attachments: Iterable[Attachment],
    param: str,
) -> list[int]:
    """Attaches all files, or none when one is refused. Returns the entries.

    A file that is already attached keeps its entry. When its indexing failed or was cancelled, it is tried again.
    """
    accepted, unsupported = [], set()
    for attachment in attachments:
        row = connection.execute("SELECT seq, filename FROM files WHERE id = ?", (attachment.file_id,)).fetchone()
        if row is None:
            raise invalid(
                f"Cannot find file {attachment.file_id}, or project proj_local does not have access to it.",
                param,
                "file_not_found",
            )
        extension = posixpath.splitext(row["filename"])[1]
        if extension.lower() not in extraction.EXTENSIONS:
            unsupported.add(extension or "none")
        accepted.append((attachment, row["seq"]))
    if unsupported:
        raise invalid(
            f"Files with extensions [{', '.join(sorted(unsupported))}] are not supported for retrieval.",
            param,
            "unsupported_file",
        )
    return [_attach(connection, context, store, attachment, file) for attachment, file in accepted]


def _attach(connection: sqlite3.Connection, context: Context, store: int, attachment: Attachment, file: int) -> int:
    connection.execute(
        "INSERT INTO vector_store_files (vector_store, file, created_at, due_at, status, attributes,"
        " max_chunk_size_tokens, chunk_overlap_tokens) VALUES (?, ?, ?, ?, 'in_progress', ?, ?, ?)"
        " ON CONFLICT (vector_store, file) DO UPDATE SET due_at = excluded.due_at, status = excluded.status,"
        " attributes = excluded.attributes, error_code = NULL, error_message = NULL,"
        " max_chunk_size_tokens = excluded.max_chunk_size_tokens,"
        " chunk_overlap_tokens = excluded.chunk_overlap_tokens WHERE status IN ('failed', 'cancelled')",
        (
            store,
            file,
            context.timestamp,
            context.now + context.indexing_delay_s,
            json.dumps(attachment.attributes),
            attachment.chunking.max_chunk_size_tokens,
            attachment.chunking.chunk_overlap_tokens,
        ),
    )
    (entry,) = connection.execute(
        "SELECT seq FROM vector_store_files WHERE vector_store = ? AND file = ?", (store, file)
    ).fetchone()
    seq: int = entry
    return seq


def counts(rows: Iterable[sqlite3.Row]) -> tuple[dict[str, int], int]:
    """`file_counts` and the bytes in use, from rows of status, number and bytes."""
    numbers, usage_bytes = dict.fromkeys(STATUSES, 0), 0
    for status, number, size in rows:
        numbers[status] = number
        usage_bytes += size
    return numbers | {"total": sum(numbers.values())}, usage_bytes
