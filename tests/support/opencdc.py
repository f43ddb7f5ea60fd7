"""Records as lines, from short words."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from vsync.records.change import Change


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def record(
    key: Any,
    content: Any = None,
    position: Any = None,
    *,
    operation: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    representation: str = "text",
) -> bytes:
    """A record of OpenCDC as one line. Without content it is a delete."""
    raw = representation == "base64"
    return json.dumps(
        {
            "position": position,
            "operation": operation or ("delete" if content is None else "create"),
            "metadata": dict(metadata or {}),
            "key": encoded(key) if raw and isinstance(key, str) else key,
            "payload": {
                "before": None,
                "after": encoded(content) if raw and isinstance(content, str) else content,
            },
        },
        ensure_ascii=False,
    ).encode()


def change(
    key: str, content: str | None = "text", order: str = "", *, line: int = 1, metadata: Mapping[str, Any] | None = None
) -> Change:
    """A change as a reader gives it. Without content it is a delete."""
    return Change(
        line=line,
        raw=f"{key}={content}".encode(),
        position=order,
        order=order,
        key=key,
        path=key,
        key_value=key,
        deletes=content is None,
        content=content,
        collection="",
        metadata=metadata or {},
    )
