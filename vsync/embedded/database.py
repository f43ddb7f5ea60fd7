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

BUSY_TIMEOUT_S = 60.0
APPLICATION_ID = 0x7673796E
SCHEMA_VERSION = 1

# Sequence numbers are never reused (AUTOINCREMENT): they order objects that were made in the same second.
SCHEMA = """
CREATE TABLE files (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    filename TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
);
CREATE INDEX files_in_order ON files (created_at, seq);
CREATE INDEX files_expiring ON files (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE file_pieces (
    file INTEGER NOT NULL REFERENCES files (seq) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (file, n)
);

CREATE TABLE vector_stores (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT,
    metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    expires_after_days INTEGER,
    expired INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX vector_stores_in_order ON vector_stores (created_at, seq);

CREATE TABLE vector_store_files (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    vector_store INTEGER NOT NULL REFERENCES vector_stores (seq) ON DELETE CASCADE,
    file INTEGER NOT NULL REFERENCES files (seq) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    due_at REAL NOT NULL,
    status TEXT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    usage_bytes INTEGER NOT NULL DEFAULT 0,
    attributes TEXT NOT NULL,
    max_chunk_size_tokens INTEGER NOT NULL,
    chunk_overlap_tokens INTEGER NOT NULL,
    UNIQUE (vector_store, file)
);
CREATE INDEX vector_store_files_of_file ON vector_store_files (file);
CREATE INDEX vector_store_files_in_order ON vector_store_files (vector_store, created_at, seq);
CREATE INDEX vector_store_files_by_status ON vector_store_files (vector_store, status, due_at, usage_bytes);

CREATE TABLE file_batches (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    vector_store INTEGER NOT NULL REFERENCES vector_stores (seq) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX file_batches_of_store ON file_batches (vector_store);

CREATE TABLE file_batch_files (
    batch INTEGER NOT NULL REFERENCES file_batches (seq) ON DELETE CASCADE,
    entry INTEGER NOT NULL REFERENCES vector_store_files (seq) ON DELETE CASCADE,
    PRIMARY KEY (batch, entry)
) WITHOUT ROWID;
CREATE INDEX file_batch_files_of_entry ON file_batch_files (entry);

CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entry INTEGER NOT NULL REFERENCES vector_store_files (seq) ON DELETE CASCADE
);
CREATE INDEX chunks_of_entry ON chunks (entry);
CREATE VIRTUAL TABLE chunk_texts USING fts5 (
    filename, text, tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER chunk_texts_follow AFTER DELETE ON chunks BEGIN
    DELETE FROM chunk_texts WHERE rowid = old.id;
END;
"""


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
                for statement in _statements(SCHEMA):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            elif application_id != APPLICATION_ID:
                raise EmbeddedStoreError(f"{path} is another application's database, not an embedded store")
            elif version != SCHEMA_VERSION:
                raise EmbeddedStoreError(f"{path} was written by another version of vsync (layout {version})")
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


def _statements(script: str) -> Iterator[str]:
    # Not `executescript`: it commits first, and then two processes could lay out one file twice.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
