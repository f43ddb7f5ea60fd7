"""Entries of a vector store as JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vsync.manage.owner import owner_of_entry

if TYPE_CHECKING:
    from vsync.store.entries import StoreEntry


def entry_data(entry: StoreEntry, store_id: str) -> dict[str, Any]:
    """An entry as JSON. `usage_bytes` is what it takes in the store; times are seconds since the epoch."""
    owner, path = owner_of_entry(entry), entry.attributes.get("path")
    failed = {"code": entry.error_code, "message": entry.error_message}
    return {
        "id": entry.file_id,
        "object": "vector_store.file",
        "vector_store_id": store_id,
        "path": path if isinstance(path, str) else None,
        "status": entry.status,
        "error": failed if entry.error_code or entry.error_message else None,
        "attributes": dict(entry.attributes),
        "usage_bytes": entry.usage_bytes,
        "created_at": entry.created_at,
        "owner": owner and owner.to_json(),
    }
