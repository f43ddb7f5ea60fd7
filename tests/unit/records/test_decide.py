"""From a batch of records to what must be done for each key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.opencdc import change
from vsync.documents.attributes import path_attribute
from vsync.documents.chunking import Chunking
from vsync.records.change import BadRecord, Change
from vsync.records.decide import Decided, Folded, Terms, decide, fold, tag
from vsync.records.described import Described, Rules, describe
from vsync.records.fields import parse_field
from vsync.records.order import is_older
from vsync.records.outcomes import Item
from vsync.records.rows import Row

TERMS = Terms("acme", {"team": "docs"}, Chunking(), partial(describe, rules=Rules()), is_older)


def bad_where_empty(one: Change) -> Described:
    if one.content == "bad":
        raise BadRecord("not-text", "It is bad.")
    return describe(one, Rules())


def folded(*changes: Change | Item) -> Folded:
    for number, one in enumerate(changes, 1):
        one.line = number
    return fold(changes, is_older)


def decided(
    *changes: Change | Item, rows: Iterable[Row] = (), terms: Terms = TERMS
) -> tuple[list[str | None], Decided]:
    """The outcomes of the records as far as they are known, and what must be done."""
    batch = folded(*changes)
    found = decide(batch, {row.key: row for row in rows}, terms)
    return [item.outcome for item in batch.items], found


def kinds(found: Decided) -> dict[str, str]:
    return {path: work.operation.kind for path, work in found.work.items()}


def stored(key: str, content: str = "text", position: str = "", terms: Terms = TERMS) -> Row:
    """The row that a record leaves in the index."""
    ((work,),) = [decide(folded(change(key, content, position)), {}, terms).work.values()]
    return work.row._replace(file_id=f"file-{key}")


# --- The batch ---------------------------------------------------------------------------------------------------


def test_the_last_record_of_a_key_wins() -> None:
    outcomes, found = decided(change("a", "1"), change("b", "2"), change("a", "3"))
    assert outcomes == ["superseded", None, None]
    assert {path: work.content for path, work in found.work.items()} == {"a": b"3", "b": b"2"}


def test_a_record_that_is_older_than_one_before_it_does_not_win() -> None:
    outcomes, found = decided(change("a", "new", "7"), change("a", "old", "5"), change("a", "newest", "9"))
    assert outcomes == ["superseded", "older", None]
    assert found.work["a"].content == b"newest"


def test_records_of_one_position_win_as_they_come() -> None:
    outcomes, found = decided(change("a", "1", "7"), change("a", "2", "7"))
    assert outcomes == ["superseded", None]
    assert found.work["a"].content == b"2"


def test_a_delete_after_an_upsert_leaves_nothing_to_upload() -> None:
    outcomes, found = decided(change("a", "1"), change("a", None))
    assert (outcomes, kinds(found)) == (["superseded", "absent"], {})


def test_records_that_are_bad_already_keep_their_place() -> None:
    dead = Item(2, b"{", outcome="dead")
    batch = folded(change("a"), dead, change("b"))
    assert [item.line for item in batch.items] == [1, 2, 3]
    assert batch.items[1] is dead


# --- Bad records -------------------------------------------------------------------------------------------------

BAD_TERMS = Terms("acme", {}, Chunking(), bad_where_empty, is_older)


def test_where_the_last_record_is_bad_the_one_before_it_counts_again() -> None:
    outcomes, found = decided(change("a", "1"), change("a", "2"), change("a", "bad"), terms=BAD_TERMS)
    assert outcomes == ["superseded", None, "dead"]
    assert found.work["a"].content == b"2"


def test_where_all_records_of_a_key_are_bad_nothing_is_done() -> None:
    outcomes, found = decided(change("a", "bad"), change("a", "bad"), terms=BAD_TERMS)
    assert (outcomes, kinds(found)) == (["dead", "dead"], {})


def test_a_record_is_not_older_than_a_bad_one() -> None:
    outcomes, found = decided(change("a", "bad", "9"), change("a", "good", "5"), terms=BAD_TERMS)
    assert outcomes == ["dead", None]
    assert found.work["a"].content == b"good"


def test_of_the_records_around_a_bad_one_the_newest_counts() -> None:
    outcomes, found = decided(
        change("a", "4", "4"), change("a", "bad", "9"), change("a", "7", "7"), change("a", "6", "6"), terms=BAD_TERMS
    )
    assert outcomes == ["superseded", "dead", None, "older"]
    assert found.work["a"].content == b"7"


def test_a_bad_record_that_a_later_one_supersedes_does_no_harm() -> None:
    outcomes, found = decided(change("a", "bad"), change("a", "good"), terms=BAD_TERMS)
    assert outcomes == ["superseded", None]
    assert found.work["a"].content == b"good"


def test_a_bad_record_that_is_older_than_the_index_is_only_older() -> None:
    outcomes, _ = decided(change("a", "bad", "3"), rows=[stored("a", position="5")], terms=BAD_TERMS)
    assert outcomes == ["older"]


# --- Against the index -------------------------------------------------------------------------------------------


def test_a_new_key_is_uploaded() -> None:
    outcomes, found = decided(change("a", "text", "5"))
    (work,) = found.work.values()
    assert outcomes == [None]
    assert (work.operation.kind, work.operation.previous, work.old, work.content) == ("upload", None, "", b"text")
    assert work.row == Row("a", "", hashlib.sha256(b"text").hexdigest(), work.row.tag, "5")
    document = work.operation.document
    assert document is not None
    assert (document.path, document.filename, document.bytes) == ("a", "a.txt", 4)
    assert document.attributes == {"team": "docs", "position": "5"}


def test_a_document_of_the_same_content_and_attributes_is_unchanged() -> None:
    outcomes, found = decided(change("a", "text", "5"), rows=[stored("a", position="5")])
    assert (outcomes, found.work, found.moved) == (["unchanged"], {}, [])


def test_a_newer_position_of_an_unchanged_document_is_recorded() -> None:
    batch = folded(change("a", "text", "6"))
    found = decide(batch, {"a": stored("a", position="5")}, TERMS)
    assert (batch.items[0].outcome, batch.items[0].file_id) == ("unchanged", "file-a")
    assert (found.work, found.moved) == ({}, [("6", "a")])


def test_other_content_is_a_replacement() -> None:
    _, found = decided(change("a", "other"), rows=[stored("a")])
    (work,) = found.work.values()
    assert (work.operation.kind, work.old) == ("replace", "file-a")
    assert work.operation.previous is not None
    assert work.operation.previous.file_id == "file-a"


def test_other_attributes_alone_are_a_retag() -> None:
    terms = Terms("acme", {"team": "web"}, Chunking(), TERMS.describe, is_older)
    _, found = decided(change("a"), rows=[stored("a")], terms=terms)
    (work,) = found.work.values()
    assert (work.operation.kind, work.old) == ("retag", "")


def test_an_attribute_of_the_record_is_a_retag() -> None:
    rules = Rules(attributes={"kind": parse_field("metadata.kind")})
    terms = Terms("acme", {"team": "docs"}, Chunking(), partial(describe, rules=rules), is_older)
    row = stored("a", terms=terms)
    assert kinds(decided(change("a", metadata={"kind": "x"}), rows=[row], terms=terms)[1]) == {"a": "retag"}
    assert decided(change("a"), rows=[row], terms=terms)[0] == ["unchanged"]


@pytest.mark.parametrize(
    "terms",
    [
        Terms("acme", {"team": "docs"}, Chunking(200, 100), TERMS.describe, is_older),
        Terms("acme", {"team": "docs"}, Chunking(), partial(describe, rules=Rules(extension=".md")), is_older),
    ],
    ids=["chunking", "file name"],
)
def test_another_chunking_or_name_is_a_replacement(terms: Terms) -> None:
    assert kinds(decided(change("a"), rows=[stored("a")], terms=terms)[1]) == {"a": "replace"}


def test_a_name_that_the_store_does_not_show_counts_as_the_same() -> None:
    row = stored("a")
    _, chunks, attributes = row.tag.split(" ")
    rebuilt = row._replace(tag=tag(None, chunks, attributes))
    assert decided(change("a"), rows=[rebuilt])[0] == ["unchanged"]
    web = Terms("acme", {"team": "web"}, Chunking(), TERMS.describe, is_older)
    assert kinds(decided(change("a"), rows=[rebuilt], terms=web)[1]) == {"a": "retag"}
    other = Terms("acme", {"team": "docs"}, Chunking(200, 100), TERMS.describe, is_older)
    assert kinds(decided(change("a"), rows=[rebuilt], terms=other)[1]) == {"a": "replace"}


def test_a_record_older_than_the_index_changes_nothing() -> None:
    outcomes, found = decided(
        change("a", "old", "4"), change("b", None, "4"), rows=[stored("a", position="5"), stored("b", position="5")]
    )
    assert (outcomes, found.work, found.moved) == (["older", "older"], {}, [])


def test_a_delete_of_a_stored_document_is_work() -> None:
    outcomes, found = decided(change("a", None, "6"), rows=[stored("a", position="5")])
    (work,) = found.work.values()
    assert outcomes == [None]
    assert (work.operation.kind, work.operation.document, work.old) == ("delete", None, "file-a")
    assert work.row == Row("a", "", "", "", "6")


def test_a_delete_of_an_unknown_key_leaves_a_tombstone() -> None:
    outcomes, found = decided(change("a", None, "6"))
    assert (outcomes, found.work, found.tombstones) == (["absent"], {}, [Row("a", "", "", "", "6")])
    assert decided(change("a", "old", "5"), rows=found.tombstones)[0] == ["older"]
    assert kinds(decided(change("a", "new", "7"), rows=found.tombstones)[1]) == {"a": "upload"}


@pytest.mark.parametrize("rows", [[], [Row("a", "", "", "", "6")]], ids=["no position", "known already"])
def test_a_delete_that_says_nothing_new_leaves_no_tombstone(rows: list[Row]) -> None:
    order = "6" if rows else ""
    outcomes, found = decided(change("a", None, order), rows=rows)
    assert (outcomes, found.tombstones) == (["absent"], [])


def test_a_long_key_is_known_by_its_attribute() -> None:
    key = "k" * 300
    outcomes, found = decided(change(key))
    assert found.work[key].row.key == path_attribute(key)
    row = found.work[key].row._replace(file_id="file-1")
    assert decided(change(key), rows=[row])[0] == ["unchanged"]
    assert outcomes == [None]


@pytest.mark.parametrize(("length", "kept"), [(0, False), (1, True), (256, True), (257, False)])
def test_a_position_is_an_attribute_where_it_fits(length: int, kept: bool) -> None:
    _, found = decided(change("a", "text", "5" * length))
    document = found.work["a"].operation.document
    assert document is not None
    assert document.attributes is not None
    assert ("position" in document.attributes) is kept


def test_attributes_that_were_cut_are_counted() -> None:
    rules = Rules(attributes={"kind": parse_field("metadata.kind")})
    terms = Terms("acme", {}, Chunking(), partial(describe, rules=rules), is_older)
    assert decided(change("a", metadata={"kind": "x" * 300}), change("b"), terms=terms)[1].cut == 1


RECORDS = st.one_of(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["1", "2", "bad", None]), st.integers(1, 9).map(str)),
    st.tuples(st.just("c"), st.sampled_from(["1", "2", "bad", None]), st.just("")),
)
"""The positions of a key can all be compared, or none of them."""


@given(st.lists(RECORDS, max_size=12), st.integers(2, 12))
def test_the_same_records_in_any_batches_leave_the_same_documents(
    records: list[tuple[str, str | None, str]], size: int
) -> None:
    assert _documents(records, size) == _documents(records, 1)


def _documents(records: list[tuple[str, str | None, str]], size: int) -> Mapping[str, str]:
    rows: dict[str, Row] = {}
    contents: dict[str, str] = {}
    for start in range(0, len(records), size):
        batch = folded(*(change(*one) for one in records[start : start + size]))
        found = decide(batch, rows, BAD_TERMS)
        rows |= {row.key: row for row in found.tombstones}
        rows |= {key: rows[key]._replace(position=position) for position, key in found.moved}
        for path, work in found.work.items():
            kept = work.operation.kind != "delete"
            rows[work.row.key] = work.row._replace(file_id="file-1" if kept else "")
            contents.pop(path, None)
            if kept:
                contents[path] = work.content.decode()
    return contents
