"""Entries and their Files are taken out of the store, never before what replaces them is published."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from vsync.errors import Interrupted, VsyncError
from vsync.recovery.proof import ProvenId
from vsync.report.observer import Observer
from vsync.store.api_errors import Refused
from vsync.store.vector_store import VectorStore
from vsync.system.stop import Stop
from vsync.transfer.outcome import Removal


async def remove(
    file_ids: Sequence[ProvenId],
    store: VectorStore,
    observer: Observer,
    stop: Stop,
    *,
    concurrency: int,
    still_ours: Callable[[], None] = lambda: None,
) -> Removal:
    """Removes entries and their Files, which `recovery.proof` has found to be ours."""
    removal = Removal()
    defects: list[Exception] = []
    observer.stage("deleting", len(file_ids))
    waiting = iter(file_ids)

    async def work() -> None:
        for file_id in waiting:
            if removal.cause is not None or defects or stop.requested:
                return
            try:
                still_ours()
                await _remove(file_id, store, removal)
            except VsyncError as error:
                removal.cause = error
            except Exception as error:  # it is raised when the other removals have ended
                defects.append(error)
            observer.advance("deleting")

    async with asyncio.TaskGroup() as working:
        for _ in range(min(concurrency, len(file_ids))):
            working.create_task(work())
    if defects:
        raise defects[0]
    if stop.signum is not None and removal.cause is None:
        removal.cause = Interrupted(stop.signum)
    return removal


async def _remove(file_id: ProvenId, store: VectorStore, removal: Removal) -> None:
    """Removes one entry and its File. A refusal is noted; after one by a gateway the API must show that it still answers."""
    try:
        was_there = await store.remove(file_id)
    except Refused as error:
        removal.refused[file_id] = error.message
        if error.by_gateway:
            await store.check_answers()
    else:
        removal.gone.append(file_id)
        if not was_there:
            removal.missing.append(file_id)
