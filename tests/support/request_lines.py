"""Lines of request files, made from short words."""

from __future__ import annotations

import json
from typing import Any

LEFT_OUT = object()
"""As a member's value: the request has no such member."""


def request(number: int = 1, /, **members: Any) -> bytes:
    """One sound line, with some members replaced or left out."""
    values = {
        "custom_id": f"request-{number}",
        "method": "POST",
        "url": "/v1/responses",
        "body": {"model": "gpt-5-mini", "input": "Say hello."},
        **members,
    }
    return json.dumps({name: value for name, value in values.items() if value is not LEFT_OUT}).encode()


def request_file(*lines: bytes) -> bytes:
    return b"".join(line + b"\n" for line in lines)
