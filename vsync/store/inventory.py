"""Everything that the API lists of one store: its entries, and which of their Files still exist."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from vsync.store.api_errors import Refused
from vsync.store.entries import Inventory, StoreEntry
from vsync.store.files import Files
from vsync.store.vector_store import VectorStore
from vsync.system.retry import Sleep

_MAX_LOOKUPS = 50
"""How many Files that the listing lacks are looked up by their ids: a listing may lag behind, or be cut short."""

_SETTLE_S = 5.0
_CONCURRENCY = 8


async def take_inventory(
    files: Files, store: VectorStore, ours: Callable[[StoreEntry], bool], pause: Sleep, *, settle_s: float = _SETTLE_S
) -> Inventory:
    """The store's entries and the project's Files, as the API lists them now.

    Our entries that are still being indexed are looked up again, for `settle_s` seconds at most.
    """
    entries = await _settled(store, await store.entries(), ours, pause, settle_s)
    filenames = await files.names()
    return Inventory(entries, filenames, await gone_files(files, filter(ours, entries), filenames))


async def gone_files(files: Files, entries: Iterable[StoreEntry], filenames: Mapping[str, str]) -> frozenset[str]:
    """The ids of the entries whose File is gone. If the listing lacks a File that exists, the rest of it is not believed."""
    lacking = [entry.file_id for entry in entries if entry.file_id not in filenames]
    there = await asyncio.gather(*map(files.exists, lacking[:_MAX_LOOKUPS]))
    if any(there):
        return frozenset(file_id for file_id, is_there in zip(lacking, there, strict=False) if not is_there)
    return frozenset(lacking)


async def _settled(
    store: VectorStore,
    entries: Sequence[StoreEntry],
    ours: Callable[[StoreEntry], bool],
    pause: Sleep,
    settle_s: float,
) -> list[StoreEntry]:
    """The entries, after our entries have been indexed or the time is over."""
    found = {entry.file_id: entry for entry in entries}
    deadline = time.monotonic() + settle_s
    slots = asyncio.Semaphore(_CONCURRENCY)

    async def refresh(file_id: str) -> None:
        async with slots:
            try:
                entry = await store.entry(file_id)
            except Refused:
                return  # the entry stays as it was listed
        if entry is None:
            del found[file_id]
        else:
            found[file_id] = entry

    while waiting := [entry for entry in found.values() if entry.status == "in_progress" and ours(entry)]:
        if time.monotonic() >= deadline:
            # The status of an entry that is still being indexed says so.
            return [replace(entry) for entry in found.values()]
        await pause(min(1.0, settle_s))
        await asyncio.gather(*(refresh(entry.file_id) for entry in waiting))
    return list(found.values())
