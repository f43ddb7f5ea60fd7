"""Changes of a stream, from what a test cares about."""

from __future__ import annotations

from typing import Any

from vsync.records.change import Change


def change(
    content: Any = "a text", key_value: Any = "key-1", *, deletes: bool = False, collection: str = "", **others: Any
) -> Change:
    """A change of a document. `others` are its position, metadata and so on."""
    return Change(
        line=others.get("line", 1),
        raw=others.get("raw", b"{}"),
        position=others.get("position", "1"),
        order=others.get("order", "1"),
        key=others.get("key", key_value),
        path=others["path"] if "path" in others else str(key_value),
        key_value=key_value,
        deletes=deletes,
        content=None if deletes else content,
        collection=collection,
        metadata=others.get("metadata", {}),
    )
