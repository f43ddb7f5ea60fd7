"""What entries of the store tell about the documents of a stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from vsync.documents.attributes import Identity
from vsync.documents.chunking import Chunking
from vsync.documents.document import attributes_tag
from vsync.records.adopt import belongs_to, chosen, is_of_stream, listed_of, taken_over
from vsync.records.decide import chunk_tag, tag
from vsync.records.order import is_older
from vsync.records.rows import Listed, Row
from vsync.store.entries import StoreEntry

OURS = {"path": "a", "sha256": "hash", "owner": "me", "target": "records", "source": "acme"}


def entry(file_id: str = "file-1", chunking: Chunking | None = None, **attributes: Any) -> StoreEntry:
    shown = {name: value for name, value in (OURS | attributes).items() if value is not None}
    return StoreEntry(file_id, "completed", shown, chunking or Chunking(), created_at=5)


def listed(file_id: str, key: str = "a", position: str = "", *, age: int = 5, status: str = "completed") -> Listed:
    return Listed(file_id, key, "me", status, f"hash of {file_id}", "? c a", position, age)


def row(key: str, file_id: str, position: str = "") -> Row:
    return Row(key, file_id, "known", "n c a", position)


# --- Whose an entry is -------------------------------------------------------------------------------------------


def test_an_entry_that_shows_the_stream_is_of_it_whoever_owns_it() -> None:
    assert is_of_stream(entry(owner="you"), "acme", "records")


@pytest.mark.parametrize(
    "attributes",
    [{"target": "other"}, {"source": "other"}, {"owner": None}, {"path": None}, {"sha256": None}, {"path": 5}, {"owner": True}],
    ids=str,
)  # fmt: skip
def test_an_entry_that_lacks_anything_is_of_no_stream(attributes: dict[str, Any]) -> None:
    assert not is_of_stream(entry(**attributes), "acme", "records")


def test_only_entries_of_the_owner_belong_to_the_stream() -> None:
    entries = [entry("file-1"), entry("file-2", owner="you"), entry("file-3", source="other")]
    assert belongs_to(Identity("me", "records", "acme"), entries) == entries[:1]


def test_an_entry_tells_all_but_the_name() -> None:
    shown = listed_of(entry(position="7", team="docs", commit="c", n=3.0), "acme")
    attributes = attributes_tag("acme", {"team": "docs", "n": 3})
    assert shown == Listed(
        "file-1", "a", "me", "completed", "hash", tag(None, chunk_tag(Chunking()), attributes), "7", 5
    )
    assert shown.row == Row("a", "file-1", "hash", shown.tag, "7")


def test_an_entry_without_a_position_cannot_be_compared() -> None:
    assert listed_of(entry(), "acme").position == ""


# --- The index from a listing ------------------------------------------------------------------------------------


def choose(entries: Sequence[Listed], rows: Mapping[str, Row] | None = None) -> tuple[list[Row], list[str]]:
    found = list(
        chosen(entries, lambda keys: {key: (rows or {})[key] for key in keys if key in (rows or {})}, is_older)
    )
    return [row for rows, _ in found for row in rows], [file_id for _, pending in found for file_id in pending]


def test_each_key_has_its_entry() -> None:
    one, other = listed("file-1"), listed("file-2", "b")
    assert choose([one, other]) == ([one.row, other.row], [])


def test_of_several_entries_of_a_key_the_newest_position_counts() -> None:
    old, new = listed("file-1", position="9", age=1), listed("file-2", position="10", age=1)
    assert choose([new, old]) == ([new.row], ["file-1"])
    assert choose([old, new]) == ([new.row], ["file-1"])


def test_where_positions_do_not_tell_the_entry_that_was_attached_last_counts() -> None:
    old, new = listed("file-1", age=1), listed("file-2", age=2)
    assert choose([old, new]) == ([new.row], ["file-1"])


@pytest.mark.parametrize("status", ["failed", "in_progress", "cancelled"])
def test_an_entry_that_is_not_indexed_goes(status: str) -> None:
    old, new = listed("file-1", position="1"), listed("file-2", position="2", status=status)
    assert choose([old, new]) == ([old.row], ["file-2"])
    assert choose([new]) == ([], ["file-2"])


def test_a_record_of_the_entry_knows_more_and_stays() -> None:
    assert choose([listed("file-1")], {"a": row("a", "file-1", "9")}) == ([], [])


def test_another_entry_than_the_recorded_one_is_taken_over() -> None:
    one = listed("file-2", position="9")
    assert choose([one], {"a": row("a", "file-1", "8")}) == ([one.row], [])


def test_an_entry_of_a_key_that_a_newer_record_deleted_goes() -> None:
    assert choose([listed("file-1", position="5")], {"a": row("a", "", "6")}) == ([], ["file-1"])
    one = listed("file-1", position="7")
    assert choose([one], {"a": row("a", "", "6")}) == ([one.row], [])


def test_thousands_of_keys_come_in_portions() -> None:
    entries = [listed(f"file-{number}", f"k{number}") for number in range(2_500)]
    assert [len(rows) for rows, _ in chosen(entries, lambda _: {}, is_older)] == [1_000, 1_000, 500]


def test_an_empty_listing_gives_nothing() -> None:
    assert choose([]) == ([], [])


# --- After a crash -----------------------------------------------------------------------------------------------


def test_a_new_document_of_a_run_that_died_is_taken_over() -> None:
    one = listed("file-1", position="5")
    assert taken_over([one], {}, is_older) == ([one.row], [])


def test_a_new_version_takes_the_place_of_the_recorded_one() -> None:
    new = listed("file-2", position="6")
    assert taken_over([new], {"a": row("a", "file-1", "5")}, is_older) == ([new.row], ["file-1"])


def test_a_version_that_is_older_than_the_recorded_one_goes() -> None:
    assert taken_over([listed("file-0", position="4")], {"a": row("a", "file-1", "5")}, is_older) == ([], ["file-0"])


def test_a_version_that_was_not_indexed_goes() -> None:
    found = taken_over([listed("file-2", status="failed")], {"a": row("a", "file-1")}, is_older)
    assert found == ([], ["file-2"])


def test_of_several_versions_of_runs_that_died_the_last_counts() -> None:
    one, two = listed("file-3", age=1), listed("file-2", age=2)
    assert taken_over([two, one], {"a": row("a", "file-1")}, is_older) == ([two.row], ["file-1", "file-3"])


def test_a_version_of_a_key_that_was_deleted_since_goes() -> None:
    assert taken_over([listed("file-1", position="4")], {"a": row("a", "", "5")}, is_older) == ([], ["file-1"])
