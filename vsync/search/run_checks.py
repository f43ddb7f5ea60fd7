"""`vsync check` for one target: asks the store that holds its documents. It only reads."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import NamedTuple

from vsync.config.targets import Target
from vsync.documents.describing import Check
from vsync.search.checks import CheckResult, Whose, judge
from vsync.search.query import attribute_filter
from vsync.search.run import MAX_RESULTS, store_of_target
from vsync.state.identity import SourceIdentity
from vsync.state.publication import Publication
from vsync.store.client import Api
from vsync.store.connect import Connect
from vsync.store.entries import Hit
from vsync.store.session import ask
from vsync.store.stores import Stores
from vsync.sync.recorded import Recorded

_AT_ONCE = 4


class Ran(NamedTuple):
    """The results of a target's checks, in their order, and the store that was asked.

    `synced` are the documents that are in the store as the manifest has it; None: no manifest was asked.
    """

    results: tuple[CheckResult, ...]
    vector_store_id: str
    synced: Collection[str] | None


def run_checks(
    target: Target, publication: Publication, source: SourceIdentity, connect: Connect, options: Sequence[str] = ()
) -> Ran:
    """Asks each question of the target's checks. `options`: those with which a command finds the same manifest. Raises VsyncError."""
    records: list[Recorded] = []
    choose = store_of_target(target, publication, source, read=records.append, options=options)

    async def ask_store(api: Api) -> tuple[str, list[list[Hit]]]:
        stores = Stores(api)
        store = stores.open(await choose(stores))
        room = asyncio.Semaphore(_AT_ONCE)

        async def hits(check: Check) -> list[Hit]:
            async with room:
                return await store.search(check.question, MAX_RESULTS, attribute_filter(check.filter.items()))

        try:
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(hits(check)) for check in target.checks]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None  # one reason is enough: the other questions were given up
        return store.id, [task.result() for task in asked]

    store_id, found = ask(connect, ask_store)
    recorded = records[0] if records else None
    whose = Whose(target.name, {source.name, *(recorded.formerly if recorded else ())})
    synced = recorded.state.files if recorded and recorded.state else None
    return Ran(_judged(target.checks, found, whose), store_id, synced)


def _judged(checks: Sequence[Check], found: Sequence[Sequence[Hit]], whose: Whose) -> tuple[CheckResult, ...]:
    return tuple(judge(check, hits, whose) for check, hits in zip(checks, found, strict=True))
