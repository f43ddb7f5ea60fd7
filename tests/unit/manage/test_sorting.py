"""The order of a listing."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.manage.sorting import ENTRY_KEYS, FILE_KEYS, STORE_KEYS, in_order
from vsync.store.entries import StoreEntry, StoreInfo, UploadedFile

OURS = {"vsync_owner": "o1", "vsync_source": "acme/docs", "vsync_target": "default"}
STORES = [
    StoreInfo("vs_1", "b", "expired", 3, 20, 100, OURS, last_active_at=150),
    StoreInfo("vs_2", None, "completed", 1, 30, 300, {}, last_active_at=None),
    StoreInfo("vs_3", "A", "in_progress", 2, 10, 200, {**OURS, "vsync_source": "acme/api"}, last_active_at=500),
]
FILES = [UploadedFile("file-1", "b.md", 2, "batch", 10), UploadedFile("file-2", "A.md", 1, "assistants", 20)]
ENTRIES = [
    StoreEntry("file-1", "failed", {"path": "b.md"}, None, created_at=10, usage_bytes=2),
    StoreEntry("file-2", "completed", {"path": 7}, None, created_at=20, usage_bytes=1),
]


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        (None, ["vs_1", "vs_2", "vs_3"]),
        ("name", ["vs_2", "vs_3", "vs_1"]),
        ("-name", ["vs_1", "vs_3", "vs_2"]),
        ("created", ["vs_1", "vs_3", "vs_2"]),
        ("active", ["vs_1", "vs_2", "vs_3"]),
        ("-size", ["vs_2", "vs_1", "vs_3"]),
        ("files", ["vs_2", "vs_3", "vs_1"]),
        ("status", ["vs_2", "vs_1", "vs_3"]),
        ("owner", ["vs_2", "vs_3", "vs_1"]),
    ],
)
def test_stores_have_an_order_for_each_key(order: str | None, ids: list[str]) -> None:
    assert [info.id for info in in_order(STORES, STORE_KEYS, order)] == ids


@pytest.mark.parametrize("order", [*FILE_KEYS, *(f"-{key}" for key in FILE_KEYS)])
def test_files_have_an_order_for_each_key(order: str) -> None:
    a_first = [file.id for file in in_order(FILES, FILE_KEYS, order)] == ["file-2", "file-1"]
    assert a_first == (order in {"name", "size", "purpose", "-created"})


@pytest.mark.parametrize("order", [*ENTRY_KEYS, *(f"-{key}" for key in ENTRY_KEYS)])
def test_entries_have_an_order_for_each_key(order: str) -> None:
    second_first = [entry.file_id for entry in in_order(ENTRIES, ENTRY_KEYS, order)] == ["file-2", "file-1"]
    assert second_first == (order in {"path", "size", "status", "-created"})


@pytest.mark.parametrize("order", ["", "-", "--name", "Name", "nonce", "name "])
def test_an_unknown_key_is_refused_with_the_known_ones(order: str) -> None:
    with pytest.raises(ValueError, match="name, created, active, size, files, status, owner"):
        in_order(STORES, STORE_KEYS, order)


@given(st.lists(st.integers(0, 3)))
def test_what_is_equal_stays_as_it_came_in_both_directions(sizes: list[int]) -> None:
    files = [UploadedFile(str(place), "", number, "", 0) for place, number in enumerate(sizes)]
    for order in ("size", "-size"):
        found = in_order(files, FILE_KEYS, order)
        assert sorted(file.id for file in found) == sorted(file.id for file in files)
        for one, other in pairwise(found):
            if one.bytes == other.bytes:
                assert int(one.id) < int(other.id)
