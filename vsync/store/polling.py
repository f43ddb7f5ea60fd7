"""Entries of a store are asked for by their ids until the store has indexed them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Sequence

from vsync.store.api_errors import Refused, gateway_refused
from vsync.store.entries import StoreEntry
from vsync.store.vector_store import VectorStore
from vsync.system.retry import Clock, Sleep
from vsync.system.tasks import all_of

_AT_ONCE = 8
"""How many entries are asked for at the same time."""

_NOT_THERE = {404, 405}
"""With these a server of another make says that it has no such entry, or no such question."""

_SECONDS_BETWEEN_LOOKS = 1.0


async def ask_for_each(
    store: VectorStore,
    file_ids: Iterable[str],
    answered: Callable[[str, StoreEntry | None], None],
    *,
    go_on: Callable[[], bool] = lambda: True,
    listed: bool = False,
) -> None:
    """Asks for each entry by its id. `answered` gets each answer as it comes: the entry, or None when it is gone.

    A refused question says nothing about the entry, so `answered` is not called for it. When `go_on` says no, no further
    question is sent. `listed`: the store has just been listed. Raises GatewayRefused when a gateway refuses a question: it
    carries no document that could be the cause.
    """
    slots = asyncio.Semaphore(_AT_ONCE)

    async def ask(file_id: str) -> None:
        async with slots:
            if not go_on():
                return
            try:
                entry = await store.entry(file_id, listed=listed)
            except Refused as error:
                if error.by_gateway and error.status not in _NOT_THERE:
                    raise gateway_refused(f"looking up {file_id}", error) from error
                return
        answered(file_id, entry)

    await all_of(ask(file_id) for file_id in file_ids)


async def entries_by_id(store: VectorStore, file_ids: Collection[str]) -> list[StoreEntry]:
    """The entries of these Files that the store has, whatever the listing showed that was just made."""
    found: list[StoreEntry] = []

    def answered(_: str, entry: StoreEntry | None) -> None:
        if entry is not None:
            found.append(entry)

    await ask_for_each(store, sorted(file_ids), answered, listed=True)
    return found


async def wait_until_indexed(
    store: VectorStore,
    entries: Sequence[StoreEntry],
    *,
    timeout_s: float,
    pause: Sleep,
    look_at_once: bool,
    clock: Clock = time.monotonic,
) -> list[StoreEntry]:
    """The entries, when none of them is in progress or the time is over. Entries that have gone are left out.

    `look_at_once` is for entries from an older listing. A listing that was just made would be asked the same twice.
    """
    found = {entry.file_id: entry for entry in entries}
    began = clock()
    every_s = min(_SECONDS_BETWEEN_LOOKS, store.poll_times.every_s, timeout_s)

    def answered(file_id: str, entry: StoreEntry | None) -> None:
        if entry is None:
            del found[file_id]
        else:
            found[file_id] = entry

    def waiting() -> list[str]:
        return [entry.file_id for entry in found.values() if entry.status == "in_progress"]

    if look_at_once:
        await ask_for_each(store, waiting(), answered)
    while waiting() and clock() - began < timeout_s:
        await pause(every_s)
        await ask_for_each(store, waiting(), answered)
    return list(found.values())
