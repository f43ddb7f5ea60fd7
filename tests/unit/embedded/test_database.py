from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.unit.embedded.helpers import ask, batch, content, found, line, store_with, upload
from tests.unit.embedded.layouts import LAYOUT_1
from vsync.embedded import EmbeddedStore, EmbeddedStoreError
from vsync.embedded.database import APPLICATION_ID, Database

WORKER = """
import os, pathlib, sys
from tests.unit.embedded.helpers import ask, found, upload
from vsync.embedded import EmbeddedStore

store = EmbeddedStore(pathlib.Path(sys.argv[1]))
for n in range(20):
    file = upload(store, f"{os.getpid()}-{n}.md", b"fox")
    ask(store, "POST", f"/vector_stores/{sys.argv[2]}/files", {"file_id": file})
    found(store, sys.argv[2], "fox")
{end}
"""


OPEN = "import pathlib, sys; from vsync.embedded import EmbeddedStore; EmbeddedStore(pathlib.Path(sys.argv[1])).close()"


def worker(path: Path, vector_store: str, end: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER.replace("{end}", end), str(path), vector_store],
        cwd=ROOT,
    )


def test_the_file_is_made_with_its_folder_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "store.db"
    store = EmbeddedStore(path)
    upload(store)
    modes = {child.name: stat.S_IMODE(child.stat().st_mode) for child in path.parent.iterdir()}
    store.close()
    assert modes == {"store.db": 0o600, "store.db-shm": 0o600, "store.db-wal": 0o600}
    assert [child.name for child in path.parent.iterdir()] == ["store.db"]


def test_what_was_stored_is_there_after_reopening(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "s.db")
    vector_store = store_with(store, ("a.md", b"fox"))
    store.close()
    store = EmbeddedStore(tmp_path / "s.db")
    assert found(store, vector_store, "fox") == ["a.md"]
    store.close()


def test_closing_twice_is_no_error(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "s.db")
    store.close()
    store.close()


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes" * 200)
    with pytest.raises(EmbeddedStoreError, match=r"notes\.txt"):
        EmbeddedStore(path)
    assert path.read_text() == "my notes" * 200


def test_the_database_of_another_application_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE t (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(EmbeddedStoreError, match="another application"):
        EmbeddedStore(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("layout", [0, 3, 99])
def test_a_store_of_another_layout_is_refused(tmp_path: Path, layout: int) -> None:
    path = tmp_path / "s.db"
    EmbeddedStore(path).close()
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {layout}")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(EmbeddedStoreError, match=f"layout {layout}"):
        EmbeddedStore(path)
    assert path.read_bytes() == before


def of_layout_1(path: Path) -> None:
    """A database as the first release made it, with one File in it."""
    old = sqlite3.connect(path)
    old.executescript(LAYOUT_1)
    old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    old.execute("PRAGMA user_version = 1")
    old.execute("INSERT INTO files VALUES (7, 'file-old', 'a.jsonl', 3, 'batch', 1700000000, NULL)")
    old.execute("INSERT INTO file_pieces VALUES (7, 0, x'666f78')")
    old.commit()
    old.close()


def tables(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    version = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return [*found, *version]


def test_a_store_of_the_first_layout_keeps_its_files_and_gets_the_new_tables(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    of_layout_1(path)
    store = EmbeddedStore(path, batch_delay_s=0)
    assert content(store, "file-old") == b"fox"
    assert ask(store, "GET", "/batches/" + batch(store, line()))["status"] == "completed"
    store.close()
    EmbeddedStore(tmp_path / "new.db").close()
    assert tables(path) == tables(tmp_path / "new.db")


def test_two_processes_may_bring_one_file_to_the_new_layout_at_once(tmp_path: Path) -> None:
    of_layout_1(tmp_path / "s.db")
    started = [subprocess.Popen([sys.executable, "-c", OPEN, str(tmp_path / "s.db")], cwd=ROOT) for _ in range(4)]
    assert [process.wait(30) for process in started] == [0, 0, 0, 0]


def test_a_layout_that_cannot_be_added_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.db"
    of_layout_1(path)
    before = tables(path)
    monkeypatch.setattr("vsync.embedded.database.LAYOUTS", (LAYOUT_1, "CREATE TABLE t (x);\nCREATE TABLE files (x);\n"))
    with pytest.raises(EmbeddedStoreError, match="already exists"):
        EmbeddedStore(path)
    assert tables(path) == before


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedStoreError, match="cannot be opened"):
        EmbeddedStore(tmp_path)


def test_two_processes_may_use_one_file_and_one_may_die(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = EmbeddedStore(path)
    vector_store = store_with(store)
    workers = [worker(path, vector_store, end) for end in ("store.close()", "os._exit(0)")]
    for n in range(20):
        upload(store, f"here-{n}.md")
    assert [process.wait(30) for process in workers] == [0, 0]
    answer = ask(store, "GET", f"/vector_stores/{vector_store}")
    assert (answer["file_counts"]["completed"], answer["file_counts"]["total"]) == (40, 40)
    assert len(ask(store, "GET", "/files")["data"]) == 60
    store.close()


def test_two_processes_may_create_one_file_at_once(tmp_path: Path) -> None:
    started = [subprocess.Popen([sys.executable, "-c", OPEN, str(tmp_path / "s.db")], cwd=ROOT) for _ in range(4)]
    assert [process.wait(30) for process in started] == [0, 0, 0, 0]


def test_a_writer_that_waits_in_vain_is_told_to_try_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vsync.embedded.database.BUSY_TIMEOUT_S", 0.05)
    store = EmbeddedStore(tmp_path / "s.db")
    other = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AssertionError, match="try again"):
        upload(store)
    other.execute("ROLLBACK")
    other.close()
    upload(store)
    store.close()


def test_deleting_everything_leaves_no_rows(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "s.db")
    vector_store = store_with(store, ("a.md", b"fox"), ("b.md", b"dog"))
    assert found(store, vector_store, "fox") == ["a.md"]
    file = ask(store, "GET", "/files")["data"][0]["id"]
    ask(store, "POST", f"/vector_stores/{vector_store}/file_batches", {"file_ids": [file]})
    ask(store, "DELETE", f"/vector_stores/{vector_store}")
    for file in ask(store, "GET", "/files")["data"]:
        ask(store, "DELETE", f"/files/{file['id']}")
    store.close()
    connection = sqlite3.connect(tmp_path / "s.db")
    tables = ("files", "file_pieces", "vector_stores", "vector_store_files", "file_batches", "file_batch_files")
    counts = {
        table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in (*tables, "chunks", "chunk_texts")
    }
    connection.close()
    assert set(counts.values()) == {0}, counts


def test_opening_tries_again_when_another_process_enters_wal_mode_too(tmp_path: Path) -> None:
    # Two processes that do so at once wait for each other; SQLite then refuses one of them without any waiting.
    class RefusedOnce:
        refused = False

        def execute(self, statement: str) -> None:
            if not self.refused:
                self.refused = True
                error = sqlite3.OperationalError("database is locked")
                error.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise error

    database, connection = Database(tmp_path / "s.db"), RefusedOnce()
    database.close()
    database._connection = connection  # type: ignore[assignment]  # stands in for a race that is rare
    database._enter_wal_mode()
    assert connection.refused


def test_opening_does_not_wait_forever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.db"
    EmbeddedStore(path).close()
    monkeypatch.setattr("vsync.embedded.database.BUSY_TIMEOUT_S", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode = DELETE")
    enter = Database._enter_wal_mode

    def while_another_reads(database: Database) -> None:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM files").fetchone()
        enter(database)

    monkeypatch.setattr(Database, "_enter_wal_mode", while_another_reads)
    with pytest.raises(EmbeddedStoreError, match="locked"):
        EmbeddedStore(path)
    other.close()


def test_a_transaction_that_sqlite_has_undone_itself_is_left_at_that(tmp_path: Path) -> None:
    database = Database(tmp_path / "s.db")

    def fill_the_disk() -> None:
        with database.write() as connection:
            connection.execute("ROLLBACK")
            raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="the disk is full"):
        fill_the_disk()
    database.close()
