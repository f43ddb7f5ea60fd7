"""The SQLite file: how it is opened, laid out and locked.

Several processes may use one file. Every write is an immediate transaction: a process waits for its turn before it
reads what it will change. So it never turns a read into a write, which SQLite refuses at once.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import string
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from vsync.embedded.schema import LAYOUTS

BUSY_TIMEOUT_S = 60.0
APPLICATION_ID = 0x7673796E
SCHEMA_VERSION = len(LAYOUTS)


class EmbeddedStoreError(Exception):
    """The file cannot be used as an embedded store."""


class Database:
    """One connection, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite gives its side files the mode of the database, so that no other user can read them.
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise EmbeddedStoreError(f"{path} cannot be opened as an embedded store: {error}") from error
        try:
            self._connection.row_factory = sqlite3.Row
            self._prepare(path)
        except sqlite3.Error as error:
            self._connection.close()
            raise EmbeddedStoreError(f"{path} cannot be opened as an embedded store: {error}") from error
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, path: Path) -> None:
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        with self.write() as connection:
            (application_id,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if tables == 0:
                _lay_out(connection, 0)
            elif application_id != APPLICATION_ID:
                raise EmbeddedStoreError(f"{path} is another application's database, not an embedded store")
            elif not 1 <= version <= SCHEMA_VERSION:
                raise EmbeddedStoreError(f"{path} was written by another version of vsync (layout {version})")
            elif version < SCHEMA_VERSION:
                _lay_out(connection, version)
        self._enter_wal_mode()
        # Without a limit the log keeps the size of the largest upload.
        self._connection.execute(f"PRAGMA journal_size_limit = {64 * 1024 * 1024}")

    def _enter_wal_mode(self) -> None:
        # SQLite ignores the busy timeout while it changes the mode, so the wait is here.
        deadline = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the file."""
        with self._lock:
            yield from self._transaction("BEGIN")

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """All changes or none. Waits until no other process writes."""
        with self._lock:
            yield from self._transaction("BEGIN IMMEDIATE")

    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        connection.execute(begin)
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            # A full disk has already rolled the transaction back.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def new_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(24))


def _lay_out(connection: sqlite3.Connection, version: int) -> None:
    """Brings a file of a layout (0: an empty file) to the newest one, inside a transaction."""
    for layout in LAYOUTS[version:]:
        for statement in _statements(layout):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _statements(script: str) -> Iterator[str]:
    # Not `executescript`: it commits first, and then two processes could lay out one file twice.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
