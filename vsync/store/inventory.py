"""Everything that the API lists of one store: its entries, and which of their Files are still there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping

from vsync.store.entries import Inventory, StoreEntry
from vsync.store.files import Files
from vsync.store.polling import entries_by_id, wait_until_indexed
from vsync.store.vector_store import VectorStore
from vsync.system.retry import Sleep

_MOST_QUESTIONS = 50
"""How many Files or entries that a listing lacks are asked for by their ids: a listing may lag behind, or be cut short."""

_INDEXING_TIMEOUT_S = 5.0


async def take_inventory(
    files: Files,
    store: VectorStore,
    ours: Callable[[StoreEntry], bool],
    pause: Sleep,
    *,
    named: Collection[str] = (),
    settle_s: float = _INDEXING_TIMEOUT_S,
) -> Inventory:
    """What is there now: the pages of the store, then the pages of the Files.

    `named` are entries that must be there: those that the listing lacks are asked for by their ids. Our entries that are
    still being indexed are waited for, for `settle_s` seconds at most.
    """
    listed = await store.entries()
    listed += await _unlisted(store, set(named) - {entry.file_id for entry in listed})
    indexed = await wait_until_indexed(
        store, list(filter(ours, listed)), timeout_s=settle_s, pause=pause, look_at_once=False
    )
    entries = [entry for entry in listed if not ours(entry)] + indexed
    every = await files.all()
    filenames = {file_id: file.filename for file_id, file in every.items()}
    gone = await gone_files(files, filter(ours, entries), filenames)
    return Inventory(entries, filenames, gone, tuple(every.values()))


async def _unlisted(store: VectorStore, lacking: Collection[str]) -> list[StoreEntry]:
    """Those of the entries that the store has although its listing lacks them. Where the first ones are gone, so is the rest."""
    first, rest = sorted(lacking)[:_MOST_QUESTIONS], sorted(lacking)[_MOST_QUESTIONS:]
    found = await entries_by_id(store, first)
    return found + await entries_by_id(store, rest) if found else found


async def gone_files(files: Files, entries: Iterable[StoreEntry], filenames: Mapping[str, str]) -> frozenset[str]:
    """The ids of entries whose File is gone. A listing that lacks an existing File is not believed."""
    lacking = [entry.file_id for entry in entries if entry.file_id not in filenames]
    there = await asyncio.gather(*map(files.exists, lacking[:_MOST_QUESTIONS]))
    if any(there):
        return frozenset(file_id for file_id, is_there in zip(lacking, there, strict=False) if not is_there)
    return frozenset(lacking)
