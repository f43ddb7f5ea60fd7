"""The API without any client: requests and responses as values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from vsync.embedded import EmbeddedStore, Request, Response


class Clock:
    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def send(
    store: EmbeddedStore,
    method: str,
    path: str,
    value: object = None,
    *,
    body: Iterable[bytes] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    path, _, query = path.partition("?")
    content = body if body is not None else [json.dumps(value).encode()] if value is not None else []
    return store.handle(Request(method, path, parse_qs(query), headers or {}, content))


def ask(store: EmbeddedStore, method: str, path: str, value: object = None) -> Any:
    """The JSON of a request that succeeds."""
    response = send(store, method, path, value)
    answer = of_json(response)
    assert response.status == 200, answer
    return answer


def of_json(response: Response) -> Any:
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    return json.loads(body)


def multipart(*parts: bytes) -> tuple[dict[str, str], list[bytes]]:
    """Headers and body of a form, its parts given from their headers on."""
    body = b"".join(b"--limit\r\n" + part + b"\r\n" for part in parts) + b"--limit--\r\n"
    return {"content-type": "multipart/form-data; boundary=limit"}, [body]


def upload(store: EmbeddedStore, name: str = "a.md", content: bytes = b"fox", purpose: bytes = b"assistants") -> str:
    headers, body = multipart(
        b'Content-Disposition: form-data; name="purpose"\r\n\r\n' + purpose,
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + content,
    )
    response = send(store, "POST", "/v1/files", body=body, headers=headers)
    answer = of_json(response)
    assert response.status == 200, answer
    file_id: str = answer["id"]
    return file_id


def store_with(store: EmbeddedStore, *documents: tuple[str, bytes], **arguments: object) -> str:
    file_ids = [upload(store, name, content) for name, content in documents]
    vector_store_id: str = ask(store, "POST", "/vector_stores", {"file_ids": file_ids, **arguments})["id"]
    return vector_store_id


def statuses(store: EmbeddedStore, vector_store_id: str) -> list[str]:
    answer = ask(store, "GET", f"/vector_stores/{vector_store_id}/files?limit=100&order=asc")
    return [entry["status"] for entry in answer["data"]]


def found(store: EmbeddedStore, vector_store_id: str, query: str) -> list[str]:
    answer = ask(store, "POST", f"/vector_stores/{vector_store_id}/search", {"query": query})
    return [hit["filename"] for hit in answer["data"]]


def line(custom_id: str = "a", **members: object) -> bytes:
    """A request of a batch, as a line. Members replace its own; None leaves one out."""
    value: dict[str, object] = {
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "m", "messages": []},
    }
    return json.dumps({name: item for name, item in (value | members).items() if item is not None}).encode() + b"\n"


def batch(store: EmbeddedStore, *lines: bytes, endpoint: str = "/v1/chat/completions", **arguments: object) -> str:
    """The id of a new batch of these lines."""
    file = upload(store, "a.jsonl", b"".join(lines), b"batch")
    value = {"input_file_id": file, "endpoint": endpoint, "completion_window": "24h", **arguments}
    batch_id: str = ask(store, "POST", "/batches", value)["id"]
    return batch_id


def content(store: EmbeddedStore, file_id: str) -> bytes:
    response = send(store, "GET", f"/files/{file_id}/content")
    assert response.status == 200
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)


def results(store: EmbeddedStore, file_id: str) -> dict[str, Any]:
    """The lines of an output File or error File by their custom_id."""
    lines = [json.loads(each) for each in content(store, file_id).splitlines()]
    found = {each["custom_id"]: each for each in lines}
    assert len(found) == len(lines)
    return found
