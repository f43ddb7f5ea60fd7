"""The index of a stream: one SQLite file that only one consumer uses."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from vsync.errors import ConfigurationError, PublicationFailed
from vsync.records.index import Index
from vsync.records.rows import Listed, Row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "records.db"


@pytest.fixture
def index(path: Path) -> Iterator[Index]:
    with closing(Index.open(path)) as index:
        yield index


def row(key: str, file_id: str = "", position: str = "") -> Row:
    return Row(key, file_id, "hash" if file_id else "", "n c a" if file_id else "", position)


def listed(file_id: str, key: str, owner: str = "me", status: str = "completed") -> Listed:
    return Listed(file_id, key, owner, status, "hash", "? c a", "1", 5)


# --- The file ----------------------------------------------------------------------------------------------------


def test_the_file_is_for_its_user_alone(path: Path, index: Index) -> None:
    index.record([row("a", "file-1")])
    beside = sorted(path.parent.iterdir())
    assert [one.name for one in beside] == ["records.db", "records.db-shm", "records.db-wal"]
    assert [one.stat().st_mode & 0o777 for one in beside] == [0o600] * 3


def test_the_file_is_in_wal_mode(path: Path, index: Index) -> None:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_default_folder_is_kept_out_of_git(tmp_path: Path) -> None:
    Index.open(tmp_path / ".vsync" / "records.db").close()
    assert (tmp_path / ".vsync" / ".gitignore").exists()


def test_what_is_recorded_is_there_for_the_next_run(path: Path) -> None:
    with closing(Index.open(path)) as index:
        assert index.fact("owner") is None
        index.record([row("a", "file-1", "7"), row("b", position="8")], ["file-0"])
        index.set_facts(owner="me", store="vs_1")
    with closing(Index.open(path)) as index:
        assert index.documents == 1
        assert index.rows(["a", "b", "c"]) == {"a": row("a", "file-1", "7"), "b": row("b", position="8")}
        assert index.pending(10) == ["file-0"]
        assert (index.fact("store"), index.fact("nothing")) == ("vs_1", None)


def test_what_is_recorded_is_there_after_a_kill(path: Path, index: Index) -> None:
    index.record([row("a", "file-1")])
    copies = path.parent.parent / "copy"
    copies.mkdir()
    for one in path.parent.iterdir():  # the files as a process leaves them that ends without closing anything
        (copies / one.name).write_bytes(one.read_bytes())
    with closing(Index.open(copies / path.name)) as left:
        assert left.rows(["a"]) == {"a": row("a", "file-1")}


def test_another_applications_database_is_refused_and_not_changed(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE documents(x)")
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="another application's database"):
        Index.open(path)
    assert path.read_bytes() == before


def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    Index.open(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version=2")
    with pytest.raises(ConfigurationError, match=r"format 2, this is 1"):
        Index.open(path)


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 200])
def test_a_damaged_file_is_refused_and_not_changed(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"cannot be used: .*\.") as refused:
        Index.open(path)
    assert "move it away" in str(refused.value.remedy)
    assert path.read_bytes() == content


def test_a_folder_is_no_state_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a folder"):
        Index.open(tmp_path)


def test_a_device_is_no_state_file() -> None:
    with pytest.raises(ConfigurationError, match="is a device or a pipe"):
        Index.open(Path("/dev/null"))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="cannot be written: File exists"):
        Index.open(tmp_path / "file" / "records.db")


# --- A disk that fails -------------------------------------------------------------------------------------------


def filled(index: Index) -> None:
    """Lets the disk be full."""
    (pages,) = index._database.execute("PRAGMA page_count").fetchone()
    index._database.execute(f"PRAGMA max_page_count={pages}")


def test_a_full_disk_is_told_and_leaves_what_was_there(path: Path, index: Index) -> None:
    index.record([row("a", "file-1")])
    filled(index)
    with pytest.raises(PublicationFailed, match=r"cannot be written: database or disk is full") as failed:
        index.record([row(f"key-{number}" * 50, "file-2") for number in range(500)], ["file-1"])
    assert str(path) in failed.value.message
    assert (index.documents, index.pending(9)) == (1, [])
    assert index.rows(["a"]) == {"a": row("a", "file-1")}


@pytest.mark.parametrize("step", ["move", "record", "gone", "set_facts", "begin_listing", "take_listing"])
def test_a_file_that_cannot_be_written_is_told_by_each_step(index: Index, step: str) -> None:
    index._database.execute("PRAGMA query_only=1")
    steps: dict[str, Callable[[], object]] = {
        "move": lambda: index.move([("5", "a")]),
        "record": lambda: index.record([row("a", "file-1")]),
        "gone": lambda: index.gone(["file-1"]),
        "set_facts": lambda: index.set_facts(owner="me"),
        "begin_listing": lambda: index.begin_listing(),
        "take_listing": lambda: index.take_listing([([row("a", "file-1")], [])]),
    }
    with pytest.raises(PublicationFailed):
        steps[step]()


@pytest.mark.parametrize(
    "step",
    ["rows", "named", "pending", "pending_count", "fact", "owners_listed", "listed_in", "listed_by_key", "not_listed"],
)
def test_a_file_that_cannot_be_read_is_told_by_each_step(index: Index, step: str) -> None:
    for table in ("documents", "pending_delete", "facts", "listed"):
        index._database.execute(f"DROP TABLE {table}")
    steps: dict[str, Callable[[], object]] = {
        "rows": lambda: index.rows(["a"]),
        "named": lambda: index.named(["file-1"]),
        "pending": lambda: index.pending(5),
        "pending_count": lambda: index.pending_count(),
        "fact": lambda: index.fact("owner"),
        "owners_listed": lambda: index.owners_listed(),
        "listed_in": lambda: index.listed_in("completed"),
        "not_listed": lambda: index.not_listed(5),
        "listed_by_key": lambda: list(index.listed_by_key("me")),
    }
    with pytest.raises(PublicationFailed, match="cannot be read"):
        steps[step]()


# --- Documents ---------------------------------------------------------------------------------------------------


def test_documents_are_counted_as_they_come_and_go(index: Index) -> None:
    counts = []
    for rows in (
        [row("a", "file-1"), row("b", "file-2")],
        [row("a", "file-3")],
        [row("b"), row("c")],
        [row("b"), row("c", "file-4")],
    ):
        index.record(rows)
        counts.append(index.documents)
    assert counts == [2, 2, 1, 2]


def test_thousands_of_keys_are_asked_for_at_once(index: Index) -> None:
    rows = [row(f"k{number}", f"file-{number}") for number in range(2_500)]
    index.record(rows)
    assert index.rows([one.key for one in rows] + ["unknown"]) == {one.key: one for one in rows}
    assert index.rows([]) == {}


@pytest.mark.parametrize("key", ["a'; DROP TABLE documents", "a\0b", "ключ", "😀", " ", "%"])
def test_any_text_is_a_key(index: Index, key: str) -> None:
    index.record([row(key, "file-1", key)])
    assert index.rows([key]) == {key: row(key, "file-1", key)}
    assert index.rows(["a"]) == {}


def test_a_position_moves_without_the_rest(index: Index) -> None:
    index.record([row("a", "file-1", "5")])
    index.move([("6", "a"), ("7", "unknown")])
    assert index.rows(["a", "unknown"]) == {"a": row("a", "file-1", "6")}


# --- Files that are to be deleted --------------------------------------------------------------------------------


def test_files_to_be_deleted_are_kept_until_they_are_gone(index: Index) -> None:
    index.record([], ["file-2", "file-1", "file-3"])
    index.record([], ["file-1"])
    assert index.pending(2) == ["file-1", "file-2"]
    index.gone(["file-1", "file-9"])
    assert index.pending(9) == ["file-2", "file-3"]


def test_a_file_that_is_kept_is_not_deleted_any_more(index: Index) -> None:
    index.record([row("a", "file-1")], ["file-1", "file-2"])
    index.keep(["file-1"])
    index.keep([])
    assert index.pending(9) == ["file-2"]
    assert index.rows(["a"]) == {"a": row("a", "file-1")}


def test_keys_whose_files_are_gone_have_no_document_and_keep_their_position(index: Index) -> None:
    index.record([row("a", "file-1", "7"), row("b", "file-2", "8")])
    index.forget_documents(["file-1", "file-9"])
    index.forget_documents([])
    assert index.rows(["a", "b"]) == {"a": row("a", position="7"), "b": row("b", "file-2", "8")}
    assert index.documents == 1


def test_files_that_are_gone_are_named_so_that_a_store_that_still_shows_them_is_not_believed(index: Index) -> None:
    index.record([], ["file-1"])
    index.gone(["file-1"])
    assert index.named(["file-1", "file-2"]) == {"file-1"}


def test_files_are_named_by_documents_and_by_what_is_to_be_deleted(index: Index) -> None:
    index.record([row("a", "file-1")], ["file-2"])
    assert index.named(["file-1", "file-2", "file-3"]) == {"file-1", "file-2"}
    assert index.named([]) == set()


# --- A listing ---------------------------------------------------------------------------------------------------


def test_a_listing_gives_the_entries_of_one_owner_by_their_keys(index: Index) -> None:
    index.begin_listing()
    index.add_listed([listed("file-3", "b"), listed("file-1", "a"), listed("file-2", "a", owner="you")])
    index.add_listed([listed("file-3", "b", status="failed")])
    assert index.owners_listed() == ["me", "you"]
    assert [(one.key, one.status) for one in index.listed_by_key("me")] == [("a", "completed"), ("b", "failed")]
    assert index.listed_in("failed") == ["file-3"]


def test_a_new_listing_begins_empty(index: Index) -> None:
    index.add_listed([listed("file-1", "a")])
    index.begin_listing()
    assert index.owners_listed() == []


def test_a_listing_leaves_out_files_that_are_to_be_deleted(index: Index) -> None:
    index.record([], ["file-1"])
    index.add_listed([listed("file-1", "a"), listed("file-2", "a")])
    assert [one.file_id for one in index.listed_by_key("me")] == ["file-2"]


def test_documents_that_a_listing_does_not_show_are_forgotten(index: Index) -> None:
    index.record([row("gone", "file-0"), row("there", "file-1"), row("deleted", position="7")], ["file-9"])
    index.add_listed([listed("file-1", "there"), listed("file-2", "a")])
    index.take_listing([([row("a", "file-2")], ["file-3"]), ([], [])])
    assert sorted(index.rows(["gone", "there", "deleted", "a"])) == ["a", "deleted", "there"]
    assert index.documents == 2
    assert (index.pending(9), index.pending_count()) == (["file-3", "file-9"], 2)
    assert index.owners_listed() == []


def test_documents_whose_files_are_to_be_deleted_are_forgotten(index: Index) -> None:
    index.record([row("a", "file-1")])
    index.add_listed([listed("file-1", "a", status="failed")])
    index.take_listing([([], ["file-1"])])
    assert (index.rows(["a"]), index.documents, index.pending(9)) == ({}, 0, ["file-1"])


def test_a_listing_that_breaks_leaves_the_documents_as_they_were(index: Index) -> None:
    index.record([row("old", "file-0")])

    def portions() -> Iterator[tuple[list[Row], list[str]]]:
        yield [row("a", "file-1")], []
        raise RuntimeError("the listing broke")

    with pytest.raises(RuntimeError, match="the listing broke"):
        index.take_listing(portions())
    assert sorted(index.rows(["old", "a"])) == ["old"]
    assert index.documents == 1
