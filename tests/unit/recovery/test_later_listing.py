"""What a later listing of the store adds to the state: entries of ours that an earlier one did not show."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tests.support.builders import document, entry, state, store_entry
from vsync.recovery.adopt import Measured, adopt, paths_to_measure, with_hidden, with_proven
from vsync.state.manifest import TargetState
from vsync.store.entries import StoreEntry

KNOWN = state({"a.md": entry("a.md", file_id="file-a")}, pending_delete=("file-old",))


def seen(entries: Sequence[StoreEntry], wanted: Sequence[str] = ("a.md", "b.md")) -> TargetState:
    by_path: dict[str, list[StoreEntry]] = {}
    for item in entries:
        by_path.setdefault(str(item.attributes["path"]), []).append(item)
    return with_hidden(KNOWN, by_path, wanted)


def test_what_was_known_already_changes_nothing() -> None:
    assert seen([store_entry("file-a", "a.md"), store_entry("file-old", "a.md")]) == KNOWN
    assert seen([]) == KNOWN


def test_a_twin_of_a_document_is_superseded_by_it() -> None:
    found = seen([store_entry("file-a", "a.md"), store_entry("file-twin", "a.md")])
    assert found.files == KNOWN.files
    assert found.pending_delete == ("file-old", "file-twin")
    assert found.settings == KNOWN.settings


def test_an_entry_of_a_path_that_is_not_wanted_is_superseded() -> None:
    found = seen([store_entry("file-gone", "gone.md")])
    assert found.files == KNOWN.files
    assert found.pending_delete == ("file-gone", "file-old")


def test_the_only_entries_of_a_wanted_path_are_kept_but_for_one_and_the_next_run_compares_in_full() -> None:
    found = seen(
        [
            store_entry("file-b1", "b.md", created_at=1),
            store_entry("file-b2", "b.md", created_at=2),
            store_entry("file-b3", "b.md", status="in_progress", created_at=3),
        ]
    )
    assert found.files["b.md"].file_id == "file-b2"
    assert found.files["a.md"] == KNOWN.files["a.md"]
    assert found.pending_delete == ("file-b1", "file-b3", "file-old")
    assert found.settings == ""


def test_a_hidden_entry_that_failed_is_not_kept() -> None:
    found = seen([store_entry("file-b", "b.md", status="failed")])
    assert found.files == KNOWN.files
    assert found.pending_delete == ("file-b", "file-old")
    assert found.settings == KNOWN.settings


def test_an_entry_without_a_hash_is_kept_as_an_old_version() -> None:
    bare = store_entry("file-b", "b.md")
    attributes = {key: value for key, value in bare.attributes.items() if key != "sha256"}
    found = seen([StoreEntry("file-b", "completed", attributes, bare.chunking)])
    kept = found.files["b.md"]
    assert (kept.file_id, kept.sha256, kept.bytes, kept.tag) == ("file-b", "", 0, "")


def test_files_that_are_proven_to_be_ours_go_unless_they_hold_a_document() -> None:
    found = with_proven(KNOWN, ["file-x", "file-a", "file-x"])
    assert found.pending_delete == ("file-old", "file-x")
    assert found.files == KNOWN.files
    assert with_proven(KNOWN, []) == KNOWN


def test_what_is_to_be_deleted_is_not_taken_up_again() -> None:
    found = seen([store_entry("file-old", "b.md")])
    assert "b.md" not in found.files
    assert found.pending_delete == ("file-old",)
    assert found.settings == KNOWN.settings


def test_a_document_of_the_manifest_that_was_taken_for_gone_is_kept_where_nothing_came_in_its_place() -> None:
    """Its new version could not be indexed, and the listing that did not show the old one was stale."""
    gone = state({"a.md": entry("a.md", file_id="file-a")}, pending_delete=("file-b",))
    ours = {"b.md": [store_entry("file-b", "b.md")], "a.md": [store_entry("file-a", "a.md")]}
    found = with_hidden(gone, ours, ["a.md", "b.md"], {"file-a", "file-b"})
    assert found.files["b.md"].file_id == "file-b"
    assert (found.pending_delete, found.settings) == ((), "")
    replaced = state({"b.md": entry("b.md", file_id="file-new")}, pending_delete=("file-b",))
    assert with_hidden(replaced, ours, ["b.md"], {"file-a", "file-b"}).pending_delete == ("file-a", "file-b")


def test_an_entry_that_the_store_no_longer_lists_proves_nothing() -> None:
    recorded = state({"a.md": entry("a.md", file_id="file-lost")})
    documents = {"a.md": document("a.md")}
    ours = {"a.md": [store_entry("file-other", "a.md", "another text")]}
    assert paths_to_measure(recorded, documents, ours) == ["a.md"]
    measured = {"a.md": Measured(hashlib.sha256(b"one").hexdigest(), 3)}
    kept = adopt(recorded, documents, ours, measured, vouched=True).files["a.md"]
    assert kept.file_id == "file-other"
    assert kept.blob != documents["a.md"].blob
