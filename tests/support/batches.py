"""Batches and request files for tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from vsync.batch.metadata import Made, OwnBatch
from vsync.store.batch_info import BatchInfo

SOURCE = "acme/docs"


def request(custom_id: str, *, model: str = "gpt-5-mini", url: str = "/v1/responses", **body: Any) -> dict[str, Any]:
    """A request as it stands in a line of a request file."""
    content = {"model": model, "input": f"About {custom_id}", **body}
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": content}


def request_file(*requests: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in requests)


def requests_named(ids: Iterable[str], **more: Any) -> bytes:
    """A request file with a request for each id."""
    return request_file(*(request(custom_id, **more) for custom_id in ids))


def sha256(content: bytes | str) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


_NO_TIMES = dict.fromkeys(
    ("in_progress_at", "finalizing_at", "completed_at", "failed_at", "expired_at", "cancelling_at", "cancelled_at")
)


def batch_info(batch_id: str = "batch_1", status: str = "in_progress", **more: Any) -> BatchInfo:
    """A batch as the API shows it."""
    facts: dict[str, Any] = {
        "endpoint": "/v1/responses",
        "model": "gpt-5-mini",
        "window": "24h",
        "input_file_id": "file-input",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": 1_000,
        "expires_at": 1_000 + 24 * 3600,
        "total": 0,
        "completed": 0,
        "failed": 0,
        "errors": (),
        "metadata": {},
        "input_tokens": None,
        "output_tokens": None,
        "total_tokens": None,
        **_NO_TIMES,
    }
    return BatchInfo(id=batch_id, status=status, **{**facts, **more})


def own_batch(
    content: str = "one", batch_id: str = "batch_1", status: str = "in_progress", *, path: str = "batches/a.jsonl",
    attempt: int = 1, part: str = "", source: str = SOURCE, **more: Any,
) -> OwnBatch:  # fmt: skip
    """A batch that vsync made of a content (a word whose SHA-256 stands for that of the file)."""
    made = Made(source, path, sha256(content), 3, attempt, sha256(part) if part else "", "batch_0" if part else "")
    return OwnBatch(made, batch_info(batch_id, status, metadata=made.to_metadata(), **more))
