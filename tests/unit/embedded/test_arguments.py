from __future__ import annotations

from typing import Any

import pytest

from tests.unit.embedded.helpers import of_json, send, store_with, upload
from vsync.embedded import EmbeddedStore

STATIC: dict[str, Any] = {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0}


def refusal(store: EmbeddedStore, path: str, value: object) -> tuple[int, str, str]:
    response = send(store, "POST", path, value)
    error = of_json(response)["error"]
    return response.status, error["param"], error["code"]


@pytest.mark.parametrize(
    ("value", "param", "code"),
    [
        ({}, "query", "missing_required_parameter"),
        ({"query": None}, "query", "missing_required_parameter"),
        ({"query": 5}, "query", "invalid_type"),
        ({"query": ["a", 5]}, "query", "invalid_type"),
        ({"query": ["a"] * 101}, "query", "array_above_max_length"),
        ({"query": "a", "rewrite_query": "yes"}, "rewrite_query", "invalid_type"),
        ({"query": "a", "max_num_results": "5"}, "max_num_results", "invalid_type"),
        ({"query": "a", "max_num_results": True}, "max_num_results", "invalid_type"),
        ({"query": "a", "ranking_options": 5}, "ranking_options", "invalid_type"),
        ({"query": "a", "ranking_options": {"ranker": "best"}}, "ranking_options.ranker", "invalid_value"),
        (
            {"query": "a", "ranking_options": {"score_threshold": "high"}},
            "ranking_options.score_threshold",
            "invalid_type",
        ),
        (
            {"query": "a", "ranking_options": {"score_threshold": 1.1}},
            "ranking_options.score_threshold",
            "invalid_value",
        ),
    ],
)
def test_a_search_with_a_wrong_field_is_refused(store: EmbeddedStore, value: object, param: str, code: str) -> None:
    assert refusal(store, f"/vector_stores/{store_with(store)}/search", value) == (400, param, code)


@pytest.mark.parametrize(
    ("value", "param", "code"),
    [
        ({}, "file_id", "missing_required_parameter"),
        ({"file_id": 5}, "file_id", "invalid_type"),
        ({"file_id": "f", "attributes": []}, "attributes", "invalid_type"),
        ({"file_id": "f", "attributes": {"k": {}}}, "attributes", "invalid_type"),
        ({"file_id": "f", "chunking_strategy": "auto"}, "chunking_strategy", "invalid_type"),
        ({"file_id": "f", "chunking_strategy": {}}, "chunking_strategy.type", "missing_required_parameter"),
        ({"file_id": "f", "chunking_strategy": {"type": "best"}}, "chunking_strategy.type", "invalid_value"),
        (
            {"file_id": "f", "chunking_strategy": {"type": "static"}},
            "chunking_strategy.static",
            "missing_required_parameter",
        ),
        (
            {"file_id": "f", "chunking_strategy": {"type": "static", "static": STATIC | {"more": 1}}},
            "chunking_strategy.static.more",
            "unknown_parameter",
        ),
        (
            {"file_id": "f", "chunking_strategy": {"type": "static", "static": {"max_chunk_size_tokens": 100}}},
            "chunking_strategy.static.chunk_overlap_tokens",
            "missing_required_parameter",
        ),
    ],
)
def test_an_attachment_with_a_wrong_field_is_refused(
    store: EmbeddedStore, value: object, param: str, code: str
) -> None:
    assert refusal(store, f"/vector_stores/{store_with(store)}/files", value) == (400, param, code)


def test_an_update_must_say_which_attributes(store: EmbeddedStore) -> None:
    vector_store, file = store_with(store), upload(store)
    send(store, "POST", f"/vector_stores/{vector_store}/files", {"file_id": file})
    path = f"/vector_stores/{vector_store}/files/{file}"
    assert refusal(store, path, {}) == (400, "attributes", "missing_required_parameter")


def test_the_text_of_a_file_that_failed_cannot_be_read(store: EmbeddedStore) -> None:
    vector_store = store_with(store, ("a.txt", b"\xff"))
    file = of_json(send(store, "GET", f"/vector_stores/{vector_store}/files"))["data"][0]["id"]
    response = send(store, "GET", f"/vector_stores/{vector_store}/files/{file}/content")
    assert response.status == 400
    assert "failed" in of_json(response)["error"]["message"]


def test_null_stands_for_what_is_left_out(store: EmbeddedStore) -> None:
    value = dict.fromkeys(("name", "metadata", "expires_after", "file_ids", "chunking_strategy", "description"))
    assert send(store, "POST", "/vector_stores", value).status == 200


def test_ranking_options_need_no_threshold(store: EmbeddedStore) -> None:
    vector_store = store_with(store, ("a.md", b"fox"))
    value = {"query": "fox", "ranking_options": {"ranker": "auto"}, "rewrite_query": True}
    response = send(store, "POST", f"/vector_stores/{vector_store}/search", value)
    assert [hit["filename"] for hit in of_json(response)["data"]] == ["a.md"]
