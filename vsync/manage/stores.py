"""Vector stores as JSON and as a table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vsync.system.redaction import printable
from vsync.system.wording import size

if TYPE_CHECKING:
    from vsync.store.entries import StoreInfo


def store_data(info: StoreInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "name": info.name,
        "status": info.status,
        "files": info.files,
        "in_progress": info.in_progress,
        "failed": info.failed,
        "usage_bytes": info.usage_bytes,
        "created_at": info.created_at,
        "metadata": info.shown_metadata,
    }


def store_lines(stores: Sequence[StoreInfo]) -> list[str]:
    """Stores as a table for people."""
    if not stores:
        return ["There is no vector store."]
    rows = [("ID", "NAME", "STATUS", "FILES", "SIZE")]
    rows += [
        (
            printable(info.id),
            printable(info.name or ""),
            printable(info.status),
            str(info.files),
            size(info.usage_bytes),
        )
        for info in stores
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
