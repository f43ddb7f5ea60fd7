"""How a request is named in the count, and answers as plain data."""

from __future__ import annotations

import pytest

from vsync.store.client import endpoint, plain


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


def test_what_is_plain_already_stays() -> None:
    class Model:
        def model_dump(self, mode: str, **_: object) -> dict[str, str]:
            return {"mode": mode}

    assert plain(Model()) == {"mode": "json"}
    assert plain({"a": 1}) == {"a": 1}
    assert plain(None) is None
