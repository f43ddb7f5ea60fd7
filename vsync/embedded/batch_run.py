"""Runs batches at the next request, whatever it asks for: validates an input, writes results when they are due.

No thread does this, because the process that made a batch may have ended. A change of state is one transaction.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable

from vsync.embedded import batch_answers, batch_states, batch_validation, files
from vsync.embedded.batch_lines import BatchRequest, lines, read_line
from vsync.embedded.context import Context
from vsync.embedded.result_file import ResultFile

# A request answers in time even when many batches are due. The next request runs more.
BUDGET_S = 2.0

# What a content can lead to that was not thought of. A disk that is full or busy has other errors, which pass.
_OF_ITS_CONTENT = (
    ArithmeticError,
    AssertionError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    sqlite3.DataError,
)

_DUE = "SELECT * FROM batches WHERE next_at <= ? ORDER BY next_at, seq LIMIT 1"


def run_due(context: Context) -> None:
    """Writes the changes of state that are due, until the time for it is over."""
    deadline = time.monotonic() + BUDGET_S
    while _run_next(context) and time.monotonic() < deadline:
        pass


def _run_next(context: Context) -> bool:
    """Writes one change of state. Returns whether one was due."""
    with context.database.read() as connection:
        if connection.execute(_DUE, (context.now,)).fetchone() is None:
            return False
    # The query is repeated in the write: another process may have run this batch first.
    with context.database.write() as connection:
        row = connection.execute(_DUE, (context.now,)).fetchone()
        if row is not None:
            _run_or_fail(connection, row)
    return True


def _run_or_fail(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    """Ends a batch that cannot be run: whoever asks for something else must not get its error, now and at each later request."""
    connection.execute("SAVEPOINT batch")
    try:
        _run(connection, row)
    except _OF_ITS_CONTENT as error:
        connection.execute("ROLLBACK TO batch")
        message = f"The embedded store could not run this batch: {type(error).__name__}."
        _fail(connection, row, [batch_validation.error("server_error", message)])
    connection.execute("RELEASE batch")


def _run(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    validating, cancelling = row["status"] == "validating", row["cancelling_at"] is not None
    file = connection.execute("SELECT seq FROM files WHERE id = ?", (row["input_file_id"],)).fetchone()
    of_input: Iterable[bytes | None] = () if file is None else lines(files.pieces(connection, file["seq"]))
    if file is None and not cancelling:
        message = f"The input file {row['input_file_id']} was deleted before the batch had ended."
        _fail(connection, row, [batch_validation.error("file_not_found", message, "input_file_id")])
    elif validating and not cancelling and row["next_at"] >= row["validated_at"]:
        _start(connection, row, of_input)
    else:
        expired = row["next_at"] < row["ended_at"]
        status = "cancelled" if cancelling else "expired" if expired else "completed"
        results = _Results(connection, row)
        if not validating:
            results.write(of_input, rest_expires=status == "expired")
        _end(connection, row, status, results)


def _start(connection: sqlite3.Connection, row: sqlite3.Row, of_input: Iterable[bytes | None]) -> None:
    found = batch_validation.validate(of_input, row["endpoint"])
    if found.errors:
        _fail(connection, row, found.errors)
        return
    connection.execute(
        "UPDATE batches SET status = 'in_progress', model = ?, total = ?, failing = ?, next_at = ? WHERE seq = ?",
        (found.model, found.total, found.failing, min(row["ended_at"], batch_states.expires_at(row)), row["seq"]),
    )


def _fail(connection: sqlite3.Connection, row: sqlite3.Row, errors: list[batch_validation.BatchError]) -> None:
    connection.execute(
        "UPDATE batches SET status = 'failed', errors = ?, ended_at = next_at, next_at = NULL WHERE seq = ?",
        (json.dumps(errors), row["seq"]),
    )


def _end(connection: sqlite3.Connection, row: sqlite3.Row, status: str, results: _Results) -> None:
    connection.execute(
        "UPDATE batches SET status = ?, ended_at = next_at, next_at = NULL, completed = ?, failed = ?,"
        " input_tokens = ?, output_tokens = ?, output_file_id = ?, error_file_id = ? WHERE seq = ?",
        (
            *(status, results.completed, results.failed + results.expired, results.input_tokens, results.output_tokens),
            *(results.output.close(), results.errors.close(), row["seq"]),
        ),
    )


class _Results:
    """The answers to the requests of one batch, up to the progress it had made when it stopped."""

    def __init__(self, connection: sqlite3.Connection, row: sqlite3.Row) -> None:
        self._row = row
        self.output = ResultFile(connection, row, "output")
        self.errors = ResultFile(connection, row, "error")
        self.completed = self.failed = self.expired = self.input_tokens = self.output_tokens = 0

    def write(self, of_input: Iterable[bytes | None], *, rest_expires: bool) -> None:
        """Answers as many of the first requests as were answered, and as many as had failed."""
        endpoint, created_at = self._row["endpoint"], int(self._row["next_at"])
        completed, failed = batch_states.progress(self._row, self._row["next_at"])
        for line in of_input:
            request = read_line(line, endpoint)
            if not isinstance(request, BatchRequest):
                # The input was validated, and a File never changes.
                raise TypeError("a validated line is no request")
            answer = batch_answers.answer(endpoint, request, created_at)
            if self.completed < completed if answer.ok else self.failed < failed:
                self._add(request.custom_id, answer)
            elif rest_expires:
                self.expired += 1
                self.errors.add(batch_answers.expired_line(self._row["id"], request.custom_id))

    def _add(self, custom_id: str, answer: batch_answers.Answer) -> None:
        self.completed += answer.ok
        self.failed += not answer.ok
        self.input_tokens += answer.input_tokens
        self.output_tokens += answer.output_tokens
        (self.output if answer.ok else self.errors).add(batch_answers.answered_line(self._row["id"], custom_id, answer))
