"""Batches: requests in a File, which the store answers later, all together."""

from __future__ import annotations

import json
import sqlite3

from vsync.embedded import arguments, batch_states, lifetimes, paging
from vsync.embedded.batch_answers import ENDPOINTS
from vsync.embedded.context import Context
from vsync.embedded.database import new_id
from vsync.embedded.messages import ApiError, Request, Response, invalid, not_found

WINDOW = "24h"


def create(context: Context, request: Request) -> Response:
    body = arguments.json_body(
        request, ("input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after")
    )
    input_file_id = body.required_text("input_file_id")
    endpoint, window = body.required_text("endpoint"), body.required_text("completion_window")
    metadata = json.dumps(body.metadata()) if body.has("metadata") else None
    lifetime = lifetimes.asked_for(body, "output_expires_after") or lifetimes.BATCH_FILE_S
    if endpoint not in ENDPOINTS:
        raise _not_one_of("endpoint", endpoint, ENDPOINTS)
    if window != WINDOW:
        raise _not_one_of("completion_window", window, (WINDOW,))
    due = batch_states.times(context.now, context.batch_delay_s)
    with context.database.write() as connection:
        _check_input(connection, input_file_id)
        row = connection.execute(
            "INSERT INTO batches (id, endpoint, input_file_id, metadata, output_lifetime_s, created_at,"
            " validated_at, worked_at, ended_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
            (
                *(new_id("batch_"), endpoint, input_file_id, metadata, lifetime, context.timestamp),
                *(due.validated_at, due.worked_at, due.ended_at),
                min(due.validated_at, context.timestamp + batch_states.WINDOW_S),
            ),
        ).fetchone()
    return Response.of_json(batch_states.as_json(row, context.now))


def list_batches(context: Context, request: Request) -> Response:
    """The newest batch comes first. There is no parameter for another order."""
    query = {name: request.query[name] for name in ("after", "limit") if name in request.query}
    page = arguments.Paging.from_query(query, default=20, maximum=100)
    listing = paging.Listing("batches.*", "batches", "batches", "batches.id", "1")
    with context.database.read() as connection:
        return Response.of_json(
            paging.page(connection, listing, page, lambda row: batch_states.as_json(row, context.now))
        )


def retrieve(context: Context, request: Request, batch_id: str) -> Response:
    with context.database.read() as connection:
        return Response.of_json(batch_states.as_json(_find(connection, batch_id), context.now))


def cancel(context: Context, request: Request, batch_id: str) -> Response:
    """Keeps the results that there are at this time. A batch that is being cancelled already stays as it is."""
    with context.database.write() as connection:
        row = _find(connection, batch_id)
        if row["next_at"] is None:
            raise ApiError(409, f"Cannot cancel a batch with status '{row['status']}'.")
        if row["cancelling_at"] is None:
            row = connection.execute(
                "UPDATE batches SET cancelling_at = ?, next_at = ? WHERE seq = ? RETURNING *",
                (context.now, batch_states.cancelled_at(context.now, context.batch_delay_s), row["seq"]),
            ).fetchone()
    return Response.of_json(batch_states.as_json(row, context.now))


def _check_input(connection: sqlite3.Connection, file_id: str) -> None:
    file = connection.execute("SELECT purpose FROM files WHERE id = ?", (file_id,)).fetchone()
    if file is None:
        raise invalid(f"Cannot find file {file_id}, or this project does not have access to it.", "input_file_id")
    if file["purpose"] != "batch":
        raise invalid(
            f"The file {file_id} has the purpose '{file['purpose']}'. The input of a batch must have the purpose 'batch'.",
            "input_file_id",
            "invalid_value",
        )


def _find(connection: sqlite3.Connection, batch_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM batches WHERE id = ?", (batch_id,)).fetchone()
    if row is None:
        raise not_found(f"No batch found with id '{batch_id}'.")
    return row


def _not_one_of(param: str, value: str, choices: tuple[str, ...]) -> ApiError:
    listed = ", ".join(f"'{item}'" for item in choices)
    return invalid(f"Invalid value: '{value}'. Supported values are: {listed}.", param, "invalid_value")
