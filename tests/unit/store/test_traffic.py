"""Requests are counted by their endpoint, and the server's clock is read from its answers."""

from __future__ import annotations

import pytest

from vsync.store.traffic import Traffic, endpoint


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/files", "/files"),
        ("/files/file-1", "/files/{id}"),
        ("/files/file-1/content", "/files/{id}/content"),
        ("/vector_stores", "/vector_stores"),
        ("/vector_stores/", "/vector_stores"),
        ("/vector_stores/vs_1", "/vector_stores/{id}"),
        ("/vector_stores/vs_1/search", "/vector_stores/{id}/search"),
        ("/vector_stores/vs_1/files", "/vector_stores/{id}/files"),
        ("/vector_stores/vs_1/files/file-1", "/vector_stores/{id}/files/{id}"),
        ("/vector_stores/vs_1/files/file-1/content", "/vector_stores/{id}/files/{id}/content"),
        ("/vector_stores/vs_1/file_batches", "/vector_stores/{id}/file_batches"),
        ("/vector_stores/vs_1/file_batches/b_1/files", "/vector_stores/{id}/file_batches/{id}/files"),
        ("/vector_stores/vs_1/file_batches/b_1/cancel", "/vector_stores/{id}/file_batches/{id}/cancel"),
        ("/batches/batch_1/cancel", "/batches/{id}/cancel"),
        ("/uploads/upload_1/parts", "/uploads/{id}/parts"),
        ("/", "/"),
    ],
)
def test_requests_are_counted_without_their_ids(path: str, shown: str) -> None:
    assert endpoint(path) == shown


def test_the_servers_time_is_that_of_its_last_answer() -> None:
    traffic, told = Traffic(), list[int]()
    traffic.answered("no date")
    assert traffic.date is None
    traffic.at_next_answer(told.append)
    traffic.answered("Sat, 21 Nov 2026 12:00:00 GMT")
    traffic.answered("Sat, 21 Nov 2026 12:00:01 GMT")
    assert traffic.date == 1795262401
    assert told == [1795262400]


def test_a_servers_clock_that_is_minutes_apart_is_seen() -> None:
    traffic, now = Traffic(), 1_795_262_400.0
    traffic.answered("Sat, 21 Nov 2026 12:04:00 GMT", now)
    assert traffic.ahead == 0
    traffic.answered("Sat, 21 Nov 2026 12:10:00 GMT", now)
    assert traffic.ahead == 600
    traffic.answered("no date", now)
    assert traffic.ahead == 600
