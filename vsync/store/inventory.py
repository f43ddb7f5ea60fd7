"""Everything that the API lists of one store: its entries, and which of their Files are still there."""

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

_ASKED = 50
"""How many Files that the listing lacks are asked for by their ids: a list may lag behind, or be cut short."""

_SETTLE_S = 5.0
_CONCURRENCY = 8


async def take_inventory(
    files: Files, store: VectorStore, ours: Callable[[StoreEntry], bool], pause: Sleep, *, settle_s: float = _SETTLE_S
) -> Inventory:
    """What is there now: the store's pages, then those of the Files.

    Entries of ours that are being indexed are asked for once more, for a few seconds at most.
    """
    entries = await _settled(store, await store.entries(), ours, pause, settle_s)
    filenames = await files.names()
    return Inventory(entries, filenames, await gone_files(files, filter(ours, entries), filenames))


async def gone_files(files: Files, entries: Iterable[StoreEntry], filenames: Mapping[str, str]) -> frozenset[str]:
    """The entries whose File is gone. A listing that lacks a File that is there after all is not believed."""
    lacking = [entry.file_id for entry in entries if entry.file_id not in filenames]
    there = await asyncio.gather(*map(files.exists, lacking[:_ASKED]))
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
    """The entries, with those of ours that are being indexed waited for."""
    found = {entry.file_id: entry for entry in entries}
    deadline = time.monotonic() + settle_s
    slots = asyncio.Semaphore(_CONCURRENCY)

    async def look(file_id: str) -> None:
        async with slots:
            try:
                entry = await store.entry(file_id)
            except Refused:
                return  # as it was listed
        if entry is None:
            del found[file_id]
        else:
            found[file_id] = entry

    while waiting := [entry for entry in found.values() if entry.status == "in_progress" and ours(entry)]:
        if time.monotonic() >= deadline:
            # One that does not come to an end says so by its status.
            return [replace(entry) for entry in found.values()]
        await pause(min(1.0, settle_s))
        await asyncio.gather(*(look(entry.file_id) for entry in waiting))
    return list(found.values())
