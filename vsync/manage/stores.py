"""Vector stores as JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vsync.manage.owner import owner_of_store
from vsync.report.cost import per_day

if TYPE_CHECKING:
    from vsync.store.entries import StoreInfo


def store_data(info: StoreInfo, *, priced: bool = True) -> dict[str, Any]:
    """A store as JSON. Times are seconds since the epoch. `cost_per_day` is in US dollars, without the free gigabyte.

    `priced`: the prices of OpenAI hold. Where they do not, nobody knows the cost.
    """
    owner = owner_of_store(info)
    counts = {
        "in_progress": info.in_progress,
        "completed": info.completed,
        "failed": info.failed,
        "cancelled": info.cancelled,
        "total": info.files,
    }
    return {
        "id": info.id,
        "object": "vector_store",
        "name": info.name,
        "status": info.status,
        "files": info.files,
        "in_progress": info.in_progress,
        "failed": info.failed,
        "file_counts": counts,
        "usage_bytes": info.usage_bytes,
        "created_at": info.created_at,
        "last_active_at": info.last_active_at,
        "expires_at": info.expires_at,
        "expires_after_days": info.expires_after_days,
        "metadata": info.shown_metadata,
        "owner": owner and owner.to_json(),
        "cost_per_day": round(per_day(info.usage_bytes, free=0), 6) if priced else None,
    }
