"""Result lines as the Batch API writes them, from short words."""

from __future__ import annotations

import json
from typing import Any


def good(custom_id: str, text: str = "an answer") -> bytes:
    """The line of a request that was answered."""
    return _line(custom_id, {"status_code": 200, "request_id": "req-1", "body": {"text": text}})


def bad(custom_id: str, status: int = 400, code: str | None = "bad_thing", message: str = "It is bad.") -> bytes:
    """The line of a request that was refused."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return _line(custom_id, {"status_code": status, "request_id": "req-1", "body": {"error": error}})


def expired(custom_id: str) -> bytes:
    """The line of a request that was not run in time."""
    return _line(custom_id, None, {"code": "batch_expired", "message": "This request could not be executed in time."})


def _line(custom_id: str, response: Any, error: Any = None) -> bytes:
    found = {"id": f"batch_req_{custom_id}", "custom_id": custom_id, "response": response, "error": error}
    return json.dumps(found).encode()


def lines(*results: bytes) -> bytes:
    return b"".join(result + b"\n" for result in results)
