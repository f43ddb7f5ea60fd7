"""What happens by itself as time passes: expiry, indexing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.embedded.helpers import Clock, ask, found, send, statuses, store_with, upload
from vsync.embedded import EmbeddedStore, indexing

DAY = 24 * 3600
WEEK = {"anchor": "last_active_at", "days": 7}


def test_an_expired_store_is_empty_says_so_and_keeps_the_files(store: EmbeddedStore, clock: Clock) -> None:
    vector_store = store_with(store, ("a.md", b"fox"), expires_after=WEEK)
    (file,) = [entry["id"] for entry in ask(store, "GET", f"/vector_stores/{vector_store}/files")["data"]]
    clock.now += 7 * DAY
    answer = ask(store, "GET", f"/vector_stores/{vector_store}")
    assert (answer["status"], answer["file_counts"]["total"], answer["usage_bytes"]) == ("expired", 0, 0)
    assert ask(store, "GET", f"/vector_stores/{vector_store}/files")["data"] == []
    assert ask(store, "GET", f"/files/{file}")["id"] == file


def test_an_expired_store_is_shown_in_the_list_without_being_asked_for(store: EmbeddedStore, clock: Clock) -> None:
    store_with(store, expires_after=WEEK)
    clock.now += 8 * DAY
    assert [item["status"] for item in ask(store, "GET", "/vector_stores")["data"]] == ["expired"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/search", {"query": "fox"}),
        ("/files", {"file_id": "file-x"}),
        ("/file_batches", {"file_ids": ["file-x"]}),
    ],
)
def test_an_expired_store_cannot_be_used(store: EmbeddedStore, clock: Clock, path: str, value: object) -> None:
    vector_store = store_with(store, expires_after=WEEK)
    clock.now += 7 * DAY
    response = send(store, "POST", f"/vector_stores/{vector_store}{path}", value)
    assert response.status == 400
    assert b"has expired" in bytes(response.body if isinstance(response.body, bytes) else b"")


def test_an_expired_store_does_not_come_back(store: EmbeddedStore, clock: Clock) -> None:
    vector_store = store_with(store, expires_after=WEEK)
    clock.now += 7 * DAY
    assert ask(store, "POST", f"/vector_stores/{vector_store}", {"expires_after": None})["status"] == "expired"


def test_use_puts_the_expiry_off_and_looking_does_not(store: EmbeddedStore, clock: Clock) -> None:
    vector_store = store_with(store, ("a.md", b"fox"), expires_after=WEEK)
    before = ask(store, "GET", f"/vector_stores/{vector_store}")["expires_at"]
    clock.now += 6 * DAY
    assert ask(store, "GET", f"/vector_stores/{vector_store}")["expires_at"] == before
    assert found(store, vector_store, "fox") == ["a.md"]
    assert ask(store, "GET", f"/vector_stores/{vector_store}")["expires_at"] == before + 6 * DAY
    clock.now += 6 * DAY
    assert ask(store, "GET", f"/vector_stores/{vector_store}")["status"] == "completed"


def test_taking_the_expiry_away_keeps_the_store(store: EmbeddedStore, clock: Clock) -> None:
    vector_store = store_with(store, expires_after=WEEK)
    ask(store, "POST", f"/vector_stores/{vector_store}", {"expires_after": None})
    clock.now += 400 * DAY
    assert ask(store, "GET", f"/vector_stores/{vector_store}")["status"] == "completed"


def test_an_expired_file_is_gone_from_everywhere(store: EmbeddedStore, clock: Clock) -> None:
    file = upload(store, "a.json", b"fox", purpose=b"batch")
    vector_store = ask(store, "POST", "/vector_stores", {"file_ids": [file]})["id"]
    clock.now += 30 * DAY - 1
    assert found(store, vector_store, "fox") == ["a.json"]
    clock.now += 1
    assert send(store, "GET", f"/files/{file}").status == 404
    assert found(store, vector_store, "fox") == []
    assert ask(store, "GET", f"/vector_stores/{vector_store}")["file_counts"]["total"] == 0


def test_whoever_looks_first_after_the_delay_indexes(tmp_path: Path, clock: Clock) -> None:
    attaching = EmbeddedStore(tmp_path / "s.db", clock=clock, indexing_delay_s=10)
    vector_store = store_with(attaching, ("a.md", b"fox"))
    assert statuses(attaching, vector_store) == ["in_progress"]
    attaching.close()
    looking = EmbeddedStore(tmp_path / "s.db", clock=clock)
    clock.now += 9
    assert statuses(looking, vector_store) == ["in_progress"]
    clock.now += 1
    assert statuses(looking, vector_store) == ["completed"]
    looking.close()


def test_a_request_does_not_index_for_longer_than_its_share(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    vector_store = store_with(store, *((f"{n}.md", b"x") for n in range(3)))
    monkeypatch.setattr(indexing, "BUDGET_S", 0.0)
    monkeypatch.setattr(indexing, "MAX_FILES_AT_ONCE", 1)
    assert statuses(store, vector_store) == ["completed", "in_progress", "in_progress"]
    assert statuses(store, vector_store) == ["completed", "completed", "in_progress"]


def test_large_files_do_not_share_a_transaction(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "MAX_BYTES_AT_ONCE", 10)
    monkeypatch.setattr(indexing, "BUDGET_S", 0.0)
    vector_store = store_with(store, ("a.md", b"x" * 20), ("b.md", b"x" * 20))
    assert statuses(store, vector_store) == ["completed", "in_progress"]
    assert statuses(store, vector_store) == ["completed", "completed"]


def test_a_file_without_words_is_found_by_its_name(store: EmbeddedStore) -> None:
    vector_store = store_with(store, ("handbook.pdf", b"%PDF"), ("other.md", b"words"))
    assert found(store, vector_store, "handbook") == ["handbook.pdf"]


def test_order_within_one_second_is_the_order_of_creation(store: EmbeddedStore) -> None:
    ids = [upload(store, f"{n}.md") for n in range(10)]
    assert [file["id"] for file in ask(store, "GET", "/files?order=asc")["data"]] == ids
    assert [file["id"] for file in ask(store, "GET", "/files?after=" + ids[5])["data"]] == ids[4::-1]


def test_a_clock_that_steps_back_does_not_lose_anything_in_paging(store: EmbeddedStore, clock: Clock) -> None:
    ids = []
    for _ in range(6):
        ids.append(upload(store))
        clock.now -= 5
    seen: list[str] = []
    cursor = ""
    while True:
        page = ask(store, "GET", f"/files?order=asc&limit=2{cursor}")
        seen += [file["id"] for file in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&after={page['last_id']}"
    assert seen == ids[::-1]
