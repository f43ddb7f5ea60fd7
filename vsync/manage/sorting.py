"""The order of a listing: by a key, and with a `-` before it from the greatest to the least. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from vsync.manage.owner import owner_of_store
from vsync.store.entries import StoreEntry, StoreInfo, UploadedFile

T = TypeVar("T")
Keys = Mapping[str, Callable[[T], Any]]

STORE_KEYS: Keys[StoreInfo] = {
    "name": lambda info: (info.name or "").casefold(),
    "created": lambda info: info.created_at,
    "active": lambda info: info.last_active_at or info.created_at,
    "size": lambda info: info.usage_bytes,
    "files": lambda info: info.files,
    "status": lambda info: info.status,
    "owner": lambda info: owner_of_store(info) or ("", ""),
}

FILE_KEYS: Keys[UploadedFile] = {
    "name": lambda file: file.filename.casefold(),
    "created": lambda file: file.created_at,
    "size": lambda file: file.bytes,
    "purpose": lambda file: file.purpose,
}

ENTRY_KEYS: Keys[StoreEntry] = {
    "path": lambda entry: str(entry.attributes.get("path", "")),
    "created": lambda entry: entry.created_at,
    "size": lambda entry: entry.usage_bytes,
    "status": lambda entry: entry.status,
}


def in_order(items: Iterable[T], keys: Keys[T], order: str | None) -> list[T]:
    """The items in that order; None: as they came. Raises ValueError with the known keys."""
    if order is None:
        return list(items)
    name = order.removeprefix("-")
    if name not in keys:
        raise ValueError(f"it must be one of {', '.join(keys)}, with a - before it for the greatest first")
    return sorted(items, key=keys[name], reverse=order.startswith("-"))
