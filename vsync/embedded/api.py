"""Routes a request to the operation that it names. Every error becomes a response."""

from __future__ import annotations

import logging
import secrets
import sqlite3
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote

from vsync.embedded import (
    batch_run,
    batches,
    file_batches,
    files,
    indexing,
    search,
    uploads,
    vector_store_files,
    vector_stores,
)
from vsync.embedded.context import Context
from vsync.embedded.database import Database
from vsync.embedded.messages import MAX_BODY_BYTES, ApiError, Request, Response, not_found, too_large

_PRIMARY_CODE = 0xFF
"""SQLite's extended codes hold the primary code in their lowest byte: https://www.sqlite.org/rescode.html"""
_OF_THE_SYSTEM = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
}

BATCH_DELAY_S = 1.5
"""From the creation of a batch to its results, where the store is not told. All states of a batch can be seen in it."""

_log = logging.getLogger(__name__)

Operation = Callable[..., Response]

_OPERATIONS: dict[str, dict[str, Operation]] = {
    "files": {"GET": files.list_files, "POST": files.create},
    "files/*": {"GET": files.retrieve, "DELETE": files.delete},
    "files/*/content": {"GET": files.content},
    "uploads": {"POST": uploads.create},
    "uploads/*/parts": {"POST": uploads.add_part},
    "uploads/*/complete": {"POST": uploads.complete},
    "uploads/*/cancel": {"POST": uploads.cancel},
    "batches": {"GET": batches.list_batches, "POST": batches.create},
    "batches/*": {"GET": batches.retrieve},
    "batches/*/cancel": {"POST": batches.cancel},
    "vector_stores": {"GET": vector_stores.list_stores, "POST": vector_stores.create},
    "vector_stores/*": {
        "GET": vector_stores.retrieve,
        "POST": vector_stores.update,
        "DELETE": vector_stores.delete,
    },
    "vector_stores/*/search": {"POST": search.search},
    "vector_stores/*/files": {"GET": vector_store_files.list_files, "POST": vector_store_files.create},
    "vector_stores/*/files/*": {
        "GET": vector_store_files.retrieve,
        "POST": vector_store_files.update,
        "DELETE": vector_store_files.delete,
    },
    "vector_stores/*/files/*/content": {"GET": vector_store_files.content},
    "vector_stores/*/file_batches": {"POST": file_batches.create},
    "vector_stores/*/file_batches/*": {"GET": file_batches.retrieve},
    "vector_stores/*/file_batches/*/cancel": {"POST": file_batches.cancel},
    "vector_stores/*/file_batches/*/files": {"GET": file_batches.list_files},
}


class EmbeddedStore:
    """An OpenAI-compatible API over one SQLite file. Several threads may use it."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        indexing_delay_s: float = 0.0,
        batch_delay_s: float | None = None,
    ) -> None:
        """Delays are in seconds of the clock. With a delay of 0, the next request shows what has ended.

        A batch keeps the delay of the store that made it. With a delay of more than 24 hours it expires.
        """
        self._database = Database(path)
        self._clock = clock
        self._indexing_delay_s = indexing_delay_s
        self._batch_delay_s = BATCH_DELAY_S if batch_delay_s is None else batch_delay_s

    def handle(self, request: Request) -> Response:
        now = self._clock()
        try:
            response = self._answer(self._context(now), request)
        except ApiError as error:
            response = error.response()
        except sqlite3.OperationalError as error:
            response = _failure(error).response()
        except Exception:
            _log.exception("%s %r failed", request.method, request.path)
            response = _defect().response()
        stamps = {"x-request-id": "req_" + secrets.token_hex(16), "date": formatdate(now, usegmt=True)}
        return Response(response.status, response.headers | stamps, response.body)

    def _answer(self, context: Context, request: Request) -> Response:
        pattern, operation, identifiers = _route(request)
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > MAX_BODY_BYTES:
            raise too_large(f"The request body is larger than {MAX_BODY_BYTES} bytes.")
        # Before the Files that expire are removed: the input of a batch may be among them.
        batch_run.run_due(context)
        files.remove_expired(context)
        uploads.expire(context)
        vector_stores.expire(context)
        if pattern.startswith("vector_stores/*"):
            indexing.index_due(context, identifiers[0])
        elif (pattern, request.method) == ("vector_stores", "GET"):
            indexing.index_all_due(context)
        return operation(context, request, *identifiers)

    def _context(self, now: float) -> Context:
        return Context(self._database, now, self._indexing_delay_s, self._batch_delay_s)

    def close(self) -> None:
        self._database.close()


def _route(request: Request) -> tuple[str, Operation, list[str]]:
    parts = request.path.strip("/").split("/")
    if parts[0] == "v1":
        parts = parts[1:]
    # The parts of a path are a name, an identifier, a name, an identifier, and so on.
    pattern = "/".join("*" if n in (1, 3) else part for n, part in enumerate(parts))
    operations = _OPERATIONS.get(pattern)
    if operations is None:
        raise not_found(f"Invalid URL ({request.method} {request.path})")
    operation = operations.get(request.method)
    if operation is None:
        allowed = ", ".join(operations)
        raise ApiError(
            405,
            f"Not allowed to {request.method} on {request.path} (expected {allowed}).",
            code="method_not_allowed",
            headers={"allow": allowed},
        )
    return pattern, operation, [unquote(part) for n, part in enumerate(parts) if n in (1, 3)]


def _failure(error: sqlite3.OperationalError) -> ApiError:
    """The answer when the file cannot be read or written: another process writes, the disk is full, the file is read-only."""
    if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
        return ApiError(503, "The store is being written by another process; try again.")
    if error.sqlite_errorcode & _PRIMARY_CODE not in _OF_THE_SYSTEM:
        _log.error("The embedded store failed", exc_info=error)
        return _defect()
    return ApiError(500, f"The embedded store's file cannot be used: {error}.", headers={"x-should-retry": "false"})


def _defect() -> ApiError:
    return ApiError(500, "The embedded store failed to answer this request.")
