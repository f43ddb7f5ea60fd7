from __future__ import annotations

from typing import Any

import pytest

from tests.unit.embedded.helpers import Clock, ask, batch, line, of_json, send, upload
from vsync.embedded import EmbeddedStore

CHAT = "/v1/chat/completions"
HOUR = 3600


def test_a_new_batch_is_described(store: EmbeddedStore, clock: Clock) -> None:
    file = upload(store, "a.jsonl", line(), b"batch")
    value = {"input_file_id": file, "endpoint": CHAT, "completion_window": "24h", "metadata": {"a": "b"}}
    made = ask(store, "POST", "/batches", value)
    assert made["id"].startswith("batch_")
    now = int(clock.now)
    expected = {
        "object": "batch",
        "endpoint": CHAT,
        "model": None,
        "errors": None,
        "input_file_id": file,
        "completion_window": "24h",
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": now,
        "expires_at": now + 24 * HOUR,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "usage": None,
        "metadata": {"a": "b"},
    }
    times = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
    assert made == {"id": made["id"]} | expected | {f"{name}_at": None for name in times}
    assert ask(store, "GET", f"/batches/{made['id']}") == made


@pytest.mark.parametrize(
    ("arguments", "code", "param"),
    [
        ({"input_file_id": None}, "missing_required_parameter", "input_file_id"),
        ({"input_file_id": 7}, "invalid_type", "input_file_id"),
        ({"endpoint": "/v1/files"}, "invalid_value", "endpoint"),
        ({"endpoint": "/chat/completions"}, "invalid_value", "endpoint"),
        ({"completion_window": "1h"}, "invalid_value", "completion_window"),
        ({"completion_window": None}, "missing_required_parameter", "completion_window"),
        ({"metadata": {"a": 1}}, "invalid_type", "metadata"),
        ({"metadata": {"a": "x" * 513}}, "string_above_max_length", "metadata.a"),
        ({"metadata": {"x" * 65: "a"}}, "string_above_max_length", "metadata"),
        ({"metadata": {str(n): "a" for n in range(17)}}, "object_above_max_properties", "metadata"),
        ({"output_expires_after": {"anchor": "now", "seconds": HOUR}}, "invalid_value", "output_expires_after.anchor"),
        ({"output_expires_after": {"anchor": "created_at"}}, "invalid_value", "output_expires_after.seconds"),
        ({"surprise": 1}, "unknown_parameter", "surprise"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(
    store: EmbeddedStore, arguments: dict[str, object], code: str, param: str
) -> None:
    file = upload(store, "a.jsonl", line(), b"batch")
    value = {"input_file_id": file, "endpoint": CHAT, "completion_window": "24h"} | arguments
    response = send(store, "POST", "/batches", value)
    error = of_json(response)["error"]
    assert (response.status, error["code"], error["param"]) == (400, code, param)
    assert ask(store, "GET", "/batches")["data"] == []


@pytest.mark.parametrize("purpose", [b"assistants", b""])
def test_the_input_must_be_a_file_for_batches(store: EmbeddedStore, purpose: bytes) -> None:
    file = upload(store, "a.jsonl", line(), purpose) if purpose else "file-unknown"
    response = send(store, "POST", "/batches", {"input_file_id": file, "endpoint": CHAT, "completion_window": "24h"})
    error = of_json(response)["error"]
    assert (response.status, error["param"]) == (400, "input_file_id")
    said = "has the purpose 'assistants'" if purpose else "Cannot find file file-unknown, or"
    assert said in error["message"]


def test_the_newest_batch_is_listed_first_whatever_order_is_asked_for(store: EmbeddedStore, clock: Clock) -> None:
    made = []
    for n in range(5):
        clock.now += n % 2
        made.append(batch(store, line()))

    def listed(query: str) -> tuple[list[str], bool]:
        page: Any = ask(store, "GET", f"/batches?{query}")
        return [each["id"] for each in page["data"]], page["has_more"]

    newest = made[::-1]
    assert listed("order=asc&before=x") == (newest, False)
    assert listed("limit=2") == (newest[:2], True)
    assert listed(f"limit=2&after={newest[1]}") == (newest[2:4], True)
    assert listed(f"after={newest[3]}") == (newest[4:], False)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "after=batch_unknown"])
def test_a_page_that_cannot_be_is_refused(store: EmbeddedStore, query: str) -> None:
    assert send(store, "GET", f"/batches?{query}").status == 400


def test_a_page_has_twenty_batches_unless_told(store: EmbeddedStore) -> None:
    for _ in range(21):
        batch(store, line())
    assert len(ask(store, "GET", "/batches")["data"]) == 20


def test_an_unknown_batch_is_not_found(store: EmbeddedStore) -> None:
    for method, path in (("GET", "/batches/batch_x"), ("POST", "/batches/batch_x/cancel")):
        response = send(store, method, path)
        assert (response.status, of_json(response)["error"]["code"]) == (404, "not_found")


def test_a_batch_that_has_ended_cannot_be_cancelled(store: EmbeddedStore, clock: Clock) -> None:
    ended = batch(store, line())
    clock.now += 10
    response = send(store, "POST", f"/batches/{ended}/cancel")
    assert response.status == 409
    assert of_json(response)["error"]["message"] == "Cannot cancel a batch with status 'completed'."
