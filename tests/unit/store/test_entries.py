"""Values of a store: what is sent, and whose it is."""

from __future__ import annotations

from tests.support.builders import store_info
from vsync.documents.chunking import Chunking
from vsync.store.entries import NewEntry


def test_a_store_that_vsync_did_not_make_has_no_owner() -> None:
    assert store_info().owner is None


def test_an_entry_is_sent_with_its_attributes_and_chunking() -> None:
    assert NewEntry("file-1", {"path": "a.md"}, Chunking(400, 200)).to_api() == {
        "file_id": "file-1",
        "attributes": {"path": "a.md"},
        "chunking_strategy": {
            "type": "static",
            "static": {"max_chunk_size_tokens": 400, "chunk_overlap_tokens": 200},
        },
    }
