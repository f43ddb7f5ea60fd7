"""The index of a stream: which document of which key is in the store. One SQLite file, for one consumer at a time.

| table | what |
| --- | --- |
| `documents` | one row a key; `file_id` is empty where the last record of the key was a delete |
| `pending_delete` | Files that are replaced or deleted, and whose removal is not confirmed |
| `removed` | the last Files that were removed: a store may go on showing them for a while |
| `facts` | the owner, the store, the stream, and the place behind the last acknowledged line |
| `listed` | what a listing of the store shows, while the index is made anew |

The file is in WAL mode: https://www.sqlite.org/wal.html. A commit that names new Files reaches the disk before it returns.
Other commits may be lost when the machine loses its power, and never when only the process dies.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from vsync.errors import ConfigurationError, PublicationFailed
from vsync.records.rows import Listed, Row
from vsync.system.atomic_write import give_to_owner_of, keep_out_of_git, make_folder
from vsync.system.regular_file import is_something_else

_VERSION = 1
_APPLICATION_ID = 0x76737263  # "vsrc"
_AT_ONCE = 500
"""How many keys one question names. SQLite takes 32,766 at most: https://www.sqlite.org/limits.html."""

_REMOVED_KEPT = 100_000
"""So many removed Files are remembered. The journal of a run names fewer of them."""

_CACHE_KB = 16_000
_CHECKPOINT_PAGES = 8_000
"""The WAL has about 32 MB when it is written back. With SQLite's 4 MB, scattered keys would be written back far more often."""

_PUT = """
INSERT INTO documents VALUES(?, ?, ?, ?, ?) ON CONFLICT(key) DO UPDATE
SET file_id = excluded.file_id, sha256 = excluded.sha256, tag = excluded.tag, position = excluded.position
"""
"""The row keeps its place in the table. So records that come in the same order again change few pages."""

_TABLES = """
CREATE TABLE IF NOT EXISTS documents(
    key TEXT PRIMARY KEY, file_id TEXT NOT NULL, sha256 TEXT NOT NULL, tag TEXT NOT NULL, position TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS pending_delete(file_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS removed(number INTEGER PRIMARY KEY, file_id TEXT NOT NULL, ours INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS listed(
    file_id TEXT PRIMARY KEY, key TEXT NOT NULL, owner TEXT NOT NULL, status TEXT NOT NULL,
    sha256 TEXT NOT NULL, tag TEXT NOT NULL, position TEXT NOT NULL, created_at INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Index:
    """The index in a file. Only one thread may use it. Raises PublicationFailed where the file cannot be used."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._database = connection
        self.documents = self._count_documents()
        """How many documents are in the store, by this index."""

    @classmethod
    def open(cls, path: Path) -> Index:
        """The index in that file, which is made when it is not there. Raises ConfigurationError when it cannot be one."""
        _make_file(path)
        connection = None
        try:
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            _check(connection, path)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
            connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
            connection.executescript(_TABLES)
            return cls(path, connection)
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise ConfigurationError(
                f"The state file {path} cannot be used: {error}.",
                "Give the path of another file with --state (VSYNC_STATE). If this file is damaged, move it away: the next run "
                "makes it anew from what the store shows.",
            ) from error
        except BaseException:
            if connection is not None:
                connection.close()
            raise

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # the next run finds the WAL, and goes on from it
            self._database.close()

    # --- Facts ----------------------------------------------------------------------------------------------

    def fact(self, name: str) -> str | None:
        with self._reading() as database:
            found = database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def set_facts(self, **facts: str) -> None:
        """Records facts, on the disk before this returns."""
        with self._writing(durable=True) as database:
            database.executemany("INSERT OR REPLACE INTO facts VALUES(?, ?)", facts.items())

    def mark(self, **facts: str) -> None:
        """Records facts that may be lost when the machine loses its power. Facts that were recorded before are not lost then."""
        with self._writing() as database:
            database.executemany("INSERT OR REPLACE INTO facts VALUES(?, ?)", facts.items())

    # --- Documents ------------------------------------------------------------------------------------------

    def rows(self, keys: Sequence[str]) -> dict[str, Row]:
        """What is known of these keys. Keys that nothing is known of are left out."""
        found: dict[str, Row] = {}
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            question = f"SELECT key, file_id, sha256, tag, position FROM documents WHERE key IN ({marks})"  # noqa: S608 - ruff sees SQL that is put together; what is put in are question marks only
            with self._reading() as database:
                for row in database.execute(question, part):
                    found[row[0]] = Row._make(row)
        return found

    def named(self, file_ids: Collection[str]) -> set[str]:
        """Those of the Files that the index names. It reads the whole index: it is for the start after a crash."""
        wanted = set(file_ids)
        if not wanted:
            return set()
        with self._reading() as database:
            every = database.execute(
                "SELECT file_id FROM documents UNION ALL SELECT file_id FROM pending_delete "
                "UNION ALL SELECT file_id FROM removed"
            )
            return {row[0] for row in every if row[0] in wanted}

    def record(self, rows: Sequence[Row], pending: Collection[str] = ()) -> None:
        """Records documents as they are in the store now, and Files that are to be deleted. It is on the disk then."""
        if not rows and not pending:
            return
        with self._writing(durable=True) as database:
            known = self.rows([row.key for row in rows])
            database.executemany(_PUT, rows)
            database.executemany("INSERT OR IGNORE INTO pending_delete VALUES(?)", ((file_id,) for file_id in pending))
        there = sum(1 for row in known.values() if row.file_id)
        self.documents += sum(1 for row in rows if row.file_id) - there

    def move(self, positions: Sequence[tuple[str, str]]) -> None:
        """Records newer positions of documents that did not change: pairs of a position and a key."""
        if positions:
            with self._writing() as database:
                database.executemany("UPDATE documents SET position = ? WHERE key = ?", positions)

    # --- Files that are to be deleted -----------------------------------------------------------------------

    def pending(self, most: int) -> list[str]:
        """Files that are to be deleted, as many of them as one step takes."""
        with self._reading() as database:
            found = database.execute("SELECT file_id FROM pending_delete ORDER BY file_id LIMIT ?", (most,))
            return [str(row[0]) for row in found]

    def pending_count(self) -> int:
        with self._reading() as database:
            return int(database.execute("SELECT count(*) FROM pending_delete").fetchone()[0])

    def gone(self, file_ids: Collection[str], others: Collection[str] = ()) -> None:
        """Records that Files are deleted, and that others are not ours to delete.

        What a store still shows of deleted Files counts for nothing. Of the others a listing may show that they are ours.
        """
        if not file_ids and not others:
            return
        with self._writing() as database:
            ids = [*((file_id, 1) for file_id in file_ids), *((file_id, 0) for file_id in others)]
            database.executemany("DELETE FROM pending_delete WHERE file_id = ?", [(file_id,) for file_id, _ in ids])
            database.executemany("INSERT INTO removed(file_id, ours) VALUES(?, ?)", ids)
            database.execute(
                "DELETE FROM removed WHERE number <= (SELECT max(number) FROM removed) - ?", (_REMOVED_KEPT,)
            )

    def keep(self, file_ids: Collection[str]) -> None:
        """Records that Files are not to be deleted now: they stay the documents of their keys."""
        if file_ids:
            with self._writing(durable=True) as database:
                ids = [(file_id,) for file_id in file_ids]
                database.executemany("DELETE FROM pending_delete WHERE file_id = ?", ids)

    def keep_documents(self, file_ids: Collection[str]) -> None:
        """`keep` for those of the Files that are documents. It reads the whole index."""
        wanted = set(file_ids)
        if wanted:
            with self._reading() as database:
                every = database.execute("SELECT file_id FROM documents WHERE file_id != ''")
                named = [row[0] for row in every if row[0] in wanted]
            self.keep(named)

    def forget_documents(self, file_ids: Collection[str]) -> None:
        """Records that keys have no document any more, where these Files were theirs. It reads the whole index."""
        wanted = set(file_ids)
        if not wanted:
            return
        with self._reading() as database:
            every = database.execute("SELECT key, file_id, position FROM documents WHERE file_id != ''")
            gone = [Row(key, "", "", "", position) for key, file_id, position in every if file_id in wanted]
        self.record(gone)

    # --- A listing ------------------------------------------------------------------------------------------

    def begin_listing(self) -> None:
        with self._writing() as database:
            database.execute("DELETE FROM listed")

    def add_listed(self, entries: Iterable[Listed]) -> None:
        with self._writing() as database:
            database.executemany("INSERT OR REPLACE INTO listed VALUES(?, ?, ?, ?, ?, ?, ?, ?)", entries)

    def owners_listed(self) -> list[str]:
        with self._reading() as database:
            return [str(row[0]) for row in database.execute("SELECT DISTINCT owner FROM listed ORDER BY owner")]

    def listed_in(self, status: str) -> list[str]:
        """The Files of the listing in that state of indexing."""
        with self._reading() as database:
            found = database.execute("SELECT file_id FROM listed WHERE status = ? ORDER BY file_id", (status,))
            return [str(row[0]) for row in found]

    def listed_by_key(self, owner: str) -> Iterator[Listed]:
        """The entries of that owner, sorted by their keys and then by age; without those that are to be deleted anyway."""
        with self._reading() as database:
            found = database.execute(
                "SELECT * FROM listed WHERE owner = ? AND file_id NOT IN (SELECT file_id FROM pending_delete) "
                "AND file_id NOT IN (SELECT file_id FROM removed WHERE ours) ORDER BY key, created_at, file_id",
                (owner,),
            )
            yield from map(Listed._make, found)

    def not_listed(self, most: int) -> list[str]:
        """Files of documents that the listing does not show, `most` of them."""
        with self._reading() as database:
            found = database.execute(
                "SELECT file_id FROM documents WHERE file_id != '' AND file_id NOT IN (SELECT file_id FROM listed) LIMIT ?",
                (most,),
            )
            return [str(row[0]) for row in found]

    def take_listing(self, chosen: Iterable[tuple[Sequence[Row], Collection[str]]]) -> None:
        """Records what a listing shows: rows, and Files to be deleted, that arrive in portions. All of it, or nothing.

        Documents whose entries it does not show, or whose Files are to be deleted, are forgotten. Keys that were deleted
        stay known.
        """
        with self._writing(durable=True) as database:
            for rows, pending in chosen:
                database.executemany(_PUT, rows)
                database.executemany(
                    "INSERT OR IGNORE INTO pending_delete VALUES(?)", ((file_id,) for file_id in pending)
                )
            database.execute(
                "DELETE FROM documents WHERE file_id != '' AND (file_id NOT IN (SELECT file_id FROM listed) "
                "OR file_id IN (SELECT file_id FROM pending_delete))"
            )
            database.execute("DELETE FROM listed")
            documents = self._count_documents()
        self.documents = documents

    # --- Reading and writing --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._database
        except sqlite3.Error as error:
            raise PublicationFailed(
                f"The state file {self._path} cannot be read: {error}.",
                "Mend that and run again: what is not acknowledged is applied again then. If the file is damaged, move it "
                "away: the next run makes it anew from what the store shows.",
            ) from error

    @contextlib.contextmanager
    def _writing(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        database = self._database
        try:
            database.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # after some errors SQLite has done it already
                    database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
        except sqlite3.Error as error:
            raise PublicationFailed(
                f"The state file {self._path} cannot be written: {error}.",
                "Mend that and run again: what is not acknowledged is applied again then.",
            ) from error

    def _count_documents(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM documents WHERE file_id != ''").fetchone()[0])


def _make_file(path: Path) -> None:
    """Makes the file, readable by the user alone, and its folder. Raises ConfigurationError."""
    try:
        if path.is_dir():
            raise ConfigurationError(f"The state file {path} is a folder.", "Give the path of a file with --state.")
        if is_something_else(path):
            raise ConfigurationError(f"The state file {path} is a device or a pipe.", "Give another path with --state.")
        if path.parent.name == ".vsync":
            keep_out_of_git(path.parent)
        else:
            make_folder(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        give_to_owner_of(path.parent, path)
    except OSError as error:
        raise ConfigurationError(
            f"The state file {path} cannot be written: {error.strerror}.",
            "Repair that, or give another path with --state (VSYNC_STATE).",
        ) from error


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Makes sure that the file is an index of this version. A new file is marked as one."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == 0 and version == 0 and tables == 0:
        connection.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={_VERSION}")
    elif application != _APPLICATION_ID:
        raise ConfigurationError(
            f"The state file {path} is another application's database.", "Give another path with --state (VSYNC_STATE)."
        )
    elif version != _VERSION:
        raise ConfigurationError(
            f"The state file {path} was written by another version of vsync (format {version}, this is {_VERSION}).",
            "Use that version, or move the file away: the next run makes it anew from what the store shows.",
        )
