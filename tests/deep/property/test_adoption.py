"""Laws of adopting what a store proves, over random listings, manifests and heads."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import COMMIT, TARGET, document, entry, state, store_entry
from vsync.documents.attributes import Identity, path_attribute
from vsync.documents.document import Document
from vsync.plan.plan import make_plan
from vsync.recovery.adopt import Measured, adopt, by_path, paths_to_measure
from vsync.state.manifest import TargetState
from vsync.store.entries import StoreEntry, belongs

US = Identity("owner-1", "default", "acme/docs")
LONG = "docs/" + "x" * 300 + ".md"
PATHS = st.sampled_from(["a.md", "b.md", "c.md", LONG])
TEXTS = st.sampled_from(["one", "two", "three"])
IDS = [f"file-{number}" for number in range(8)]


@st.composite
def listings(draw: st.DrawFn) -> list[StoreEntry]:
    """A store: each id once, with duplicates of paths, failures, old versions and other people's entries."""
    return [
        store_entry(
            file_id,
            path_attribute(draw(PATHS)),
            draw(TEXTS),
            status=draw(st.sampled_from(["completed", "completed", "completed", "failed", "cancelled"])),
            owner=draw(st.sampled_from(["owner-1", "owner-1", "owner-1", "owner-2", None])),
            target=draw(st.sampled_from(["default", "default", "default", "second"])),
            created_at=draw(st.integers(0, 3)),
        )
        for file_id in draw(st.lists(st.sampled_from(IDS), unique=True))
    ]


HEADS = st.dictionaries(PATHS, TEXTS)
STATES = st.builds(
    lambda files, pending: state(
        {path: entry(path, text, file_id) for path, (text, file_id) in files.items()}, pending_delete=tuple(pending)
    ),
    st.dictionaries(PATHS, st.tuples(TEXTS, st.sampled_from(IDS)), max_size=3),
    st.lists(st.sampled_from(IDS), max_size=3),
)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def adopted(
    known: TargetState, head: Mapping[str, str], entries: list[StoreEntry], *, vouched: bool = False
) -> TargetState:
    documents = documents_of(head)
    ours = by_path(entries, US, {*documents, *known.files})
    measured = {
        path: Measured(sha256(head[path]), len(head[path])) for path in paths_to_measure(known, documents, ours)
    }
    return adopt(known, documents, ours, measured, vouched=vouched)


def documents_of(head: Mapping[str, str]) -> dict[str, Document]:
    return {path: document(path, text) for path, text in head.items()}


def file_ids(found: TargetState) -> list[str]:
    return [item.file_id for item in found.files.values()]


@given(STATES, HEADS, listings())
def test_each_of_our_entries_is_kept_or_goes_and_nobody_elses_is_touched(
    known: TargetState, head: dict[str, str], entries: list[StoreEntry]
) -> None:
    found = adopted(known, head, entries)
    kept, gone = file_ids(found), set(found.pending_delete)
    owned = {item.file_id for item in entries if belongs(item, US)}
    assert len(kept) == len(set(kept))
    assert gone.isdisjoint(kept)
    assert gone | set(kept) == owned


@given(STATES, HEADS, listings())
def test_only_a_vouched_manifest_may_add_ids_that_the_store_does_not_list(
    known: TargetState, head: dict[str, str], entries: list[StoreEntry]
) -> None:
    plain, vouched = (adopted(known, head, entries, vouched=vouched) for vouched in (False, True))
    assert plain.files == vouched.files
    added = set(vouched.pending_delete) - set(plain.pending_delete)
    assert added <= {*known.pending_delete, *file_ids(known)}
    assert set(file_ids(known)) <= set(vouched.pending_delete) | set(file_ids(vouched))


@given(STATES, HEADS, listings())
def test_every_path_that_has_a_searchable_entry_keeps_one(
    known: TargetState, head: dict[str, str], entries: list[StoreEntry]
) -> None:
    found = adopted(known, head, entries)
    searchable = {item.file_id for item in entries if item.status == "completed" and belongs(item, US)}
    assert set(file_ids(found)) <= searchable
    names = by_path([item for item in entries if item.file_id in searchable], US, [*head, *known.files])
    assert found.files.keys() == names.keys()


@given(HEADS, listings())
def test_without_a_manifest_the_heads_bytes_are_never_uploaded_again(
    head: dict[str, str], entries: list[StoreEntry]
) -> None:
    found = adopted(state(), head, entries)
    plan = make_plan(found, documents_of(head), {})
    held = {
        (item.attributes["path"], item.attributes["sha256"])
        for item in entries
        if belongs(item, US) and item.status == "completed"
    }
    uploaded = [op.path for op in plan.of("upload", "replace")]
    assert [path for path in uploaded if path != LONG and (path, sha256(head[path])) in held] == []


@given(STATES, HEADS, listings())
def test_what_is_adopted_is_recorded_as_what_it_is(
    known: TargetState, head: dict[str, str], entries: list[StoreEntry]
) -> None:
    known = dataclasses.replace(known, files={})
    shown = {item.file_id: item.attributes["sha256"] for item in entries}
    for path, record in adopted(known, head, entries).files.items():
        assert record.sha256 == shown[record.file_id]
        if path in head and record.sha256 == sha256(head[path]):
            assert record == entry(path, head[path], record.file_id, TARGET)
        else:
            assert record.blob == "unknown"


@given(HEADS, listings())
def test_adopting_twice_finds_nothing_new(head: dict[str, str], entries: list[StoreEntry]) -> None:
    once = adopted(state(commit=COMMIT), head, entries)
    left = [item for item in entries if item.file_id not in once.pending_delete]
    again = adopted(once, head, left)
    assert again.files == once.files
    assert again.pending_delete == ()
