"""Stores, Files and entries as JSON, as the command line and the REST API give them."""

from __future__ import annotations

import json

import pytest

from tests.support.project import of_vsync
from vsync.manage.entries import entry_data
from vsync.manage.files import file_data, owner_of_file
from vsync.manage.filters import Use
from vsync.manage.owner import Owner
from vsync.manage.stores import store_data
from vsync.store.entries import StoreEntry, StoreInfo, UploadedFile

NONCE = "5ec2e7" * 6
STORE = StoreInfo(
    "vs_1",
    "docs",
    "completed",
    6,
    3_000_000_000,
    100,
    {"vsync_owner": "o", "vsync_source": "acme/docs", "vsync_target": "api", "vsync_nonce": NONCE, "team": "docs"},
    in_progress=1,
    failed=2,
    completed=2,
    cancelled=1,
    last_active_at=200,
    expires_at=300,
    expires_after_days=7,
)
ACME = Owner("acme/docs", "default")


def test_a_store_tells_all_but_its_secret() -> None:
    data = store_data(STORE)
    assert NONCE not in json.dumps(data)
    assert data == {
        "id": "vs_1",
        "object": "vector_store",
        "name": "docs",
        "status": "completed",
        "files": 6,
        "in_progress": 1,
        "failed": 2,
        "file_counts": {"in_progress": 1, "completed": 2, "failed": 2, "cancelled": 1, "total": 6},
        "usage_bytes": 3_000_000_000,
        "created_at": 100,
        "last_active_at": 200,
        "expires_at": 300,
        "expires_after_days": 7,
        "metadata": {"vsync_owner": "o", "vsync_source": "acme/docs", "vsync_target": "api", "team": "docs"},
        "owner": {"source": "acme/docs", "target": "api"},
        "cost_per_day": pytest.approx(0.3, rel=0.1),
    }


def test_a_store_of_somebody_else_has_no_owner() -> None:
    data = store_data(StoreInfo("vs_1", None, "completed", 0, 0, 0, {}))
    assert (data["name"], data["owner"], data["metadata"], data["cost_per_day"]) == (None, None, {}, 0)


def test_an_entry_tells_its_path_its_error_and_its_owner() -> None:
    entry = StoreEntry("file-1", "failed", of_vsync(path="docs/a.md"), None, "unsupported", "no text", 5, 7)
    assert entry_data(entry, "vs_1") == {
        "id": "file-1",
        "object": "vector_store.file",
        "vector_store_id": "vs_1",
        "path": "docs/a.md",
        "status": "failed",
        "error": {"code": "unsupported", "message": "no text"},
        "attributes": of_vsync(path="docs/a.md"),
        "usage_bytes": 7,
        "created_at": 5,
        "owner": {"source": "acme/docs", "target": "default"},
    }


@pytest.mark.parametrize("attributes", [{}, {"path": 7}, {"path": True}])
def test_an_entry_without_a_path_has_none(attributes: dict[str, float]) -> None:
    data = entry_data(StoreEntry("file-1", "completed", attributes, None), "vs_1")
    assert (data["path"], data["error"], data["owner"]) == (None, None, None)


FILE = UploadedFile("file-1", "a.md", 3, "assistants", 5, "processed", 9)
PLAIN = {
    "id": "file-1",
    "object": "file",
    "filename": "a.md",
    "bytes": 3,
    "purpose": "assistants",
    "status": "processed",
    "created_at": 5,
    "expires_at": 9,
}


def test_a_file_whose_stores_were_not_asked_says_nothing_of_them() -> None:
    assert file_data(FILE) == PLAIN


def test_a_file_tells_which_stores_list_it_and_whose_it_is() -> None:
    use = Use("vs_1", "docs", "docs/a.md", ACME, {})
    assert file_data(FILE, []) == {**PLAIN, "stores": [], "owner": None}
    assert file_data(FILE, [use]) == {
        **PLAIN,
        "stores": [{"id": "vs_1", "name": "docs", "path": "docs/a.md"}],
        "owner": {"source": "acme/docs", "target": "default"},
    }


@pytest.mark.parametrize(
    ("owners", "owner"),
    [
        ([], None),
        ([ACME], ACME),
        ([ACME, ACME], ACME),
        ([ACME, None], None),
        ([ACME, Owner("b", "default")], None),
        ([None], None),
    ],
)
def test_a_file_is_an_owners_when_all_its_entries_say_so(owners: list[Owner | None], owner: Owner | None) -> None:
    assert owner_of_file([Use(f"vs_{place}", "", "", one, {}) for place, one in enumerate(owners)]) == owner
